"""edit: a person writes a document."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from caseforge_assets.cli.console import console
from caseforge_assets.cli.options import framework_option, pass_session
from caseforge_assets.cli.session import Session
from caseforge_assets.wording import counted


@click.command()
@click.argument("node")
@framework_option
@click.option("--stage", "stage_key", default="process_details", show_default=True, help="What is edited.")
@click.option(
    "--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take this text, such as an exported page that was edited."
)
@click.option("--by", metavar="NAME", help="Who wrote it; by default the name of the account.")
@click.option("--anyway", is_flag=True, help="Keep the text also where a section is missing.")
@pass_session
def edit(session: Session, node: str, key: str | None, stage_key: str, file: Path | None, by: str | None, anyway: bool) -> None:
    """Edit NODE's document in the editor ($EDITOR), or take it from a file.

    What a person wrote is a version of its own. It stays current until you ask for another one with
    `caseforge generate --regenerate --nodes NODE`; what is made from it becomes stale.
    """
    from caseforge_assets.commands.choose_nodes import choose_nodes
    from caseforge_assets.commands.edit_content import edit_content
    from caseforge_assets.stages.stage import stage
    from caseforge_assets.store import contents

    key, edited = session.framework_key(key), stage(stage_key)
    with session.store.connect() as connection:
        ids = choose_nodes(connection, key, node) or []
        if len(ids) != 1:
            raise click.BadParameter(f"{node} means {counted(len(ids), 'node')}; name one", param_hint="NODE")
        now = contents.current_contents(connection, edited.key, ids).get(ids[0])
    before = now.body if now else ""
    text = file.read_text(encoding="utf-8-sig") if file else click.edit(before, extension=".md")
    if text is None or text.strip() == before.strip():
        console.print("Nothing was changed.")
        return
    with session.store.begin() as connection:
        configuration = session.settings.configuration
        content_id = edit_content(connection, configuration, key, ids[0], edited, text, by=by or getpass.getuser(), anyway=anyway)
    journaled = session.keep()  # before anything that takes time: what is said to be kept outlasts the database
    session.mirror()
    where = "" if journaled else ", in the database alone until the journal can be written"
    console.print(
        f"Kept as content {content_id}{where}. What is made from it is stale now: caseforge plan --framework {key} --nodes {node}"
    )
