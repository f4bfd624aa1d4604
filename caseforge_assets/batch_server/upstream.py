"""Asks an OpenAI-compatible server in place of the built-in writer."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx2

from caseforge_assets.batch_server.answers import Answer, error_answer
from caseforge_assets.batch_server.options import ServerOptions
from caseforge_assets.batch_server.responses_form import chat_request, is_embeddings, is_responses, response_object

CHAT_COMPLETIONS, RESPONSES, EMBEDDINGS = "/chat/completions", "/responses", "/embeddings"
NO_SUCH_ROUTE = (404, 405, 501)
BUDGET_NAMES = ("max_completion_tokens", "max_tokens")
_NOT_TAKEN = re.compile(
    r"support|unknown|unrecogni[sz]ed|unexpected|extra|permitted|allowed|same time|both|combination|instead", re.IGNORECASE
)
TIMEOUT = httpx2.Timeout(600.0, connect=10.0)


class Upstream:
    """An OpenAI-compatible server; all batches together send it no more than ``concurrency`` requests at once."""

    def __init__(self, base_url: str, *, concurrency: int, key: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        self.concurrency = concurrency
        self._spelling_of: dict[str, int] = {}  # which spelling of the budget a model takes
        self._slots = asyncio.Semaphore(concurrency)
        headers = {"Authorization": f"Bearer {key or 'none'}"}
        limits = httpx2.Limits(max_connections=concurrency + 2)
        self._answers_responses = True  # until it says otherwise
        self._client = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT, limits=limits)

    async def ask(self, body: dict[str, Any], endpoint: str) -> Answer:
        """One request, once: whatever goes wrong is the answer, and whoever asked decides whether to ask again.

        Args:
            body: In the form of the endpoint.
            endpoint: A path that ends with that of the upstream server.
        """
        async with self._slots:
            if is_embeddings(endpoint):
                return await self._send("POST", EMBEDDINGS, body)
            return await (self._respond(body) if is_responses(endpoint) else self._complete(body))

    async def _respond(self, body: dict[str, Any]) -> Answer:
        """Pass it on, or ask a chat completion of a server that has nothing else."""
        if self._answers_responses:
            answer = await self._send("POST", RESPONSES, body)
            if not _says_no_such_route(answer):
                return answer
            self._answers_responses = False
        answer = await self._complete(chat_request(body))
        return Answer(answer.status_code, response_object(body, answer.body)) if _is_completion(answer) else answer

    async def _complete(self, body: dict[str, Any]) -> Answer:
        """A chat completion, whose budget has two names: some servers know only the older one (Ollama, older llama.cpp), and without a limit they write on.

        Both are sent; where a model refuses that (OpenAI's do), or one of the names, the request goes again with one of them, and what was taken is
        remembered. Nothing was answered then, and nothing paid for.
        """
        model, spellings = str(body.get("model")), _spellings(body)
        for place in range(min(self._spelling_of.get(model, 0), len(spellings) - 1), len(spellings)):
            answer = await self._send("POST", CHAT_COMPLETIONS, spellings[place])
            if not _refuses_budget(answer):
                self._spelling_of[model] = place
                break
        return answer

    async def models(self, path: str) -> Answer:
        """The upstream server's models, or one of them."""
        return await self._send("GET", path, None)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        try:
            response = await self._client.request(method, f"{self.base_url}{path}", json=body)
        except httpx2.TimeoutException:
            return error_answer(504, "The upstream server did not answer in time.", code="upstream_timeout")
        except httpx2.HTTPError as error:
            return error_answer(502, f"The upstream server can't be reached: {error or type(error).__name__}", code="upstream_unreachable")
        try:
            return Answer(response.status_code, response.json())
        except ValueError:
            status_code = response.status_code if response.is_error else 502
            return error_answer(
                status_code, f"The upstream server answered without JSON: {response.text[:200]}", code="upstream_unreadable"
            )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _says_no_such_route(answer: Answer) -> bool:
    """Tells whether it does not know the path; a model that it does not know is another matter."""
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    known = isinstance(error, dict) and (error.get("code") == "model_not_found" or error.get("param") == "model")
    return answer.status_code in NO_SUCH_ROUTE and not known


def _is_completion(answer: Answer) -> bool:
    """Tells whether it has a choice; what is something else is left as it came."""
    choices = answer.body.get("choices") if isinstance(answer.body, dict) else None
    return answer.ok and isinstance(choices, list) and bool(choices)


def _spellings(body: dict[str, Any]) -> list[dict[str, Any]]:
    """A request with its budget under both names, as it is, and under the older name alone."""
    budgets = [body[name] for name in BUDGET_NAMES if body.get(name) is not None]
    if len(budgets) != 1:
        return [body]
    without = {name: value for name, value in body.items() if name not in BUDGET_NAMES}
    return [{**body, **dict.fromkeys(BUDGET_NAMES, budgets[0])}, body, {**without, "max_tokens": budgets[0]}]


def _refuses_budget(answer: Answer) -> bool:
    """Tells whether a request was refused with a word on one of the budget's names."""
    said = str(answer.body)
    return answer.status_code in (400, 422) and any(name in said for name in BUDGET_NAMES) and _NOT_TAKEN.search(said) is not None


def open_upstream(options: ServerOptions) -> Upstream | None:
    """The upstream server of these options, if there is one."""
    if options.upstream is None:
        return None
    return Upstream(options.upstream, concurrency=options.upstream_concurrency, key=options.upstream_key)
