"""An answer to one request, from the writer, from an upstream server or from a fault, before it becomes a line of a result file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
SERVER_ERROR = 500


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the JSON body that came with it."""

    status_code: int
    body: Any

    @property
    def ok(self) -> bool:
        """Tells whether the request was answered."""
        return self.status_code < 400


def error_body(status_code: int, message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error as OpenAI words it; its type follows from the status."""
    kind = "server_error" if status_code >= SERVER_ERROR else ERROR_TYPES.get(status_code, "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_answer(status_code: int, message: str, *, param: str | None = None, code: str | None = None) -> Answer:
    """An answer that is an error."""
    return Answer(status_code, error_body(status_code, message, param=param, code=code))
