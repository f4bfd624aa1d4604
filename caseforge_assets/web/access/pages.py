"""Pages to sign in and out: made on the server, without a script, and with a policy that allows none."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from caseforge_assets.web.access.callers import CallerNow, ServiceNow, find_caller
from caseforge_assets.web.access.cookies import cookie_name, csrf_token, is_csrf_token, remove_cookie, set_cookie
from caseforge_assets.web.access.openid import ending_address
from caseforge_assets.web.access.signing_in import HOME, account_of_password, let_in, let_out, own_path
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused

FOLDER = Path(__file__).parent
FORM = "caseforge_form"
router = APIRouter(include_in_schema=False)
Next = Annotated[str, Query(alias="next", max_length=1_000)]


@router.get("/sign-in")
def show_sign_in(request: Request, service: ServiceNow, go_on: Next = HOME) -> HTMLResponse:
    """The form, or what else leads in."""
    return _form(request, service, own_path(go_on))


@router.post("/sign-in")
def send_sign_in(
    request: Request,
    service: ServiceNow,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1_000)] = "",
    shown: Annotated[str, Form(alias="csrf_token", max_length=200)] = "",
    go_on: Annotated[str, Form(alias="next", max_length=1_000)] = HOME,
) -> Response:
    """Lets in who knows name and password, and goes on where the person came from."""
    nonce = request.cookies.get(cookie_name(request, service, FORM))
    if nonce is None or not is_csrf_token(service, f"form {nonce}", shown):
        return _form(request, service, own_path(go_on), "This form was open for too long, or cookies are off. Try again.", 403)
    answer = RedirectResponse(own_path(go_on), 303)
    try:
        row = account_of_password(request, service, name, password)
    except Refused as refused:
        return _form(request, service, own_path(go_on), str(refused), refused.status, dict(refused.headers or {}))
    let_in(request, answer, service, row.name, row.id, "password")
    remove_cookie(request, answer, service, FORM)
    return answer


@router.get("/sign-in/key")
def use_key(request: Request, service: ServiceNow, key: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Lets in the user of this machine, once by each key."""
    if service.key is None or service.local_user is None or not service.key.use(key):
        says = "This address was used, or is not the newest one. The newest one stands where `caseforge serve` runs."
        return _form(request, service, HOME, says, 403)
    answer = RedirectResponse(HOME, 303)
    let_in(request, answer, service, service.local_user, None, "key")
    return answer


@router.get("/account")
def show_account(request: Request, service: ServiceNow) -> Response:
    """Show who is signed in, with a button to sign out."""
    try:
        caller = find_caller(request, service, None)
    except Refused:
        return RedirectResponse("/sign-in?next=/account", 303)
    ends_at = ending_address(request, service, caller)
    values = {
        "caller": caller,
        "roles": ", ".join(map(str, caller.grants)) or "none",
        "csrf_token": getattr(request.state, "csrf_token", ""),
    }
    return _page("account.html.jinja", values, forms_lead_to=ends_at)


@router.post("/sign-out")
def sign_out(request: Request, service: ServiceNow, caller: CallerNow) -> Response:
    """Ends the session, here and, where the person signed in elsewhere, there."""
    answer = RedirectResponse(ending_address(request, service, caller) or "/sign-in", 303)
    let_out(request, answer, service, caller.name)
    return answer


@router.get("/sign-in/style.css")
def style() -> Response:
    """Show how these pages look."""
    return Response((FOLDER / "access.css").read_bytes(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _form(
    request: Request, service: Service, go_on: str, says: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(32)
    values = {
        "says": says,
        "next": go_on,
        "csrf_token": csrf_token(service, f"form {nonce}"),
        "openid": bool(service.settings.configuration.service.oidc_issuer),
        "local": service.local_user is not None,
    }
    answer = _page("sign_in.html.jinja", values, status, headers)
    set_cookie(request, answer, service, nonce, FORM, max_age_s=3_600)
    return answer


def _page(
    name: str, values: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None, forms_lead_to: str | None = None
) -> HTMLResponse:
    beyond = f" {urlsplit(forms_lead_to).scheme}://{urlsplit(forms_lead_to).netloc}" if forms_lead_to else ""
    policy = f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'{beyond}; frame-ancestors 'none'"
    page = _templates().get_template(name).render(values)
    return HTMLResponse(page, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store", **(headers or {})})


@cache
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
