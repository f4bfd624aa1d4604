"""The state of a node in a stage, in one word, and counts of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Protocol

from caseforge_assets.batches.states import RequestState
from caseforge_assets.stages.canonical import question_of


class NodeState(StrEnum):
    """State of a target node in a stage."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STALE = "stale"
    MISSING = "missing"
    NO_SOURCE = "no_source"
    UNCHOSEN = "unchosen"

    @property
    def word(self) -> str:
        """The word that people are shown for it."""
        return _WORDS.get(self, self.value)


_WORDS: Mapping[str, str] = {NodeState.NO_SOURCE: "without a source", NodeState.UNCHOSEN: "without a choice"}
MEANINGS = {
    NodeState.DONE: "there is a good answer, and it fits",
    NodeState.WAITING: "its request is pending or under way",
    NodeState.FAILED: "its last attempt failed, or it was too long to be sent; the list of failed nodes says why",
    NodeState.CANCELLED: "its request waits until a person asks again",
    NodeState.STALE: "its request would be another one now",
    NodeState.MISSING: "there is nothing yet",
    NodeState.NO_SOURCE: "there is nothing yet that it could be made from",
    NodeState.UNCHOSEN: "nobody has chosen anything there, so that nothing is asked",
}

_ACTIVE: Mapping[str | None, NodeState] = {
    RequestState.pending: NodeState.WAITING,
    RequestState.in_batch: NodeState.WAITING,
    RequestState.failed: NodeState.FAILED,
    RequestState.parked: NodeState.CANCELLED,
}


class Standing(Protocol):
    """The facts that the state follows from; rows of the store have it."""

    @property
    def node_version(self) -> str: ...  # noqa: D102
    @property
    def context_node_version(self) -> str | None: ...  # noqa: D102
    @property
    def context_version(self) -> str | None: ...  # noqa: D102
    @property
    def source_version(self) -> str | None: ...  # noqa: D102
    @property
    def source_simulated(self) -> bool | None: ...  # noqa: D102
    @property
    def content_question(self) -> str | None: ...  # noqa: D102
    @property
    def content_simulated(self) -> bool | None: ...  # noqa: D102
    @property
    def content_edited(self) -> bool | None: ...  # noqa: D102
    @property
    def request_state(self) -> str | None: ...  # noqa: D102
    @property
    def request_question(self) -> str | None: ...  # noqa: D102
    @property
    def unchosen(self) -> bool: ...  # noqa: D102


def classify(row: Standing, stage_version: str, fresh_versions: Collection[str], *, reads: bool, accept_simulated: bool) -> NodeState:
    """The state of one node.

    Args:
        stage_version: the stage's version now, which requests are made with.
        fresh_versions: the versions whose content counts as fresh, that one among them.
        reads: whether the stage is made from another stage's content.
        accept_simulated: whether simulated content counts; it does only while the provider is simulated.
    """
    source_counts = row.source_version is not None and (accept_simulated or not row.source_simulated)
    content_counts = row.content_simulated is not None and (accept_simulated or not row.content_simulated)
    context_is_fresh = row.context_version is not None and row.context_node_version == row.node_version
    context, source = row.context_version, row.source_version
    wanted = wanted_question(row, stage_version)
    fresh = {question_of(version, context, source) for version in fresh_versions} if context else set()
    if row.unchosen:
        return NodeState.DONE if row.content_edited else NodeState.UNCHOSEN
    if row.content_edited or (content_counts and context_is_fresh and row.content_question in fresh):
        return NodeState.DONE  # what a person wrote stays until a person asks for another one
    if content_counts and row.content_question is None and not (reads and source_counts):
        return NodeState.DONE  # taken over from elsewhere, and nothing here that it could be held against
    asked = row.request_question == wanted or (row.request_state == RequestState.in_batch and row.request_question in fresh)
    if wanted is not None and asked and context_is_fresh and row.request_state in _ACTIVE:
        return _ACTIVE[row.request_state]
    if reads and not source_counts:
        return NodeState.NO_SOURCE
    return NodeState.STALE if content_counts else NodeState.MISSING


def wanted_question(row: Standing, stage_version: str) -> str | None:
    """Give the question that a node would be asked now; None where it has no context."""
    return question_of(stage_version, row.context_version, row.source_version) if row.context_version else None


def count_states(states: Iterable[NodeState]) -> dict[str, int]:
    """Count nodes by state; states without nodes are left out."""
    counts = Counter(states)
    return {str(state): counts[state] for state in NodeState if counts[state]}


def count_asked(counts: Mapping[str, int]) -> int:
    """Count the nodes that a stage is for: all but those where nothing is chosen.

    Args:
        counts: of nodes by state.
    """
    return sum(count for state, count in counts.items() if state != NodeState.UNCHOSEN)


def say_states(counts: Mapping[str, int], reads: str | None) -> str:
    """Say the counts, for people.

    Args:
        counts: of nodes by state.
        reads: the stage that this one is made from, if any.
    """
    words = {NodeState.NO_SOURCE: f"waiting for {reads or 'what it is made from'}"}
    return ", ".join(f"{count:,} {words.get(NodeState(state), NodeState(state).word)}" for state, count in counts.items())
