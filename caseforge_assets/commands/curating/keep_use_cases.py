"""Rows of use cases, which a comment or a portfolio takes, too."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.store.curating import use_cases
from caseforge_assets.store.database.engine import Connection


def keep_use_cases(connection: Connection, candidate_ids: Sequence[int], *, by: str) -> list[int]:
    """Ids of the use cases of candidates, in their order; made as ideas where nothing was decided on them yet.

    Raises:
        LookupError: there is no such candidate.
    """
    found = use_cases.use_cases(connection, candidate_ids)
    missing = {candidate_id: Change() for candidate_id in candidate_ids if candidate_id not in found or found[candidate_id].id is None}
    made = {row.candidate_id: row for row in decide_use_cases(connection, missing, by=by)}
    rows = [made.get(candidate_id) or found[candidate_id] for candidate_id in candidate_ids]
    return [row.id for row in rows if row.id is not None]
