"""restore and backup: the way back into an empty database."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.console import busy, console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.backing_up.place_backup import Unpacked
    from caseforge_assets.commands.backing_up.unpack_backup import CheckedBackup
    from caseforge_assets.commands.keeping.restore import Restored


SHOWN = {
    "framework": ("framework", "frameworks"),
    "framework_version": ("edition", "editions"),
    "node": ("node", "nodes"),
    "plan": ("plan", "plans"),
    "request": ("request", "requests"),
    "batch": ("batch", "batches"),
    "attempt": ("attempt", "attempts"),
    "content": ("content", "contents"),
    "candidate": ("candidate", "candidates"),
}


@click.command()
@click.option(
    "--up-to", metavar="SEGMENT", help="Leave out what was journaled after this segment. What was sent later may be paid for again."
)
@click.option(
    "--from-backup",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="First unpack this file of `caseforge backup` into the project.",
)
@click.option("--show", is_flag=True, help="Only check the backup, and say what it brings; nothing is changed.")
@click.option(
    "--trust-code",
    is_flag=True,
    help="Also put into place what the backup brings that is run, stages and templates of one's own, and let its accounts and tokens be used.",
)
@click.option(
    "--without-events", is_flag=True, help="Leave it to the flush sensor, or to `caseforge flush`, to show everything in Dagster."
)
@json_option
@pass_session
def restore(
    session: Session, up_to: str | None, from_backup: Path | None, show: bool, trust_code: bool, without_events: bool, as_json: bool
) -> None:
    """Rebuild an empty database from the artifacts: frameworks, requests, batches, attempts, contents, costs, edits.

    Refuses a database that is not empty. Killed half-way, it leaves an empty one, and can be started again. Batches that may have been
    sent meanwhile are looked for at their provider; what they answered is collected by the next `caseforge monitor`.

    A backup is checked whole before anything of it is put into place. Stages and templates in it are code: without --trust-code they
    are neither run nor put where they would be, but into the folder from-backup, for you to read.
    """
    from caseforge_assets.commands.keeping.restore import refuse_unless_empty
    from caseforge_assets.commands.keeping.restore import restore as run

    if (show or trust_code) and not from_backup:
        raise click.UsageError("--show and --trust-code are about a backup: name it with --from-backup FILE.")
    if from_backup:
        session.use_new_project()
    if from_backup and show:
        _show(session, from_backup, as_json)
        return
    refuse_unless_empty(session.store)
    unpacked = _unpack(session, from_backup, trust_code=trust_code, quiet=as_json) if from_backup else None
    started = time.perf_counter()
    with busy("Restoring from the journal"):
        restored = run(session.store, session.folder, up_to=up_to, lets_in=from_backup is None or trust_code)
    took_s = time.perf_counter() - started
    if from_backup:
        session.use_new_project()
    else:
        session.reload()  # the database may declare frameworks now
    undeclared = _undeclared(session)
    if as_json:
        extra = {"undeclared_frameworks": undeclared, "unpacked": asdict(unpacked) if unpacked else None, "seconds": round(took_s, 2)}
        print_json({**asdict(restored), **extra})
    else:
        _say(session, restored, undeclared, took_s)
    if unpacked and unpacked.set_aside:
        _say_set_aside(unpacked)
    elif not without_events:
        session.mirror()


def _say(session: Session, restored: Restored, undeclared: list[str], took_s: float) -> None:
    rows = ", ".join(counted(restored.rows[table], *nouns) for table, nouns in SHOWN.items() if table in restored.rows)
    source = f"{counted(restored.segments, 'segment')} of the journal"
    console.print(f"Restored in {took_s:.1f} s from {source}, as of {restored.until:%Y-%m-%d %H:%M:%S} UTC: {rows}.")
    for batch in restored.looked_for:
        console.print(f"  {batch}: is looked for at its provider before it is created again; `caseforge monitor` goes on with it.")
    for batch in restored.to_collect:
        console.print(f"  {batch}: its results are here; `caseforge collect` takes them.")
    if branch := restored.other_branch:
        errors.print(
            f"Left out: {counted(len(branch), 'segment')} of a database that was set back to an older state, from {branch[0]} on. "
            "`caseforge restore --up-to SEGMENT` restores that one instead.",
            style="yellow",
        )
    if restored.shut_out:
        errors.print(
            f"{counted(restored.shut_out, 'account or token', 'accounts and tokens')} of the backup cannot be used, because others may have made them. "
            "`caseforge users disable NAME --enable` lets one of them in again; tokens are made anew.",
            style="yellow",
        )
    for key in undeclared:
        errors.print(
            f"{key} is not in {session.settings.config_path.name}; `caseforge load FILE --framework {key}` adds it.", style="yellow"
        )


def _undeclared(session: Session) -> list[str]:
    from caseforge_assets.store.editions.frameworks import loaded_keys

    with session.store.connect() as connection:
        return [key for key in loaded_keys(connection) if key not in session.settings.configuration.frameworks]


def _show(session: Session, backup: Path, as_json: bool) -> None:
    from caseforge_assets.commands.backing_up.unpack_backup import checked_backup

    with ExitStack() as stack:
        with busy(f"Checking {backup.name}"):
            checked = stack.enter_context(checked_backup(backup, session.folder))
        if as_json:
            print_json(_plain(checked))
        else:
            _say_brought(checked)
            console.print("Nothing was changed.")


def _unpack(session: Session, backup: Path, *, trust_code: bool, quiet: bool) -> Unpacked:
    from caseforge_assets.commands.backing_up.place_backup import place_backup
    from caseforge_assets.commands.backing_up.unpack_backup import checked_backup

    with ExitStack() as stack:
        with busy(f"Checking {backup.name}"):
            checked = stack.enter_context(checked_backup(backup, session.folder))
        if not quiet:
            _say_brought(checked)
        with busy(f"Unpacking {backup.name}"):
            unpacked = place_backup(checked, session.folder, session.settings.project_folder, trust_code=trust_code)
    if not unpacked.set_aside:
        session.use_new_project()
    if not quiet:
        console.print(f"Unpacked {counted(unpacked.artifacts, 'artifact')} and {', '.join(unpacked.written) or 'no file of the project'}.")
        for name in unpacked.beside:
            errors.print(f"Yours says something else and was kept; the one of the backup is beside it: {name}", style="yellow")
        for name in unpacked.masked:
            errors.print(f"{name} held what looked like a secret; it is masked in the backup: write it in again.", style="yellow")
    return unpacked


def _say_brought(checked: CheckedBackup) -> None:
    console.print(
        f"The backup of {checked.made_at} brings {counted(len(checked.artifacts), 'artifact')}, {checked.artifacts_bytes / 1e6:,.1f} MB, and:"
    )
    for file in checked.project:
        console.print(f"  {file.name}: {file.kind}, {counted(file.size_bytes, 'byte')}", style="yellow" if file.kind.runs else None)
        if file.name == "caseforge.toml":
            for line in checked.settings:
                console.print(f"    {line}", style="dim")


def _say_set_aside(unpacked: Unpacked) -> None:
    from caseforge_assets.commands.backing_up.place_backup import SET_ASIDE

    errors.print(
        f"Set aside in {SET_ASIDE}, and not run: {', '.join(unpacked.set_aside)}. Until they are in their place, this is no project that can "
        f"generate anything. Read them; if you trust them: `cp -r {SET_ASIDE}/. . && caseforge flush`.",
        style="yellow",
    )


def _plain(checked: CheckedBackup) -> dict[str, object]:
    return {name: value for name, value in asdict(checked).items() if name != "folder"}


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@pass_session
def backup(session: Session, target: Path, as_json: bool) -> None:
    """Write everything that the project needs to TARGET, a new file (.tar.zst) or a folder that exists.

    Configuration, templates, workbooks, all artifacts, and with them the journal, which is the database. Not `.env`, and not Dagster's runs.
    The way back, on any machine: `caseforge restore --from-backup FILE`.
    """
    from caseforge_assets.commands.backing_up.backup import backup as run

    with busy("Backing up"):
        written = run(session.store, session.folder, session.settings, target)
    if as_json:
        print_json({"path": str(written.path), "files": written.files, "size_bytes": written.size_bytes, "masked": written.masked})
        return
    console.print(f"{counted(written.files, 'file')} in {written.path}, {written.size_bytes / 1e6:,.1f} MB.")
    for name in written.masked:
        errors.print(
            f"{name} holds what looks like a secret; it is masked in the backup. Secrets belong into the environment.", style="yellow"
        )
