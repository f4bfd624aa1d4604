"""Prices of a provider that bills: from real answers or the measured figures, never from answers that were made up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.planning.compare_models import ModelCost, compare_models
from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.settings import Configuration
from caseforge_assets.store.requests import requests
from caseforge_assets_tests.workbench import PROCESS, USECASES, OpenBench, Workbench, renamed

MODEL = Configuration().openai_model
# As after many runs: so many answers that their mean counts as history, and of a length that no real answer has.
MANY = """
insert into caseforge.attempt (batch_id, node_id, request_id, provider_id, custom_id, fingerprint, generation, outcome, output_tokens, cost_usd)
select batch_id, node_id, request_id, provider_id, custom_id || number, fingerprint, generation, outcome, :tokens, 0
from caseforge.attempt, generate_series(1, 30) number where provider_id = :provider
"""
EACH = "update caseforge.attempt set output_tokens = :tokens where provider_id = :provider"


def answered(bench: Workbench, tokens: int) -> Workbench:
    """Both stages made, every answer of this length."""
    bench.generate()
    for statement in (MANY, EACH):
        bench.change(statement, tokens=tokens, provider=bench.provider.id)
    return bench


def compared(bench: Workbench) -> list[ModelCost]:
    plan = bench.draft(ask_again=True)
    with bench.store.connect() as connection:
        return compare_models(connection, {}, plan, [MODEL, "gpt-5-mini"])


def price(stage_input: int, output: int, nodes: int) -> Decimal:
    cost = expected_cost_usd(MODEL, stage_input * nodes, output * nodes, nodes)
    assert cost is not None
    return cost


@pytest.fixture
def simulated(bench: OpenBench) -> Workbench:
    """Answers of 100 tokens, on the local server."""
    return answered(bench(), 100)


def test_a_plan_on_the_local_server_is_priced_by_the_measured_figures(bench: OpenBench) -> None:
    first = bench()
    before = first.draft().expected_cost_usd
    answered(first, 100)
    with first.store.connect() as connection:
        assert requests.typical_output_tokens(connection, PROCESS.key, MODEL, simulated=True) == 100, "there is such a history"
    plan = first.draft(ask_again=True)
    assert [part.output_tokens for part in plan.stages] == [6 * PROCESS.typical_output_tokens, 6 * USECASES.typical_output_tokens]
    assert plan.expected_cost_usd == pytest.approx(before, rel=Decimal("0.0001"))
    with first.store.connect() as connection:
        (reckoned,) = reckon_plans(connection, first.project, [plan.id])
    assert reckoned.open_cost.known_usd == pytest.approx(before, rel=Decimal("0.0001"))


def test_models_are_compared_by_no_simulated_answer(simulated: Workbench) -> None:
    one, _ = compared(simulated)
    assert not any(one.measured.values())
    assert one.cost.known_usd > 5 * price(0, 100, 12)


def test_use_cases_that_are_made_from_simulated_documents_are_priced_as_typical(simulated: Workbench) -> None:
    usecases = simulated.draft(stages=[USECASES], ask_again=True).stages[0]
    assert (usecases.now, usecases.input_tokens) == (6, 6 * USECASES.typical_input_tokens)


def test_a_new_edition_is_priced_by_the_measured_figures(simulated: Workbench) -> None:
    loaded = simulated.load(renamed("1.1.1", "Advertise widely"), dry_run=True)
    assert (loaded.to_send, loaded.simulated) == ({"process_details": 1, "usecases": 1}, True)
    assert (loaded.expected_cost_usd or 0) > price(0, PROCESS.typical_output_tokens + USECASES.typical_output_tokens, 1)


def test_real_answers_count_also_for_a_plan_on_the_local_server(bench: OpenBench) -> None:
    answered(bench(bills=True, budget_usd=9), 5_000)
    local = bench()
    assert local.draft(ask_again=True).stages[0].output_tokens == 6 * 5_000
    measured = compared(local)[0].measured
    assert measured
    assert all(measured.values())
