"""Models are listed in order of use, with their figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from caseforge_assets.batches.results.response_body import MAX_TOKENS
from caseforge_assets.commands.providing.list_models import ModelFacts, list_models
from caseforge_assets.costs.prices import OwnPrice, Rates
from caseforge_assets.settings import Configuration, StageOverrides
from caseforge_assets.stages.model_rules import MODELS
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.workbench import PROCESS, USECASES

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MIXED = Configuration(stages={"usecases": StageOverrides(model="a-model-of-our-own")})


def listed(configuration: Configuration = MIXED, offered: dict[str, date | None] | None = None) -> dict[str, ModelFacts]:
    return {model.name: model for model in list_models(configuration, (PROCESS, USECASES), {"shop": 6}, offered, {}, NOW)}


def test_models_in_use_come_first_and_those_that_end_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "gpt-5-nano", replace(MODELS["gpt-5-nano"], shutdown=date(2026, 12, 11)))
    names = list(listed())
    assert names[:2] == ["gpt-6.1-sol", "a-model-of-our-own"]
    assert names[-1] == "gpt-5-nano"
    assert names.index("gpt-6-luna") < names.index("gpt-6.1-terra") < names.index("gpt-6-sol")
    assert not [name for name in names if "image" in name or name.startswith("ft:")]


def test_a_framework_costs_its_nodes_times_a_typical_request_of_each_stage() -> None:
    facts = listed()["gpt-6.1-terra"]
    tokens_in = PROCESS.typical_input_tokens + USECASES.typical_input_tokens
    tokens_out = PROCESS.typical_output_tokens + USECASES.typical_output_tokens
    assert facts.costs_usd == {"shop": 6 * (tokens_in * Decimal("0.5") + tokens_out * Decimal("2.5")) / 1_000_000}
    assert listed()["a-model-of-our-own"].costs_usd == {"shop": None}


def test_answers_that_came_give_the_length_for_all_models() -> None:
    lengths = {"process_details": 100, "usecases": 50}
    used = {"process_details": "gpt-6.1-sol", "usecases": "a-model-of-our-own"}

    def output_tokens(stage: Stage, model: str) -> int:
        assert model == used[stage.key]
        return lengths[stage.key]

    found = {model.name: model for model in list_models(MIXED, (PROCESS, USECASES), {"shop": 6}, None, {}, NOW, output_tokens)}
    tokens_in = PROCESS.typical_input_tokens + USECASES.typical_input_tokens
    assert found["gpt-6.1-terra"].costs_usd == {"shop": 6 * (tokens_in * Decimal("0.5") + 150 * Decimal("2.5")) / 1_000_000}


def test_each_price_says_where_it_is_from() -> None:
    own = {
        "a-model-of-our-own": OwnPrice(input=Decimal(1), output=Decimal(4), valid_from=date(2026, 11, 1), source="the contract"),
        "gpt-6.1-terra": OwnPrice(input=Decimal("0.4"), output=Decimal(2)),
        "gpt-6-luna": OwnPrice(input=Decimal(9), output=Decimal(9), valid_from=date(2027, 1, 1)),
        "another": OwnPrice(input=Decimal(1), output=Decimal(1)),
    }
    found = listed(MIXED.model_copy(update={"prices": own}))
    names = ("a-model-of-our-own", "gpt-6.1-terra", "gpt-6-luna", "another", "gpt-6.1-sol")
    assert [found[name].price_from for name in names] == [
        "caseforge.toml, the contract, from 2026-11-01 on",
        "caseforge.toml",
        "price table",
        "caseforge.toml",
        "price table",
    ]
    assert found["a-model-of-our-own"].rates == Rates(*(Decimal(usd) / 1_000_000 for usd in (1, 1, 1, 4)), up_to=MAX_TOKENS)
    tokens_in = PROCESS.typical_input_tokens + USECASES.typical_input_tokens
    tokens_out = PROCESS.typical_output_tokens + USECASES.typical_output_tokens
    assert found["a-model-of-our-own"].costs_usd == {"shop": 6 * (tokens_in + tokens_out * Decimal(4)) / 1_000_000}
    assert found["gpt-6-luna"].costs_usd == listed()["gpt-6-luna"].costs_usd
    assert listed()["a-model-of-our-own"].price_from is None


def test_what_only_the_provider_lists_is_named_and_known_to_be_offered() -> None:
    found = listed(offered={"whisper-1": None, "gpt-6.1-sol": None})
    assert (found["whisper-1"].offered, found["whisper-1"].is_known) == (True, False)
    assert (found["gpt-6.1-sol"].offered, found["gpt-6.1-terra"].offered, listed()["gpt-6.1-sol"].offered) == (True, False, None)
