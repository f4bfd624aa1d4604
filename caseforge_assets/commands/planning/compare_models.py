"""The cost of one plan with other models, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.money.expect_costs import expected_output_tokens
from caseforge_assets.commands.planning.make_plan import Plan
from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.costs.prices import OwnPrices
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.requests import requests


@dataclass(frozen=True)
class ModelCost:
    """The cost of a plan with a model, in USD per stage; None where the model has no batch price.

    `measured` says for each stage whether the output tokens are the mean of this model's own answers here; where they are not, they
    are those that were measured with gpt-5.
    """

    model: str
    by_stage: dict[str, Decimal | None]
    measured: dict[str, bool]

    @property
    def cost(self) -> Cost:
        """Over the stages together; a stage of unknown cost is one that it lacks."""
        return total(self.by_stage.values())


def compare_models(connection: Connection, own: OwnPrices, plan: Plan, models: Sequence[str]) -> list[ModelCost]:
    """Prices the requests of a plan for each model, at batch prices; simulated answers say nothing of what a model writes."""
    return [_model_cost(connection, own, plan, model) for model in models]


def _model_cost(connection: Connection, own: OwnPrices, plan: Plan, model: str) -> ModelCost:
    by_stage: dict[str, Decimal | None] = {}
    measured = {}
    for part in plan.stages:
        key = part.stage.key
        measured[key] = requests.typical_output_tokens(connection, key, model, simulated=False) is not None
        output = expected_output_tokens(connection, part.stage, model, simulated=False) * part.nodes
        asked = part.model if part.stage.makes_vectors else model  # another model that writes makes no vectors
        by_stage[key] = expected_cost_usd(asked, part.input_tokens, output, part.nodes, own=own) if part.nodes else Decimal(0)
    return ModelCost(model, by_stage, measured)
