"""Admits a person for whom another vouches: an OpenID provider, or a proxy."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.access.roles import Grant
from caseforge_assets.commands.access.add_account import Vouched, add_account
from caseforge_assets.store.access import accounts
from caseforge_assets.store.access.accounts import AccountRow
from caseforge_assets.store.database.engine import Connection, lock_in_transaction


def admit_vouched(
    connection: Connection, issuer: str, subject: str, name: str, by_groups: Sequence[Grant], *, keep_roles: bool
) -> AccountRow | None:
    """The account of the person; who is new gets one where a group gives a role. None: the person has none, or it is disabled.

    An account that signs in otherwise is never taken over because it has the same name.

    Args:
        subject: what the issuer calls the person for good.
        name: what a new account is called.
        by_groups: the roles that the person's groups give now.
        keep_roles: these become the account's, in place of those that its groups gave before; what people gave stays.

    Raises:
        ValueError: there is another account of this name, or it can be none; an administrator can add one for the subject.
    """
    lock_in_transaction(connection, f"account of {issuer} {subject}")
    found = accounts.find_elsewhere(connection, issuer, subject)
    if found is None and by_groups:
        found = add_account(connection, name, by=issuer, vouched=Vouched(issuer, subject))
    if found is None or found.disabled_at is not None:
        return None
    if keep_roles:
        accounts.replace_roles_given_by(connection, found.id, issuer, by_groups)
    return found
