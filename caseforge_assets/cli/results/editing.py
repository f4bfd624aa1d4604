"""edit: a person writes a document or changes use cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import busy, console
from caseforge_assets.cli.shared.options import chosen_id, framework_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.editing.edit_content import ContentOf, Taken
    from caseforge_assets.commands.editing.edit_workbook import ChangedCandidate
    from caseforge_assets.stages.stage import Stage

_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@click.command()
@click.argument("node", required=False)
@framework_option
@click.option("--stage", "stage_key", default="process_details", show_default=True, help="What is edited.")
@click.option(
    "--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take this text, such as an exported page that was edited."
)
@click.option(
    "--workbook",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Instead of NODE: take back all use cases that were changed in this exported workbook, or in the .csv file of the candidates.",
)
@click.option("--by", metavar="NAME", help="Who wrote it; by default the name of the account.")
@click.option("--anyway", is_flag=True, help="Keep the text also where a section is missing.")
@click.option(
    "--overwrite", is_flag=True, help="Also where the content has changed since it was exported: what came meanwhile is replaced."
)
@pass_session
def edit(
    session: Session,
    node: str | None,
    key: str | None,
    stage_key: str,
    file: Path | None,
    workbook: Path | None,
    by: str | None,
    anyway: bool,
    overwrite: bool,
) -> None:
    """Edit NODE's document in the editor ($EDITOR), or take it from a file; with --stage usecases, its use cases; with --workbook, those of many nodes.

    What a person wrote is a version of its own. It stays current until you ask for another one with
    `caseforge generate --regenerate --nodes NODE`; what is made from it becomes stale. What was left as it was is no edit, and of an exported page only
    what you wrote is kept.
    """
    from caseforge_assets.commands.editing.edit_content import edit_content

    if workbook is not None:
        if node or file:
            raise click.UsageError("--workbook takes back what was changed of all nodes; leave out NODE and --file")
        _edit_workbook(session, session.framework_key(key), workbook, by or account_name(), overwrite)
        return
    if not node:
        raise click.UsageError("say which NODE is edited, or give --workbook")
    edited, taken = _taken(session, session.framework_key(key), node, session.stages[stage_key], file, overwrite=overwrite)
    if taken is None:
        console.print("Nothing was changed.")
        return
    with busy("Keeping what you wrote"), session.store.begin() as connection:
        content_id = edit_content(connection, session.project, edited, taken, by=by or account_name(), anyway=anyway)
    is_read = any(edited.stage.key in other.sources for other in session.stages)
    _kept(session, f"Kept as content {content_id}", f"caseforge plan --framework {edited.key} --nodes {node}" if is_read else "")


def _taken(session: Session, key: str, node: str, edited: Stage, file: Path | None, *, overwrite: bool) -> tuple[ContentOf, Taken | None]:
    """Finds the content that is edited, and what a person wrote; None where nothing was changed."""
    from caseforge_assets.commands.editing.edit_content import ContentOf, take_back
    from caseforge_assets.store.collecting import contents

    with session.store.connect() as connection:
        node_id = chosen_id(connection, key, node)
        now = contents.current_contents(connection, edited.key, [node_id]).get(node_id)
        raw = _text_of(file) if file else click.edit(now.body if now else "", extension=".md")
        taken = None if raw is None else take_back(connection, node_id, edited, raw, overwrite=overwrite)
    return ContentOf(key, node_id, edited), taken


def _edit_workbook(session: Session, key: str, workbook: Path, by: str, overwrite: bool) -> None:
    from caseforge_assets.commands.editing.edit_workbook import edit_workbook

    with busy(f"Reading {workbook.name} and comparing it with what is there"), session.store.begin() as connection:
        changed = edit_workbook(connection, session.project, key, workbook, by=by, overwrite=overwrite)
    if not changed:
        console.print("Nothing was changed.")
        return
    _print_changed(changed)
    nodes = sorted({row.code for row in changed})
    _kept(
        session,
        f"{counted(len(changed), 'use case')} of {counted(len(nodes), 'node')} {'was' if len(changed) == 1 else 'were'} taken back",
        f"caseforge plan --framework {key} --nodes {','.join(nodes[:20])}" if any(stage.chosen_from for stage in session.stages) else "",
    )


def _print_changed(changed: Sequence[ChangedCandidate]) -> None:
    for row in changed:
        console.print(f"Row {row.row}, {row.uid}: {', '.join(row.fields)}", highlight=False)


def _kept(session: Session, what: str, follow: str) -> None:
    with busy("Keeping it in the journal"):
        journaled = session.keep()  # before anything that takes time: what is said to be kept outlasts the database
    session.mirror()
    where = "" if journaled else ", in the database alone until the journal can be written"
    console.print(f"{what}{where}." + (f" What is made from it is stale now: {follow}" if follow else ""))


def _text_of(file: Path) -> str:
    """A text file, in UTF-8 or with the mark of UTF-16."""
    raw = file.read_bytes()
    encoding = next((encoding for mark, encoding in _MARKS.items() if raw.startswith(mark)), "utf-8-sig")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{file} is no text in UTF-8; save it as one", param_hint="--file") from error
