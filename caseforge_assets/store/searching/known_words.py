"""The words that codes, names and titles have, among which a mistyped one is looked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

FURTHEST = 2  # letters by which a word may be longer or shorter


def words_like(connection: Connection, word: str, frameworks: Sequence[str] | None) -> list[str]:
    """Known words that are about as long as this one; itself alone where it is known.

    Args:
        frameworks: keys of those that are seen; None: all.
    """
    query = text("""
    select distinct w.word from caseforge.reading_word w
    where (cast(:frameworks as text[]) is null or w.framework_key = any(:frameworks)) and length(w.word) between :least and :most order by 1
    """)
    keys = None if frameworks is None else list(frameworks)
    values = {"frameworks": keys, "least": max(len(word) - FURTHEST, 1), "most": len(word) + FURTHEST}
    found = list(connection.scalars(query, values))
    return [word] if word in found else found
