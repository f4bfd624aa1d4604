"""Bars of text: charts that show in a table cell, on a terminal and in Dagster alike."""

from __future__ import annotations

from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float | Decimal, cells: int = 16) -> str:
    """A bar for a share of the whole, drawn to an eighth of a cell; what is more than nothing shows."""
    whole = min(max(float(share), 0.0), 1.0)
    eighths = round(whole * cells * 8)
    if whole > 0:
        eighths = max(eighths, 1)
    if whole < 1:
        eighths = min(eighths, cells * 8 - 1)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def percent(share: float | Decimal | None) -> str:
    """A share as people read it; nothing where it is unknown."""
    return "" if share is None else f"{float(share):.1%}"
