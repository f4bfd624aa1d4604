"""Similar use cases: what else tells the same idea as a candidate, and the ideas that serve most processes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from caseforge_assets.commands.mirroring.refresh_similar import similar_in_passing
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.candidates.candidates import ListedCandidate
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.upkeep import revisions
from caseforge_assets.store.searching import matching
from caseforge_assets.store.similar import similar_groups
from caseforge_assets.store.similar.similar_groups import GroupSize, SimilarCandidate
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.api.use_cases.candidate_queries import Asked, check_columns, in_frameworks
from caseforge_assets.web.api.use_cases.candidates import CandidateRow, seen_and_meant
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.wire.pages import Cursor, Limit, cursor_fraction, cursor_number, decode_cursor, encode_cursor

router = APIRouter(tags=["candidates"])
BY_PROCESSES, BY_LIKENESS = "processes", "likeness"
DIGITS = 4
MOST_NEAR = 10


class SimilarRow(CandidateRow):
    """A candidate that tells the same idea."""

    likeness: float = Field(description="how much it is like what the group has in common, 0 to 1")
    other_words: bool = Field(description="it was brought to the group by what it means, and tells the idea in other words")
    simulated_vectors: bool = Field(description="of what is near: by vectors that are simulated, which are near where words are the same")


class Similar(BaseModel):
    """The candidates that tell the idea of one, as far as the caller sees them, and those near it in meaning."""

    group: int | None = Field(description="the group's number, which changes when groups are made anew; null: not compared yet")
    processes: int = Field(description="that the idea serves, that of the candidate among them")
    members: int = Field(description="candidates that tell it, this one among them")
    items: list[SimilarRow] = Field(description="the others, those that are most like what all have in common first")
    near: list[SimilarRow] = Field(
        description="candidates of other nodes outside the group that are nearest in meaning; empty without embeddings; here likeness is a cosine"
    )
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")
    behind: bool = Field(description="something was made just now that is not compared yet; ask again in some seconds")


class FrameworkCount(BaseModel):
    """A framework and the number of a group's candidates in it."""

    framework: str
    count: int


class SimilarGroup(BaseModel):
    """An idea that several candidates tell; only those that are meant count."""

    group: int
    processes: int
    members: int
    frameworks: list[FrameworkCount]
    candidate: CandidateRow = Field(description="the one that is most like what all have in common")


class SimilarGroups(BaseModel):
    """A page of groups, those that serve most processes first."""

    items: list[SimilarGroup]
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")
    groups: int = Field(description="how many there are on all pages")
    behind: bool = Field(description="something was made just now that is not compared yet; ask again in some seconds")


@router.get("/frameworks/{key}/candidates/{uid:path}/similar", responses=reads(404, 422), response_model=Similar)
def read_similar(
    key: str, uid: str, service: ServiceNow, caller: Reader, tags: TagsNow, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List the candidates of all frameworks that the caller sees that tell the same idea as this one."""
    keys = decode_cursor(cursor, BY_LIKENESS, 2)
    after = None if keys is None else (cursor_fraction(keys[0]), cursor_number(keys[1]))
    frameworks = seen_and_meant(caller, None)
    with service.reading.connect() as connection:
        behind = similar_in_passing(service.store, service.project, connection)
        tags.of_changes(connection, frameworks, revisions(connection), behind)
        candidate, group = similar_groups.group_of(connection, key, uid)
        size = GroupSize(1, 1, 0) if group is None else similar_groups.group_size(connection, group, frameworks)
        found = [] if group is None else similar_groups.members(connection, group, frameworks, after, limit + 1, but=candidate)
        near = [] if after else similar_groups.near_in_meaning(connection, candidate, group, frameworks, MOST_NEAR)
    following = encode_cursor(BY_LIKENESS, found[limit - 1].score, found[limit - 1].candidate_id) if len(found) > limit else None
    items, near_rows = [_row(row, is_near=False) for row in found[:limit]], [_row(row, is_near=True) for row in near]
    told = {"group": group, "processes": size.processes, "members": size.members, "items": items, "near": near_rows}
    return tags.answer(Similar(**told, next=following, behind=behind or group is None))


@router.get("/similar-groups", responses=reads(404, 422), response_model=SimilarGroups)
def list_similar_groups(
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    meant: Asked,
    framework: Annotated[list[str] | None, Query(max_length=50, description="of these frameworks only")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List ideas that at least two candidates tell, those that serve most processes first; filtered like candidates, of which those that are meant count."""
    keys = decode_cursor(cursor, BY_PROCESSES, 2)
    frameworks = seen_and_meant(caller, framework)
    check_columns(service.project, meant)
    meant = in_frameworks(meant, frameworks)
    with service.reading.connect() as connection:
        behind = similar_in_passing(service.store, service.project, connection)
        tags.of_changes(connection, frameworks, revisions(connection), behind)
        asked = conditions(connection, meant, _matches(connection, meant))
        sizes = service.kept.get(tags.state, f"similar {meant!r}", lambda: similar_groups.group_sizes(connection, asked))
        after = sizes if keys is None else _after(sizes, cursor_number(keys[0]), cursor_number(keys[1]))
        shown = similar_groups.shown_groups(connection, after[:limit], asked)
    following = encode_cursor(BY_PROCESSES, after[limit - 1].processes, after[limit - 1].group_id) if len(after) > limit else None
    items = [
        SimilarGroup(
            group=group.size.group_id,
            processes=group.size.processes,
            members=group.size.members,
            frameworks=[FrameworkCount(framework=key, count=count) for key, count in group.frameworks.items()],
            candidate=CandidateRow(**_columns(group.shown)),
        )
        for group in shown
    ]
    return tags.answer(SimilarGroups(items=items, next=following, groups=len(sizes), behind=behind))


def _after(sizes: list[GroupSize], processes: int, group_id: int) -> list[GroupSize]:
    return [size for size in sizes if (-size.processes, size.group_id) > (-processes, group_id)]


def _row(row: SimilarCandidate, *, is_near: bool) -> SimilarRow:
    said = {"likeness": round(row.score, DIGITS), "other_words": row.other_words, "simulated_vectors": is_near and row.simulated}
    return SimilarRow.model_validate(_columns(row.candidate) | said)


def _columns(candidate: ListedCandidate) -> dict[str, object]:
    return {name: getattr(candidate, name) for name in CandidateRow.model_fields}


def _matches(connection: Connection, meant: CandidateFilter) -> str:
    if meant.words is None:
        return ""
    return matching.candidates_with(matching.how_to_look(connection, meant.words, meant.frameworks).configs)
