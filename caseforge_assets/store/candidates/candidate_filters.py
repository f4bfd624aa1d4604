"""Turns filters on candidates into conditions on the rows that lists are read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.reading.branches import branch_place, nodes_of_branch
from caseforge_assets.store.reading.upkeep import ITEMS, framework_place

IDEA = UseCaseStatus.idea
NOT_MEASURED = -10  # in place of a ten
TENS = f"case when r.score < 0 then {NOT_MEASURED} else least(r.score / 10 * 10, 90) end"


@dataclass(frozen=True)
class CandidateFilter:
    """Conditions on candidates, all of which have to hold; None: not asked.

    Attributes:
        frameworks: Keys of the frameworks that are seen and meant; None: all.
        values: By column of the stage's items, the values of which one is meant.
        owners: Of their nodes, as exports say them.
        tens: Of the score, 0 to 90, which holds 100, too; `NOT_MEASURED`.
        branches: Framework and code, id or partition key of nodes, in the branch of one of which it has to be.
        words: What has to occur in the text, as a search is written.
        ids: Of candidates: these only.
        statuses: Where the use case stands; without a decision it is an idea.
        use_case_owners: Who brings it forward.
        tags: Of the use case, one of these.
    """

    frameworks: Sequence[str] | None = None
    stages: Sequence[str] | None = None
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    simulated: bool | None = None
    owners: Sequence[str] | None = None
    min_score: int | None = None
    max_score: int | None = None
    tens: Sequence[int] | None = None
    branches: Sequence[tuple[str, str]] | None = None
    words: str | None = None
    ids: Sequence[int] | None = None
    statuses: Sequence[str] | None = None
    use_case_owners: Sequence[str] | None = None
    tags: Sequence[str] | None = None


@dataclass(frozen=True)
class Conditions:
    """The same in SQL: on groups (g), on rows (r), and, where all of it can be said of counts (c), on these.

    Attributes:
        group: On what the candidates of a group have in common.
        row: On a row alone.
        count: What `row` says, on counts; None where counts do not tell.
        values: Parameters of all.
        less: On decisions (u): which rows of those that `others` means are not meant, so that they are taken off the counts; empty: none.
        others: What `row` says but that.
    """

    group: str
    row: str
    count: str | None
    values: dict[str, Any]
    less: str = ""
    others: str = "true"


@dataclass(frozen=True, slots=True)
class _Part:
    """One condition, on rows and on counts; None: counts do not tell."""

    row: str
    count: str | None
    values: dict[str, Any]


def conditions(connection: Connection, meant: CandidateFilter, matches: str = "") -> Conditions:
    """Gives what is asked, in SQL.

    Args:
        matches: which candidates have `words`, as `matching.candidates_with` gives it.

    Raises:
        LookupError: there is no such branch.
    """
    group, named = _of_groups(meant)
    parts = [*_of_rows(meant), *_of_scores(meant), *_of_branches(connection, meant)]
    if matches:
        parts.append(_Part(f"r.candidate_id in ({matches})", None, {"words": meant.words}))
    decided, less = _of_decisions(meant)
    for part in (*parts, *decided):
        named |= part.values
    counts = [part.count for part in (*parts, *decided) if part.count is not None]
    told = len(counts) == len(parts) + len(decided)
    others = " and ".join(part.row for part in parts) or "true"
    row = " and ".join(part.row for part in (*parts, *decided)) or "true"
    return Conditions(" and ".join(group) or "true", row, (" and ".join(counts) or "true") if told else None, named, less, others)


def _of_rows(meant: CandidateFilter) -> Iterator[_Part]:
    if meant.owners is not None:
        yield _Part("r.owner = any(:owners)", "c.owner = any(:owners)", {"owners": list(meant.owners)})
    if meant.ids is not None:
        yield _Part("r.candidate_id = any(:ids)", None, {"ids": list(meant.ids)})


def _of_scores(meant: CandidateFilter) -> Iterator[_Part]:
    least, most = meant.min_score, meant.max_score
    if least is not None:
        yield _Part("r.score >= :min_score", "c.tens >= :min_score" if least % 10 == 0 and least < 100 else None, {"min_score": least})
    if most is not None:
        is_ten = (most % 10 == 9 and most < 99) or most == 100
        yield _Part("r.score between 0 and :max_score", "c.tens between 0 and :max_score" if is_ten else None, {"max_score": most})
    if meant.tens is not None:
        yield _Part(f"{TENS} = any(:tens)", "c.tens = any(:tens)", {"tens": list(meant.tens)})


def _of_decisions(meant: CandidateFilter) -> tuple[list[_Part], str]:
    """Counts by decision: few are decided, and ideas are all others. These are counted as all, less those few."""
    named = {name: list(chosen) for name in ("statuses", "use_case_owners", "tags") if (chosen := getattr(meant, name)) is not None}
    if named.keys() == {"statuses"} and IDEA in named["statuses"]:
        less = "u.status <> all(:statuses)"
        row = f"r.candidate_id not in (select u.candidate_id from caseforge.use_case u where {less})"
        return [_Part(row, "true", named)], less
    chosen = {"statuses": "u.status = any(:statuses)", "use_case_owners": "u.owner = any(:use_case_owners)", "tags": "u.tags && :tags"}
    found = " and ".join(chosen[name] for name in named)
    row = f"r.candidate_id in (select u.candidate_id from caseforge.use_case u where {found})"
    return ([_Part(row, None, named)] if named else []), ""


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


def _of_branches(connection: Connection, meant: CandidateFilter) -> Iterator[_Part]:
    """A branch is a range of places where its nodes stand beside each other in the framework's file."""
    if meant.branches is None:
        return
    rows, roots, named = list[str](), list[int](), dict[str, Any]()
    for number, (key, name) in enumerate(meant.branches):
        row, values, root = _branch(connection, key, name, number)
        rows.append(row)
        named |= values
        roots += [] if root is None else [root]
    only_roots = len(roots) == len(rows)
    yield _Part(f"({' or '.join(rows) or 'false'})", "c.root_id = any(:roots)" if only_roots else None, named | {"roots": roots})


def _branch(connection: Connection, key: str, name: str, number: int) -> tuple[str, dict[str, Any], int | None]:
    """The condition of a branch with its parameters, and the node that it hangs from where that is one of the first level."""
    found = branch_place(connection, key, name)
    first = framework_place(connection, key)
    if found is None or first is None or found.first is None or found.last is None:
        return f"r.node_id = any(:nodes_{number})", {f"nodes_{number}": nodes_of_branch(connection, key, name)}, None
    places = {f"first_{number}": first + found.first * ITEMS, f"last_{number}": first + (found.last + 1) * ITEMS - 1}
    return f"r.place between :first_{number} and :last_{number}", places, found.node_id if found.is_root else None
