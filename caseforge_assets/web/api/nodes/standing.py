"""Lists of what needs attention in a framework: scores of its contents, stale assets, failed nodes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.quality.read_quality import StageQuality, read_quality
from caseforge_assets.commands.reporting.list_failures import list_failures
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.reports.quality import say_why
from caseforge_assets.stages.stages import all_assets
from caseforge_assets.store.collecting.quality_scores import Scored
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.api.editions.frameworks import loaded_edition
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.wire.money import CostSum, Money, cost_sum, money
from caseforge_assets.web.wire.pages import Cursor, Limit, page_of

router = APIRouter(tags=["standing"])


class ScoreSums(BaseModel):
    """The scores of a stage's contents; null where none is measured."""

    contents: int
    measured: int
    low: int = Field(description="how many are below the limit that is configured")
    mean: float | None
    median: float | None
    lowest: int | None
    tens: dict[int, int] = Field(description="scores by 0, 10, … 90; 90 holds 100, too")
    parts: dict[str, float] = Field(description="mean points of each part")


class ScoredContent(BaseModel):
    """A content with its score."""

    code: str
    name: str
    score: int | None
    why: str = Field(description="why it does not score 100")
    simulated: bool
    edited: bool
    parts: dict[str, int | None]
    limits: list[str]
    figures: dict[str, Any]


class Alike(BaseModel):
    """A document that shares most of its phrases with an earlier one, by partition keys."""

    partition_key: str
    like: str
    likeness: float


class Titled(BaseModel):
    """An item by its title."""

    uid: str
    title: str


class StageScores(BaseModel):
    """The quality of a stage's contents."""

    stage: str
    title: str
    summary: ScoreSums
    contents: list[ScoredContent]
    compared: int
    near_duplicates: list[Alike]
    titles: int
    repeated_titles: list[list[Titled]]
    levels: dict[str, dict[str, dict[str, int]]] = Field(description="by branch (`all`: of all), then by field: items by value")


class Quality(BaseModel):
    """The measured quality of a framework's contents, stage by stage; it does not say whether they are true."""

    stages: list[StageScores]


class Reason(BaseModel):
    """A reason for which something is stale, and the time since when; null: unknown."""

    reason: str
    since: datetime | None


class StaleRow(BaseModel):
    """A node whose content at an asset would be another one now."""

    asset: str
    code: str
    name: str
    partition_key: str
    reasons: list[Reason]


class Stale(BaseModel):
    """A page of what is stale, asset by asset, in the framework's order."""

    counts: dict[str, int] = Field(description="of all pages, by asset")
    items: list[StaleRow]
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")


class FailedRow(BaseModel):
    """A node that failed in a stage, and what happens next."""

    code: str
    name: str
    stage: str
    outcome: str
    detail: str
    attempts: int
    output_tokens: int | None
    cost: CostSum
    simulated_cost: Money | None = Field(description="what was simulated would have cost so much; null: nothing was, or it is unknown")
    next: str = Field(description="what the next plan or retry does with it")
    state: str = Field(
        description="where it stands: one that was asked again and failed may have a good answer from before, and is done all the same"
    )


class Failed(BaseModel):
    """A page of the nodes that failed, the most frequent outcome first, then by stage and in the framework's order."""

    counts: dict[str, int] = Field(description="of all pages, by outcome")
    items: list[FailedRow]
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")


@router.get("/frameworks/{key}/quality", responses=reads(404, 422))
def read_scores(
    key: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    stage: Annotated[str | None, Query(max_length=100, description="this stage only")] = None,
    nodes: Annotated[str | None, Query(max_length=2_000, description="codes and branches, such as 1.1.1,8.*; with all their parts")] = None,
    worst: Annotated[int, Query(ge=0, le=500, description="how many of the lowest scores are listed, where no nodes are named")] = 20,
) -> Quality:
    """Read how good what was made is: scores with their parts, what repeats, how levels are spread."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        loaded_edition(connection, key)
        stages = None if stage is None else [service.project.stages[stage]]
        found = read_quality(connection, service.project, key, stages, choose_nodes(connection, key, nodes))
    return Quality(stages=[_scores(of_stage, None if nodes else worst) for of_stage in found])


@router.get("/frameworks/{key}/stale", responses=reads(404, 422))
def list_stale(key: str, service: ServiceNow, _caller: Reader, tags: TagsNow, limit: Limit = 50, cursor: Cursor = None) -> Stale:
    """List what is stale, with the reason and since when."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        loaded_edition(connection, key)
        found = [status for status in asset_statuses(connection, service.project, key) if status.not_current]
    assets = {asset.name: number for number, asset in enumerate(all_assets(service.project.stages))}
    page, following = page_of(found, lambda status: (assets[status.asset], status.node.position), "stale", limit, cursor)
    rows = [
        StaleRow(
            asset=status.asset,
            code=status.node.code,
            name=status.node.name,
            partition_key=str(status.node.partition_key),
            reasons=[Reason(reason=reason.text, since=reason.since) for reason in status.not_current],
        )
        for status in page
    ]
    return Stale(counts=dict(Counter(status.asset for status in found)), items=rows, next=following)


@router.get("/frameworks/{key}/failed", responses=reads(404, 422))
def list_failed(key: str, service: ServiceNow, _caller: Reader, tags: TagsNow, limit: Limit = 50, cursor: Cursor = None) -> Failed:
    """List the nodes that failed, why, and what would happen next."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        loaded_edition(connection, key)
        found = list_failures(connection, service.project, key, simulated=accepts_simulated(connection, service.settings))
    counts = Counter(row.outcome for row in found)
    page, following = page_of(found, lambda row: (-counts[row.outcome], row.stage, row.position), "failed", limit, cursor)
    rows = [
        FailedRow(
            **{
                name: getattr(row, name)
                for name in ("code", "name", "stage", "outcome", "detail", "attempts", "output_tokens", "next", "state")
            },
            cost=cost_sum(row.cost),
            simulated_cost=money(row.simulated_cost_usd),
        )
        for row in page
    ]
    return Failed(counts=dict(counts.most_common()), items=rows, next=following)


def _scores(of_stage: StageQuality, worst: int | None) -> StageScores:
    rows = (
        of_stage.rows
        if worst is None
        else sorted((row for row in of_stage.rows if row.score is not None), key=lambda row: row.score or 0)[:worst]
    )
    summary = ScoreSums(**{name: getattr(of_stage.summary, name) for name in ScoreSums.model_fields})
    return StageScores(
        stage=of_stage.stage.key,
        title=of_stage.stage.title,
        summary=summary,
        contents=[_scored(row) for row in rows],
        compared=of_stage.compared,
        near_duplicates=[Alike(**{name: getattr(pair, name) for name in Alike.model_fields}) for pair in of_stage.near_duplicates],
        titles=of_stage.titles,
        repeated_titles=[[Titled(uid=item.candidate_uid, title=item.title) for item in group] for group in of_stage.repeated_titles],
        levels={branch or "all": levels for branch, levels in of_stage.levels.items() if levels},
    )


def _scored(row: Scored) -> ScoredContent:
    return ScoredContent(
        **{name: getattr(row, name) for name in ("code", "name", "score", "simulated", "edited", "parts", "limits", "figures")},
        why=say_why(row),
    )
