"""Reckons the expected costs of requests: input tokens as counted, output tokens from history or from measured figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from caseforge_assets.batches.results.response_body import Usage
from caseforge_assets.costs.prices import cost_usd
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning.plans import OpenRequests
from caseforge_assets.store.requests import requests
from caseforge_assets.store.requests.pending import PendingRequest


class Priced(Protocol):
    """The fields of a request by which it is priced."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def stage(self) -> str: ...  # noqa: D102
    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def input_tokens(self) -> int: ...  # noqa: D102
    @property
    def source_content_id(self) -> int | None: ...  # noqa: D102


def expected_costs(connection: Connection, project: Project, rows: Sequence[Priced]) -> dict[int, Decimal | None]:
    """Expected cost in USD of each request by its id, as at a provider that bills; None where the model has no batch price."""
    asked = [(row.stage, row.model, tokens) for row, tokens in zip(rows, _priced_tokens(connection, project.stages, rows), strict=True)]
    costs = _cost_of_each(connection, project, set(asked))  # of ten thousand requests, some hundred differ
    return {row.id: costs[question] for row, question in zip(rows, asked, strict=True)}


def expected_cost_of(connection: Connection, project: Project, open_requests: Sequence[OpenRequests]) -> Cost:
    """Expected cost of all these requests, as above."""
    asked = [
        (alike.stage, alike.model, project.stages[alike.stage].typical_input_tokens if alike.made_up else alike.input_tokens)
        for alike in open_requests
    ]
    costs = _cost_of_each(connection, project, set(asked))
    return total(Cost.of(costs[question]) * alike.count for alike, question in zip(open_requests, asked, strict=True))


def _cost_of_each(
    connection: Connection, project: Project, asked: Collection[tuple[str, str, int]]
) -> dict[tuple[str, str, int], Decimal | None]:
    """Expected cost of a request by its stage, model and input tokens."""
    kinds = {(stage, model) for stage, model, _ in asked}
    output = {(key, model): expected_output_tokens(connection, project.stages[key], model, simulated=False) for key, model in kinds}
    now = datetime.now(UTC)
    return {
        (stage, model, count): cost_usd(Usage(count, 0, output[stage, model], 0), model, now, project.configuration.prices)
        for stage, model, count in asked
    }


def priced_input_tokens(connection: Connection, stage: Stage, rows: Sequence[PendingRequest]) -> list[int]:
    """Input tokens of requests of a stage, for a price: the typical figure where what they are made from is simulated, and so of another length."""
    return _priced_tokens(connection, {stage.key: stage}, rows)


def _priced_tokens(connection: Connection, stages: Mapping[str, Stage] | Stages, rows: Sequence[Priced]) -> list[int]:
    made_up = contents.simulated_ids(connection, [row.source_content_id for row in rows if row.source_content_id is not None])
    return [stages[row.stage].typical_input_tokens if row.source_content_id in made_up else row.input_tokens for row in rows]


def expected_output_tokens(connection: Connection, stage: Stage, model: str, simulated: bool) -> int:
    """Output tokens of one answer: the mean of the stage's own answers from this kind of provider, before there are enough the measured figure.

    A price is always one of a provider that bills (`simulated=False`): answers that are made up have other lengths.
    """
    mean = requests.typical_output_tokens(connection, stage.key, model, simulated)
    return round(mean) if mean is not None else stage.typical_output_tokens
