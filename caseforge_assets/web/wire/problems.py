"""Errors as problem documents (RFC 9457), with the words that the command line uses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from caseforge_assets.access.roles import NotAllowed
from caseforge_assets.artifacts import ArtifactsUnavailable
from caseforge_assets.batches.states import WrongState
from caseforge_assets.commands.approving.approve_plan import LimitTooLow
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.redaction import redact
from caseforge_assets.store.database.cluster_location import EmbeddedPostgresError
from caseforge_assets.store.database.engine import StoreUnavailable, ValueRefused
from caseforge_assets.store.database.revisions import SchemaNotUsable

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


class Problem(BaseModel):
    """A refusal or a failure, for a person to read; programs tell kinds apart by `type`. Some kinds have members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="what kind of problem it is; about:blank: no more than its status says")
    title: str = Field(description="the kind in words")
    status: int
    detail: str = Field(description="what happened, to what, and what to do")
    errors: list[dict[str, Any]] | None = Field(default=None, description="which fields cannot be used, and why")


class Refused(Exception):
    """A request that cannot be carried out; becomes a problem document."""

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        """Takes what is told.

        Args:
            status: HTTP status.
            kind: last part of the problem's type, such as `precondition-failed`.
            detail: what happened, and what to do.
            headers: of the answer, such as Retry-After.
            more: members of the problem document that its kind has beside the usual ones.
        """
        super().__init__(detail)
        self.status, self.kind, self.headers, self.more = status, kind, headers, more


# The first that fits counts. What is wrong with a request is said as the command line says it; KeyError and IndexError are faults of ours.
_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (NotAllowed, 403, "not-allowed"),
    (LimitTooLow, 409, "limit-too-low"),
    (WrongState, 409, "wrong-state"),
    (ProviderError, 502, "provider"),
    (StoreUnavailable, 503, "database-unavailable"),
    (EmbeddedPostgresError, 503, "database-unavailable"),
    (SchemaNotUsable, 503, "database-behind"),
    (ArtifactsUnavailable, 503, "artifacts-unavailable"),
    (ValueRefused, 422, "cannot-be-used"),
)
# What the database says of itself is for the log: it names hosts and statements.
_SAID_INSTEAD: tuple[tuple[type[Exception], str], ...] = (
    (StoreUnavailable, "The database cannot be reached now. Try again in a moment."),
    (ValueRefused, "A value of the request is none that can be kept or compared, such as a time with an impossible zone."),
)


def kind_of(error: Exception) -> tuple[int, str]:
    """HTTP status and kind of an error that reached the top; 500 where nothing is known of it."""
    if isinstance(error, Refused):
        return error.status, error.kind
    for known, status, kind in _KINDS:
        if isinstance(error, known):
            return status, kind
    if isinstance(error, LookupError) and not isinstance(error, (KeyError, IndexError)):
        return 404, "not-found"
    return (422, "cannot-be-used") if isinstance(error, ValueError) else (500, "fault")


ProblemPage = Callable[[Request, Problem, Mapping[str, str]], Response | None]


def problem_answer(
    status: int,
    kind: str,
    detail: str,
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    request: Request | None = None,
) -> Response:
    """The answer that tells of a problem.

    Args:
        request: what is answered, where a person may have asked for a page: they are told by one.
    """
    said = {"type": f"/problems/{kind}", "title": HTTPStatus(status).phrase, "status": status, "detail": redact(detail), "errors": errors}
    problem = Problem.model_validate({**said, **(more or {})})
    page: ProblemPage | None = getattr(request.app.state, "problem_page", None) if request else None
    if request is not None and page is not None and (shown := page(request, problem, dict(headers or {}))) is not None:
        return shown
    return JSONResponse(problem.model_dump(exclude_none=True), status, dict(headers or {}), MEDIA_TYPE)


def answer_with_problems(app: FastAPI, page: ProblemPage) -> None:
    """Has every error of an app answered with a problem document.

    Args:
        page: what people get instead.
    """
    app.state.problem_page = page
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    app.add_exception_handler(Exception, _failed)
    kinds: list[type[Exception]] = [Refused, *(kind for kind, _, _ in _KINDS), LookupError, ValueError]
    for known in kinds:
        app.add_exception_handler(known, _failed)


def _failed(request: Request, error: Exception) -> Response:
    status, kind = kind_of(error)
    if status == 500:
        log.error("unexpected error while answering", exc_info=error)
        return problem_answer(
            status, kind, "Something unexpected happened; the service's log says what. Nothing was half-written.", request=request
        )
    if isinstance(error, Refused):
        return problem_answer(status, kind, str(error), headers=error.headers, more=error.more, request=request)
    said = next((text for known, text in _SAID_INSTEAD if isinstance(error, known)), None)
    if said is not None:
        log.warning("not answered: %s", error)
    return problem_answer(status, kind, said or str(error), headers={"Retry-After": "5"} if status == 503 else None, request=request)


def _invalid(request: Request, error: Exception) -> Response:
    """Says which fields cannot be used; what was sent in them is not repeated, it may be a password."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"field": ".".join(str(part) for part in fault["loc"]), "problem": fault["msg"]} for fault in found]
    detail = "; ".join(f"{fault['field']}: {fault['problem']}" for fault in errors) or "The request cannot be read."
    return problem_answer(422, "invalid-request", detail, errors=errors, request=request)


def _refused_by_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # the body is neither JSON nor a form that can be read, which is as wrong as fields that cannot be used
        return problem_answer(422, "invalid-request", "The body of the request cannot be read.", request=request)
    known = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    detail = f"There is nothing at {request.url.path}." if error.status_code == 404 else str(error.detail)
    return problem_answer(error.status_code, known.get(error.status_code, "refused"), detail, headers=error.headers, request=request)
