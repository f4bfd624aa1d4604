"""Signs a person in with name and password."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from caseforge_assets.access.slowing import (
    COUNTED_FOR,
    FREE_OF_A_NAME,
    FREE_OF_AN_ADDRESS,
    LONGEST_FOR_A_NAME,
    LONGEST_FOR_AN_ADDRESS,
    pause_after,
)
from caseforge_assets.commands.access.add_account import account_name
from caseforge_assets.commands.access.hash_password import is_password
from caseforge_assets.store.access import accounts, sign_ins
from caseforge_assets.store.access.accounts import AccountRow
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction

_LONGEST_NAME = 100


class SignInRefused(ValueError):
    """Nobody was signed in; the text does not say whether there is such an account."""

    def __init__(self, text: str, wait_s: int = 0) -> None:
        """Takes what is said, and for how many seconds no other attempt is looked at."""
        super().__init__(text)
        self.wait_s = wait_s


def sign_in(store: Engine, name: str, password: str, address: str) -> AccountRow:
    """The account whose name and password these are.

    An attempt counts as failed before it is looked at, so that many at once are no way around the pauses; it is forgotten when it was none.

    Args:
        address: where the attempt comes from.

    Raises:
        SignInRefused: they are not, or too many attempts have failed.
    """
    try:
        name = account_name(name)
    except ValueError:
        name = name[:_LONGEST_NAME]
    with store.begin() as connection:
        _wait(connection, name, address)
        sign_ins.note(connection, name, address)
        kept = accounts.password_hash_of(connection, name)
    if not is_password(kept, password):
        raise SignInRefused("This name and password do not belong to an account that can be used.")
    with store.begin() as connection:
        sign_ins.forget(connection, name, address)
        found = accounts.find(connection, name)
    if found is None or found.disabled_at is not None:
        raise SignInRefused("This name and password do not belong to an account that can be used.")
    return found


def _wait(connection: Connection, name: str, address: str) -> None:
    """One attempt in a name, and one from an address, at a time."""
    lock_in_transaction(connection, f"sign-in of {name}")
    lock_in_transaction(connection, f"sign-in from {address}")
    of_name = sign_ins.failures_of_name(connection, name, COUNTED_FOR)
    of_address = sign_ins.failures_of_address(connection, address, COUNTED_FOR)
    left = max(
        pause_after(of_name.count, FREE_OF_A_NAME, LONGEST_FOR_A_NAME) - of_name.since_last,
        pause_after(of_address.count, FREE_OF_AN_ADDRESS, LONGEST_FOR_AN_ADDRESS) - of_address.since_last,
    )
    if left > timedelta():
        wait_s = ceil(left.total_seconds())
        raise SignInRefused(f"Too many sign-ins have failed. Wait for {wait_s} s before the next one.", wait_s)
