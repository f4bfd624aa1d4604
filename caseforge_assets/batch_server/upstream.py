"""Asks an OpenAI-compatible server in place of the built-in writer."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2

from caseforge_assets.batch_server.answers import Answer, error_answer
from caseforge_assets.batch_server.options import ServerOptions
from caseforge_assets.batch_server.responses_form import chat_request, is_responses, response_object

CHAT_COMPLETIONS, RESPONSES = "/chat/completions", "/responses"
NO_SUCH_ROUTE = (404, 405, 501)
TIMEOUT = httpx2.Timeout(600.0, connect=10.0)


class Upstream:
    """An OpenAI-compatible server; all batches together send it no more than ``concurrency`` requests at once."""

    def __init__(self, base_url: str, *, concurrency: int, key: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        self.concurrency = concurrency
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
            return await (self._respond(body) if is_responses(endpoint) else self._send("POST", CHAT_COMPLETIONS, body))

    async def _respond(self, body: dict[str, Any]) -> Answer:
        """Pass it on, or ask a chat completion of a server that has nothing else."""
        if self._answers_responses:
            answer = await self._send("POST", RESPONSES, body)
            if not _says_no_such_route(answer):
                return answer
            self._answers_responses = False
        answer = await self._send("POST", CHAT_COMPLETIONS, chat_request(body))
        return Answer(answer.status_code, response_object(body, answer.body)) if answer.ok else answer

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
    """Whether it does not know the path; a model that it does not know is another matter."""
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    known = isinstance(error, dict) and (error.get("code") == "model_not_found" or error.get("param") == "model")
    return answer.status_code in NO_SUCH_ROUTE and not known


def open_upstream(options: ServerOptions) -> Upstream | None:
    """The upstream server of these options, if there is one."""
    if options.upstream is None:
        return None
    return Upstream(options.upstream, concurrency=options.upstream_concurrency, key=options.upstream_key)
