"""Accounts of people, for those who look after all of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.access import change_account
from caseforge_assets.commands.access.add_account import account_name, add_account, vouched_by
from caseforge_assets.settings.configuration import FrameworkKey
from caseforge_assets.store.access import accounts
from caseforge_assets.store.access.accounts import AccountRow
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Administrator, ServiceNow, problems
from caseforge_assets.web.wire.money import Money, money
from caseforge_assets.web.wire.pages import Cursor, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(tags=["access"])
Name = Annotated[str, Field(min_length=1, max_length=100)]
LimitUsd = Annotated[
    Decimal | None,
    Field(ge=0, max_digits=14, decimal_places=6, description="the most that all plans may cost which the person approves; null: no limit"),
]


class HeldRole(BaseModel):
    """A role that somebody has, or is to have."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    framework: FrameworkKey | None = Field(default=None, description="null: in all frameworks")

    @property
    def grant(self) -> Grant:
        """As commands take it."""
        return Grant(self.role, self.framework)


class Account(BaseModel):
    """An account of a person."""

    name: str
    roles: list[HeldRole]
    limit: Money | None = Field(description="the most that all plans may cost which the person approves; null: no limit")
    issuer: str | None = Field(description="who vouches for the person; null: the password does")
    subject: str | None = Field(description="what that one calls the person")
    created_by: str
    created_at: datetime
    disabled_at: datetime | None


class NewAccount(BaseModel):
    """An account that is to be added: with a password, or with somebody who vouches for the person."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    password: SecretStr | None = None
    issuer: str | None = Field(default=None, max_length=500)
    subject: str | None = Field(default=None, max_length=500)
    roles: list[HeldRole] = Field(default=[], max_length=100)
    limit_usd: LimitUsd = None


class NewPassword(BaseModel):
    """A password that is to hold from now on."""

    model_config = ConfigDict(extra="forbid")

    password: SecretStr


class NewAccountLimit(BaseModel):
    """A limit that is to hold from now on."""

    model_config = ConfigDict(extra="forbid")

    limit_usd: LimitUsd


@router.get("/users", responses=problems(403, 422))
def list_users(service: ServiceNow, _: Administrator, limit: Limit = 50, cursor: Cursor = None) -> Page[Account]:
    """List accounts by name."""
    after = decode_cursor(cursor, "name", 1)
    with service.store.connect() as connection:
        rows = accounts.page(connection, None if after is None else str(after[0]), limit + 1)
        items = _accounts(connection, rows[:limit])
    return Page(items=items, next=encode_cursor("name", rows[limit - 1].name) if len(rows) > limit else None)


@router.post("/users", status_code=201, responses=problems(403, 422))
def add_user(service: ServiceNow, caller: Administrator, asked: NewAccount) -> Account:
    """Add an account."""
    with service.store.begin() as connection:
        row = add_account(
            connection,
            asked.name,
            by=caller.name,
            password=None if asked.password is None else asked.password.get_secret_value(),
            vouched=vouched_by(asked.issuer, asked.subject),
            grants=[role.grant for role in asked.roles],
            limit_usd=asked.limit_usd,
        )
        return _accounts(connection, [row])[0]


@router.get("/users/{name}", responses=problems(403, 404, 422))
def show_user(service: ServiceNow, _: Administrator, name: str) -> Account:
    """One account."""
    with service.store.begin() as connection:
        return _named(connection, name)


@router.post("/users/{name}/disable", responses=problems(403, 404, 422))
def disable_user(service: ServiceNow, caller: Administrator, name: str) -> Account:
    """Let nobody in with an account any more; its sessions end at once."""
    with service.store.begin() as connection:
        change_account.disable_account(connection, name, by=caller.name)
        return _named(connection, name)


@router.post("/users/{name}/enable", responses=problems(403, 404, 422))
def enable_user(service: ServiceNow, caller: Administrator, name: str) -> Account:
    """Let a person in again."""
    with service.store.begin() as connection:
        change_account.disable_account(connection, name, by=caller.name, enable=True)
        return _named(connection, name)


@router.post("/users/{name}/roles", responses=problems(403, 404, 422))
def give_role(service: ServiceNow, caller: Administrator, name: str, asked: HeldRole) -> Account:
    """Give an account a role; one that it has already changes nothing."""
    with service.store.begin() as connection:
        change_account.change_role(connection, name, asked.grant, by=caller.name)
        return _named(connection, name)


@router.delete("/users/{name}/roles/{role}", responses=problems(403, 404, 422))
def take_role(service: ServiceNow, caller: Administrator, name: str, role: Role, framework: FrameworkKey | None = None) -> Account:
    """Take a role from an account: the one overall, or the one in a framework."""
    with service.store.begin() as connection:
        change_account.change_role(connection, name, Grant(role, framework), by=caller.name, give=False)
        return _named(connection, name)


@router.put("/users/{name}/limit", responses=problems(403, 404, 422))
def limit_user(service: ServiceNow, caller: Administrator, name: str, asked: NewAccountLimit) -> Account:
    """Set what all plans may cost which a person approves."""
    with service.store.begin() as connection:
        change_account.limit_account(connection, name, asked.limit_usd, by=caller.name)
        return _named(connection, name)


@router.put("/users/{name}/password", responses=problems(403, 404, 422))
def set_password(service: ServiceNow, caller: Administrator, name: str, asked: NewPassword) -> Account:
    """Give an account another password; its sessions end at once."""
    with service.store.begin() as connection:
        change_account.set_password(connection, name, asked.password.get_secret_value(), by=caller.name)
        return _named(connection, name)


def _named(connection: Connection, name: str) -> Account:
    row = accounts.find(connection, account_name(name))
    if row is None:
        raise LookupError(f"there is no account {name!r}")
    return _accounts(connection, [row])[0]


def _accounts(connection: Connection, rows: list[AccountRow]) -> list[Account]:
    roles = accounts.roles_of(connection, [row.id for row in rows])
    return [
        Account(
            name=row.name,
            roles=[HeldRole(role=grant.role, framework=grant.framework_key) for grant in roles[row.id]],
            limit=money(row.limit_usd),
            issuer=row.issuer,
            subject=row.subject,
            created_by=row.created_by,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )
        for row in rows
    ]
