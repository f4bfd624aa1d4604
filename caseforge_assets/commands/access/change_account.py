"""Changes an account: its roles, its limit, its password, and whether it can be used."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.access.roles import Grant
from caseforge_assets.commands.access.add_account import account_name
from caseforge_assets.commands.access.hash_password import hash_password
from caseforge_assets.store.access import accounts, audit, sessions
from caseforge_assets.store.access.accounts import AccountRow
from caseforge_assets.store.database.engine import Connection


def change_role(connection: Connection, name: str, grant: Grant, *, by: str, give: bool = True) -> AccountRow:
    """Gives a role or takes it.

    Raises:
        LookupError: there is no such account, or it does not have the role that is to be taken.
    """
    found = _get(connection, name)
    if give:
        accounts.give_role(connection, found.id, grant, by)
    elif not accounts.take_role(connection, found.id, grant):
        raise LookupError(f"{found.name} does not have the role {grant}")
    audit.note(
        connection, by, "role.given" if give else "role.taken", f"account {found.name}", grant.framework_key, {"role": str(grant.role)}
    )
    return found


def limit_account(connection: Connection, name: str, limit_usd: Decimal | None, *, by: str) -> AccountRow:
    """Sets the most that all plans may cost which the person approves; None: no limit.

    Raises:
        LookupError: there is no such account.
    """
    found = _get(connection, name)
    accounts.set_limit(connection, found.id, limit_usd)
    limits = {"before": _text(found.limit_usd), "now": _text(limit_usd)}
    audit.note(connection, by, "account.limited", f"account {found.name}", None, limits)
    return _get(connection, name)


def disable_account(connection: Connection, name: str, *, by: str, enable: bool = False) -> AccountRow:
    """Lets nobody in with an account any more and ends its sessions at once; or lets its person in again.

    Raises:
        LookupError: there is no such account.
    """
    found = _get(connection, name)
    accounts.set_disabled(connection, found.id, not enable)
    if not enable:
        sessions.end_all_of(connection, found.id)
    audit.note(connection, by, "account.enabled" if enable else "account.disabled", f"account {found.name}")
    return _get(connection, name)


def set_password(connection: Connection, name: str, password: str, *, by: str) -> AccountRow:
    """Gives an account another password and ends its sessions.

    Raises:
        LookupError: there is no such account.
        ValueError: the password cannot be used, or the account signs in elsewhere.
    """
    found = _get(connection, name)
    if found.issuer is not None:
        raise ValueError(f"{found.name} signs in at {found.issuer}, and has no password here")
    accounts.set_password_hash(connection, found.id, hash_password(password, found.name))
    sessions.end_all_of(connection, found.id)
    audit.note(connection, by, "password.set", f"account {found.name}")
    return found


def _get(connection: Connection, name: str) -> AccountRow:
    found = accounts.find(connection, account_name(name))
    if found is None:
        raise LookupError(f"there is no account {name!r}; `caseforge users list` names them")
    return found


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
