"""report: how answers developed over days or weeks, and which errors are most frequent."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.console import console, print_json, usd
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.reports.bars import bar, percent
from caseforge_assets.stages.model_rules import in_words
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caseforge_assets.reports.trends import DayFigures, Pattern

LISTED_PATTERNS = 20


def _age(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    match = re.fullmatch(r"([1-9]\d{0,3})([dw])", value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is not a number of days or weeks; write 7d, 30d or 4w", ctx, param)
    return timedelta(days=int(match[1]) * (7 if match[2] == "w" else 1))


@click.command()
@click.option("--framework", "key", metavar="KEY", help="Only this framework; without it, all of them.")
@click.option("--since", "age", callback=_age, default="7d", show_default=True, metavar="AGE", help="How far back: 7d, 30d, 4w.")
@json_option
@pass_session
def report(session: Session, key: str | None, age: timedelta, as_json: bool) -> None:
    """Show what came back lately: good answers and cost by day (from 15 days on by week), and errors, most frequent first."""
    from caseforge_assets.commands.reporting.summarize_run import summarize_since

    if key is not None:
        session.known_key(key)
    with session.store.connect() as connection:
        trend = summarize_since(connection, datetime.now(UTC), age, key)
    if as_json:
        print_json({"periods": [asdict(row) for row in trend.periods], "errors": [asdict(row) for row in trend.patterns]})
        return
    if not trend.periods:
        console.print(_nothing(trend.newest, age))
        return
    console.print(_periods(trend.periods))
    if trend.patterns:
        console.print(_patterns(trend.patterns))
        if len(trend.patterns) > LISTED_PATTERNS:
            console.print(f"… and {counted(len(trend.patterns) - LISTED_PATTERNS, 'more kind')} of errors: --json lists all.")


def _nothing(newest: datetime | None, age: timedelta) -> str:
    if newest is None:
        return "Nothing came back yet."
    days = (datetime.now(UTC) - newest).days + 1
    return f"Nothing came back in the last {in_words(age)}; the newest answer is of {newest:%Y-%m-%d}: `caseforge report --since {days}d` shows it."


def _periods(periods: Sequence[DayFigures]) -> FittingTable:
    table = FittingTable(
        "From",
        "Stage",
        "Provider",
        "Good",
        "",
        "Attempts",
        "Output tokens",
        "Cost",
        "An attempt",
        drop=("", "An attempt", "Output tokens"),
        title="What came back",
    )
    for row in periods:
        each = row.cost_usd / (row.attempts - row.unknown_costs) if row.cost_usd is not None and row.attempts > row.unknown_costs else None
        tokens = "unknown" if row.output_tokens is None else f"{row.output_tokens:,}"
        share = row.good / row.attempts if row.attempts else 0.0
        cells = (percent(share), bar(share), f"{row.attempts:,}", tokens, str(row.cost), usd(each))
        table.add_row(f"{row.day}", row.stage, row.kind, *cells)
    return table


def _patterns(patterns: Sequence[Pattern]) -> FittingTable:
    names = ("Errors", "Share", "", "Outcome", "Why", "Stages", "First node")
    table = FittingTable(*names, drop=("", "Share", "Stages"), title="Errors, most frequent first")
    for row in patterns[:LISTED_PATTERNS]:
        table.add_row(f"{row.count:,}", percent(row.share), bar(row.share, 10), row.outcome, row.says, ", ".join(row.stages), row.example)
    return table
