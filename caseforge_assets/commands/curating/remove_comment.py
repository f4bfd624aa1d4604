"""Removes a comment on a use case."""

from __future__ import annotations

from caseforge_assets.access.roles import Caller, NotAllowed, Role
from caseforge_assets.store.access import audit
from caseforge_assets.store.curating import comments, use_cases
from caseforge_assets.store.curating.use_cases import subject_of
from caseforge_assets.store.database.engine import Connection


def remove_comment(connection: Connection, candidate_id: int, comment_id: int, *, by: Caller) -> None:
    """Removes one of one's own; who is admin in the framework removes any.

    Raises:
        LookupError: there is no such comment on this use case.
        NotAllowed: it is somebody else's.
    """
    row = use_cases.use_cases(connection, [candidate_id]).get(candidate_id)
    found = comments.comments(connection, row.id) if row is not None and row.id is not None else []
    comment = next((comment for comment in found if comment.id == comment_id), None)
    if row is None or row.id is None or comment is None:
        raise LookupError(f"there is no comment {comment_id} on this use case; it may have been removed already")
    if comment.author != by.name and not by.may(Role.admin, row.framework_key):
        raise NotAllowed(f"{by.name} may not remove what {comment.author} wrote")
    comments.remove_comment(connection, row.id, comment_id, None)
    about = {"uid": row.uid, "title": row.title, "candidate": candidate_id, "comment": comment_id, "author": comment.author}
    audit.note(connection, by.name, "usecase.comment-removed", subject_of(row.id), row.framework_key, about)
