"""Accounts of people: who they are, how they sign in, and which roles they were given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert as upsert

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.store.schema.access_tables import account, account_role
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, without its password's hash."""

    id: int
    name: str
    issuer: str | None
    subject: str | None
    limit_usd: Decimal | None
    created_by: str
    created_at: datetime
    disabled_at: datetime | None


_COLUMNS = "id, name, issuer, subject, limit_usd, created_by, created_at, disabled_at"


def find(connection: Connection, name: str) -> AccountRow | None:
    """An account by its name, locked until the transaction ends."""
    return _one(connection, "name = :name for update", name=name)


def find_elsewhere(connection: Connection, issuer: str, subject: str) -> AccountRow | None:
    """The account of somebody for whom another vouches."""
    return _one(connection, "issuer = :issuer and subject = :subject", issuer=issuer, subject=subject)


def _one(connection: Connection, condition: str, **values: str) -> AccountRow | None:
    row = connection.execute(text(f"select {_COLUMNS} from caseforge.account where {condition}"), values).one_or_none()
    return None if row is None else AccountRow(*row)


def password_hash_of(connection: Connection, name: str) -> str | None:
    """The hash of an account's password; None: there is no such account, it is disabled, or signs in elsewhere."""
    query = text("select password_hash from caseforge.account where name = :name and disabled_at is null")
    found: str | None = connection.scalar(query, {"name": name})
    return found


def page(connection: Connection, after: str | None = None, limit: int | None = None) -> list[AccountRow]:
    """Accounts by name, those after a name, so many at most."""
    query = text(f"select {_COLUMNS} from caseforge.account where cast(:after as text) is null or name > :after order by name limit :limit")
    return [AccountRow(*row) for row in connection.execute(query, {"after": after, "limit": limit})]


def any_enabled(connection: Connection) -> bool:
    """Tells whether anybody has an account that can be used."""
    return bool(connection.scalar(text("select exists (select 1 from caseforge.account where disabled_at is null)")))


_ROLES = text("""
select account_id, role, framework_key from caseforge.account_role where account_id = any(:ids) order by framework_key nulls first, role
""").execution_options(**PLANNED_ONCE)


def roles_of(connection: Connection, account_ids: Collection[int]) -> dict[int, tuple[Grant, ...]]:
    """The roles of accounts, those overall first."""
    found: dict[int, tuple[Grant, ...]] = dict.fromkeys(account_ids, ())
    for account_id, role, framework_key in connection.execute(_ROLES, {"ids": list(account_ids)}):
        grant = Grant(Role(role), framework_key)
        if grant not in found[account_id]:  # given by a person and by a group
            found[account_id] += (grant,)
    return found


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be stored, of a person who has a password here, or for whom an issuer vouches under a subject."""

    name: str
    password_hash: str | None
    issuer: str | None
    subject: str | None
    limit_usd: Decimal | None
    created_by: str


def add(connection: Connection, new: NewAccount) -> int | None:
    """Adds an account; returns its id, or None where there is one of this name, or of this subject, already."""
    made: int | None = connection.scalar(upsert(account).values(asdict(new)).on_conflict_do_nothing().returning(account.c.id))
    return made


def set_password_hash(connection: Connection, account_id: int, password_hash: str) -> None:
    """Replaces the hash of a password."""
    connection.execute(text("update caseforge.account set password_hash = :hash where id = :id"), {"id": account_id, "hash": password_hash})


def set_limit(connection: Connection, account_id: int, limit_usd: Decimal | None) -> None:
    """Sets what all plans may cost that the person approves; None: no limit."""
    connection.execute(text("update caseforge.account set limit_usd = :limit where id = :id"), {"id": account_id, "limit": limit_usd})


def set_disabled(connection: Connection, account_id: int, disabled: bool) -> None:
    """Disables an account, or lets it be used again."""
    query = text("update caseforge.account set disabled_at = case when :disabled then coalesce(disabled_at, now()) end where id = :id")
    connection.execute(query, {"id": account_id, "disabled": disabled})


def disable_all(connection: Connection) -> int:
    """Disables every account; returns how many were not."""
    return connection.execute(text("update caseforge.account set disabled_at = now() where disabled_at is null")).rowcount


def give_role(connection: Connection, account_id: int, grant: Grant, given_by: str) -> None:
    """Gives a role, unless the account has it."""
    values = {"account_id": account_id, "role": grant.role, "framework_key": grant.framework_key, "given_by": given_by}
    connection.execute(upsert(account_role).values(values).on_conflict_do_nothing())


def take_role(connection: Connection, account_id: int, grant: Grant) -> bool:
    """Takes a role; returns whether the account had it."""
    query = text("""
    delete from caseforge.account_role where account_id = :id and role = :role and framework_key is not distinct from cast(:key as text)
    """)
    return connection.execute(query, {"id": account_id, "role": grant.role, "key": grant.framework_key}).rowcount > 0


def replace_roles_given_by(connection: Connection, account_id: int, given_by: str, grants: Sequence[Grant]) -> None:
    """Makes the roles that one source has given those that it gives now; what others gave stays."""
    values = {"id": account_id, "by": given_by}
    connection.execute(text("delete from caseforge.account_role where account_id = :id and given_by = :by"), values)
    for grant in grants:
        give_role(connection, account_id, grant, given_by)
