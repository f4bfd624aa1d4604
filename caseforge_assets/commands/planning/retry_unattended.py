"""Asks again for what failed, without a person: as often as a node may be, under the plan and the budget that it came under."""

from __future__ import annotations

from collections import Counter

from caseforge_assets.batches.due import Due
from caseforge_assets.batches.next_action import NextKind
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.requests.retry_failed import Retried, next_step, retry_failed
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.editions import frameworks
from caseforge_assets.store.requests import requests
from caseforge_assets.store.submitting import providers


def retry_unattended(store: Engine, project: Project, simulated: bool, only: str | None = None) -> Retried:
    """Makes the next requests of failed nodes of all declared frameworks; those that wait for a person, or would be asked something else now, are left.

    Args:
        simulated: the kind of provider: simulated content counts as there only for a simulated one.
        only: key of the framework that is meant; None: all of them.
    """
    node_ids: list[int] = []
    left: Counter[str] = Counter()
    with store.begin() as connection:
        requests.lock_making(connection)
        for key, stage, failed in _failed(connection, project, simulated):
            if only not in (None, key):
                continue
            retried = retry_failed(connection, project, key, stage, failed)
            node_ids += retried.node_ids
            left.update(retried.left)
    return Retried(tuple(node_ids), dict(left))


def decide_retry(connection: Connection, project: OpenProject) -> Due:
    """Due while `retry_unattended` would follow up anything; its key names the newest request of these, and how many there are."""
    if stopped := providers.stop_text(connection, project.provider.id):
        return Due(why_not=stopped)
    ids = [
        request.id
        for key, stage, failed in _failed(connection, project, project.provider.simulated)
        for request in requests.failed_requests(connection, key, stage.key, failed, lock=False)
        if next_step(project, stage, request).kind is not NextKind.give_up
    ]
    return Due(f"retry-{max(ids)}-{len(ids)}") if ids else Due(why_not="no node has failed that may be asked for again")


def _failed(connection: Connection, project: Project, simulated: bool) -> list[tuple[str, Stage, list[int]]]:
    found = []
    for key in project.configuration.frameworks.keys() & set(frameworks.loaded_keys(connection)):
        for stage in project.stages:
            states = survey(connection, project, key, stage, simulated)
            if failed := [row.node_id for row, state in states if state is NodeState.FAILED]:
                found.append((key, stage, failed))
    return found
