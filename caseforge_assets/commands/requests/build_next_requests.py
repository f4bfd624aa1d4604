"""Makes the requests that new content leads to: those of the stages that read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from caseforge_assets.batches.states import RequestState
from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.commands.requests.retry_failed import Retry, retry_failed
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating.choices import choices
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import requests
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow


def build_next_requests(
    connection: Connection, project: Project, stage: Stage, groups: Iterable[tuple[str, int | None, Sequence[int]]]
) -> None:
    """Makes the next stages' requests for nodes with new content; those that fit already stay without an event.

    What a person wrote stays as it is: no request is made in its place. A stage that is made from chosen items is asked for where people ask for it:
    its requests follow only within a plan that has it. Where the new content is to the letter what was there before, such a plan asks the next stage's
    question once more, unless it has an answer that counts.

    Args:
        stage: the stage of the content.
        groups: framework, the plan that the content was made under, node ids.
    """
    readers = list(project.stages.that_read(stage))
    for key, plan_id, node_ids in groups:
        for reader in readers:
            has_it = _has(connection, plan_id, reader)
            if reader.chosen_from and not has_it:
                continue
            written = contents.written_by_people(connection, reader.key, node_ids)
            to_do = sorted(that_follow(connection, key, reader, node_ids).difference(written))
            build_requests(connection, project, key, reader, to_do, Terms(plan_id, confirm=False))
            if plan_id is not None and has_it and (in_vain := requests.asked_in_vain(connection, plan_id, reader.key, stage.key, to_do)):
                _ask_the_same(connection, project, key, reader, plan_id, in_vain)


def _ask_the_same(connection: Connection, project: Project, key: str, stage: Stage, plan_id: int, in_vain: Mapping[int, str]) -> None:
    """Asks under a plan what was asked before it in vain: the answer is simulated and does not count, or the request was cancelled or failed.

    Args:
        in_vain: states of such requests by node id.
    """
    failed = [node_id for node_id, state in in_vain.items() if state == RequestState.failed]
    again = [node_id for node_id, state in in_vain.items() if state != RequestState.failed]
    build_requests(connection, project, key, stage, again, Terms(plan_id, reopen=True, confirm=False))
    retry_failed(connection, project, key, stage, failed, Retry(plan_id=plan_id))


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
