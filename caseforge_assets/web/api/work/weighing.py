"""Weighs a plan before it is made: its cost with other models, and nodes of it that are nearly the same as others."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.editions.find_similar import SimilarPair, find_similar
from caseforge_assets.commands.planning.compare_models import ModelCost, compare_models
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.web.access.callers import Planner, Reader, ServiceNow, problems
from caseforge_assets.web.api.editions.frameworks import loaded_edition
from caseforge_assets.web.api.work.plans import PlanWanted, demand_declared, drafted
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.wire.money import CostSum, Money, cost_sum, money

router = APIRouter(tags=["plans"])


class ComparisonWanted(PlanWanted):
    """A plan, as it would be made, and the models that it is priced with."""

    models: list[str] = Field(min_length=1, max_length=20, examples=[["gpt-6.1-terra", "gpt-6-luna"]])


class PricedModel(BaseModel):
    """A model and the plan's expected cost with it, at batch prices."""

    model: str
    cost: CostSum
    stages: dict[str, Money | None] = Field(description="by stage; null: the model has no batch price")
    measured: dict[str, bool] = Field(
        description="by stage, whether what it writes is the mean of this model's own answers here, and not of what was measured with another"
    )


class Comparison(BaseModel):
    """One plan with several models, side by side. Nothing of it is kept."""

    requests: dict[str, int] = Field(description="by stage, what the plan would send")
    as_configured: Money | None
    models: list[PricedModel]


class Likeness(BaseModel):
    """A node that would be asked for, and one that it is like."""

    code: str
    name: str
    description: str
    like_framework: str
    like_code: str
    like_name: str
    like_description: str
    like_has_content: bool
    of_names: float = Field(description="0 to 1, which is the same text, upper and lower case aside")
    of_descriptions: float


class Likenesses(BaseModel):
    """Pairs, the most alike first."""

    found: int
    items: list[Likeness]


@router.post("/plans/comparison", responses=problems(403, 404, 422, 502, 503))
def compare(wanted: ComparisonWanted, service: ServiceNow, caller: Planner) -> Comparison:
    """Price a plan with other models. It is made, and taken back: nothing is kept, and nothing sent."""
    demand_declared(service, caller, wanted.framework)
    simulated = service.plans_for_simulated(offline=wanted.offline)
    with service.store.connect() as connection:
        draft, _ = drafted(connection, service, wanted, simulated)
        priced = compare_models(connection, service.settings.configuration.prices, draft, wanted.models)
        connection.rollback()
    return Comparison(
        requests={part.stage.key: part.nodes for part in draft.stages},
        as_configured=money(draft.expected_cost_usd),
        models=[_priced(model) for model in priced],
    )


@router.get("/frameworks/{key}/similar", responses=reads(404, 422))
def list_similar(
    key: str,
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    at_least: Annotated[float, Query(ge=0.5, le=1, description="how alike, in name and description each")] = 0.9,
    nodes: Annotated[
        str | None, Query(max_length=2_000, description="only these: codes, ids or keys separated by commas, or branches")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Likenesses:
    """List nodes that would be asked for and are nearly the same as another one, of this or another framework, with which they could be paired."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        loaded_edition(connection, key)
        chosen, simulated = choose_nodes(connection, key, nodes), accepts_simulated(connection, service.settings)
        pairs = find_similar(connection, service.project, key, at_least, simulated=simulated, node_ids=chosen)
    seen = [pair for pair in pairs if caller.may(Role.reader, pair.like.framework_key)]
    return Likenesses(found=len(seen), items=[_alike(pair) for pair in seen[:limit]])


def _priced(model: ModelCost) -> PricedModel:
    return PricedModel(
        model=model.model,
        cost=cost_sum(model.cost),
        stages={stage: money(cost) for stage, cost in model.by_stage.items()},
        measured=dict(model.measured),
    )


def _alike(pair: SimilarPair) -> Likeness:
    return Likeness(
        code=pair.node.code,
        name=pair.node.name,
        description=pair.node.description,
        like_framework=pair.like.framework_key,
        like_code=pair.like.code,
        like_name=pair.like.name,
        like_description=pair.like.description,
        like_has_content=pair.like.has_content,
        of_names=pair.of_names,
        of_descriptions=pair.of_descriptions,
    )
