"""What new content leads to: the requests of the stages that read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating.choices import choices
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.planning import plans
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow


def build_next_requests(
    connection: Connection, project: Project, stage: Stage, groups: Iterable[tuple[str, int | None, Sequence[int]]]
) -> None:
    """Makes the next stages' requests for nodes with new content; those that fit already stay without an event.

    What a person wrote stays as it is: no request is made in its place. A stage that is made from chosen items is asked for where people ask for it:
    its requests follow only within a plan that has it.

    Args:
        stage: the stage of the content.
        groups: framework, the plan that the content was made under, node ids.
    """
    readers = list(project.stages.that_read(stage))
    for key, plan_id, node_ids in groups:
        for reader in readers:
            if reader.chosen_from and not _has(connection, plan_id, reader):
                continue
            written = contents.written_by_people(connection, reader.key, node_ids)
            to_do = sorted(that_follow(connection, key, reader, node_ids).difference(written))
            build_requests(connection, project, key, reader, to_do, Terms(plan_id, confirm=False))


def _has(connection: Connection, plan_id: int | None, stage: Stage) -> bool:
    return plan_id is not None and any(stage.key in plan.stages for plan in plans.all_plans(connection, [plan_id]))


def that_follow(connection: Connection, key: str, stage: Stage, node_ids: Collection[int]) -> set[int]:
    """Those of the nodes whose request in a stage can be made when the content that it reads has come.

    For a stage that is made from chosen items these are the nodes where something is chosen.
    """
    follow = set(node_ids)
    return follow.intersection(choices(connection, key, stage.chosen_from, follow)) if stage.chosen_from else follow


def carry_on(store: Engine, project: Project, batch: BatchRow) -> None:
    """Makes the next stage's requests for the nodes whose content came from this batch."""
    with store.begin() as connection:
        build_next_requests(connection, project, project.stages[batch.stage], batches.nodes_with_content(connection, batch.id))
