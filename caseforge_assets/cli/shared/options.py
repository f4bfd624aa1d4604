"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.commands.planning.find_meant_nodes import Choice
    from caseforge_assets.store.database.engine import Connection

framework_option = click.option(
    "--framework", "key", metavar="KEY", help="Framework key from caseforge.toml; may be left out when there is only one."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
nodes_option = click.option(
    "--nodes",
    metavar="CODES",
    help="Only these nodes: codes, ids or partition keys separated by commas, or branches such as '8.*', also by a parent's id or key.",
)
owner_option = click.option(
    "--owner", metavar="NAME", help="Only nodes of this owner: the one that the framework's table names for them, else the framework's."
)
select_option = click.option(
    "--select",
    "selection",
    type=click.Choice(["unfinished", "failed", "missing", "stale"]),
    help="Only nodes that are so in one of the stages. Without it: every node, and what is good is left alone.",
)
limit_option = click.option("--limit", type=click.IntRange(1), help="Only the first so many of the nodes that --select means.")
stage_option = click.option(
    "--stage",
    "stage_keys",
    multiple=True,
    metavar="STAGE",
    help="Only this stage (may be repeated): process_details, usecases, or one of your own.",
)
pass_session = click.pass_obj


def chosen_ids(
    session: Session, connection: Connection, key: str, stages: list[Any], choice: Choice, *, simulated: bool
) -> list[int] | None:
    """Ids of the nodes that are meant; None: all of them.

    Raises:
        click.UsageError: --limit without --select, or --test or --model-of with it.
        LookupError: --nodes or --model-of name nothing that is there.
    """
    from caseforge_assets.commands.planning.find_meant_nodes import ContradictoryChoice, meant_nodes

    try:
        return meant_nodes(connection, session.project, key, stages, choice, simulated=simulated)
    except ContradictoryChoice as error:
        raise click.UsageError(str(error)) from None


def chosen_id(connection: Connection, key: str, node: str, param_hint: str = "NODE") -> int:
    """Id of the one node that is meant.

    Raises:
        click.BadParameter: several are meant.
        LookupError: there is no such node.
    """
    from caseforge_assets.commands.surveying.choose_nodes import choose_nodes

    ids = choose_nodes(connection, key, node) or []
    if len(ids) != 1:
        raise click.BadParameter(f"{node} means {counted(len(ids), 'node')}; name one", param_hint=param_hint)
    return ids[0]


def chosen_stages(session: Session, keys: tuple[str, ...]) -> list[Any]:
    """The stages that are named, or all, in the order in which they read each other.

    Raises:
        click.BadParameter: there is no such stage; the text names those there are.
    """
    from caseforge_assets.commands.surveying.choose_stages import named_stages

    try:
        return named_stages(session.stages, keys)
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="--stage") from None


def accepted_stages(session: Session, stage_keys: tuple[str, ...]) -> list[Any]:
    """The stages that are named, or all.

    Raises:
        ConfigurationError: a stage's model is known to refuse its settings, or has ended.
    """
    from caseforge_assets.cli.shared.console import errors
    from caseforge_assets.commands.surveying import choose_stages

    chosen_stages(session, stage_keys)  # a name that is wrong is told as a wrong option, before a database is looked for
    with session.store.connect() as connection:
        chosen = choose_stages.accepted_stages(connection, session.project, stage_keys)
    for said in chosen.warnings:
        errors.print(said, style="yellow")
    return chosen.stages
