"""A model that the price table does not know, with a price of one's own: planned, budgeted, sent and counted to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from caseforge_assets.commands.approving.approve_pending import approve_pending, pending_without_approval
from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.planning.compare_models import compare_models
from caseforge_assets.commands.planning.preview_request import preview_request
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.costs.prices import OwnPrice
from caseforge_assets.costs.sums import Cost
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench

MODEL = "gpt-6.2-sol"
PRICE = OwnPrice(input=Decimal("1.2"), cached_input=Decimal("0.06"), cache_write=Decimal("1.5"), output=Decimal(6))
PRICED = """
select round(((input_tokens - cached_tokens) * 1.2 + cached_tokens * 0.06 + output_tokens * 6) / 1000000, 8) from caseforge.attempt order by id
"""


def million(input_tokens: int, output_tokens: int) -> Decimal:
    return (input_tokens * Decimal("1.2") + output_tokens * 6) / 1_000_000


@pytest.fixture
def opened(bench: OpenBench) -> Workbench:
    """A provider that bills, and a model that only we know the price of."""
    return bench(bills=True, budget_usd=9, openai_model=MODEL, prices={MODEL: PRICE})


def test_without_it_nothing_is_known_and_nothing_is_sent(opened: Workbench) -> None:
    unknown = opened.configured(prices={})
    assert unknown.approve(stages=[PROCESS]).expected_cost_usd is None
    assert plan_batches(unknown.project).batch_ids == ()
    later = opened.configured(prices={MODEL: PRICE.model_copy(update={"valid_from": date(2999, 1, 1)})})
    assert plan_batches(later.project).batch_ids == ()
    assert plan_batches(opened.project).batch_ids


def test_plans_previews_and_comparisons_use_it(opened: Workbench) -> None:
    plan = opened.draft("1.1.1")
    process, usecases = plan.stages
    assert process.expected_cost_usd == million(process.input_tokens, PROCESS.typical_output_tokens)
    assert usecases.expected_cost_usd == million(usecases.stage.typical_input_tokens, usecases.stage.typical_output_tokens)
    with opened.store.connect() as connection:
        (compared,) = compare_models(connection, opened.configuration.prices, plan, [MODEL])
        (reckoned,) = reckon_plans(connection, opened.project, [plan.id])
        shown = preview_request(connection, opened.project, KEY, opened.ids("1.1.1")[0], PROCESS)
    assert compared.cost == reckoned.open_cost == Cost(plan.expected_cost_usd or Decimal(0))
    assert shown.expected_cost_usd == process.expected_cost_usd


def test_answers_cost_it_to_the_cent(opened: Workbench) -> None:
    opened.generate("1.1.1", "1.1.2")
    costs = opened.column("select cost_usd from caseforge.attempt order by id")
    assert len(costs) == 4
    assert costs == opened.column(PRICED)
    assert opened.column("select count(*) from caseforge.attempt where expected_cost_usd is null") == [0]
    assert opened.column("select cost_usd from caseforge.content order by attempt_id") == costs


def test_what_was_made_outside_plans_has_it_too(opened: Workbench) -> None:
    plan = opened.draft("1.1.1", stages=[PROCESS])
    opened.change("update caseforge.request set plan_id = null")
    with opened.store.begin() as connection:
        assert pending_without_approval(connection, opened.project, False).expected_cost == Cost(plan.expected_cost_usd or Decimal(0))
        approve_pending(connection, opened.project, made_by="test", max_cost_usd=Decimal(1))
    assert opened.column("select max_cost_usd from caseforge.plan order by id desc limit 1") == [Decimal(1)]


def test_a_budget_is_kept_with_it(opened: Workbench) -> None:
    poor = opened.configured(budget_usd=Decimal("0.001"))
    poor.approve("1.1.1", stages=[PROCESS])
    planned = plan_batches(poor.project)
    assert planned.batch_ids == ()
    assert "budget" in planned.held_back
    assert plan_batches(opened.project).batch_ids
