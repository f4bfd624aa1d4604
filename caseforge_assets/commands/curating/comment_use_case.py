"""Writes a comment on a use case."""

from __future__ import annotations

from caseforge_assets.commands.curating.keep_use_cases import keep_use_cases
from caseforge_assets.curation.statuses import check_length
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.access import audit
from caseforge_assets.store.curating import comments, use_cases
from caseforge_assets.store.curating.use_cases import subject_of
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving.events import tell


def comment_use_case(connection: Connection, candidate_id: int, written: str, *, by: str) -> int:
    """Writes one, and returns its number.

    Args:
        written: markdown.
        by: who wrote it.

    Raises:
        LookupError: there is no such use case.
        ValueError: the comment says nothing, or is too long.
    """
    said = written.strip()
    if not said:
        raise ValueError("the comment says nothing")
    check_length("the comment", said)
    (use_case_id,) = keep_use_cases(connection, [candidate_id], by=by)
    row = use_cases.use_cases(connection, [candidate_id])[candidate_id]
    comment_id = comments.add_comment(connection, use_case_id, by, said)
    about = {"uid": row.uid, "title": row.title, "candidate": candidate_id, "comment": comment_id}
    audit.note(connection, by, EventKind.use_case_commented, subject_of(use_case_id), row.framework_key, about)
    tell(connection, EventKind.use_case_commented, subject_of(use_case_id), row.framework_key, about | {"by": by})
    return comment_id
