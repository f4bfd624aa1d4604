"""The use cases that are meant by a choice: words looked up, mistyped ones forgiven, frameworks that are not seen left out, counts kept until anything changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.mirroring.refresh_lists import refresh_in_passing
from caseforge_assets.curation.mistyped import meant_words
from caseforge_assets.store.candidates.candidate_facets import Facets, facets_to_choose
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, Conditions, conditions
from caseforge_assets.store.candidates.candidate_priority import Ranked, ScoredGroup, rank, scored_groups
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.read_state import ReadState, read_state
from caseforge_assets.store.searching.candidate_words import FoundCandidates, find_candidates
from caseforge_assets.store.searching.known_words import words_like
from caseforge_assets.web.access.callers import see_framework
from caseforge_assets.web.api.use_cases.candidate_queries import check_columns
from caseforge_assets.web.portal.use_cases.choice import Choice
from caseforge_assets.web.service import Service

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Words:
    """The candidates that words find; `meant` are the words that were taken instead of those written, empty: these themselves."""

    found: FoundCandidates
    meant: str = ""


@dataclass(frozen=True)
class Meant:
    """The use cases that are meant; `behind`: something was made just now that is not among them yet."""

    connection: Connection
    service: Service
    choice: Choice
    seen: Sequence[str] | None
    filtered: CandidateFilter
    asked: Conditions
    words: Words | None
    behind: bool
    state: str

    def groups(self) -> list[ScoredGroup]:
        """Those that have columns in common, counted."""
        return self.service.kept.get(self.state, self.named("groups"), partial(scored_groups, self.connection, self.asked))

    def ranked(self) -> Ranked:
        """The same weighed as the reader weighs them."""
        weights = self.choice.weights
        return self.service.kept.get(self.state, self.named(f"ranked {weights!r}"), lambda: rank(self.groups(), weights))

    def shown(self, what: str, make: Callable[[], Value]) -> Value:
        """A part of the page, which is kept as long as nothing changes: it depends on the choice, on what is seen, and on what is said in its name."""
        return self.service.kept.get(self.state, f"shown {what} {self.choice!r} {self.seen!r}", make)

    def facets(self) -> Facets:
        """All of them counted by what may be chosen."""
        count = partial(facets_to_choose, self.connection, self.filtered, self.seen)
        return self.service.kept.get(self.state, self.named("facets"), count)

    def named(self, what: str) -> str:
        """Gives what is counted of them, under a name by which it is kept."""
        words = self.words and (self.words.meant or self.choice.q)
        return f"page {what} {replace(self.filtered, ids=None)!r} {self.seen!r} {words!r}"


def find_meant(connection: Connection, service: Service, caller: Caller, choice: Choice) -> Meant:
    """Looks up what a choice means for a caller.

    Raises:
        LookupError: a framework or branch is chosen that there is not, or that the caller may not see.
        ValueError: a part of the choice cannot be read.
    """
    seen_keys = caller.seen_frameworks()
    seen = None if seen_keys is None else sorted(seen_keys)
    for key in (*choice.frameworks, *(key for key, _ in choice.branch_names())):
        see_framework(caller, key)
    now = up_to_date(service, connection)
    behind, state = now.behind, f"{service.described} {now}"
    words = _find_words(connection, service, now, choice.q, seen) if choice.q else None
    filtered = choice.filtered(list(choice.frameworks) or seen, None if words is None else words.found.ids)
    check_columns(service.project, filtered)
    asked = conditions(connection, filtered)
    late = behind.lists or (behind.texts and words is not None)
    return Meant(connection, service, choice, seen, filtered, asked, words, late, state)


def up_to_date(service: Service, connection: Connection) -> ReadState:
    """The state of the store, after lists and texts have caught up with it where that is little."""
    now = read_state(connection)
    if not now.holds:
        refresh_in_passing(service.store, service.project, connection)
        now = read_state(connection)
    return now


def _find_words(connection: Connection, service: Service, now: ReadState, written: str, seen: Sequence[str] | None) -> Words:
    """Gives what has the words; where nothing has them, what has those that were probably meant."""

    def find(words: str) -> FoundCandidates:
        return service.find_once(service.kept, now, f"words {words!r} {seen!r}", partial(find_candidates, connection, words, seen))

    found = find(written)
    if found.ids:
        return Words(found)
    meant = meant_words(written, lambda word: words_like(connection, word, seen))
    instead = FoundCandidates(()) if meant is None else find(meant)
    return Words(instead, meant) if meant is not None and instead.ids else Words(found)
