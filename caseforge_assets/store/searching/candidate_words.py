"""Finds the candidates that have certain words: as ids, which are found once and then filtered, counted and sorted like all others.

Where very many have them, those are meant that have them in what they are called, which is told as well: nobody reads through so many, and finding them all
takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.searching.matching import how_to_look, matches

MOST_FOUND = 5_000
LOOKED_THROUGH = 1_000  # texts that have the words of a phrase, for whether they have the phrase


@dataclass(frozen=True, slots=True)
class FoundCandidates:
    """Candidates by id.

    Attributes:
        only_called: More have the words in their text than are looked through, so that these have them in their title, or in code and name of their node.
        more: There are more than these.
    """

    ids: Sequence[int]
    only_called: bool = False
    more: bool = False


def find_candidates(connection: Connection, words: str, frameworks: Sequence[str] | None) -> FoundCandidates:
    """The candidates that have words in their text, or in code and name of their node.

    Args:
        words: a search as people write it.
        frameworks: keys of those that are seen; None: all.

    Raises:
        ValueError: nothing can be searched so.
    """
    asked = _Asked(connection, words, frameworks)
    told = asked.find("words")
    if not told.more:
        return told
    called = asked.find("heading")
    return FoundCandidates(called.ids, only_called=True, more=called.more)


class _Asked:
    """A search, to be looked for in one column or another."""

    def __init__(self, connection: Connection, words: str, frameworks: Sequence[str] | None) -> None:
        looked = how_to_look(connection, words, frameworks)
        self._connection, self._configs, self._phrases = connection, looked.configs, looked.phrases
        self._values: dict[str, Any] = {
            "words": words,
            "uid": words.strip(),
            "frameworks": None if frameworks is None else list(frameworks),
        }
        self._values |= {"most": MOST_FOUND, "looked": LOOKED_THROUGH if self._phrases else MOST_FOUND}

    def find(self, column: str) -> FoundCandidates:
        """Those that have the words in a column, or whose node is called so."""
        query = text(_found_by(self._configs, column, phrases=self._phrases))
        ids, looked = self._connection.execute(query, self._values).one()
        found = list(ids or ())
        return FoundCandidates(found[:MOST_FOUND], more=looked > self._values["looked"] or len(found) > MOST_FOUND)


def _found_by(configs: Sequence[str], column: str, *, phrases: bool) -> str:
    # All of the first part is planned for and only some of it read; words of a phrase may stand anywhere there, because no index tells more.
    seen = "(cast(:frameworks as text[]) is null or {row}.framework_key = any(:frameworks))"
    return f"""
    with told as materialized (
        select t.id, t.row_id from caseforge.found_text t
        where t.kind = 'candidate' and {seen.format(row="t")} and ({matches(configs, column, loosely=phrases)})),
    few as materialized (select id, row_id from told limit :looked + 1),
    called as materialized (
        select t.node_id from caseforge.found_text t
        where t.kind = 'node' and {seen.format(row="t")} and ({matches(configs, "heading")}) limit :most)
    select (select array_agg(id) from (select id from (
        {_exactly(configs, column) if phrases else "select row_id as id from few"}
        union select * from (
            select o.candidate_id from called join caseforge.candidate_row o on o.node_id = called.node_id limit :most + 1) of_nodes
        union select k.id from caseforge.framework f join caseforge.candidate k on k.framework_key = f.key and k.is_current
        where k.candidate_uid = :uid and {seen.format(row="k")}) every
    order by 1 limit :most + 1) found), (select count(*) from few)"""


def _exactly(configs: Sequence[str], column: str) -> str:
    return f"select few.row_id as id from few join caseforge.found_text t on t.id = few.id where {matches(configs, column)}"
