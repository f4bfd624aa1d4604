"""Recognizes the caller of a request, and holds every endpoint to the role that it states."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.web.access.addresses import SAFE
from caseforge_assets.web.access.cookies import FIELD, HEADER, csrf_token, is_csrf_token, session_secret
from caseforge_assets.web.access.proxied import is_vouched, person_of_proxy
from caseforge_assets.web.keeping.looks import SEEN, Seen, SeenSession, Shown, look_once, sessions_that_hold
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")  # bodies are bounded before, see wire.bodies; files lie on the disk


async def service_of(request: Request) -> Service:
    """Gives what the process serves; for what changes something with the frameworks that are declared now. What waits for nothing is no function for a thread of its own."""
    service: Service = request.app.state.service
    if request.method not in SAFE:
        await run_in_threadpool(service.see_declarations)
    return service


async def form_token(request: Request) -> str | None:
    """The token of a form that is sent without a script; a header comes before it."""
    if (shown := request.headers.get(HEADER)) is not None or request.method in SAFE:
        return shown
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FORMS:
        return None
    with suppress(RuntimeError):  # an endpoint with fields of a form: it was read as one, and is kept as that
        await request.body()  # kept, so that whoever else reads it finds it
    field = (await request.form()).get(FIELD)
    return field if isinstance(field, str) else None


async def caller_of(request: Request) -> Caller:
    """Says who calls, see `find_caller`. Whose token or session was seen for the request already is known without another look.

    Raises:
        Refused: nobody who is known, 401; or the token is missing, 403.
    """
    service, shown = await service_of(request), await form_token(request)
    if _seen(request) is not None:
        return find_caller(request, service, shown)
    return await run_in_threadpool(find_caller, request, service, shown)


def find_caller(request: Request, service: Service, shown: str | None) -> Caller:
    """Says who calls: a program by its token, a browser by its session, or a person for whom a proxy vouches.

    What a browser or a proxy adds to a request by itself may have been caused by another site's page: to change something it takes a token, too, that only our
    pages know. It is kept in the request, for those that show it.

    Raises:
        Refused: nobody who is known, 401; or the token is missing, 403.
    """
    caller, bound_to = _recognize(request, service, _seen(request), is_use=True)
    if bound_to is not None:
        if request.method not in SAFE and not is_csrf_token(service, bound_to, shown):
            says = f"To change something from a browser takes the header {HEADER}, or the field {FIELD} of a form; GET /api/v1/me has it."
            raise Refused(403, "csrf", says)
        request.state.csrf_token = csrf_token(service, bound_to)
    return caller


def recognize_again(request: Request, service: Service) -> Caller:
    """The caller of a request that has been answered for long, as they are known now. That is no use of a session, which may end meanwhile.

    Raises:
        Refused: they are not known any more; 401.
    """
    return _recognize(request, service, None, is_use=False)[0]


async def recognize_now(request: Request, service: Service) -> Caller:
    """The same by a look that everybody shares who asks at the same time.

    Raises:
        Refused: they are not known any more; 401.
    """
    shown = shown_by(request, service)
    if shown is None:
        return await run_in_threadpool(recognize_again, request, service)
    seen = await service.glances.look(shown)
    if shown.digest in seen.tokens or shown.digest in seen.sessions:
        return _recognize(request, service, seen, is_use=False)[0]
    return await run_in_threadpool(recognize_again, request, service)


async def is_known(request: Request, service: Service) -> bool:
    """Tells whether somebody calls who is known, before anything of the request's body is read; where the store cannot be asked, whoever answers says so."""
    shown = shown_by(request, service)
    if shown is None:
        return is_vouched(request, service)
    try:
        seen = await service.glances.look(shown)
    except StoreUnavailable:
        return True
    return shown.digest in seen.tokens or shown.digest in seen.sessions


def shown_by(request: Request, service: Service) -> Shown | None:
    """Finds what a request identifies its caller by: a program's token, or else a browser's session; None: neither."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return Shown(digest_of(secret.strip()))
    session = session_secret(request, service)
    return None if session is None else Shown(digest_of(session), is_session=True)


def _recognize(request: Request, service: Service, seen: Seen | None, *, is_use: bool) -> tuple[Caller, str | None]:
    """Says who calls, and what a token against forged requests is bound to; None: a program, which needs none.

    Args:
        seen: what was seen for it; None: it is looked now.
        is_use: of the session, for a request that came just now.
    """
    caller = _by_token(request, service, seen)
    if caller is not None:
        return caller, None
    by_browser = _by_session(request, service, seen, is_use=is_use) or person_of_proxy(request, service)
    if by_browser is None:
        raise Refused(
            401,
            "not-signed-in",
            "Sign in, or send a token in the header Authorization, behind the word Bearer.",
            {"WWW-Authenticate": "Bearer"},
        )
    return by_browser


def _seen(request: Request) -> Seen | None:
    """Gives what was seen for a request when it came."""
    seen: Seen | None = request.scope.get("state", {}).get(SEEN)
    return seen


def _by_token(request: Request, service: Service, seen: Seen | None) -> Caller | None:
    """The caller whose token is shown, as it was seen; without that, as it is now."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return None
    digest = digest_of(secret.strip())
    seen = seen or look_once(service.reading, [Shown(digest)], service.settings.configuration.service)
    row = seen.tokens.get(digest)
    if row is None:
        raise Refused(401, "not-signed-in", "This token is unknown, revoked or over.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return Caller(f"token {row.name}", (Grant(Role(row.role), row.framework_key),), row.limit_usd)


def _by_session(request: Request, service: Service, seen: Seen | None, *, is_use: bool) -> tuple[Caller, str] | None:
    """The caller of a session that holds, and the session's secret."""
    secret = session_secret(request, service)
    if secret is None:
        return None
    digest = digest_of(secret)
    session = seen.sessions.get(digest) if seen is not None else None
    if session is None:
        with service.reading.connect() as connection:
            session = sessions_that_hold(connection, [digest], service.settings.configuration.service, is_use=is_use).get(digest)
    caller = None if session is None else caller_of_session(service, session)
    return None if caller is None else (caller, secret)


def caller_of_session(service: Service, session: SeenSession) -> Caller | None:
    """Says who a session is of; None: of the user of this machine, which is worth nothing where others can reach the service."""
    row = session.row
    if row.account_id is not None:
        return Caller(row.name, session.grants, row.limit_usd, account_id=row.account_id)
    return None if service.local_user is None else Caller(row.name, (Grant(Role.admin),))


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

    async def __call__(self, request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        """The caller, who holds the role.

        Raises:
            LookupError: the framework may not be seen.
            NotAllowed: it may, and the role is not held.
        """
        key = request.path_params.get("key")
        if key is None:
            if self.overall or not caller.may_somewhere(self.role):  # the endpoint itself looks at the frameworks that are concerned
                caller.demand(self.role)
        else:
            see_framework(caller, key)
            caller.demand(self.role, key)
        return caller


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
    """Gives what an endpoint may refuse with, for its description: 401 always, and these."""
    from caseforge_assets.web.wire.problems import MEDIA_TYPE, Problem

    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"model": Problem, "content": content} for status in (401, *statuses)}
