"""Decides the same on a new use case as on one that it has superseded."""

from __future__ import annotations

from caseforge_assets.commands.curating.decide_use_cases import Change, DecidedMeanwhile, decide_use_cases
from caseforge_assets.store.curating import use_cases
from caseforge_assets.store.curating.use_cases import UseCaseRow
from caseforge_assets.store.database.engine import Connection


def carry_decision(connection: Connection, candidate_id: int, new_id: int, *, by: str) -> UseCaseRow:
    """Gives a use case that a process has now the status, reason, owner, review date and tags of one that it had; that one stays as it is.

    Raises:
        LookupError: one of them is not there, or the new one is none that the process has now.
        DecidedMeanwhile: something was decided on the new one already.
    """
    use_cases.lock_use_cases(connection, [candidate_id, new_id])
    found = use_cases.use_cases(connection, [candidate_id, new_id])
    old, new = found.get(candidate_id), found.get(new_id)
    if old is None or new is None or not new.is_current or (old.node_id, old.stage) != (new.node_id, new.stage):
        raise LookupError(f"{new_id} is no use case that the process of {candidate_id} has now")
    if new.decision != type(new.decision)():
        raise DecidedMeanwhile(new)
    kept = old.decision
    change = Change(kept.status, kept.reason, kept.owner, kept.review_on, tags=kept.tags)
    (row,) = decide_use_cases(connection, {new_id: change}, by=by)
    return row
