"""load and frameworks: bring frameworks in, see what is there."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from caseforge_assets.cli.console import console, errors, print_json
from caseforge_assets.cli.options import json_option, pass_session
from caseforge_assets.cli.session import Session
from caseforge_assets.cli.tables import FittingTable
from caseforge_assets.settings import FrameworkSettings


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--framework", "key", metavar="KEY", help="Short name, e.g. cross_industry; added to caseforge.toml when it is new.")
@click.option("--title", help="Title for people; by default the one in the workbook.")
@click.option("--targets", help="Which nodes get content: leaf (default), level:3, or a branch such as '8.*'.")
@click.option("--check", is_flag=True, help="Only read and judge the file; nothing is stored.")
@click.option(
    "--dry-run", is_flag=True, help="Only say what differs from the edition that is loaded and what it would cost; nothing is stored."
)
@json_option
@pass_session
def load(
    session: Session, file: Path | None, key: str | None, title: str | None, targets: str | None, check: bool, dry_run: bool, as_json: bool
) -> None:
    """Read a framework from FILE: an official APQC PCF workbook, or a plain CSV or Excel table.

    Without FILE it is the source that caseforge.toml declares for the framework, or for the only one.

    A plain table has the columns code, name, description and, if wanted, parent and id. A file that is not in
    order is refused as a whole, with a list of places; then the exit code is 2 and nothing is changed.

    A new edition of a framework that is loaded already takes its place: what did not change keeps what was made for
    it, and nothing is paid for by this.
    """
    from caseforge_assets.frameworks import read_framework, read_result_json, select_targets

    if file is None:
        key = session.framework_key(key)
        file = session.settings.project / session.settings.framework(key).source
    known = session.settings.configuration.frameworks.get(key) if key else None
    selector = targets or (known.targets if known else "leaf")
    result = read_framework(file)
    chosen = select_targets(result.edition.nodes, selector) if result.edition else ()
    if check:
        if as_json:
            print_json(read_result_json(result, framework=key, targets=chosen))
        else:
            _print_findings(result)
            if result.edition:
                console.print(f"{file.name} is in order: {len(result.edition.nodes):,} nodes, {len(chosen):,} of them targets.")
        sys.exit(2 if result.problems else 0)
    _print_findings(result)
    if result.edition is None:
        sys.exit(2)
    if key is None:
        raise click.UsageError("say with --framework KEY under which name it is kept, for example --framework cross_industry")
    _store(session, file, key, known, title, selector, result.edition, dry_run=dry_run, as_json=as_json)


def _print_findings(result: object) -> None:
    for problem in result.problems:  # type: ignore[attr-defined]
        errors.print(problem.message, style="red")
    warnings = result.warnings  # type: ignore[attr-defined]
    for warning in warnings[:5]:
        errors.print(f"Warning: {warning.message}", style="yellow")
    if len(warnings) > 5:
        errors.print(f"… and {len(warnings) - 5} more warnings; --check --json lists them.", style="yellow")


def _store(
    session: Session,
    file: Path,
    key: str,
    known: FrameworkSettings | None,
    title: str | None,
    selector: object,
    edition: object,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    from caseforge_assets.cli.edition_views import loaded_json, print_loaded
    from caseforge_assets.commands.declare_framework import declare_framework, entry_for
    from caseforge_assets.commands.keep_workbook import keep_workbook
    from caseforge_assets.commands.load_framework import load_framework

    if not dry_run:
        keep_workbook(session.folder, file, edition.source_sha256)  # type: ignore[attr-defined]
    entry = entry_for(session.settings, key, file, known, title or getattr(edition, "title", None), selector)
    configuration = session.settings.configuration
    loaded = load_framework(session.store, configuration, key, entry, edition, file.name, dry_run=dry_run)  # type: ignore[arg-type]
    if as_json:
        print_json({"framework": key, "dry_run": dry_run, **loaded_json(loaded)})
    else:
        print_loaded(loaded, key, file.name, dry_run=dry_run)
    if dry_run:
        return
    added = declare_framework(session.settings, key, entry)
    session.mirror()
    if added and not as_json:
        console.print(f"Added [frameworks.{key}] to {session.settings.config_path.name}.")
    if entry != known:
        _show(session, key, errors if as_json else console)
    if loaded.changed and not as_json:
        console.print(f"Next: caseforge plan --framework {key}")


def _show(session: Session, key: str, told: Console) -> None:
    """What is declared has changed: a webserver that runs has to load the code anew."""
    from caseforge_assets.cli.reloading import show_framework
    from caseforge_assets.store.location import database_identity

    with told.status("Telling Dagster …"):
        said = show_framework(session.settings.webserver_url, key, database_identity(session.settings))
    if said:
        told.print(said)


@click.command()
@json_option
@pass_session
def frameworks(session: Session, as_json: bool) -> None:
    """List the declared frameworks and what of them is loaded."""
    from caseforge_assets.store import frameworks as queries
    from caseforge_assets.store.nodes import target_nodes

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
                }
            )
    if as_json:
        print_json(rows)
        return
    table = FittingTable("Framework", "Title", "Edition", "Targets", "Source")
    for key, row in zip(session.settings.configuration.frameworks, rows, strict=True):
        table.add_row(key, str(row["title"]), str(row["edition"] or "not loaded"), f"{row['targets']:,}", str(row["source"]))
    console.print(table if rows else "No framework is declared yet. Add one with: caseforge load FILE --framework KEY")
