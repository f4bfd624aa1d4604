"""How the command line looks: consoles, amounts of money, JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import click
from rich.console import Console

PIPE_WIDTH = 140  # of tables where there is no terminal


def _console(stderr: bool = False) -> Console:
    # Names, reasons and file names come from outside: [red] or :bug: in them means nothing and must not vanish.
    plain: dict[str, Any] = {"stderr": stderr, "highlight": False, "markup": False, "emoji": False}
    made = Console(**plain)
    return made if made.is_terminal else Console(**plain, width=PIPE_WIDTH)


console = _console()
errors = _console(stderr=True)


def usd(amount: Decimal | None) -> str:
    """An amount as people read it; unknown is said, never shown as 0."""
    if amount is None:
        return "unknown"
    return f"${amount:,.2f}" if abs(amount) >= 1 or amount == 0 else f"${amount:,.4f}"


def print_json(value: Any) -> None:
    """For scripts: plain JSON on standard output."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
