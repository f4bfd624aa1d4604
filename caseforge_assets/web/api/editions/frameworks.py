"""Frameworks: what is loaded, edition by edition, and what differs between two editions."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.find_in_state import nodes_by_state
from caseforge_assets.reports.comparing.difference import MEANINGS, Change, compare_editions
from caseforge_assets.reports.coverage import count_asked
from caseforge_assets.store.collecting.items import Counted, item_counts
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import Edition, current_edition, editions_of, known_keys
from caseforge_assets.store.editions.nodes import nodes_of_edition
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.keeping.etags import TagsNow, reads

router = APIRouter(tags=["frameworks"])


class FrameworkSummary(BaseModel):
    """A framework with its current edition."""

    key: str
    title: str
    owner: str
    edition: str = Field(description="as its publisher calls it, such as 7.4")
    source: str = Field(description="name of the file that was loaded")
    loaded_at: datetime
    nodes: int
    targets: int = Field(description="nodes that get content")


class Frameworks(BaseModel):
    """The frameworks that the caller may see, by key."""

    items: list[FrameworkSummary]


class Level(BaseModel):
    """A level of the current edition; the first is 1."""

    level: int
    nodes: int
    targets: int
    without_description: int


class StageStanding(BaseModel):
    """A stage, and where the target nodes stand in it."""

    stage: str
    title: str
    is_list: bool = Field(description="whether its content is a list of items, such as candidates")
    language: str = Field(description="tag of the language that its texts are asked for in; empty: nothing is said of it")
    states: dict[str, int] = Field(
        description="target nodes by state: done, waiting, failed, cancelled, stale, missing, no_source, unchosen; states without nodes are left out"
    )
    asked: int = Field(
        description="target nodes that the stage is for: all but those that are unchosen; what is covered of a stage is done of these"
    )
    items: int = Field(description="current items, such as candidates")
    simulated_items: int = Field(description="how many of them are simulated")


class Framework(FrameworkSummary):
    """A framework with its levels and how far each stage is."""

    levels: list[Level]
    stages: list[StageStanding]


class EditionRow(BaseModel):
    """An edition that was loaded."""

    id: int
    label: str
    source: str
    source_sha256: str
    is_current: bool
    loaded_at: datetime
    nodes: int
    targets: int


class Editions(BaseModel):
    """The editions of a framework, the newest first."""

    items: list[EditionRow]


class NodeChanged(BaseModel):
    """A target node that differs; null where it is not in that edition."""

    code_before: str | None
    code_after: str | None
    name_before: str | None
    name_after: str | None


class ChangedNodes(BaseModel):
    """The target nodes that differ in one way."""

    change: Change
    meaning: str
    count: int
    nodes: list[NodeChanged]


class EditionDifference(BaseModel):
    """The differences between two editions; one node may differ in several ways."""

    before: int
    after: int
    in_both: int
    changes: list[ChangedNodes]


@router.get("/frameworks", responses=reads(), response_model=Frameworks)
def list_frameworks(service: ServiceNow, caller: Reader, tags: TagsNow) -> Response:
    """List the frameworks that are loaded."""
    seen = caller.seen_frameworks()
    with service.reading.connect() as connection:
        tags.of_changes(connection, seen)
        keys = [key for key in sorted(known_keys(connection)) if seen is None or key in seen]
        editions = [edition for key in keys if (edition := current_edition(connection, key))]
        return tags.answer(Frameworks(items=[summary_of(edition, service.levels(connection, edition)) for edition in editions]))


@router.get("/frameworks/{key}", responses=reads(404))
def read_framework(key: str, service: ServiceNow, _caller: Reader, tags: TagsNow) -> Framework:
    """Read a framework: its edition, its levels, and where its nodes stand in each stage."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        edition = loaded_edition(connection, key)
        levels = service.levels(connection, edition)
        simulated, items = accepts_simulated(connection, service.settings), item_counts(connection, key)
        standings = []
        for stage in service.project.stages:
            states = nodes_by_state(connection, service.project, key, stage, simulated=simulated)
            counts = items.get(stage.key, Counted(0, 0))
            spoken = service.project.stages.in_framework(stage, key).language
            standings.append(
                StageStanding(
                    stage=stage.key,
                    title=stage.title,
                    is_list=stage.is_list,
                    language=spoken,
                    states=states,
                    asked=count_asked(states),
                    items=counts.items,
                    simulated_items=counts.simulated,
                )
            )
    of_levels = [Level(level=row[0], nodes=row[1], targets=row[2], without_description=row[3]) for row in levels]
    return Framework(**summary_of(edition, levels).model_dump(), levels=of_levels, stages=standings)


@router.get("/frameworks/{key}/editions", responses=reads(404))
def list_editions(key: str, service: ServiceNow, _caller: Reader, tags: TagsNow) -> Editions:
    """List the editions of a framework, also of one that was taken out."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        found = editions_of(connection, key)
    if not found:
        raise LookupError(f"framework {key!r} has not been loaded")
    rows = [
        EditionRow(source=row.source_name, **{name: getattr(row, name) for name in EditionRow.model_fields if name != "source"})
        for row in found
    ]
    return Editions(items=rows)


@router.get("/frameworks/{key}/difference", responses=reads(404, 422))
def compare_two_editions(
    key: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    before: int = Query(description="id of an edition, as the list of editions has it"),
    after: int = Query(description="id of the edition that it is compared with"),
) -> EditionDifference:
    """Compare two editions of a framework, target node by target node."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        known = {edition.id for edition in editions_of(connection, key)}
        if missing := [edition for edition in (before, after) if edition not in known]:
            raise LookupError(f"{key} has no edition {missing[0]}; it has {', '.join(map(str, sorted(known))) or 'none'}")
        found = compare_editions(nodes_of_edition(connection, key, before), nodes_of_edition(connection, key, after))
    changes = [
        ChangedNodes(
            change=change,
            meaning=MEANINGS[change],
            count=len(nodes),
            nodes=[NodeChanged(**{name: getattr(node, name) for name in NodeChanged.model_fields}) for node in nodes],
        )
        for change, nodes in found.changes.items()
    ]
    return EditionDifference(before=before, after=after, in_both=found.same, changes=changes)


def loaded_edition(connection: Connection, key: str) -> Edition:
    """The current edition.

    Raises:
        LookupError: there is none.
    """
    edition = current_edition(connection, key)
    if edition is None:
        raise LookupError(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    return edition


def summary_of(edition: Edition, levels: list[tuple[int, int, int, int]]) -> FrameworkSummary:
    """A framework as lists show it.

    Args:
        levels: of its edition: level, nodes, targets, nodes without a description.
    """
    return FrameworkSummary(
        key=edition.framework_key,
        title=edition.title,
        owner=edition.owner,
        edition=edition.label,
        source=edition.source_name,
        loaded_at=edition.loaded_at,
        nodes=sum(nodes for _, nodes, _, _ in levels),
        targets=sum(targets for _, _, targets, _ in levels),
    )
