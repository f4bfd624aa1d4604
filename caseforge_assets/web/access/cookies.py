"""The cookie of a session, and the token without which nothing is changed through it."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from caseforge_assets.web.access.addresses import is_secure
from caseforge_assets.web.service import Service

HEADER, FIELD = "X-CSRF-Token", "csrf_token"
_LONGEST = 200


def cookie_name(request: Request, service: Service, name: str = "caseforge_session") -> str:
    """The name of a cookie: bound to host and TLS where there is TLS; otherwise with the port, because browsers keep one for all ports of a host."""
    if is_secure(request, service.settings.configuration.service):
        return f"__Host-{name}"
    return f"{name}_{request.url.port}" if request.url.port else name


def session_secret(request: Request, service: Service) -> str | None:
    """Gives what a browser shows of its session; None: nothing, or what cannot be one."""
    shown = request.cookies.get(cookie_name(request, service))
    return shown if shown and len(shown) <= _LONGEST else None


def set_cookie(
    request: Request, response: Response, service: Service, secret: str, name: str = "caseforge_session", max_age_s: int | None = None
) -> None:
    """Gives a cookie that no script can read, and that other sites' forms are not sent with."""
    secure = is_secure(request, service.settings.configuration.service)
    named = cookie_name(request, service, name)
    response.set_cookie(named, secret, max_age=max_age_s, path="/", httponly=True, samesite="lax", secure=secure)


def remove_cookie(request: Request, response: Response, service: Service, name: str = "caseforge_session") -> None:
    """Has the browser forget a cookie."""
    secure = is_secure(request, service.settings.configuration.service)
    response.delete_cookie(cookie_name(request, service, name), path="/", httponly=True, samesite="lax", secure=secure)


def csrf_token(service: Service, of: str) -> str:
    """The token that goes with a session, a form or a proxy's person: only who may read our pages knows it."""
    return hmac.new(service.secret.derive("csrf"), of.encode(), hashlib.sha256).hexdigest()


def is_csrf_token(service: Service, of: str, shown: str | None) -> bool:
    """Tells whether a token goes with it."""
    return shown is not None and hmac.compare_digest(csrf_token(service, of).encode(), shown.encode())
