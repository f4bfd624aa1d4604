"""verify, archive, unarchive: that what was paid for is there, and takes up little."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, timedelta

import click

from caseforge_assets.cli.shared.ages import age
from caseforge_assets.cli.shared.console import busy, console, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.wording import counted

SOMETHING_WRONG = 3


@click.command()
@click.option("--journal-anew", is_flag=True, help="First write the journal anew, as one segment that holds every row as it is now.")
@json_option
@pass_session
def verify(session: Session, journal_anew: bool, as_json: bool) -> None:
    """Compare artifacts, rows and journal: what is missing or altered, and what to do. Exit code 3 when anything is.

    Every artifact is read whole; of archived ones, what is packed in them.
    """
    from caseforge_assets.commands.journaling.fold_journal import fold_journal
    from caseforge_assets.commands.keeping.verify import verify as run

    if journal_anew:
        with busy("Writing the journal anew"):
            fold_journal(session.store, session.folder)
    with busy("Reading artifacts, rows and journal"):
        found = run(session.store, session.stages, session.folder)
    if as_json:
        print_json(asdict(found))
    else:
        for problem in found.problems:
            console.print(f"{problem.kind}: {problem.where}", style="red")
            console.print(f"  {problem.what}. What to do: {problem.advice}.")
        verdict = f"{counted(len(found.problems), 'problem')}." if found.problems else "Everything is there and as it was written."
        console.print(
            f"Looked at {counted(found.artifacts, 'artifact')}, {counted(found.answers, 'answer')}, {counted(found.contents, 'content')}, {counted(found.rows, 'row')}. {verdict}"
        )
    sys.exit(SOMETHING_WRONG if found.problems else 0)


@click.command()
@click.option("--older-than", callback=age, metavar="AGE", required=True, help="Batches that were collected before: 30d, 2w, 12h.")
@click.option("--dry-run", is_flag=True, help="Only say what would be packed.")
@json_option
@pass_session
def archive(session: Session, older_than: timedelta, dry_run: bool, as_json: bool) -> None:
    """Pack the files of collected batches; every command reads packed ones as before.

    A file is removed when its packed copy was read back and is the same. The journal becomes one segment.
    """
    from caseforge_assets.commands.journaling.fold_journal import fold_journal
    from caseforge_assets.commands.keeping.archive import archive as run
    from caseforge_assets.store.database import clock

    limit = clock.now_in(session.store).astimezone(UTC) - older_than
    with busy("Packing"):
        moved = run(session.store, session.folder, limit, dry_run=dry_run)
        folded = [] if dry_run else fold_journal(session.store, session.folder)
    if as_json:
        print_json({"older_than": limit, "dry_run": dry_run, **asdict(moved), "journal_segments_replaced": len(folded)})
    else:
        files = f"{counted(moved.files, 'file')} of {counted(moved.batches, 'batch', 'batches')}, {_mb(moved.bytes_before)}"
        said = (
            f"{files}, would be packed"
            if dry_run
            else f"{files}, packed into {_mb(moved.bytes_after)}; {counted(len(folded), 'segment')} of the journal into one"
        )
        console.print(f"Older than {limit:%Y-%m-%d %H:%M} UTC: {said}.")
        _say_left_alone(moved.left_alone)
    sys.exit(SOMETHING_WRONG if moved.left_alone else 0)


@click.command()
@click.argument("batches", nargs=-1, metavar="[BATCH]...")
@json_option
@pass_session
def unarchive(session: Session, batches: tuple[str, ...], as_json: bool) -> None:
    """Bring the files of BATCHes (number, provider's id or submission id; all without any) back as they were written."""
    from caseforge_assets.commands.keeping.archive import unarchive as run

    with busy("Unpacking"):
        moved = run(session.store, session.folder, batches)
    if as_json:
        print_json(asdict(moved))
    else:
        console.print(
            f"{counted(moved.files, 'file')} of {counted(moved.batches, 'batch', 'batches')}, {_mb(moved.bytes_after)}, are as they were written."
        )
        _say_left_alone(moved.left_alone)
    sys.exit(SOMETHING_WRONG if moved.left_alone else 0)


def _say_left_alone(texts: tuple[str, ...]) -> None:
    for text in texts:
        console.print(f"Left alone: {text}.", style="yellow")


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
