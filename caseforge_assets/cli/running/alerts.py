"""alerts: what is wrong, who knows of it, and whether messages arrive."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.app import NODES_FAILED, UNEXPECTED
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable

if TYPE_CHECKING:
    from caseforge_assets.store.alerting.alerts import AlertRow

NO_ADDRESS = "No address is set, so nobody is told: CASEFORGE_ALERT_URLS in the environment or in .env, see docs/alerts.md."


@click.group(invoke_without_command=True)
@click.option(
    "--check", is_flag=True, help="Look now, and deliver what is not delivered yet. Other commands and alert_sensor do this, too."
)
@click.option("--all", "with_cleared", is_flag=True, help="Those that are over as well, the newest 100.")
@json_option
@click.pass_context
def alerts(ctx: click.Context, check: bool, with_cleared: bool, as_json: bool) -> None:
    """Show what is wrong and needs a person. Exit code 3 when something is open that nobody acknowledged."""
    if ctx.invoked_subcommand is not None:
        if check or with_cleared or as_json:
            raise click.UsageError("--check, --all and --json go with `caseforge alerts` alone")
        return
    from caseforge_assets.store.alerting import alerts as stored

    session: Session = ctx.obj
    if check:
        session.mirror(quiet=True, waits=False)
    with session.store.connect() as connection:
        rows = stored.newest(connection, with_cleared=with_cleared)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        _print_alerts(rows, with_cleared)
        if not session.addresses:
            errors.print(NO_ADDRESS, style="dim")
    sys.exit(NODES_FAILED if any(row.cleared_at is None and row.acknowledged_at is None for row in rows) else 0)


def _print_alerts(rows: list[AlertRow], with_cleared: bool) -> None:
    if not rows:
        console.print("There was no alert yet." if with_cleared else "No alert is open.")
        return
    table = FittingTable("Alert", "Severity", "Rule", "Since", "What is wrong", "State", drop=("Since",))
    for row in rows:
        since = f"{row.raised_at.astimezone():%Y-%m-%d %H:%M}"
        style = "dim" if row.cleared_at else "red" if row.severity == "critical" else None
        table.add_row(str(row.id), row.severity, row.rule, since, row.text, _state(row), style=style)
    console.print(table)


def _state(row: AlertRow) -> str:
    parts = [f"over since {row.cleared_at.astimezone():%Y-%m-%d %H:%M}" if row.cleared_at else "open"]
    if row.acknowledged_at:
        parts.append(f"acknowledged by {row.acknowledged_by}")
    if row.delivered:
        parts.append(f"{row.delivered} delivered")
    if row.undelivered:
        parts.append(f"{row.undelivered} not delivered: {row.problem}")
    return ", ".join(parts)


@alerts.command()
@click.argument("alert_id", metavar="ALERT", type=click.IntRange(1))
@click.option("--by", metavar="NAME", help="Who knows of it; by default batch_user_assignment, or who is logged in.")
@pass_session
def acknowledge(session: Session, alert_id: int, by: str | None) -> None:
    """Say that you know of ALERT. It stays open until it is over, but is not made graver for being ignored."""
    from caseforge_assets.commands.alerting.acknowledge_alert import acknowledge_alert
    from caseforge_assets.commands.alerting.check_alerts import check_alerts
    from caseforge_assets.store.database import clock

    configuration = session.settings.configuration
    who = by or configuration.batch_user_assignment or account_name()
    with session.store.begin() as connection:
        now = clock.now(connection)
        acknowledge_alert(connection, alert_id, who, now)
    over = alert_id in check_alerts(session.store, session.project, now).cleared
    session.mirror(quiet=True, waits=False)
    console.print(
        f"Alert {alert_id} is over."
        if over
        else f"Alert {alert_id} is acknowledged by {who}; it stays open until what it is about is over."
    )


@alerts.command()
@pass_session
def test(session: Session) -> None:
    """Send a test message to every address in CASEFORGE_ALERT_URLS. Exit code 1 when one did not take it."""
    from caseforge_assets.notifications import send

    if not session.addresses:
        raise click.UsageError(NO_ADDRESS)
    problems = {}
    for address in session.addresses:
        problem = send(address, "CaseForge: a test message", "Alerts reach you here. Nothing is wrong.")
        problems[address.name] = problem
        console.print(f"{address.name}: {'accepted' if not problem else f'not delivered: {problem}'}", style="red" if problem else None)
    sys.exit(UNEXPECTED if any(problems.values()) else 0)
