"""Candidates of all frameworks that the caller may see, or of one: filtered, sorted and counted by the columns that their stages name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.mirroring.refresh_lists import refresh_in_passing
from caseforge_assets.stages.quality import RULES
from caseforge_assets.store.candidates import candidate_counts, candidate_facets
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.candidates.candidate_pages import PLACE, candidate_page
from caseforge_assets.store.candidates.candidates import listed_candidates, whole_candidate
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.due import Behind
from caseforge_assets.store.searching import matching
from caseforge_assets.web.access.callers import Reader, ServiceNow, see_framework
from caseforge_assets.web.api.use_cases.candidate_queries import Asked, Sort, check_columns, cursor_at, in_frameworks, order_of, place_after
from caseforge_assets.web.keeping.etags import Tags, TagsNow, reads
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.money import Money, money
from caseforge_assets.web.wire.pages import Cursor, Limit, rows_of

router = APIRouter(tags=["candidates"])


class CandidateRow(BaseModel):
    """A candidate as lists show it."""

    framework: str
    stage: str
    uid: str
    title: str
    code: str = Field(description="of its node")
    name: str = Field(description="of its node")
    values: dict[str, str | None] = Field(description="by column of its stage, such as category, complexity, roi and risk")
    score: int | None = Field(description="of its node's set, 0 to 100; null: not measured")
    owner: str
    model: str | None
    simulated: bool
    edited: bool
    answered_at: datetime | None


class ValueCount(BaseModel):
    """A value and the number of candidates that have it; null: those without one."""

    value: str | None
    count: int


class BranchCount(BaseModel):
    """A branch of the first level and the number of its candidates."""

    framework: str
    code: str
    name: str
    count: int


class Facets(BaseModel):
    """Counts of the candidates that are meant. A column, statuses, use cases' owners and tags are counted without their own filter."""

    total: int
    columns: dict[str, list[ValueCount]]
    frameworks: list[ValueCount]
    stages: list[ValueCount]
    owners: list[ValueCount]
    simulated: int
    branches: list[BranchCount]
    tens: list[ValueCount] = Field(description="by the score's ten; 90 holds 100, too")
    statuses: list[ValueCount] = Field(description="where use cases stand; without a decision, they are ideas")
    use_case_owners: list[ValueCount] = Field(description="who brings them forward")
    tags: list[ValueCount]


class Candidates(BaseModel):
    """A page of candidates."""

    items: list[CandidateRow]
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")
    facets: Facets | None = Field(description="counts over all pages, where they are asked for")
    behind: bool = Field(description="something was made just now that is not in this list yet; ask again in some seconds")


class Candidate(BaseModel):
    """A current candidate with all that its answer says of it."""

    framework: str
    stage: str
    uid: str
    former_uids: list[str] = Field(description="what it was called in editions where its node had another code")
    title: str
    fields: dict[str, Any] = Field(description="as the stage has them; texts are plain, HTML in them is text")
    code: str
    name: str
    score: int | None
    owner: str
    version: str = Field(description="of the content that it stands in")
    model: str | None
    temperature: Decimal | None
    generated_by: str
    simulated: bool
    edited: bool
    reused: bool
    answered_at: datetime | None
    batch: str | None
    cost: Money | None = Field(description="its equal share of what its content cost; null: unknown")


@router.get("/candidates", responses=reads(404, 422), response_model=Candidates)
def list_candidates(
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    meant: Asked,
    framework: Annotated[list[str] | None, Query(max_length=50, description="of these frameworks only")] = None,
    sort: Sort = PLACE,
    facets: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the current candidates of the frameworks that the caller sees, framework by framework unless they are sorted otherwise."""
    return tags.answer(_list(service, tags, in_frameworks(meant, seen_and_meant(caller, framework)), sort, limit, cursor, facets=facets))


@router.get("/frameworks/{key}/candidates", responses=reads(404, 422), response_model=Candidates)
def list_candidates_of_framework(
    key: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    meant: Asked,
    sort: Sort = PLACE,
    facets: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the current candidates of a framework, in its order unless they are sorted otherwise."""
    return tags.answer(_list(service, tags, in_frameworks(meant, [key]), sort, limit, cursor, facets=facets))


@router.get("/frameworks/{key}/candidates/{uid:path}", responses=reads(404), response_model=Candidate)
def read_candidate(key: str, uid: str, service: ServiceNow, _caller: Reader, tags: TagsNow) -> Response:
    """Read a current candidate whole. Its entity tag is the version of the content that it stands in, which an edit has to name."""
    with service.reading.connect() as connection:
        found = whole_candidate(connection, key, uid, RULES)
    tags.of_version(found.version)
    taken = {name: getattr(found, name) for name in Candidate.model_fields if name != "cost"}
    return tags.answer(Candidate(**taken, cost=money(found.cost_usd)))


def seen_and_meant(caller: Caller, asked: Sequence[str] | None) -> Sequence[str] | None:
    """The frameworks that are seen and meant; None: all.

    Raises:
        LookupError: one is asked for that may not be seen.
    """
    if asked is None:
        seen = caller.seen_frameworks()
        return None if seen is None else sorted(seen)
    for key in asked:
        see_framework(caller, key)
    return asked


def catch_up(service: Service, tags: Tags, connection: Connection) -> Behind:
    """Tell whether lists and search are behind what was made, after catching up with them in passing where that is little."""
    if tags.read_state(connection).holds:
        return Behind(lists=False, texts=False)
    refresh_in_passing(service.store, service.project, connection)
    return tags.read_state(connection, again=True).behind


def _list(
    service: Service, tags: TagsNow, meant: CandidateFilter, sort: str, limit: int, cursor: str | None, *, facets: bool
) -> Candidates:
    order = order_of(service.project, sort)
    after = place_after(cursor, order, sort)
    check_columns(service.project, meant)
    with service.reading.connect() as connection:
        behind = catch_up(service, tags, connection)
        tags.of_lists(connection, meant.frameworks)
        matches = _matches(connection, meant)
        asked = conditions(connection, meant, matches)
        known = partial(service.kept.get, tags.state, f"groups {meant!r}", lambda: candidate_counts.groups(connection, asked))
        found = candidate_page(connection, asked, order, after, limit + 1, known)
        rows = listed_candidates(connection, [row.candidate_id for row in found[:limit]])
        counted = partial(candidate_facets.facets, connection, meant, matches)
        counts = facets_of(service.kept.get(tags.state, f"facets {meant!r}", counted)) if facets else None
    following = cursor_at(found[limit - 1].at, sort) if len(found) > limit else None
    late = behind.lists or (behind.texts and meant.words is not None)
    items = rows_of(CandidateRow, rows)
    return Candidates(items=items, next=following, facets=counts, behind=late)


def _matches(connection: Connection, meant: CandidateFilter) -> str:
    if meant.words is None:
        return ""
    return matching.candidates_with(matching.how_to_look(connection, meant.words, meant.frameworks).configs)


def facets_of(found: candidate_facets.Facets) -> Facets:
    """Counts as they go over the wire."""
    return Facets(
        total=found.total,
        columns={column: _counts(values) for column, values in found.values.items()},
        frameworks=_counts(found.frameworks),
        stages=_counts(found.stages),
        owners=_counts(found.owners),
        simulated=found.simulated.get(True, 0),
        branches=[BranchCount(framework=key, code=code, name=name, count=count) for (key, code, name), count in found.branches.items()],
        tens=_counts(found.tens),
        statuses=_counts(found.decisions.statuses),
        use_case_owners=_counts(found.decisions.owners),
        tags=_counts(found.decisions.tags),
    )


def _counts(values: Any) -> list[ValueCount]:
    return [ValueCount(value=None if value is None else str(value), count=count) for value, count in values.items()]
