"""Recognizes the caller of a request, and holds every endpoint to the role that it states."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.store.access import tokens
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused


def service_of(request: Request) -> Service:
    """What the process serves."""
    service: Service = request.app.state.service
    return service


def caller_of(request: Request, service: Annotated[Service, Depends(service_of)]) -> Caller:
    """Who calls.

    Raises:
        Refused: nobody who is known; 401.
    """
    caller = _by_token(request, service)
    if caller is None:
        raise Refused(
            401,
            "not-signed-in",
            "Sign in, or send a token in the header Authorization, behind the word Bearer.",
            {"WWW-Authenticate": "Bearer"},
        )
    return caller


def _by_token(request: Request, service: Service) -> Caller | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return None
    with service.store.begin() as connection:
        row = tokens.usable_token(connection, secret.strip())
        if row is None:
            raise Refused(
                401, "not-signed-in", "This token is unknown, revoked or over.", {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            )
        tokens.note_use(connection, row.id)
    return Caller(f"token {row.name}", (Grant(Role(row.role), row.framework_key),), row.limit_usd, token_id=row.id)


class Needs:
    """An endpoint's role; with a framework in its path, the role there is enough.

    Who may not even see a framework is told that it does not exist.
    """

    def __init__(self, role: Role, *, overall: bool = False) -> None:
        """Takes the role without which the endpoint refuses.

        Args:
            overall: the role in some frameworks is not enough.
        """
        self.role, self.overall = role, overall

    def __call__(self, request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        """The caller, who holds the role.

        Raises:
            LookupError: the framework may not be seen.
            NotAllowed: it may, and the role is not held.
        """
        key = request.path_params.get("key")
        if key is None:
            if self.overall or not self._holds_somewhere(caller):
                caller.demand(self.role)
        else:
            see_framework(caller, key)
            caller.demand(self.role, key)
        return caller

    def _holds_somewhere(self, caller: Caller) -> bool:
        """Without a framework in the path, the endpoint itself looks at the frameworks that are concerned."""
        return any(caller.may(self.role, grant.framework_key) for grant in caller.grants)


def see_framework(caller: Caller, key: str) -> None:
    """Hides a framework from who may not see it.

    Raises:
        LookupError: as for one that does not exist.
    """
    if not caller.may(Role.reader, key):
        raise LookupError(f"there is no framework {key!r}, or you may not see it")


ServiceNow = Annotated[Service, Depends(service_of)]
CallerNow = Annotated[Caller, Depends(caller_of)]  # the endpoint itself holds the caller to a role
Reader = Annotated[Caller, Depends(Needs(Role.reader))]
Editor = Annotated[Caller, Depends(Needs(Role.editor))]
Planner = Annotated[Caller, Depends(Needs(Role.planner))]
Admin = Annotated[Caller, Depends(Needs(Role.admin))]
Administrator = Annotated[Caller, Depends(Needs(Role.admin, overall=True))]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an endpoint may refuse with, for its description: 401 always, and these."""
    from caseforge_assets.web.wire.problems import MEDIA_TYPE, Problem

    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"model": Problem, "content": content} for status in (401, *statuses)}
