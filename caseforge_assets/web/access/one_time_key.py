"""The key in the address that `caseforge serve` prints on one's own machine, as Jupyter does.

It is known to the process that printed it alone, and ends with it: the address leads to that process and no other, so there is nobody to share it with, and a key in the
database would be one more that somebody could find there.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from threading import Lock


class OneTimeKey:
    """A key that opens once; then there is another one."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Makes the first key.

        Args:
            tell: is told of each key, for the person before the terminal.
        """
        self._tell, self._changing = tell, Lock()
        self._renew()

    def use(self, shown: str) -> bool:
        """Tells whether it is the key, which is another one from then on."""
        with self._changing:
            opens = hmac.compare_digest(shown.encode(), self._key.encode())
            if opens:
                self._renew()
        return opens

    def _renew(self) -> None:
        self._key = secrets.token_urlsafe(32)
        self._tell(self._key)
