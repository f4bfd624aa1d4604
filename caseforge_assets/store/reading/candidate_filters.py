"""Which candidates are meant, as conditions on the rows that lists are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from caseforge_assets.store.reading.branches import branch_place, nodes_of_branch
from caseforge_assets.store.reading.upkeep import ITEMS, framework_place


@dataclass(frozen=True)
class CandidateFilter:
    """Which candidates are meant; what is None is not asked, and everything that is asked has to hold.

    Attributes:
        frameworks: Keys of the frameworks that are seen and meant; None: all.
        values: By column of the stage's items, the values of which one is meant.
        branch: Code, id or partition key of the node at whose branch to look, in the one framework that is meant.
        words: What has to occur in the text, as a search is written.
        ids: Of candidates: these only.
    """

    frameworks: Sequence[str] | None = None
    stages: Sequence[str] | None = None
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    simulated: bool | None = None
    owner: str | None = None
    min_score: int | None = None
    max_score: int | None = None
    branch: str | None = None
    words: str | None = None
    ids: Sequence[int] | None = None


@dataclass(frozen=True)
class Conditions:
    """The same in SQL: on groups (g), on rows (r), and, where all of it can be said of counts (c), on these.

    Attributes:
        group: On what the candidates of a group have in common.
        row: On a row alone.
        count: What `row` says, on counts; None where counts do not tell.
        values: Parameters of all three.
    """

    group: str
    row: str
    count: str | None
    values: dict[str, Any]


def conditions(connection: Connection, meant: CandidateFilter, matches: str = "") -> Conditions:
    """What is asked, in SQL.

    Args:
        matches: the condition on found texts (t) for `words`, as `matching.matches` gives it.

    Raises:
        LookupError: there is no such branch.
    """
    group, named = _of_groups(meant)
    row, count = [], []
    if meant.owner is not None:
        row.append("r.owner = :owner")
        count.append("c.owner = :owner")
        named["owner"] = meant.owner
    if meant.min_score is not None:
        row.append("r.score >= :min_score")
        count.append("c.tens >= :min_score" if meant.min_score % 10 == 0 and meant.min_score < 100 else "")
        named["min_score"] = meant.min_score
    if meant.max_score is not None:
        row.append("r.score between 0 and :max_score")
        count.append(
            "c.tens between 0 and :max_score" if (meant.max_score % 10 == 9 and meant.max_score < 99) or meant.max_score == 100 else ""
        )
        named["max_score"] = meant.max_score
    if meant.branch is not None and meant.frameworks:
        condition, more = _branch(connection, meant.frameworks[0], meant.branch)
        row.append(condition)
        named |= more
        count.append("c.root_id = :root" if more.get("root") else "")
    if meant.ids is not None:
        row.append("r.candidate_id = any(:ids)")
        count.append("")
        named["ids"] = list(meant.ids)
    if matches:
        row.append(f"r.candidate_id in (select t.row_id from caseforge.found_text t where t.kind = 'candidate' and ({matches}))")
        count.append("")
        named["words"] = meant.words
    told = all(count)
    return Conditions(" and ".join(group) or "true", " and ".join(row) or "true", (" and ".join(count) or "true") if told else None, named)


def _of_groups(meant: CandidateFilter) -> tuple[list[str], dict[str, Any]]:
    group, named = [], dict[str, Any]()
    for column, condition in (("frameworks", "g.framework_key = any(:frameworks)"), ("stages", "g.stage = any(:stages)")):
        chosen = getattr(meant, column)
        if chosen is not None:
            group.append(condition)
            named[column] = list(chosen)
    if meant.simulated is not None:
        group.append("g.simulated = :simulated")
        named["simulated"] = meant.simulated
    for number, (column, values) in enumerate(meant.values.items()):
        group.append(f"g.values ->> :column_{number} = any(:values_{number})")
        named |= {f"column_{number}": column, f"values_{number}": list(values)}
    return group, named


def _branch(connection: Connection, key: str, name: str) -> tuple[str, dict[str, Any]]:
    """A branch is a range of places where its nodes stand beside each other in the framework's file."""
    found = branch_place(connection, key, name)
    number = framework_place(connection, key)
    if found is None or number is None or found.first is None or found.last is None:
        return "r.node_id = any(:nodes)", {"nodes": nodes_of_branch(connection, key, name)}
    places = {"first": number + found.first * ITEMS, "last": number + (found.last + 1) * ITEMS - 1}
    return "r.place between :first and :last", places | ({"root": found.node_id} if found.is_root else {})
