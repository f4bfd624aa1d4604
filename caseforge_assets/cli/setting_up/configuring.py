"""config: what the configuration is, where each value comes from, and whether it is in order."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.cli.shared.console import console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.redaction import redact

if TYPE_CHECKING:
    from caseforge_assets.commands.configuring.check_configuration import Finding
    from caseforge_assets.settings.inspecting import Inspection

BAD_INPUT = 2
STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


@click.group()
def config() -> None:
    """The configuration: show what holds and why, check it before money is spent, begin templates of your own."""


@config.command()
@json_option
@pass_session
def show(session: Session, as_json: bool) -> None:
    """Every value that holds, and where it comes from: default, caseforge.toml, database, environment, .env or command line. Secrets are masked."""
    from caseforge_assets.commands.configuring.show_configuration import show_configuration

    inspection = session.inspect(connect=True)
    shown = show_configuration(inspection)
    places, values, stages = ([asdict(row) for row in rows] for rows in (shown.places, shown.values, shown.stages))
    if as_json:
        print_json({"project": str(inspection.folder), "places": places, "values": values, "stages": stages})
        return
    console.print(f"Project {inspection.folder}", style="bold")
    _print_rows("Places and secrets", places)
    _print_rows("Keys", values)
    table = FittingTable(
        "Stage",
        "Model",
        "Sent as",
        "Temperature",
        "Effort",
        "Verbosity",
        "Endpoint",
        "Completion budget",
        "Templates of your own",
        drop=("Verbosity", "Temperature", "Templates of your own"),
        title="What stages are made with",
    )
    for stage in stages:
        names = ("stage", "model", "sent_as", "temperature", "reasoning_effort", "verbosity", "endpoint", "max_completion_tokens")
        table.add_row(*(_text(stage[name]) for name in names), ", ".join(stage["own_files"]) or "none")
    console.print(table)


@config.command()
@click.option("--connect", is_flag=True, help="Also ask the database and the provider whether they can be reached.")
@json_option
@pass_session
def check(session: Session, connect: bool, as_json: bool) -> None:
    """Everything about the configuration that can be known before money is spent: keys, values, files, templates, models, prices.

    Exit code 2 where something is wrong. Database and network are left alone, unless --connect is given.
    """
    from caseforge_assets.commands.configuring.check_configuration import check_configuration

    inspection = session.inspect(connect=connect)
    findings = check_configuration(inspection)
    if connect and inspection.settings is not None:
        from caseforge_assets.commands.configuring.check_connections import check_connections

        findings += check_connections(inspection, inspection.settings)
    wrong = sum(finding.level == "error" for finding in findings)
    if as_json:
        shown = [{"level": finding.level, "place": _place(inspection, finding), "says": redact(finding.says)} for finding in findings]
        print_json({"project": str(inspection.folder), "in_order": not wrong, "findings": shown})
    else:
        _print_findings(inspection, findings, connect)
    sys.exit(BAD_INPUT if wrong else 0)


@config.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--stage", "stage_keys", multiple=True, metavar="STAGE", help="Only this stage's (may be repeated).")
@pass_session
def templates(session: Session, folder: Path, stage_keys: tuple[str, ...]) -> None:
    """Write the templates as they are into FOLDER, a folder for each stage, to be changed there. Nothing is overwritten.

    What is not changed may be deleted again: a file counts only where it differs.
    """
    from caseforge_assets.cli.shared.options import chosen_stages
    from caseforge_assets.commands.configuring.copy_templates import copy_templates

    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)  # caseforge.toml may name it already, and then it has to be there
    try:
        stages = chosen_stages(session, stage_keys)
    except Exception:
        if is_new:
            folder.rmdir()
        raise
    written = list(copy_templates(stages, folder))
    for path in written:
        console.print(f"Written: {path}")
    if not written:
        console.print(f"All of them are in {folder} already, and were left as they are.")
    configuration = session.settings.configuration
    named = [
        session.settings.project_folder / templates
        for templates in (configuration.templates, *(of.templates for of in configuration.frameworks.values()))
        if templates
    ]
    if folder.resolve() not in [place.resolve() for place in named]:
        console.print(
            f'They count once this stands in caseforge.toml, above the first [table]: templates = "{_from_project(folder, session)}". '
            "In a table [frameworks.KEY] it is for that framework alone.",
            soft_wrap=True,
        )


@config.command("take-secret")
@pass_session
def take_secret(session: Session) -> None:
    """Have the services of this database go on with the secret that is set here, after it was changed on purpose.

    Those that run keep the one before until they are started anew, and deliver nothing to webhooks meanwhile.
    """
    from caseforge_assets.cli.shared.account import account_name
    from caseforge_assets.commands.providing.compare_secret import take_secret

    secret = take_secret(session.store, session.settings, by=account_name())
    console.print(
        f"From now on the services of this database have the secret in {secret.place}. Start them anew. What is sent to webhooks is signed anew, too: "
        "`caseforge webhooks rotate` prints for each what its receiver needs.",
        soft_wrap=True,
    )


def _from_project(folder: Path, session: Session) -> Path:
    """A folder as caseforge.toml names it."""
    project = session.settings.project_folder
    return folder.resolve().relative_to(project) if folder.resolve().is_relative_to(project) else folder.resolve()


def _print_rows(title: str, rows: list[dict[str, Any]]) -> None:
    table = FittingTable("Key", "Value", "From", title=title)
    for row in rows:
        table.add_row(row["key"], _text(row["value"]), row["origin"], style="dim" if row["origin"] == "default" else None)
    console.print(table)


def _text(value: object) -> str:
    if value is None:
        return "(not set)"  # not "none", which is an effort
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _place(inspection: Inspection, finding: Finding) -> str:
    from caseforge_assets.commands.configuring.check_configuration import relative_place

    return redact(relative_place(finding, inspection.folder))


def _print_findings(inspection: Inspection, findings: list[Finding], connected: bool) -> None:
    for finding in findings:
        (errors if finding.level == "error" else console).print(
            f"{finding.level}: {_place(inspection, finding)}: {redact(finding.says)}", style=STYLES[finding.level]
        )
    counts = {level: sum(finding.level == level for finding in findings) for level in ("error", "warning")}
    said = ", ".join(f"{count} {level}{'s' if count != 1 else ''}" for level, count in counts.items() if count)
    more = "" if connected else " Database and provider were not asked; --connect asks them."
    console.print(f"{'Not in order' if counts['error'] else 'In order'}{f': {said}' if said else ''}.{more}")
