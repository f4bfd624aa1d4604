"""Checks the name that a request was sent to and the page that it comes from, against DNS rebinding and forged requests; finds its client's address."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.settings.service import ServiceSettings
from caseforge_assets.web.wire.problems import problem_answer

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ANY_NAME = ("/healthz", "/readyz")  # they tell nothing, and a watcher may know an address only
_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


class OwnAddress:
    """Middleware: refuses what was sent to another name than the service's, and what another site's page has sent."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        """Takes the names from the settings."""
        self._app, self._settings = app, settings
        wildcard = settings.host in ("0.0.0.0", "::")  # noqa: S104 - no name
        own = () if wildcard else (settings.host,)
        self._names = LOOPBACK | {name.lower().strip("[]") for name in (*settings.allowed_hosts, *own)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or has the application answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await problem_answer(*refusal)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _EVERYWHERE.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        host = _place("http", hosts[0]) if len(hosts) == 1 else None
        if scope["path"] not in _ANY_NAME and (host is None or host[0] not in self._names):
            called = hosts[0][:100] if hosts else "no name"
            return 421, "other-host", f"This service is not called {called!r}. If it is, add the name to allowed_hosts in [service]."
        if scope["method"] in SAFE:
            return None
        scheme = "https" if self._settings.behind_tls_proxy else scope["scheme"]
        origin = headers.get("origin")
        foreign = origin is not None and (hosts == [] or _origin(origin) != (scheme, _place(scheme, hosts[0])))
        if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return (
                403,
                "foreign-origin",
                "This request was sent by a page of another site. Where a proxy speaks TLS, say so: behind_tls_proxy in [service].",
            )
        return None


def _place(scheme: str, host: str) -> tuple[str, int] | None:
    """Name and port of a Host header; None: it is none."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port or (443 if scheme == "https" else 80)
    except ValueError:
        return None
    if parts.hostname is None or parts.path or parts.query or "@" in host:
        return None
    return parts.hostname.lower().rstrip("."), port


def _origin(origin: str) -> tuple[str, tuple[str, int] | None]:
    scheme, _, host = origin.partition("://")
    return scheme.lower(), _place(scheme.lower(), host)


def is_secure(request: HTTPConnection, settings: ServiceSettings) -> bool:
    """Tells whether browsers reach the service over TLS."""
    return settings.behind_tls_proxy or request.url.scheme == "https"


def client_address(request: HTTPConnection, peers: Collection[str]) -> str:
    """The address of who is calling: that of the connection or, of a proxy that is known, the last one that the proxy added."""
    peer = request.client.host if request.client else "unknown"
    if is_peer(peer, tuple(peers)):
        forwarded = [part.strip() for value in request.headers.getlist("x-forwarded-for") for part in value.split(",")]
        for address in reversed(forwarded):
            if not is_peer(address, tuple(peers)):
                return address[:100] or peer
    return peer


@lru_cache(maxsize=1_000)
def is_peer(address: str, networks: tuple[str, ...]) -> bool:
    """Tells whether an address is in one of some networks."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network) for network in networks)
