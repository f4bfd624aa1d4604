"""Candidates are called by their nodes' codes: of what is current, all have the names that belong to it now."""

from __future__ import annotations

from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection


def name_candidates(connection: Connection, stages: Stages, key: str) -> None:
    """Names the candidates of a framework's current contents. A node's code may be another one now, and the old one another node's."""
    new_uids: dict[int, str | None] = {}
    known = {stage.key for stage in stages}
    for row in contents.named_candidates(connection, key):
        if row.stage not in known:
            continue  # of a stage that the project has no more: nothing says how its items are called
        uid = stages[row.stage].item_uid(row.code, row.position) if row.code is not None else None
        if (uid, uid is not None) != (row.candidate_uid if row.is_current else None, row.is_current):
            new_uids[row.id] = uid
    contents.rename_candidates(connection, new_uids)
