"""Adds an account for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from caseforge_assets.access.roles import Grant
from caseforge_assets.commands.access.passwords import hash_password
from caseforge_assets.store.access import accounts, audit
from caseforge_assets.store.access.accounts import AccountRow
from caseforge_assets.store.database.engine import Connection

_NAME = re.compile(r"[^\W_][\w.@+-]{0,99}")


def add_account(
    connection: Connection,
    name: str,
    *,
    by: str,
    password: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
    grants: Sequence[Grant] = (),
    limit_usd: Decimal | None = None,
) -> AccountRow:
    """Adds an account that signs in with a password, or for which another vouches.

    Args:
        by: who adds it.
        issuer: the OpenID provider, or `proxy`.
        subject: what that one calls the person.
        limit_usd: the most that all plans may cost which the person approves.

    Raises:
        ValueError: the name or the password cannot be used, or there is such an account already.
    """
    name = account_name(name)
    if (password is None) == (issuer is None) or (issuer is None) != (subject is None):
        raise ValueError("an account has either a password, or somebody who vouches for the person and a name there")
    hashed = None if password is None else hash_password(password, name)
    account_id = accounts.add(connection, name, password_hash=hashed, issuer=issuer, subject=subject, limit_usd=limit_usd, created_by=by)
    if account_id is None:
        raise ValueError(f"there is an account {name} already, or one of the same person")
    for grant in grants:
        accounts.give_role(connection, account_id, grant, by)
    details = {"roles": [str(grant) for grant in grants], "limit_usd": None if limit_usd is None else str(limit_usd), "issuer": issuer}
    audit.note(connection, by, "account.added", f"account {name}", None, details)
    found = accounts.find(connection, name)
    assert found is not None
    return found


def account_name(name: str) -> str:
    """A name as accounts are known by it: in small letters, however it was typed.

    Raises:
        ValueError: it cannot be one.
    """
    name = unicodedata.normalize("NFKC", name.strip()).casefold()
    if not _NAME.fullmatch(name):
        raise ValueError(
            "the name of an account is made of letters, digits and . _ @ + -, begins with a letter or digit, and has 100 characters at most"
        )
    return name
