"""Adds an account for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.access.roles import Grant
from caseforge_assets.commands.access.hash_password import hash_password
from caseforge_assets.store.access import accounts, audit
from caseforge_assets.store.access.accounts import AccountRow, NewAccount
from caseforge_assets.store.database.engine import Connection

_EITHER = "an account has either a password, or somebody who vouches for the person and a name there"
_NAME = re.compile(r"[^\W_][\w.@+-]{0,99}")


@dataclass(frozen=True)
class Vouched:
    """A person for whom somebody else vouches: the OpenID provider, or `proxy`, and what that one calls the person."""

    issuer: str
    subject: str


def vouched_by(issuer: str | None, subject: str | None) -> Vouched | None:
    """The person that both name; None where neither is given.

    Raises:
        ValueError: only one of them is.
    """
    if (issuer is None) != (subject is None):
        raise ValueError(_EITHER)
    return Vouched(issuer, subject) if issuer is not None and subject is not None else None


def add_account(
    connection: Connection,
    name: str,
    *,
    by: str,
    password: str | None = None,
    vouched: Vouched | None = None,
    grants: Sequence[Grant] = (),
    limit_usd: Decimal | None = None,
) -> AccountRow:
    """Adds an account that signs in with a password, or for which another vouches.

    Args:
        by: who adds it.
        limit_usd: the most that all plans may cost which the person approves.

    Raises:
        ValueError: the name or the password cannot be used, or there is such an account already.
    """
    name = account_name(name)
    if (password is None) == (vouched is None):
        raise ValueError(_EITHER)
    hashed = None if password is None else hash_password(password, name)
    issuer, subject = (vouched.issuer, vouched.subject) if vouched else (None, None)
    account_id = accounts.add(connection, NewAccount(name, hashed, issuer, subject, limit_usd, by))
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
