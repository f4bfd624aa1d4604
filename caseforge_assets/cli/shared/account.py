"""Names the account of this machine, to record a decision with, where nobody says whose it is."""

from __future__ import annotations

import getpass
import os


def account_name() -> str:
    """The name of the account that runs the command; its number where it has no name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"account {os.getuid()}"
