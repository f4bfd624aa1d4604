"""Figures: what answers cost, how they developed, and which models there are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.money.sum_costs import sum_costs
from caseforge_assets.commands.planning.survey_models import survey_models
from caseforge_assets.commands.providing.list_models import ModelFacts
from caseforge_assets.commands.reporting.summarize_run import summarize_since
from caseforge_assets.costs.sums import total
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.reports.trends import DayFigures, Pattern
from caseforge_assets.store.figures.spending import Spent
from caseforge_assets.web.access.callers import Reader, ServiceNow, problems, see_framework
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.wire.money import CostSum, Money, cost_sum, money

router = APIRouter(tags=["figures"])
MILLION = 1_000_000
LONGEST_DAYS = 3_650

FrameworkMeant = Annotated[
    str | None, Query(max_length=40, description="of this framework; without it of all, for those who see all of them")
]


class CostRow(BaseModel):
    """A group of attempts that came back, truncated and failed ones included."""

    name: str = Field(description="of the group, such as a stage or a day")
    kind: str = Field(description="billed; simulated, at what it would have cost; imported")
    attempts: int
    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost: CostSum
    expected_cost: Money | None = Field(description="what attempts of known cost were expected to cost; null: no cost is known")


class Costs(BaseModel):
    """The costs of answers, in groups of one criterion, and their sums by kind."""

    by: str
    rows: list[CostRow]
    together: dict[str, CostSum]


class Period(BaseModel):
    """Answers of a day (from 15 days on: of a week, named by its Monday) in one stage from one kind of provider."""

    day: date
    stage: str
    kind: str
    attempts: int
    good: int
    output_tokens: int | None
    cost: CostSum


class ErrorPattern(BaseModel):
    """Failures that say the same but for numbers and names."""

    outcome: str
    says: str
    count: int
    share: float
    stages: list[str]
    example: str = Field(description="code of the node where it was met first; after its framework, where that is not said")


class Report(BaseModel):
    """Recent answers by period and stage, and the errors among them."""

    periods: list[Period]
    errors: list[ErrorPattern] = Field(description="most frequent first")
    newest: datetime | None = Field(description="when anything came back last, lately or not")


class ModelShown(BaseModel):
    """A model; what is not known of it is null."""

    model: str
    stages: dict[str, str] = Field(description="stages that use it, with the endpoint that each sends to")
    usd_per_million_tokens: dict[str, str] | None = Field(
        description="at batch prices, as decimals: input, cached_input, cache_write, output"
    )
    price_from: str | None
    context_tokens: int | None
    max_completion_tokens: int | None
    ends: date | None
    days_left: int | None = Field(description="null: its end is not near")
    refused: bool = Field(description="it has ended: nothing is sent to it")
    successor: str | None
    listed_by_provider: bool | None = Field(description="null: the provider was not asked")
    costs: dict[str, Money | None] = Field(description="of each framework as a whole, with typical requests and answers")


class Models(BaseModel):
    """The models that prices, rules and the provider know, those in use first."""

    items: list[ModelShown]
    note: str | None = Field(description="such as that the provider could not be asked which models it lists")


@router.get("/costs", responses=reads(404, 422))
def read_costs(
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    by: Annotated[
        Literal["stage", "model", "day", "branch", "framework", "batch", "outcome", "node"], Query(description="what is added up")
    ] = "stage",
    framework: FrameworkMeant = None,
    since_days: Annotated[float | None, Query(gt=0, le=LONGEST_DAYS, description="only answers of the last so many days")] = None,
) -> Costs:
    """Read what answers cost, beside what they were expected to cost. What is not known is said to be unknown."""
    _demand(caller, framework)
    start = None if since_days is None else datetime.now(UTC) - timedelta(days=since_days)
    with service.reading.connect() as connection:
        if start is None:  # otherwise it is another answer as time passes
            tags.of_changes(connection)
        rows = sum_costs(connection, by, framework, start)
    kinds = dict.fromkeys(row.kind for row in rows)
    return Costs(
        by=by,
        rows=[_cost_row(row) for row in rows],
        together={kind: cost_sum(total(row.cost for row in rows if row.kind == kind)) for kind in kinds},
    )


@router.get("/report", responses=problems(404, 422))
def read_report(
    service: ServiceNow,
    caller: Reader,
    framework: FrameworkMeant = None,
    days: Annotated[int, Query(ge=1, le=LONGEST_DAYS, description="how far back")] = 7,
) -> Report:
    """Read what came back lately: good answers and cost by day (from 15 days on by week), and errors, most frequent first."""
    _demand(caller, framework)
    with service.store.connect() as connection:
        trend = summarize_since(connection, datetime.now(UTC), timedelta(days=days), framework)
    return Report(periods=[_period(row) for row in trend.periods], errors=[_pattern(row) for row in trend.patterns], newest=trend.newest)


@router.get("/models", responses=problems(422))
def list_models(
    service: ServiceNow,
    caller: Reader,
    all_models: Annotated[bool, Query(alias="all", description="also those of which nothing but the provider's list is known")] = False,
    offline: Annotated[bool, Query(description="do not ask the provider which models it lists")] = False,
) -> Models:
    """List the models that prices, rules and the provider know: price, sizes, end, successor, and what the frameworks would cost."""
    offered, note = None, None
    if not offline and service.settings.has_credentials:
        try:
            offered = service.provider.client.models()
        except ProviderError as error:
            note = f"The provider could not be asked which models it lists: {error}"
    with service.store.connect() as connection:
        found = survey_models(connection, service.project, offered, datetime.now(UTC)).models
    return Models(items=[_model(facts, caller) for facts in found if all_models or facts.is_known], note=note)


def _demand(caller: Caller, framework: str | None) -> None:
    """Sums over all frameworks are for those who see all of them."""
    if framework is not None:
        see_framework(caller, framework)
    elif caller.seen_frameworks() is not None:
        raise ValueError("say of which framework: you do not see all of them")


def _cost_row(row: Spent) -> CostRow:
    return CostRow(
        name=row.name,
        kind=row.kind,
        attempts=row.attempts,
        input_tokens=row.input_tokens,
        cached_tokens=row.cached_tokens,
        cache_write_tokens=row.cache_write_tokens,
        output_tokens=row.output_tokens,
        reasoning_tokens=row.reasoning_tokens,
        cost=cost_sum(row.cost),
        expected_cost=money(row.expected_cost_usd),
    )


def _period(row: DayFigures) -> Period:
    counts = {"attempts": row.attempts, "good": row.good, "output_tokens": row.output_tokens}
    return Period(day=row.day, stage=row.stage, kind=row.kind, cost=cost_sum(row.cost), **counts)


def _pattern(row: Pattern) -> ErrorPattern:
    return ErrorPattern(outcome=row.outcome, says=row.says, count=row.count, share=row.share, stages=list(row.stages), example=row.example)


def _model(facts: ModelFacts, caller: Caller) -> ModelShown:
    rates, rules = facts.rates, facts.rules
    prices = (
        {"input": rates.input, "cached_input": rates.cached, "cache_write": rates.cache_write, "output": rates.output} if rates else None
    )
    return ModelShown(
        model=facts.name,
        stages=dict(facts.stages),
        usd_per_million_tokens=prices and {name: f"{(rate * MILLION).normalize():f}" for name, rate in prices.items()},
        price_from=facts.price_from,
        context_tokens=rules.context_tokens if rules else None,
        max_completion_tokens=rules.max_completion_tokens if rules else None,
        ends=facts.end,
        days_left=facts.ending.days_left if facts.ending else None,
        refused=facts.ending is not None and facts.ending.refused,
        successor=rules.successor if rules else None,
        listed_by_provider=facts.offered,
        costs={key: money(cost) for key, cost in facts.costs_usd.items() if caller.may(Role.reader, key)},
    )
