"""The nodes of a plan, as a person or a program names them in one of several ways, of which some exclude each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.commands.planning.make_plan import Anew
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes, named_alone, nodes_of_model
from caseforge_assets.commands.surveying.select_nodes import Selection, select_nodes
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection


@dataclass(frozen=True)
class Choice:
    """The nodes that are meant, and which good answers of theirs are asked for once more; `test_count` where a few are meant that are spread over the framework."""

    nodes: str | None
    selection: str | None
    limit: int | None
    test_count: int | None = None
    model_of: str | None = None
    regenerate: bool = False
    refresh_context: bool = False
    owner: str | None = None


class ContradictoryChoice(ValueError):
    """Ways to choose nodes that exclude each other; the text says which go together."""


def meant_nodes(
    connection: Connection, project: Project, key: str, stages: Sequence[Stage], choice: Choice, *, simulated: bool
) -> list[int] | None:
    """Ids of the nodes that are meant; None: all of them.

    Raises:
        ContradictoryChoice: --limit without --select, or --test or --model-of with it.
        LookupError: --nodes or --model-of name nothing that is there.
    """
    if choice.model_of is not None:
        if choice.selection is not None or choice.test_count is not None:
            raise ContradictoryChoice("--model-of chooses nodes itself: use it with --nodes, and without --select and --test")
        return nodes_of_model(connection, key, [stage.key for stage in stages], choice.nodes, choice.model_of, owner=choice.owner)
    if choice.selection is None:
        if choice.limit is not None:
            raise ContradictoryChoice(
                "--limit goes with --select; for a few nodes spread over the framework, use generate --test --count N"
            )
        return choose_nodes(connection, key, choice.nodes, choice.test_count, owner=choice.owner)
    if choice.test_count is not None:
        raise ContradictoryChoice("--test takes nodes from all over the framework, --select those that are not finished: use one of them")
    scope = Scope(key, stages, simulated, choose_nodes(connection, key, choice.nodes, owner=choice.owner))
    return select_nodes(connection, project, scope, Selection[choice.selection], choice.limit)


def asked_anew(connection: Connection, key: str, choice: Choice) -> Anew:
    """Says which good answers a choice asks for once more."""
    return Anew(choice.regenerate, choice.refresh_context, choice.model_of, named_alone(connection, key, choice.nodes))
