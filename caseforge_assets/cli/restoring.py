"""restore and backup: the way back into an empty database."""

from __future__ import annotations

import time

import click

from caseforge_assets.cli.console import console, errors, print_json
from caseforge_assets.cli.options import json_option, pass_session
from caseforge_assets.cli.session import Session


@click.command()
@click.option("--up-to", metavar="SEGMENT", help="Leave out what was journaled after this segment. What was sent later may be paid for again.")
@click.option("--without-events", is_flag=True, help="Leave it to the flush sensor, or to `caseforge flush`, to show everything in Dagster.")
@json_option
@pass_session
def restore(session: Session, up_to: str | None, without_events: bool, as_json: bool) -> None:
    """Rebuild an empty database from the artifacts: frameworks, requests, batches, attempts, contents, costs, edits.

    Refuses a database that is not empty. Killed half-way, it leaves an empty one, and can be started again. Batches that may have been
    sent meanwhile are looked for at their provider; what they answered is collected by the next `caseforge monitor`.
    """
    from caseforge_assets.commands.restore import restore as run

    started = time.perf_counter()
    with console.status("Restoring from the journal …"):
        restored = run(session.store, session.folder, up_to=up_to)
    took_s = time.perf_counter() - started
    undeclared = _undeclared(session)
    if as_json:
        print_json(
            {
                "rows": restored.rows,
                "events": restored.events,
                "segments": restored.segments,
                "until": restored.until,
                "looked_for": restored.looked_for,
                "to_collect": restored.to_collect,
                "left_over": restored.others.left_over,
                "other_branch": restored.others.other_branch,
                "undeclared_frameworks": undeclared,
                "seconds": round(took_s, 2),
            }
        )
    else:
        rows = ", ".join(f"{count:,} {table}" for table, count in restored.rows.items())
        console.print(f"Restored in {took_s:.1f} s from {restored.segments:,} segments, as of {restored.until:%Y-%m-%d %H:%M:%S} UTC: {rows}.")
        for batch in restored.looked_for:
            console.print(f"  {batch}: is looked for at its provider before it is created again; `caseforge monitor` goes on with it.")
        for batch in restored.to_collect:
            console.print(f"  {batch}: its results are here; `caseforge collect` takes them.")
        if restored.others.other_branch:
            errors.print(
                f"Left out: {len(restored.others.other_branch):,} segments of a database that was set back to an older state, from "
                f"{restored.others.other_branch[0]} on. `caseforge restore --up-to SEGMENT` restores that one instead.",
                style="yellow",
            )
        for key in undeclared:
            errors.print(f"{key} is not in {session.settings.config_path.name}; `caseforge load FILE --framework {key}` adds it.", style="yellow")
    if not without_events:
        session.mirror()


def _undeclared(session: Session) -> list[str]:
    from caseforge_assets.store.frameworks import loaded_keys

    with session.store.connect() as connection:
        return [key for key in loaded_keys(connection) if key not in session.settings.configuration.frameworks]
