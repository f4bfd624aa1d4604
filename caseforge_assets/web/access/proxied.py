"""A person for whom a proxy vouches in a header. The header is believed from the proxy's own addresses alone; from anywhere else it is as if it were not there."""

from __future__ import annotations

from starlette.requests import Request

from caseforge_assets.access.roles import Caller, Grant
from caseforge_assets.commands.access.admit_vouched import admit_vouched
from caseforge_assets.store.access import accounts
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.addresses import is_peer
from caseforge_assets.web.service import Service

ISSUER = "proxy"


def person_of_proxy(request: Request, service: Service) -> tuple[Caller, str] | None:
    """The caller that the proxy names, and what a token against forged requests is bound to; None: it names nobody, or somebody whose account is disabled.

    Who is new and in a group that has roles gets an account; roles that people gave to the account count beside those of the groups.
    """
    settings = service.settings.configuration.service
    if not is_vouched(request, service):
        return None
    named = [value.strip() for value in request.headers.getlist(settings.proxy_header)]
    if len(named) != 1 or not named[0]:
        return None
    listed = request.headers.get(settings.proxy_groups_header, "") if settings.proxy_groups_header else ""
    by_groups = settings.grants_of([group.strip() for group in listed.split(",")])
    with service.store.begin() as connection:
        caller = _caller(connection, named[0], by_groups)
    return None if caller is None else (caller, f"{ISSUER} {named[0]}")


def is_vouched(request: Request, service: Service) -> bool:
    """Tells whether a request comes from the proxy, and with its header."""
    settings = service.settings.configuration.service
    is_from_proxy = request.client is not None and is_peer(request.client.host, settings.proxy_peers)
    return bool(settings.proxy_header) and is_from_proxy and settings.proxy_header in request.headers


def _caller(connection: Connection, subject: str, by_groups: list[Grant]) -> Caller | None:
    found = accounts.find_elsewhere(connection, ISSUER, subject)
    if found is None:
        found = admit_vouched(connection, ISSUER, subject, subject, by_groups, keep_roles=False)
    if found is None or found.disabled_at is not None:
        return None
    grants = dict.fromkeys((*accounts.roles_of(connection, [found.id])[found.id], *by_groups))
    return Caller(found.name, tuple(grants), found.limit_usd, account_id=found.id)
