"""Lets a browser in and out again, whoever has recognized its person: by password, by a key, or elsewhere."""

from __future__ import annotations

from fastapi import Request, Response

from caseforge_assets.access.slowing import counted_as
from caseforge_assets.commands.access.begin_session import begin_session
from caseforge_assets.commands.access.sign_in import SignInRefused, sign_in
from caseforge_assets.store.access import audit, sessions
from caseforge_assets.store.access.accounts import AccountRow
from caseforge_assets.web.access.addresses import client_address
from caseforge_assets.web.access.cookies import csrf_token, remove_cookie, session_secret, set_cookie
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused

HOME = "/"


def let_in(request: Request, response: Response, service: Service, name: str, account_id: int | None, how: str) -> str:
    """Begins a session under a new secret, ends the one that the browser had, and returns the token that goes with it."""
    lifetime = service.settings.configuration.service.lifetime
    with service.store.begin() as connection:
        secret = begin_session(connection, name, account_id, how=how, lifetime=lifetime, instead_of=session_secret(request, service))
    set_cookie(request, response, service, secret)
    return csrf_token(service, secret)


def account_of_password(request: Request, service: Service, name: str, password: str) -> AccountRow:
    """The account whose name and password these are.

    Raises:
        Refused: they are none, 401; or too many attempts have failed, 429.
    """
    try:
        address = client_address(request, service.settings.configuration.service.proxy_peers)
        return sign_in(service.store, name, password, counted_as(address))
    except SignInRefused as error:
        if error.wait_s:
            raise Refused(429, "too-many-sign-ins", str(error), {"Retry-After": str(error.wait_s)}) from None
        raise Refused(401, "not-signed-in", str(error)) from None


def let_out(request: Request, response: Response, service: Service, name: str) -> None:
    """Ends the session of a browser."""
    secret = session_secret(request, service)
    if secret is not None:
        with service.store.begin() as connection:
            sessions.end(connection, secret)
            audit.note(connection, name, "session.ended", f"account {name}")
    remove_cookie(request, response, service)


def own_path(path: str) -> str:
    """Says where a browser goes on: a path of this service, and nowhere else."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else HOME
