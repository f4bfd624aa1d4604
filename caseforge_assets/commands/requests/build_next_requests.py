"""What new content leads to: the requests of the stages that read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from caseforge_assets.commands.requests.build_requests import build_requests
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow


def build_next_requests(
    connection: Connection, project: Project, stage: Stage, groups: Iterable[tuple[str, int | None, Sequence[int]]]
) -> None:
    """Makes the next stages' requests for nodes with new content; those that fit already stay without an event.

    What a person wrote stays as it is: no request is made in its place.

    Args:
        stage: the stage of the content.
        groups: framework, the plan that the content was made under, node ids.
    """
    readers = [(reader, stage_settings(project.configuration, reader)) for reader in project.stages.that_read(stage)]
    for key, plan_id, node_ids in groups:
        for reader, settings in readers:
            written = contents.written_by_people(connection, reader.key, node_ids)
            to_do = [node_id for node_id in node_ids if node_id not in written]
            build_requests(connection, project.stages, key, reader, settings, to_do, plan_id=plan_id, confirm=False)


def carry_on(store: Engine, project: Project, batch: BatchRow) -> None:
    """Makes the next stage's requests for the nodes whose content came from this batch."""
    with store.begin() as connection:
        build_next_requests(connection, project, project.stages[batch.stage], batches.nodes_with_content(connection, batch.id))
