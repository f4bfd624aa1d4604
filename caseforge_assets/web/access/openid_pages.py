"""The two steps of signing in elsewhere: to the OpenID provider, and back from it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from caseforge_assets.commands.access.admit_vouched import admit_vouched
from caseforge_assets.web.access.callers import ServiceNow
from caseforge_assets.web.access.cookies import cookie_name, remove_cookie, set_cookie
from caseforge_assets.web.access.openid import ATTEMPT_S, CALLBACK, begin_attempt, finish_attempt, read_attempt
from caseforge_assets.web.access.pages import Next
from caseforge_assets.web.access.signing_in import HOME, let_in, own_path
from caseforge_assets.web.wire.problems import Refused

ATTEMPT = "caseforge_openid"
router = APIRouter(include_in_schema=False)
Word = Annotated[str, Query(max_length=4_000)]


@router.get("/sign-in/openid")
def go_to_provider(request: Request, service: ServiceNow, go_on: Next = HOME) -> RedirectResponse:
    """Sends the browser to the provider."""
    address, kept = begin_attempt(request, service, own_path(go_on))
    answer = RedirectResponse(address, 303)
    set_cookie(request, answer, service, kept, ATTEMPT, max_age_s=ATTEMPT_S)
    return answer


@router.get(CALLBACK)
def come_back(
    request: Request, service: ServiceNow, code: Word = "", state: Word = "", error: Word = "", error_description: Word = ""
) -> RedirectResponse:
    """Lets in the person for whom the provider vouches, with the roles of the groups that they are in now."""
    attempt = read_attempt(service, request.cookies.get(cookie_name(request, service, ATTEMPT)), state)
    if error or not code:
        raise Refused(403, "sign-in", f"The OpenID provider let nobody in: {error_description or error or 'no reason given'}.")
    person = finish_attempt(request, service, attempt, code)
    settings = service.settings.configuration.service
    with service.store.begin() as connection:
        row = admit_vouched(
            connection, settings.oidc_issuer, person.subject, person.name, settings.grants_of(person.groups), keep_roles=True
        )
    if row is None:
        raise Refused(
            403, "not-allowed", f"{person.name} is known to the OpenID provider, and may not use this service: no group gives a role."
        )
    answer = RedirectResponse(own_path(attempt.go_on), 303)
    let_in(request, answer, service, row.name, row.id, settings.oidc_issuer)
    remove_cookie(request, answer, service, ATTEMPT)
    return answer
