"""Comments on use cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a use case; `text` is markdown."""

    id: int
    author: str
    text: str
    written_at: datetime


def comments(connection: Connection, use_case_id: int) -> list[Comment]:
    """Those on a use case that nobody has removed, the oldest first."""
    query = text("""
    select id, author, text, written_at from caseforge.use_case_comment where use_case_id = :id and removed_at is null order by id
    """)
    return [Comment(*row) for row in connection.execute(query, {"id": use_case_id})]


def add_comment(connection: Connection, use_case_id: int, author: str, written: str) -> int:
    """Adds one, and returns its id."""
    query = text("insert into caseforge.use_case_comment (use_case_id, author, text) values (:id, :author, :text) returning id")
    return int(connection.execute(query, {"id": use_case_id, "author": author, "text": written}).scalar_one())


def remove_comment(connection: Connection, use_case_id: int, comment_id: int, author: str | None) -> bool:
    """Removes one, and tells whether it was there.

    Args:
        author: only if this one wrote it; None: whoever did.
    """
    query = text("""
    update caseforge.use_case_comment set removed_at = now()
    where id = :comment_id and use_case_id = :id and removed_at is null and (cast(:author as text) is null or author = :author)
    """)
    return connection.execute(query, {"id": use_case_id, "comment_id": comment_id, "author": author}).rowcount == 1
