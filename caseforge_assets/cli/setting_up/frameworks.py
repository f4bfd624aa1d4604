"""frameworks: see what is there, take one out."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from caseforge_assets.cli.app import NOT_APPROVED
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.stages.languages import language_name
from caseforge_assets.wording import counted


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def frameworks(context: click.Context, as_json: bool) -> None:
    """List the declared frameworks and what of them is loaded; take one out."""
    if context.invoked_subcommand is None:
        _list_frameworks(context.obj, as_json)


@frameworks.command()
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_session
def remove(session: Session, key: str, yes: bool, as_json: bool) -> None:
    """Take the framework KEY out: of caseforge.toml or the database, of Dagster, and of what is sent and shown.

    What was made for it stays in the store, and in `export --retired --framework KEY`; what is under way is collected. Loading it again
    brings all of it back.
    """
    from caseforge_assets.commands.configuring.declare_framework import undeclare_framework
    from caseforge_assets.commands.editions.remove_framework import remove_framework
    from caseforge_assets.store.editions.frameworks import belongings

    key = session.known_key(key)
    with session.store.connect() as connection:
        there = belongings(connection, key)
    waits = (
        f" {counted(there.under_way, 'of its requests is', 'of its requests are')} under way; what is answered is collected and kept."
        if there.under_way
        else ""
    )
    if not yes and not click.confirm(
        f"{key}: {counted(there.contents, 'content stays', 'contents stay')} in the store and in `caseforge export TARGET --retired --framework {key}`.{waits} Take it out?",
        err=True,
    ):
        errors.print("Declined: nothing was taken out.")
        sys.exit(NOT_APPROVED)
    was_loaded = remove_framework(session.store, session.stages, key, by=account_name())
    was_declared = undeclare_framework(session.store, session.settings, key, by=account_name())
    if was_declared:
        session.reload()
        show(session, key, errors if as_json else console, is_gone=True)
    if as_json:
        print_json(
            {
                "framework": key,
                "was_loaded": was_loaded,
                "was_declared": was_declared,
                "contents": there.contents,
                "under_way": there.under_way,
            }
        )
    elif was_loaded or was_declared:
        console.print(f"{key} is taken out. `caseforge load FILE --framework {key}` brings it back with all that was made for it.")
    else:
        console.print(f"{key} was taken out already.")


def _list_frameworks(session: Session, as_json: bool) -> None:
    from caseforge_assets.store.editions import frameworks as queries
    from caseforge_assets.store.editions.nodes import target_nodes

    rows = []
    with session.store.connect() as connection:
        for key, entry in session.settings.configuration.frameworks.items():
            edition = queries.current_edition(connection, key)
            targets = len(target_nodes(connection, key)) if edition else 0
            rows.append(
                {
                    "framework": key,
                    "title": entry.title,
                    "edition": edition.label if edition else None,
                    "targets": targets,
                    "source": entry.source,
                    "language": entry.language or None,
                    "templates": entry.templates or None,
                }
            )
    if as_json:
        print_json(rows)
        return
    declared = session.settings.configuration.frameworks
    spoken = {key: say_languages(entry) for key, entry in declared.items()}
    names = ("Framework", "Title", "Edition", "Targets", "Source", *(("Language",) if any(spoken.values()) else ()))
    table = FittingTable(*names, drop=("Source",))
    for key, row in zip(declared, rows, strict=True):
        language = (spoken[key] or "as the templates say",) if any(spoken.values()) else ()
        table.add_row(key, str(row["title"]), str(row["edition"] or "not loaded"), f"{row['targets']:,}", str(row["source"]), *language)
    console.print(table if rows else "No framework is declared yet. Add one with: caseforge load FILE --framework KEY")


def say_languages(entry: FrameworkSettings) -> str:
    """The languages of its texts, for people."""
    return ", ".join(f"{stage}: {language_name(tag)}" if stage else language_name(tag) for stage, tag in entry.languages)


def show(session: Session, key: str, told: Console, *, is_gone: bool = False) -> None:
    """Has a webserver that runs load the code anew, because what is declared has changed."""
    from caseforge_assets.cli.setting_up.reloading import show_framework
    from caseforge_assets.store.database.location import database_identity

    with told.status("Telling Dagster …"):
        said = show_framework(session.settings.webserver_url, key, database_identity(session.settings), is_gone=is_gone)
    if said:
        told.print(said)
