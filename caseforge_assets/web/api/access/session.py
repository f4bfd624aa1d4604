"""The caller's own matters: who they are, the session of a browser, a password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from caseforge_assets.commands.access.change_account import set_password
from caseforge_assets.web.access.callers import CallerNow, ServiceNow, problems
from caseforge_assets.web.access.signing_in import account_of_password, let_in, let_out
from caseforge_assets.web.api.access.users import HeldRole
from caseforge_assets.web.wire.money import Money, money
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(tags=["access"])
Password = Annotated[SecretStr, Field(max_length=1_000)]


class Me(BaseModel):
    """The caller: name, roles, limit, and the frameworks that may be seen."""

    name: str = Field(description="as it is recorded with what is done")
    roles: list[HeldRole]
    limit: Money | None = Field(description="the most that all plans may cost which the caller approves; null: no limit")
    frameworks: list[str] | None = Field(description="those that may be seen; null: all")
    csrf_token: str | None = Field(description="to be sent as X-CSRF-Token with what changes something; null: a program does not need one")


class SignIn(BaseModel):
    """Name and password of an account."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    password: Password


class Session(BaseModel):
    """A session that has begun; its cookie is in the answer's headers."""

    csrf_token: str = Field(description="to be sent as X-CSRF-Token with what changes something")


class OwnPassword(BaseModel):
    """Another password of one's own."""

    model_config = ConfigDict(extra="forbid")

    current: Password
    new: Password


@router.get("/me", responses=problems())
def show_me(request: Request, caller: CallerNow) -> Me:
    """Show who is calling, and what they may do."""
    seen = caller.seen_frameworks()
    return Me(
        name=caller.name,
        roles=[HeldRole(role=grant.role, framework=grant.framework_key) for grant in caller.grants],
        limit=money(caller.limit_usd),
        frameworks=None if seen is None else sorted(seen),
        csrf_token=getattr(request.state, "csrf_token", None),
    )


@router.post("/session", responses=problems(403, 422, 429))
def begin(request: Request, response: Response, service: ServiceNow, asked: SignIn) -> Session:
    """Sign in with a password. Failed attempts are slowed down: 429 says for how long."""
    response.headers["Cache-Control"] = "no-store"
    row = account_of_password(request, service, asked.name, asked.password.get_secret_value())
    return Session(csrf_token=let_in(request, response, service, row.name, row.id, "password"))


@router.delete("/session", status_code=204, responses=problems(403))
def end(request: Request, response: Response, service: ServiceNow, caller: CallerNow) -> None:
    """Sign out; of a program, which has no session, nothing is ended."""
    let_out(request, response, service, caller.name)


@router.put("/me/password", responses=problems(403, 422, 429))
def change_password(request: Request, response: Response, service: ServiceNow, caller: CallerNow, asked: OwnPassword) -> Session:
    """Take another password. All other sessions of the account end."""
    if caller.account_id is None:
        raise Refused(403, "not-allowed", f"{caller.name} has no password.")
    response.headers["Cache-Control"] = "no-store"
    account_of_password(request, service, caller.name, asked.current.get_secret_value())
    with service.store.begin() as connection:
        row = set_password(connection, caller.name, asked.new.get_secret_value(), by=caller.name)
    return Session(csrf_token=let_in(request, response, service, row.name, row.id, "password"))
