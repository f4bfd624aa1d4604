"""Responses: JSON in plain ASCII, and errors as OpenAI words them."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from caseforge_assets.batch_server.answers import Answer, error_body
from caseforge_assets.batch_server.request_body import parsed_object


class ApiError(Exception):
    """A call is refused."""

    def __init__(self, status_code: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.body = error_body(status_code, message, param=param, code=code)


class JsonResponse(Response):
    """JSON in ASCII: lone surrogates in somebody's text can't break it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content).encode("ascii")


def answer_response(answer: Answer) -> JsonResponse:
    """An answer of the writer or of an upstream server."""
    return JsonResponse(answer.body, answer.status_code)


async def handle_api_error(_request: Request, error: Exception) -> Response:
    """A refusal."""
    assert isinstance(error, ApiError)
    return JsonResponse(error.body, error.status_code)


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """Unknown addresses and methods."""
    assert isinstance(error, HTTPException)
    message = f"Invalid URL ({request.method} {request.url.path})"
    return JsonResponse(error_body(error.status_code, message), error.status_code)


async def handle_unexpected(_request: Request, _error: Exception) -> Response:
    """Anything else: Starlette has the details logged."""
    return JsonResponse(error_body(500, "The server had an error processing your request."), 500)


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body.

    Raises:
        ApiError: 400 if there is none, or one that is nested too deeply; 413 or 408 as `BoundedBody` says.
    """
    content = parsed_object(await request.body())
    if content is None:
        raise ApiError(400, "We could not parse the JSON body of your request: it has to be a JSON object.")
    return content
