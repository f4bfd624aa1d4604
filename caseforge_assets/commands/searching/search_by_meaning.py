"""Finds what is nearest to a question in meaning, whatever words it is told in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.searching.embed_question import QuestionRefused, embed_question, vector_stage
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.searching import meanings, near_meanings
from caseforge_assets.store.searching.meaning_hits import hits_of
from caseforge_assets.store.searching.search import Hit

SHORTEST, LONGEST = 2, 200  # characters
MOST_NAMED = 3  # frameworks in a hint


@dataclass(frozen=True)
class FoundByMeaning:
    """Hits, nearest first, and of how many nodes with use cases so many can be found so at all."""

    hits: list[Hit]
    covered: int
    nodes: int
    simulated: bool


def search_by_meaning(
    connection: Connection,
    project: OpenProject,
    words: str,
    kinds: Sequence[str],
    frameworks: Sequence[str] | None,
    after: tuple[float, int] | None,
    limit: int,
) -> FoundByMeaning:
    """Finds what is nearest to what somebody wrote. Simulated vectors are compared with simulated ones only.

    Args:
        kinds: of `meanings.NODE` and `meanings.CANDIDATE`.
        frameworks: keys of those that are seen and meant; None: all.
        after: likeness and id of the hit after which to go on.

    Raises:
        QuestionRefused: nothing can be searched so, or not now; the text says why, and what to do.
        ProviderError: the provider did not turn the words into a vector.
    """
    stage = vector_stage(project)
    if not SHORTEST <= len(words.strip()) <= LONGEST:
        raise QuestionRefused(f"a search by meaning has {SHORTEST} to {LONGEST} characters")
    if says := meanings.why_not(connection):
        raise QuestionRefused(f"nothing can be searched by meaning: {says}")
    simulated = project.provider.simulated
    covered, nodes = (0, 0)
    if meanings.is_there(connection):
        covered, nodes = meanings.covered(connection, stage.reads or "", frameworks, simulated=simulated)
    if not covered:
        keys = frameworks if frameworks is not None else list(project.configuration.frameworks)
        ways = " or ".join(f"`caseforge generate --stage {stage.key} --framework {key}`" for key in keys[:MOST_NAMED])
        raise QuestionRefused(f"nothing has a vector yet: {ways} asks for them, at the price that it names")
    vector = embed_question(project, words)
    found = near_meanings.nearest(connection, vector, meanings.Meant(kinds, frameworks, simulated), after, limit)
    return FoundByMeaning(hits_of(connection, found), covered, nodes, simulated)
