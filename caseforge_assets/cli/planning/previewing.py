"""preview: what a node's request would be, before anything is asked for."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.cli.shared.console import console, errors, print_json, usd
from caseforge_assets.cli.shared.options import chosen_id, chosen_stages, framework_option, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caseforge_assets.commands.planning.preview_request import Preview


@click.command()
@click.argument("node")
@framework_option
@click.option("--stage", "stage_key", default="process_details", show_default=True, metavar="STAGE", help="Whose request is shown.")
@json_option
@pass_session
def preview(session: Session, node: str, key: str | None, stage_key: str, as_json: bool) -> None:
    """Show the exact request that NODE would get in a stage, with its tokens and expected cost. Nothing is stored or sent."""
    from caseforge_assets.commands.planning.preview_request import preview_request

    key, stage = session.framework_key(key), chosen_stages(session, (stage_key,))[0]
    with session.store.connect() as connection:
        found = preview_request(connection, session.project, key, chosen_id(connection, key, node), stage)
    if as_json:
        print_json({"framework": key, "stage": stage.key, **asdict(found)})
    else:
        _print(found, stage.key)


TEXTS = ("messages", "instructions", "input")


def _texts(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Gives the texts that the model is told, with a title each, in the form of either endpoint."""
    if "instructions" in body:
        yield "instructions", body["instructions"]
    for message in body["messages"] if "messages" in body else body["input"]:
        yield f"{message['role']} message", message["content"]


def _value(value: object) -> str:
    """A setting; of a JSON schema its name alone."""
    if not isinstance(value, dict):
        return str(value)
    schema = value.get("json_schema", value)
    if value.get("type") == "json_schema":
        return f"JSON schema {schema['name']} (--json shows it)"
    return ", ".join(f"{name}: {_value(part)}" for name, part in value.items())


def _print(found: Preview, stage_key: str) -> None:
    for title, text in _texts(found.body):
        console.rule(title)
        console.print(text)
    console.rule("request")
    table = FittingTable("Setting", "Value", title=f"{found.node}: {stage_key}, version {found.stage_version}")
    table.add_row("endpoint", f"/v1/{found.endpoint}")
    for name, value in found.body.items():
        if name == "model" and value != found.model:
            table.add_row(name, f"{value}, the provider's name for {found.model}")
        elif name not in TEXTS:
            table.add_row(name, _value(value))
    table.add_row("input tokens", f"{found.input_tokens:,}{' (typical)' if found.source_missing else ''}")
    table.add_row("expected output tokens", f"{found.output_tokens:,}")
    table.add_row("expected cost", f"{usd(found.expected_cost_usd)} at batch prices")
    console.print(table)
    if found.source_missing:
        console.print(f"There is no content of {found.reads} for this node yet: a line stands in its place.", style="yellow")
    if found.too_long:
        console.print("It is too long for its model: before it is sent, it is made from half of what belongs in it.", style="yellow")
    for fault in found.faults:
        errors.print(f"Would be refused: {fault}", style="red")
