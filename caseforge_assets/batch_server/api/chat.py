"""The endpoints that answer at once: /v1/chat/completions, /v1/responses, /v1/embeddings and /v1/models; and the server's own counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from caseforge_assets.batch_server.answers import Answer
from caseforge_assets.batch_server.api.errors import ApiError, JsonResponse, answer_response, json_object
from caseforge_assets.batch_server.api.files import serving_of
from caseforge_assets.batch_server.writer.completion import complete
from caseforge_assets.batch_server.writer.embedding import embed
from caseforge_assets.batch_server.writer.models import known_models
from caseforge_assets.batch_server.writer.response import respond

MODELS_SINCE = 1_754_524_800


async def create_completion(request: Request) -> Response:
    """POST /v1/chat/completions."""
    return await _answered(request, "/chat/completions", complete, ("model", str), ("messages", list))


async def create_response(request: Request) -> Response:
    """POST /v1/responses."""
    return await _answered(request, "/responses", respond, ("model", str), ("input", (str, list)))


async def create_embeddings(request: Request) -> Response:
    """POST /v1/embeddings."""
    return await _answered(request, "/embeddings", embed, ("model", str), ("input", (str, list)))


async def _answered(
    request: Request, path: str, answer: Callable[[dict[str, Any], float], Answer], *required: tuple[str, type | tuple[type, ...]]
) -> Response:
    """Gives what another server answers at a path, where one does, or what is made up here."""
    serving = serving_of(request)
    body = await json_object(request)
    _check(body, *required)
    request.app.state.completions += 1
    body |= {"model": serving.options.behind(body["model"])}
    if serving.upstream is not None:
        return answer_response(await serving.upstream.ask(body, path))
    return answer_response(await asyncio.to_thread(answer, body, serving.clock.now()))


def _check(body: dict[str, Any], *required: tuple[str, type | tuple[type, ...]]) -> None:
    for name, kind in required:
        if not isinstance(body.get(name), kind) or not body[name]:
            raise ApiError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    if body.get("stream"):
        raise ApiError(400, "This local server does not stream.", param="stream", code="unsupported_value")


async def list_models(request: Request) -> Response:
    """GET /v1/models."""
    upstream = serving_of(request).upstream
    if upstream is not None:
        return answer_response(await upstream.models("/models"))
    return JsonResponse({"object": "list", "data": [_model_json(name) for name in _models(request)]})


async def retrieve_model(request: Request) -> Response:
    """GET /v1/models/{model}."""
    upstream, name = serving_of(request).upstream, request.path_params["model"]
    if upstream is not None:
        return answer_response(await upstream.models(f"/models/{name}"))
    if name not in _models(request):
        raise ApiError(404, f"The model '{name}' does not exist or you do not have access to it.", param="model", code="model_not_found")
    return JsonResponse(_model_json(name))


def _models(request: Request) -> list[str]:
    return sorted(serving_of(request).options.answering) or known_models()


def _model_json(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": MODELS_SINCE, "owned_by": "caseforge-batch-server"}


async def stats(request: Request) -> Response:
    """GET /v1/_caseforge/stats: what was accepted and answered in batches, ever, and how often each fault hit since the start.

    Multiplicity is how often the same body was; usage counts the tokens that would be billed, by model.
    """
    serving = serving_of(request)
    inputs, input_names = serving.files.count("batch")
    accepted, answered = (serving.requests.counts(answered_only=only) for only in (False, True))
    return JsonResponse(
        {
            "batches_created": serving.batches.count(),
            "requests_accepted": accepted.requests,
            "requests_answered": answered.requests,
            "completions_since_start": request.app.state.completions,
            "accepted": asdict(accepted),
            "answered": asdict(answered),
            "inputs": {"files": inputs, "distinct_names": input_names},
            "usage": serving.batches.usage(),
            "faults": dict(serving.faults.hits),
            "open_batches": dict(Counter("cancelling" if batch.cancelling_at else "open" for batch in serving.batches.unfinished())),
            "server_time": serving.clock.now(),
        }
    )
