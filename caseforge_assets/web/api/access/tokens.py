"""Tokens of programs, for those who look after all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.access.create_token import create_token, life_of
from caseforge_assets.commands.access.revoke_token import revoke_token
from caseforge_assets.settings.configuration import FrameworkKey
from caseforge_assets.store.access import tokens
from caseforge_assets.store.access.tokens import TokenRow
from caseforge_assets.web.access.callers import Administrator, ServiceNow, problems
from caseforge_assets.web.api.access.users import LimitUsd, Name
from caseforge_assets.web.wire.money import Money, money
from caseforge_assets.web.wire.pages import Cursor, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(tags=["access"])


class Token(BaseModel):
    """A token, without what it is."""

    name: str
    role: Role
    framework: str | None = Field(description="null: in all frameworks")
    limit: Money | None = Field(description="the most that all plans may cost which it approves; null: no limit")
    created_by: str
    created_at: datetime
    expires_at: datetime | None = Field(description="null: when it is revoked")
    last_used_at: datetime | None = Field(description="to the minute; null: never")
    revoked_at: datetime | None
    revoked_by: str | None


class NewToken(BaseModel):
    """A token that is to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Role
    framework: FrameworkKey | None = Field(default=None, description="null: in all frameworks")
    limit_usd: LimitUsd = None
    expires: str = Field(default="90d", max_length=20, description="how long it can be used, such as 12h or 90d, or `never`")


class MadeToken(Token):
    """A token that was made. What it is can be read here, and never again."""

    token: str = Field(description="sent as Authorization: Bearer …")


@router.get("/tokens", responses=problems(403, 422))
def list_tokens(
    service: ServiceNow,
    _: Administrator,
    ended: Annotated[bool, Query(description="those that were revoked or are over as well")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Token]:
    """List tokens by name."""
    after = decode_cursor(cursor, "name", 1)
    with service.store.connect() as connection:
        rows = tokens.page(connection, after=None if after is None else str(after[0]), limit=limit + 1, with_ended=ended)
    return Page(
        items=[Token(**_fields(row)) for row in rows[:limit]],
        next=encode_cursor("name", rows[limit - 1].name) if len(rows) > limit else None,
    )


@router.post("/tokens", status_code=201, responses=problems(403, 422))
def make_token(service: ServiceNow, caller: Administrator, asked: NewToken, response: Response) -> MadeToken:
    """Make a token, which is in this answer and nowhere else."""
    response.headers["Cache-Control"] = "no-store"
    with service.store.begin() as connection:
        secret, row = create_token(
            connection,
            asked.name,
            Grant(asked.role, asked.framework),
            by=caller.name,
            limit_usd=asked.limit_usd,
            lasts=life_of(asked.expires),
        )
    return MadeToken(**_fields(row), token=secret)


@router.delete("/tokens/{name}", responses=problems(403, 404))
def end_token(service: ServiceNow, caller: Administrator, name: str) -> Token:
    """End a token at once."""
    with service.store.begin() as connection:
        return Token(**_fields(revoke_token(connection, name, by=caller.name)))


def _fields(row: TokenRow) -> dict[str, object]:
    return {
        "name": row.name,
        "role": Role(row.role),
        "framework": row.framework_key,
        "limit": money(row.limit_usd),
        "created_by": row.created_by,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "revoked_by": row.revoked_by,
    }
