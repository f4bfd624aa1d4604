"""dagster prune: what keeps Dagster's history small."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from caseforge_assets.cli.app import NOT_APPROVED
from caseforge_assets.cli.shared.ages import age
from caseforge_assets.cli.shared.console import busy, console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.wording import counted

SHORTEST = timedelta(hours=1)  # what is under way may still need what was newest a moment ago
_NOUNS = {"runs": "run", "events": "event", "check_evaluations": "check evaluation", "outbox_rows": "outbox row"}


def _age(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    given = age(ctx, param, value)
    if given < SHORTEST:
        raise click.BadParameter(f"{value!r} is too short: what is under way may still need what was newest then; at least 1h", ctx, param)
    return given


@click.group()
def dagster() -> None:
    """Dagster's history: keep it small."""


@dagster.command()
@click.option("--older-than", callback=_age, metavar="AGE", required=True, help="What is younger stays: 90d, 12h, 2w.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Remove without being asked.")
@json_option
@pass_session
def prune(session: Session, older_than: timedelta, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove old runs and events from Dagster, and old rows from the outbox. Every state, reason and staleness stays as it is."""
    from caseforge_assets.cli.shared.dagster_bridge import prune as prune_history
    from caseforge_assets.store.database import clock

    limit = clock.now_in(session.store).astimezone(UTC) - older_than
    if dry_run or not yes:
        with busy("Looking for what is not needed any more"):
            found = prune_history(session.settings, session.store, limit, dry_run=True)
        if dry_run or not any(found["removed"].values()):
            _say(found, limit, "would go" if dry_run else "may go", as_json)
            return
        if not click.confirm(f"Older than {limit:%Y-%m-%d %H:%M} UTC, not needed any more: {_counts(found)}. Remove?", err=True):
            errors.print("Declined: nothing was removed.")
            sys.exit(NOT_APPROVED)
    with busy("Removing what is not needed any more"):
        pruned = prune_history(session.settings, session.store, limit, dry_run=False)
    _say(pruned, limit, "removed", as_json)


def _say(pruned: dict[str, Any], limit: datetime, verb: str, as_json: bool) -> None:
    if as_json:
        print_json({"older_than": limit.isoformat(timespec="seconds"), **pruned})
        return
    console.print(f"Older than {limit:%Y-%m-%d %H:%M} UTC: {_counts(pruned)} {verb}.")
    table = FittingTable("Table", "Rows", "Data", "On disk", title="Before and after" if verb == "removed" else "As it is")
    for before, after in zip(pruned["before"], pruned["after"], strict=True):
        changes = [_change(before[name], after[name], unit) for name, unit in (("rows", 1), ("data_bytes", 1e6), ("disk_bytes", 1e6))]
        table.add_row(before["table"], *changes)
    console.print(table)
    if verb == "removed":
        console.print(
            "The room is kept on disk for new events; PostgreSQL gives it back to the system with VACUUM FULL, while nothing runs."
        )


def _counts(pruned: dict[str, Any]) -> str:
    return ", ".join(counted(pruned["removed"][name], noun) for name, noun in _NOUNS.items())


def _change(before: int, after: int, unit: float) -> str:
    texts = [f"{number:,}" if unit == 1 else f"{number / unit:,.1f} MB" for number in (before, after)]
    return texts[0] if texts[0] == texts[1] else " → ".join(texts)
