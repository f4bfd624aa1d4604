"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.cli.shared.session import Session
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


@dataclass(frozen=True)
class Choice:
    """The nodes that are meant, and which good answers of theirs are asked for once more: the values of the options of these names; `test_count` where --test is given."""

    nodes: str | None
    selection: str | None
    limit: int | None
    test_count: int | None = None
    model_of: str | None = None
    regenerate: bool = False
    refresh_context: bool = False


def chosen_ids(
    session: Session, connection: Connection, key: str, stages: list[Any], choice: Choice, *, simulated: bool
) -> list[int] | None:
    """Ids of the nodes that are meant; None: all of them.

    Raises:
        click.UsageError: --limit without --select, or --test or --model-of with it.
        LookupError: --nodes or --model-of name nothing that is there.
    """
    from caseforge_assets.commands.planning.choose_nodes import choose_nodes, nodes_of_model
    from caseforge_assets.commands.planning.select_nodes import Selection, select_nodes

    if choice.model_of is not None:
        if choice.selection is not None or choice.test_count is not None:
            raise click.UsageError("--model-of chooses nodes itself: use it with --nodes, and without --select and --test")
        return nodes_of_model(connection, key, [stage.key for stage in stages], choice.nodes, choice.model_of)
    if choice.selection is None:
        if choice.limit is not None:
            raise click.UsageError("--limit goes with --select; for a few nodes spread over the framework, use generate --test --count N")
        return choose_nodes(connection, key, choice.nodes, choice.test_count)
    if choice.test_count is not None:
        raise click.UsageError("--test takes nodes from all over the framework, --select those that are not finished: use one of them")
    which = Selection[choice.selection]
    return select_nodes(connection, session.project, key, stages, which, simulated=simulated, named=choice.nodes, limit=choice.limit)


def chosen_id(connection: Connection, key: str, node: str, param_hint: str = "NODE") -> int:
    """Id of the one node that is meant.

    Raises:
        click.BadParameter: several are meant.
        LookupError: there is no such node.
    """
    from caseforge_assets.commands.planning.choose_nodes import choose_nodes

    ids = choose_nodes(connection, key, node) or []
    if len(ids) != 1:
        raise click.BadParameter(f"{node} means {counted(len(ids), 'node')}; name one", param_hint=param_hint)
    return ids[0]


def chosen_stages(session: Session, keys: tuple[str, ...]) -> list[Any]:
    """The stages that are named, or all, in the order in which they read each other.

    Raises:
        click.BadParameter: there is no such stage; the text names those there are.
    """
    known = {stage.key: stage for stage in session.stages}
    for key in keys:
        if key not in known:
            raise click.BadParameter(f"there is no stage {key!r}; there are: {', '.join(known)}", param_hint="--stage")
    return [stage for stage in known.values() if not keys or stage.key in keys]


def accepted_stages(session: Session, stage_keys: tuple[str, ...]) -> list[Any]:
    """The stages that are named, or all.

    Raises:
        ConfigurationError: a stage's model is known to refuse its settings, or has ended.
    """
    from caseforge_assets.cli.shared.console import errors
    from caseforge_assets.commands.providing.check_models import endings_said, refuse_broken_rules
    from caseforge_assets.store.submitting import providers

    stages, configuration = chosen_stages(session, stage_keys), session.settings.configuration
    with session.store.connect() as connection:
        ends = providers.model_ends(connection)
    refuse_broken_rules(configuration, stages, ends)
    for said in endings_said(configuration, stages, ends):
        errors.print(said, style="yellow")
    return stages
