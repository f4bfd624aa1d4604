"""models: what is known of each model, from prices, rules and the provider's own list, and what frameworks would cost with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.costs.prices import Rates, batch_rates, own_price, own_rates, priced_models
from caseforge_assets.costs.sums import total
from caseforge_assets.settings import CONFIG_NAME, Configuration
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.model_rules import EMBEDDINGS, MODELS, Ending, ModelRules, ending_of, known_end, rules_of
from caseforge_assets.stages.stage import Stage

PRICE_TABLE = "price table"  # of genai-prices
_OTHER_KINDS = re.compile(r"^ft:|\.ft-|image")  # prices of fine-tuned models by their beginnings, and of pictures


@dataclass(frozen=True)
class ModelFacts:
    """One model.

    Attributes:
        stages: The stages that use it, by key, with the endpoint that each sends to.
        rates: At batch prices; None: it has none, or not by the token.
        price_from: Where they are from, in words; None: there are none.
        rules: What it is known to accept; None: nothing is known.
        end: The day announced for its end.
        ending: The same, where it is near or past.
        offered: Whether the provider lists it; None where it was not asked.
        costs_usd: Of each framework as a whole, by key, with typical requests and answers as long as those that are expected, of the stages that it can be
            asked for; None where the price is unknown.
    """

    name: str
    stages: Mapping[str, str]
    rates: Rates | None
    price_from: str | None
    rules: ModelRules | None
    end: date | None
    ending: Ending | None
    offered: bool | None
    costs_usd: dict[str, Decimal | None]

    @property
    def is_known(self) -> bool:
        """Tells whether anything but its name is."""
        return bool(self.stages or self.rates or self.rules)


def list_models(
    configuration: Configuration,
    stages: Sequence[Stage],
    targets: Mapping[str, int],
    offered: Mapping[str, date | None] | None,
    provider_ends: Mapping[str, date],
    now: datetime,
    output_tokens: Callable[[Stage, str], int] = lambda stage, _: stage.typical_output_tokens,
) -> list[ModelFacts]:
    """Every model that prices, rules or the provider know, those in use first, then the ones that last, the cheaper ones before the others.

    Args:
        targets: by framework, how many nodes get content, at least one.
        offered: the provider's models with the days of their ends; None where it was not asked.
        output_tokens: what an answer of a stage's own model has, as plans expect it; the other models are compared at the same length.
        provider_ends: days of ends as providers announced them.
    """
    day = now.date().isoformat()
    used: dict[str, dict[str, str]] = {}
    for stage in stages:
        settings = stage_settings(configuration, stage)
        used.setdefault(settings.model, {})[stage.key] = settings.endpoint
    lengths = [(stage, output_tokens(stage, stage_settings(configuration, stage).model)) for stage in stages]
    names = {
        *used,
        *MODELS,
        *configuration.prices,
        *(offered or ()),
        *(name for name in priced_models(day) if not _OTHER_KINDS.search(name)),
    }
    found = [
        ModelFacts(
            name,
            used.get(name, {}),
            *_rates(configuration, name, now),
            rules_of(name),
            known_end(name, provider_ends),
            ending_of(name, now, provider_ends, configuration.provider_kind.window),
            None if offered is None else name in offered,
            {key: _cost(configuration, name, lengths, count, now) for key, count in targets.items()},
        )
        for name in names
    ]
    return sorted(found, key=_order)


def _order(facts: ModelFacts) -> tuple[bool, bool, bool, Decimal, str]:
    price = facts.rates.output if facts.rates else Decimal(0)
    return (not facts.stages, facts.ending is not None, facts.rates is None, price, facts.name)


def _rates(configuration: Configuration, model: str, now: datetime) -> tuple[Rates | None, str | None]:
    """A model's rates, and where they are from."""
    if (own := own_price(configuration.prices, model, now.date())) is not None:
        parts = (CONFIG_NAME, own.source, f"from {own.valid_from} on" if own.valid_from else "")
        return own_rates(configuration.prices, model, now.date()), ", ".join(part for part in parts if part)
    rates = batch_rates(model, now.date().isoformat())
    return rates, PRICE_TABLE if rates is not None else None


def _cost(configuration: Configuration, model: str, lengths: Sequence[tuple[Stage, int]], nodes: int, now: datetime) -> Decimal | None:
    rules = rules_of(model)
    makes_vectors = rules is not None and rules.endpoint == EMBEDDINGS
    meant = [(stage, output) for stage, output in lengths if stage.makes_vectors is makes_vectors and not stage.chosen_from]
    return total(
        expected_cost_usd(model, nodes * stage.typical_input_tokens, nodes * output, nodes, now, configuration.prices)
        for stage, output in meant  # of stages that are made from a choice: how much is chosen nobody knows beforehand
    ).usd
