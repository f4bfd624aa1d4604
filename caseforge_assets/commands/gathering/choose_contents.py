"""Chooses the contents that an export takes, and counts those that it leaves out, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from caseforge_assets.commands.surveying.choose_nodes import choose_nodes, named_nodes
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import exports
from caseforge_assets.store.figures.exports import Listed

LOWEST, HIGHEST = 0, 100


@dataclass(frozen=True)
class Selection:
    """Conditions on contents, all of which have to hold; None means all.

    Attributes:
        nodes: Codes, partition keys and branches, as people write them: `1.1.1, 8.*`.
        categories: Only candidates of these, and only documents of nodes that have one.
        min_score: Only contents whose own quality score is as high; a candidate's is that of its node's set.
        max_score: Only contents whose own quality score is no higher.
        retired: Instead, contents of nodes that are in an older edition only.
        all_candidates: Also what answers held beyond as many candidates as were asked for.
    """

    owner: str | None = None
    nodes: str | None = None
    categories: Sequence[str] | None = None
    min_score: int | None = None
    max_score: int | None = None
    retired: bool = False
    all_candidates: bool = False

    @property
    def by_score(self) -> bool:
        """Tells whether scores matter."""
        return self.min_score is not None or self.max_score is not None

    def in_words(self) -> str:
        """Gives what is meant; empty where all is."""
        parts = [
            f"nodes {self.nodes}" if self.nodes else "",
            f"owner {self.owner}" if self.owner is not None else "",
            f"category {' or '.join(self.categories)}" if self.categories else "",
            f"quality score {self._range()}" if self.by_score else "",
            "nodes that the current edition does not have" if self.retired else "",
            "surplus candidates, too" if self.all_candidates else "",
        ]
        return "; ".join(part for part in parts if part)

    def _range(self) -> str:
        return f"{LOWEST if self.min_score is None else self.min_score} to {HIGHEST if self.max_score is None else self.max_score}"


@dataclass(frozen=True)
class Chosen:
    """Ids of the contents, and how many others there are by the first reason that keeps them out."""

    content_ids: list[int]
    left_out: dict[str, int] = field(default_factory=dict)


def choose_contents(connection: Connection, stages: Stages, key: str, selection: Selection) -> Chosen:
    """Chooses among the current contents of a framework. A content is a document, or all candidates of a node.

    Raises:
        LookupError: no node is called so, or the framework has not been loaded.
        ValueError: no candidate has such a category, or no score can be in the range.
    """
    low, high = selection.min_score, selection.max_score
    if low is not None and high is not None and low > high:
        raise ValueError(f"no score is {low} or more and {high} or less at once")
    vectors = {stage.key for stage in stages if stage.makes_vectors}  # nobody reads them
    rows = [row for row in exports.listed(connection, key, RULES, retired=selection.retired) if row.stage not in vectors]
    node_ids = _node_ids(connection, key, selection, rows)
    left_out: Counter[str] = Counter()
    kept: list[Listed] = []
    for row in rows:
        if reason := _against(row, selection, node_ids):
            left_out[reason] += 1
        else:
            kept.append(row)
    if selection.categories is not None:
        kept = _of_categories(connection, stages, key, selection, rows, kept, left_out)
    return Chosen([row.content_id for row in kept], {reason: count for reason, count in left_out.items() if count})


def _node_ids(connection: Connection, key: str, selection: Selection, rows: Sequence[Listed]) -> set[int] | None:
    """Ids of the nodes that are meant; None means all."""
    if selection.retired:
        what = f"node that only older editions of {key} have, with something made for it"
        return None if selection.nodes is None else named_nodes(connection, key, rows, selection.nodes, what, retired=True)
    ids = choose_nodes(connection, key, selection.nodes)
    return None if ids is None else set(ids)


def _against(row: Listed, selection: Selection, node_ids: set[int] | None) -> str:
    """Says why a content is not meant; empty if it is."""
    if node_ids is not None and row.node_id not in node_ids:
        return "contents of other nodes"
    if selection.owner is not None and row.owner != selection.owner:
        return "contents of other owners"
    if not selection.by_score:
        return ""
    if row.score is None:
        return "contents without a score"
    fits = (LOWEST if selection.min_score is None else selection.min_score) <= row.score
    fits = fits and row.score <= (HIGHEST if selection.max_score is None else selection.max_score)
    return "" if fits else "contents with another score"


def _of_categories(
    connection: Connection,
    stages: Stages,
    key: str,
    selection: Selection,
    rows: Sequence[Listed],
    kept: Sequence[Listed],
    left_out: Counter[str],
) -> list[Listed]:
    """Candidates of the categories, and documents of their nodes; adds what is left out."""
    asked = selection.categories or ()
    counts = exports.categories(connection, [row.content_id for row in rows], retired=selection.retired)
    known = sorted({category for _, category, _ in counts if category is not None})
    for category in asked:
        if category not in known:
            raise ValueError(f"no candidate of {key} has the category {category!r}; there are: {', '.join(known) or 'none yet'}")
    ids = {row.content_id for row in kept}
    left_out["candidates of other categories"] += sum(
        count for content_id, category, count in counts if content_id in ids and category not in asked
    )
    fitting = {content_id for content_id, category, _ in counts if category in asked}
    having = {row.node_id for row in kept if row.content_id in fitting}
    of_items = {stage.key for stage in stages if stage.items_name}
    meant = [row for row in kept if (row.content_id in fitting if row.stage in of_items else row.node_id in having)]
    left_out["contents without such a candidate"] += len(kept) - len(meant)
    return meant


def say_selection(selection: Selection, left_out: Mapping[str, int]) -> list[str]:
    """Gives what was selected and how many are left out, a sentence each; nothing where all was."""
    words = selection.in_words()
    counts = ", ".join(f"{count:,} {reason if count > 1 else _singular(reason)}" for reason, count in left_out.items())
    return [*([f"Selected: {words}."] if words else []), *([f"Left out: {counts}."] if counts else [])]


def _singular(reason: str) -> str:
    what, rest = reason.split(maxsplit=1)
    return f"{what.removesuffix('s')} {rest}"
