"""Ages as people write them: 12h, 90d, 2w."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def age(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    """A click callback.

    Raises:
        click.BadParameter: it is no age.
    """
    match = re.fullmatch(r"(\d{1,5})([hdw])", value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is not an age; write a whole number and h, d or w: 12h, 90d, 2w", ctx, param)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
