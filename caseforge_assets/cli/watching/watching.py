"""monitor, collect, cancel, status, failed, flush: what is under way and what came of it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import busy, console, print_json
from caseforge_assets.cli.shared.options import framework_option, json_option, nodes_option, owner_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.cli.views.batch_views import print_collected
from caseforge_assets.safe_text import plain_text
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caseforge_assets.commands.collecting.collect_batch import Collected
    from caseforge_assets.commands.reporting.list_failures import FailedNode
    from caseforge_assets.commands.reporting.read_standing import Standing
    from caseforge_assets.commands.reporting.view_batches import BatchView

FINISHED_SHOWN = 10


@click.command()
@click.option("--watch-only", is_flag=True, help="Only look, also while the provider is away; leave collecting and submitting to others.")
@click.option("--once", is_flag=True, help="One look, then return.")
@json_option
@pass_session
def monitor(session: Session, watch_only: bool, once: bool, as_json: bool) -> None:
    """Watch the batches under way and collect what is finished. Ctrl-C stops watching, not the batches.

    What approved plans hold is sent, what follows from answers included; each batch is named before. With --watch-only nothing is.
    Exit code 4 when nodes wait for a batch that does not go on.
    """
    from caseforge_assets.cli.watching.following import (
        batches_in_trouble,
        exit_if_in_trouble,
        follow,
        stopping_politely,
        submit_once,
        watch,
    )

    with stopping_politely(session):
        if watch_only:
            watch(session, once=once or as_json, quiet=as_json)
        elif once or as_json:
            submit_once(session, quiet=as_json)
        else:
            follow(session)
        session.mirror()
    if as_json:
        print_json(_batches(session))
    else:
        _print_batches(session)
    exit_if_in_trouble(session, batches_in_trouble(session), quiet=True)


@click.command()
@click.option(
    "--again", metavar="BATCH", help="Fetch the files of this batch now, also where it was collected without some of its answers."
)
@click.option(
    "--give-up",
    metavar="BATCH",
    help="Take what came of this batch so far, and wait for nothing more of it; the rest is asked again by `caseforge retry` only.",
)
@click.option(
    "--judge-again",
    is_flag=True,
    help="Judge the answers of failed nodes again, from the files that are here: what is readable now is kept, at no cost. `caseforge retry` does so first.",
)
@json_option
@pass_session
def collect(session: Session, again: str | None, give_up: str | None, judge_again: bool, as_json: bool) -> None:
    """Collect every finished batch now. Collecting twice changes nothing. Exit code 4 while nodes wait for a batch that does not go on."""
    from caseforge_assets.cli.watching.following import batches_in_trouble, exit_if_in_trouble

    if (again and give_up) or (judge_again and (again or give_up)):
        raise click.UsageError("--again and --give-up are about one batch each, --judge-again about all: give one of them")
    if judge_again:
        _judge_again(session, as_json)
        return
    results = _settled(session, again, give_up) if again or give_up else _collected(session)
    session.mirror()
    trouble = batches_in_trouble(session)
    if as_json:
        print_json([{"batch": result.batch.name, "stage": result.batch.stage, "outcomes": result.outcomes} for result in results])
    else:
        print_collected(session.store, results)
        if not results and not trouble:
            console.print("No batch is ready to be collected.")
    exit_if_in_trouble(session, trouble, quiet=as_json)


def _collected(session: Session) -> tuple[Collected, ...]:
    from caseforge_assets.commands.rounds.poll_batches import poll_batches
    from caseforge_assets.commands.rounds.work import collect_finished
    from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches

    reconcile_batches(session.open_project)
    poll_batches(session.open_project)
    return collect_finished(session.open_project)


def _judge_again(session: Session, as_json: bool) -> None:
    from caseforge_assets.commands.collecting.judge_again import judge_again

    readable = judge_again(session.open_project)
    session.mirror()
    if as_json:
        print_json({"readable": readable})
    else:
        console.print(f"{counted(readable, 'answer that had failed is', 'answers that had failed are')} readable now, at no further cost.")


def _settled(session: Session, again: str | None, give_up: str | None) -> tuple[Collected, ...]:
    """Settles one batch as a person decides; the others are left."""
    from caseforge_assets.commands.rounds.settle_batch import fetch_again, give_up_batch

    settle = fetch_again if again else give_up_batch
    result = settle(session.open_project, again or give_up or "", by=account_name())
    return (result,) if result else ()


@click.command()
@click.argument("batch")
@pass_session
def cancel(session: Session, batch: str) -> None:
    """Stop BATCH (number or provider's id). Answers it has by then are collected; the rest waits until you ask again."""
    from caseforge_assets.commands.collecting.cancel_batch import cancel_batch
    from caseforge_assets.store.figures.batch_sums import frameworks_of_batches

    row = cancel_batch(session.open_project, batch, by=account_name())
    with session.store.connect() as connection:
        frameworks = frameworks_of_batches(connection, [row.id]).get(row.id, ())
    retries = " and ".join(f"`caseforge retry --framework {key}`" for key in frameworks) or "`caseforge retry`"
    console.print(
        f"{row.name}: {row.remote_status or row.state}. `caseforge collect` takes what it answered; {retries} sends the rest again."
    )


@click.command()
@framework_option
@owner_option
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Also which instance of Dagster commands write to.")
@pass_session
def status(session: Session, key: str | None, owner: str | None, verbose: bool, as_json: bool) -> None:
    """Show where the frameworks stand: nodes per stage, batches, tokens and cost. With --framework, all of it is that framework's."""
    from caseforge_assets.cli.views.standing_views import print_standing

    dagster = _describe_dagster(session) if verbose else None
    reports = _standings(session, key, owner)
    if as_json:
        found = {"frameworks": [asdict(report) for report in reports], "batches": _batches(session, key)}
        print_json({**found, **({"dagster": dagster} if dagster else {})})
        return
    if dagster:
        console.print(
            f"Dagster: {dagster['storage']} in {dagster['database']}, home {dagster['home']} (named by {dagster['named_by']})",
            soft_wrap=True,
        )
    for report in reports:
        print_standing(session.stages, report)
    if not reports:
        console.print("No framework is declared yet. Add one with: caseforge load FILE --framework KEY")
    _print_batches(session, key)


def _describe_dagster(session: Session) -> dict[str, str]:
    from caseforge_assets.cli.shared.dagster_bridge import describe_instance

    return describe_instance(session.settings)


def _standings(session: Session, key: str | None, owner: str | None) -> list[Standing]:
    from caseforge_assets.commands.providing.provider import accepts_simulated
    from caseforge_assets.commands.reporting.read_standing import read_standing

    keys = [session.framework_key(key)] if key or owner else list(session.settings.configuration.frameworks)
    with busy("Reading where nodes stand"), session.store.connect() as connection:
        simulated = accepts_simulated(connection, session.settings)
        return [read_standing(connection, session.project, declared, simulated=simulated, owner=owner) for declared in keys]


def _batches(session: Session, key: str | None = None) -> list[dict[str, Any]]:
    """For scripts: those under way first."""
    under_way, through = _views(session, key)
    return [asdict(view) for view in (*under_way, *through)]


def _views(session: Session, key: str | None) -> tuple[list[BatchView], list[BatchView]]:
    from caseforge_assets.commands.reporting.view_batches import view_batches
    from caseforge_assets.store.database import clock

    with session.store.connect() as connection:
        return view_batches(connection, session.stages, clock.now(connection), finished=FINISHED_SHOWN, key=key)


def _print_batches(session: Session, key: str | None = None) -> None:
    from caseforge_assets.cli.views.batch_views import explained, through_table, under_way_table

    under_way, through = _views(session, key)
    if not under_way and not through:
        console.print("No batch was made yet.")
    if under_way:
        console.print(under_way_table(under_way, datetime.now(UTC)))
    if through:
        console.print(through_table(through))
    if footnote := explained([*under_way, *through]):
        console.print(footnote, style="dim")


@click.command()
@framework_option
@nodes_option
@owner_option
@click.option("--ids", is_flag=True, help="Print the codes only, separated by commas, as --nodes takes them.")
@json_option
@pass_session
def failed(session: Session, key: str | None, nodes: str | None, owner: str | None, ids: bool, as_json: bool) -> None:
    """The nodes that failed, why, and what would happen next, the most frequent outcome first. Exit code 3 when there are any."""
    from caseforge_assets.commands.providing.provider import accepts_simulated
    from caseforge_assets.commands.reporting.list_failures import list_failures
    from caseforge_assets.commands.surveying.choose_nodes import choose_nodes

    key = session.framework_key(key)
    with busy("Reading what failed"), session.store.connect() as connection:
        meant = choose_nodes(connection, key, nodes, owner=owner) if nodes or owner else None
        simulated = accepts_simulated(connection, session.settings)
        rows = list_failures(connection, session.project, key, simulated=simulated, node_ids=meant)
    if ids:
        click.echo(plain_text(",".join(dict.fromkeys(row.code for row in rows))))
    elif as_json:
        print_json([asdict(row) for row in rows])
    else:
        _print_failures(rows)
    sys.exit(3 if rows else 0)


def _print_failures(rows: Sequence[FailedNode]) -> None:
    from caseforge_assets.commands.reporting.list_failures import say_standing

    if not rows:
        console.print("No node has failed.")
        return
    table = FittingTable("Node", "Name", "Failure", "Why", "So far", "Next", drop=("Name", "So far"))
    for row in rows:
        tokens = "unknown" if row.output_tokens is None else f"{row.output_tokens:,}"
        so_far = f"{counted(row.attempts, 'attempt')}, {tokens} tokens, {row.cost_so_far}"
        table.add_row(row.code, row.name, f"{row.stage}: {row.outcome}", row.detail, so_far, row.next)
    console.print(table)
    if said := say_standing(rows):
        console.print(said)


@click.command()
@pass_session
def flush(session: Session) -> None:
    """Show in Dagster what is not shown there yet. Other commands do this by themselves."""
    from caseforge_assets.cli.shared.dagster_bridge import flush as flush_outbox

    console.print(f"{counted(flush_outbox(session.settings, session.store), 'event')} written.")
