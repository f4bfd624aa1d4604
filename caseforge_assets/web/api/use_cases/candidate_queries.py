"""Reads the parameters of a request for candidates: filters, order, and the cursor after which a page begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.settings.project import Project
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter
from caseforge_assets.store.candidates.candidate_pages import PLACE, SCORE, Order, Place, SortKey
from caseforge_assets.store.searching import matching
from caseforge_assets.web.wire.pages import cursor_number, cursor_texts, decode_cursor, encode_cursor

MOST_SORT_KEYS = 6


async def _asked(
    stage: Annotated[str | None, Query(max_length=100, description="of this stage only")] = None,
    where: Annotated[
        list[str] | None,
        Query(max_length=50, description="COLUMN:VALUE, such as category:automation or roi:High; several of one column: any of them"),
    ] = None,
    simulated: bool | None = None,
    owner: Annotated[
        str | None, Query(max_length=200, description="the node's owner, else who is named for what is made, else its framework's")
    ] = None,
    min_score: Annotated[int | None, Query(ge=0, le=100)] = None,
    max_score: Annotated[int | None, Query(ge=0, le=100)] = None,
    branch: Annotated[str | None, Query(max_length=200, description="only at or below this node of the framework that is named")] = None,
    text: Annotated[
        str | None,
        Query(max_length=matching.LONGEST_QUERY, description='words that occur; "phrase", or, -without'),
    ] = None,
    status: Annotated[
        list[UseCaseStatus] | None, Query(max_length=10, description="where the use case stands; without a decision it is an idea")
    ] = None,
    use_case_owner: Annotated[list[str] | None, Query(max_length=50, description="who brings the use case forward")] = None,
    tag: Annotated[list[str] | None, Query(max_length=50, description="of the use case; several: one of them")] = None,
) -> CandidateFilter:
    values: dict[str, list[str]] = {}
    for pair in where or ():
        column, colon, value = pair.partition(":")
        if not colon:
            raise ValueError(f"where={pair}: say COLUMN:VALUE, such as category:automation")
        values.setdefault(column, []).append(value)
    stages = None if stage is None else [stage]
    return CandidateFilter(
        stages=stages,
        values=values,
        simulated=simulated,
        owners=None if owner is None else [owner],
        min_score=min_score,
        max_score=max_score,
        branches=None if branch is None else [("", branch)],
        words=text,
        statuses=status,
        use_case_owners=use_case_owner,
        tags=tag,
    )


def in_frameworks(meant: CandidateFilter, frameworks: Sequence[str] | None) -> CandidateFilter:
    """The same in these frameworks alone.

    Raises:
        ValueError: a branch is meant, and no one framework.
    """
    if meant.branches is None:
        return replace(meant, frameworks=frameworks)
    if frameworks is None or len(frameworks) != 1:
        raise ValueError("branch: say one framework, whose branch is meant")
    return replace(meant, frameworks=frameworks, branches=[(frameworks[0], name) for _, name in meant.branches])


Asked = Annotated[CandidateFilter, Depends(_asked)]
Sort = Annotated[
    str,
    Query(
        max_length=200,
        description="columns, score and place (the framework's order) by commas, - before one turns it round: -roi,complexity,-score",
    ),
]


def _columns(project: Project) -> dict[str, list[str]]:
    """By column of the stages' items, the names of its levels, lowest first, where it has levels."""
    stages = [stage for stage in project.stages if stage.is_list]
    scales = {stage.key: next((list(shares) for shares in stage.level_shares.values()), list[str]()) for stage in stages}
    return {column: scales[stage.key] for stage in stages for column in stage.item_columns}


def check_columns(project: Project, meant: CandidateFilter) -> None:
    """Refuses columns and stages that there are not.

    Raises:
        LookupError: there is no such stage.
        ValueError: there is no such column; the text names those that there are.
    """
    for stage in meant.stages or ():
        project.stages[stage]
    known = _columns(project)
    if unknown := [column for column in meant.values if column not in known]:
        raise ValueError(f"where={unknown[0]}: there is no such column; there are {', '.join(known) or 'none'}")


def order_of(project: Project, sort: str) -> Order:
    """The order that is asked for.

    Raises:
        ValueError: a column is not there, or named twice.
    """
    known = _columns(project)
    keys = [SortKey(name.strip().removeprefix("-"), name.strip().startswith("-")) for name in sort.split(",") if name.strip()]
    names = [key.name for key in keys]
    if unknown := [name for name in names if name not in (*known, SCORE, PLACE)]:
        raise ValueError(f"sort={unknown[0]}: there is no such column; there are {', '.join((*known, SCORE, PLACE))}")
    if len(set(names)) < len(names) or len(names) > MOST_SORT_KEYS:
        raise ValueError(f"sort: name each column once, {MOST_SORT_KEYS} at most")
    return Order.of(keys, known)


def cursor_at(at: Place, sort: str) -> str:
    """The cursor of what follows a place in an order."""
    return encode_cursor(sort, list(at.before), at.score, list(at.after), at.place)


def place_after(cursor: str | None, order: Order, sort: str) -> Place | None:
    """The place after which a page begins; None: the first one does.

    Raises:
        Refused: the cursor is of another list or order.
    """
    keys = decode_cursor(cursor, sort, 4)
    if keys is None:
        return None
    before, score, after, place = keys
    return Place(cursor_texts(before, len(order.before)), cursor_number(score), cursor_texts(after, len(order.after)), cursor_number(place))
