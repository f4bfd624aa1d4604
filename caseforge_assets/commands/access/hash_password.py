"""Passwords as argon2 hashes. Neither a password nor its hash is ever in a message or a log."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 1_000

# What OWASP asks for at least (19 MiB, two passes), and so many at a time that a crowd that signs in does not fill the memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)


def hash_password(password: str, account_name: str) -> str:
    """The hash of a new password.

    Raises:
        ValueError: it is too short, too long, or the name of the account; the text does not repeat it.
    """
    if len(password) < SHORTEST:
        raise ValueError(f"a password has {SHORTEST} characters or more; this one has {len(password)}")
    if len(password) > LONGEST:
        raise ValueError(f"a password has {LONGEST:,} characters at most; this one has {len(password):,}")
    if password.casefold() == account_name.casefold() or len(set(password)) < 4:
        raise ValueError("this password is too easy to guess; three or four words that do not belong together are a good one")
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Tells whether it is the password that a hash was made of. Without a hash it takes as long, and is not."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _nobodys(), password[: LONGEST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
