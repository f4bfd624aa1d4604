"""Plans and planning: what would be sent, whose consent it needs, and that no question is ever in two live attempts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from unittest.mock import Mock

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.commands.approving.approve_pending import approve_pending, pending_without_approval
from caseforge_assets.commands.collecting import collect_batch
from caseforge_assets.commands.rounds.work import lift_stop
from caseforge_assets.commands.submitting.choose_requests import choose_requests
from caseforge_assets.commands.submitting.plan_batches import Planned, plan_batches
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.costs.sums import Cost
from caseforge_assets.reports.coverage import count_states
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import pending
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.store.submitting.batches import NewAttempt
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench, renamed

LIVE = "select fingerprint, generation from caseforge.attempt where outcome is null"


def planned(bench: Workbench, **options: float) -> Planned:
    return plan_batches(bench.project, **options)  # type: ignore[arg-type]


def numbers(bench: Workbench, *codes: str) -> list[tuple[str, int, int, dict[str, int]]]:
    return [(part.stage.key, part.now, part.later, part.states) for part in bench.draft(*codes).stages]


def test_a_first_plan_has_documents_now_and_use_cases_later(bench: OpenBench) -> None:
    plan = bench().draft()
    process, usecases = plan.stages
    assert (process.now, process.later, process.states) == (6, 0, {"missing": 6})
    assert (usecases.now, usecases.later, usecases.states) == (0, 6, {"no_source": 6})
    assert plan.nodes == 12


def test_the_estimate_is_tokens_times_batch_prices(bench: OpenBench) -> None:
    process, usecases = bench().draft().stages
    assert process.output_tokens == 6 * PROCESS.typical_output_tokens
    assert usecases.input_tokens == 6 * USECASES.typical_input_tokens
    for part in (process, usecases):
        in_full = (part.input_tokens * 1 + part.output_tokens * 5) / 1_000_000
        assert float(part.expected_cost_usd or 0) == pytest.approx(in_full, rel=1e-4)


def test_a_model_without_batch_price_has_an_unknown_cost(bench: OpenBench) -> None:
    assert bench(openai_model="my-own-model").draft().expected_cost_usd is None


def test_what_is_done_is_not_planned_again(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", "1.1.2")
    assert numbers(opened) == [
        ("process_details", 4, 0, {"done": 2, "missing": 4}),
        ("usecases", 0, 4, {"done": 2, "no_source": 4}),
    ]
    opened.work()
    assert opened.generate()[-1].idle
    assert opened.draft().nodes == 0


def test_a_renamed_node_is_stale_and_planned_through_both_stages(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    opened.load(renamed("2.1.1", "Receive bicycles"))
    assert numbers(opened) == [("process_details", 1, 0, {"done": 5, "stale": 1}), ("usecases", 0, 1, {"done": 5, "stale": 1})]


def test_another_model_makes_everything_stale_where_that_is_wanted(bench: OpenBench) -> None:
    opened = bench(when_model_changes="regenerate")
    opened.generate()
    other = opened.configured(openai_model="gpt-5-mini")
    with other.store.connect() as connection:
        states = count_states(state for _, state in survey(connection, other.project, KEY, PROCESS, True))
    assert states == {"stale": 6}


def test_a_plan_for_some_nodes_leaves_the_others_alone(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    assert opened.column("select distinct code from caseforge.node_version nv join caseforge.request r on r.node_id = nv.node_id") == [
        "1.1.1"
    ]


def test_a_draft_sends_nothing(bench: OpenBench) -> None:
    opened = bench()
    opened.draft()
    assert opened.work()[-1].idle
    assert opened.stats()["batches_created"] == 0


def test_a_declined_plan_sends_nothing_and_the_next_plan_takes_its_requests(bench: OpenBench) -> None:
    opened = bench()
    draft = opened.draft()
    with opened.store.begin() as connection:
        plans.decide(connection, draft.id, False)
    opened.work()
    assert opened.stats()["batches_created"] == 0
    opened.generate()
    assert opened.stats()["requests_accepted"] == 12
    assert opened.column("select count(*) from caseforge.request") == [12]


def test_a_plan_for_documents_does_not_send_use_cases(bench: OpenBench) -> None:
    opened = bench()
    opened.generate(stages=[PROCESS])
    assert opened.stats()["requests_accepted"] == 6
    assert opened.query("select stage, state, count(*) from caseforge.request group by 1, 2 order by 1") == [
        ("process_details", "answered", 6),
        ("usecases", "pending", 6),
    ]


def test_a_provider_that_bills_gets_nothing_without_an_approved_plan(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=100)
    assert not opened.provider.simulated
    opened.draft()
    opened.work()
    assert opened.stats()["batches_created"] == 0


def test_requests_without_any_plan_go_to_a_simulated_provider_only(bench: OpenBench) -> None:
    def count_planned(opened: Workbench) -> int:
        opened.draft(stages=[PROCESS])
        opened.change("update caseforge.request set plan_id = null")
        return len(planned(opened).batch_ids)

    assert count_planned(bench(bills=True, budget_usd=100)) == 0
    assert count_planned(bench()) == 1


def test_what_is_in_no_plan_is_not_chosen_to_be_paid_for(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=100)
    opened.approve("1.1.1", stages=[PROCESS])
    with opened.store.connect() as connection:
        (row,) = pending.sendable(connection, opened.provider.id, False, False, EVERYTHING, lock=False)
        assert len(choose_requests(connection, opened.project, [row]).groups) == 1
        with pytest.raises(ValueError, match="is in no plan"):
            choose_requests(connection, opened.project, [replace(row, plan_id=None)])


@pytest.mark.parametrize(
    "limits", [{}, {"frameworks": {"other": {"title": "o", "source": "o", "budget_usd": 9}}}], ids=["none", "another's"]
)
def test_a_provider_that_bills_gets_nothing_without_a_budget(bench: OpenBench, limits: dict[str, object]) -> None:
    opened = bench(bills=True, **limits)
    opened.approve()
    assert "no budget for shop" in opened.round().held_back
    assert opened.stats()["batches_created"] == 0


def test_within_the_budget_it_is_sent_and_priced_by_what_was_used(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=5)
    opened.generate()
    assert opened.stats()["requests_accepted"] == 12
    wrong = """
    select count(*) from caseforge.attempt
    where cost_usd is distinct from
        round(((input_tokens - cached_tokens) * 1 + cached_tokens * 0.05 + output_tokens * 5) / 1000000, 8)
    """
    assert opened.column(wrong) == [0]
    with opened.store.connect() as connection:
        spent = plans.committed_by_framework(connection)[KEY]
    assert spent == Cost(opened.column("select sum(cost_usd) from caseforge.content")[0])
    assert spent.known_usd > 0


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"budget_usd": Decimal("0.10")}, "the budget over all frameworks"),
        (
            {"budget_usd": 50, "frameworks": {KEY: {"title": "s", "source": "s", "budget_usd": Decimal("0.10")}}},
            f"the budget of {KEY}",
        ),
    ],
    ids=["over all", "of the framework"],
)
def test_over_budget_nothing_is_sent_and_it_is_said_by_how_much(bench: OpenBench, limits: dict[str, object], name: str) -> None:
    opened = bench(bills=True, **limits)
    cost = opened.approve(stages=[PROCESS]).expected_cost_usd
    assert cost is not None
    held_back = opened.round().held_back
    assert f"{name} ($0.10) would be overdrawn by ${cost - Decimal('0.10'):.4f}" in held_back
    assert opened.stats()["batches_created"] == 0
    assert opened.column("select distinct state from caseforge.request") == ["pending"]


def test_a_plans_own_limit_holds(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=50)
    draft = opened.draft(stages=[PROCESS])
    with opened.store.begin() as connection:
        plans.decide(connection, draft.id, True, Decimal("0.01"))
    assert f"the limit of plan {draft.id} ($0.01) would be overdrawn" in opened.round().held_back
    assert opened.stats()["batches_created"] == 0


def test_what_is_under_way_is_reserved(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=Decimal("0.10"))
    opened.approve("1.1.1", "1.1.2", "1.1.3", stages=[PROCESS])
    assert planned(opened).batch_ids
    with opened.store.connect() as connection:
        reserved = plans.committed_by_framework(connection)[KEY].known_usd
    assert reserved == opened.column("select sum(expected_cost_usd) from caseforge.attempt")[0] > 0
    opened.approve("2.1.1", "2.1.2", "2.1.3", stages=[PROCESS])
    assert f"${reserved:,.4f} spent or reserved" in planned(opened).held_back
    assert opened.column("select count(*) from caseforge.attempt") == [3]
    assert planned(opened.configured(budget_usd=3 * reserved)).batch_ids


def test_an_unknown_cost_needs_a_word_in_the_configuration(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=5, openai_model="my-own-model")
    opened.approve(stages=[PROCESS])
    assert "allow_unknown_cost" in planned(opened).held_back
    assert len(planned(opened.configured(allow_unknown_cost=True)).batch_ids) == 1


def test_what_was_made_outside_plans_is_approved_as_a_whole(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=5)
    opened.draft(stages=[PROCESS])
    opened.change("update caseforge.request set plan_id = null")
    with opened.store.begin() as connection:
        pending = pending_without_approval(connection, opened.project, False)
        (plan_id,) = approve_pending(connection, opened.project, made_by="test", max_cost_usd=Decimal(1))
        assert pending_without_approval(connection, opened.project, False).requests == 0
    assert pending.requests == 6
    assert opened.query("select state, node_count, max_cost_usd from caseforge.plan where id = :id", id=plan_id) == [("approved", 6, 1)]
    assert len(planned(opened).batch_ids) == 1


def test_only_what_a_person_was_told_of_is_approved(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=5)
    opened.draft("1.1.1", "1.1.2", stages=[PROCESS])
    opened.change("update caseforge.request set plan_id = null")
    with opened.store.connect() as connection:
        told = pending_without_approval(connection, opened.project, False)
    opened.draft("2.1.1", stages=[PROCESS])  # another process makes it while the person decides
    opened.change("update caseforge.request set plan_id = null")
    with opened.store.begin() as connection:
        approve_pending(connection, opened.project, made_by="test", named=told.ids)
        left = pending_without_approval(connection, opened.project, False)
    assert (told.requests, left.requests) == (2, 1)
    assert told.ids.isdisjoint(left.ids)


def _at_once(first: Callable[[], Planned], second: Callable[[], Planned]) -> list[Planned]:
    barrier = threading.Barrier(2)

    def start(plan: Callable[[], Planned]) -> Planned:
        barrier.wait()
        return plan()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(start, (first, second)))


def test_two_planners_at_once_put_no_question_into_two_live_attempts(bench: OpenBench) -> None:
    opened = bench(max_requests_per_batch=2)
    opened.approve(stages=[PROCESS])
    results = _at_once(lambda: planned(opened), lambda: planned(opened))
    assert sum(len(result.batch_ids) for result in results) == 3
    live = opened.query(LIVE)
    assert len(live) == len(set(live)) == 6


def test_the_database_itself_refuses_a_second_live_attempt(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    planned(opened)
    batch_id, node_id, request_id, fingerprint = opened.query("select batch_id, node_id, request_id, fingerprint from caseforge.attempt")[0]
    duplicate = NewAttempt(node_id, request_id, "duplicate", fingerprint, 0, None)
    with pytest.raises(IntegrityError, match="uq_attempt_live"), opened.store.begin() as connection:
        batches.add_attempts(connection, batch_id, opened.provider.id, [duplicate])


def test_the_same_question_of_two_nodes_is_sent_once_and_answers_both(bench: OpenBench) -> None:
    opened = bench()
    opened.load(SHOP, key="other")
    opened.approve(stages=[PROCESS])
    opened.approve(stages=[PROCESS], key="other")
    opened.work()
    assert opened.stats()["accepted"] == {"requests": 6, "distinct_bodies": 6, "max_multiplicity": 1}
    assert opened.query("select framework_key, count(*) from caseforge.content group by 1 order by 1") == [("other", 6), (KEY, 6)]


def test_batches_keep_to_the_limit_of_requests_in_the_frameworks_order(bench: OpenBench) -> None:
    opened = bench(max_requests_per_batch=4)
    opened.approve(stages=[PROCESS])
    planned(opened)
    rows = opened.query("""
    select a.batch_id, nv.code from caseforge.attempt a join caseforge.node_version nv on nv.node_id = a.node_id order by a.id
    """)
    assert [code for _, code in rows] == ["1.1.1", "1.1.2", "1.1.3", "2.1.1", "2.1.2", "2.1.3"]
    assert [batch for batch, _ in rows] == [1, 1, 1, 1, 2, 2]


def test_the_accounts_token_limit_holds_over_all_stages_together(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", "1.1.2", stages=[PROCESS])
    opened.draft()
    limit = opened.column("select sum(input_tokens) from caseforge.request where stage = 'process_details' and state = 'pending'")[0]
    opened.approve()
    limited = opened.configured(max_enqueued_tokens={"gpt-6.1-sol": limit + 10})
    assert "token limit" in planned(limited).held_back
    assert opened.column("select sum(input_tokens) from caseforge.batch where state = 'planned'")[0] <= limit + 10


def test_while_requests_are_still_being_made_nothing_is_planned(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    assert "still being made" in planned(opened, quiet_period_s=60).held_back
    opened.change("update caseforge.request set created_at = now() - interval '61 seconds'")
    assert len(planned(opened, quiet_period_s=60).batch_ids) == 1


def test_requests_made_while_the_planner_waited_for_its_lock_are_no_younger_than_now(bench: OpenBench) -> None:
    opened = bench()
    with opened.store.begin() as waiting:
        waiting.execute(text("select now()"))  # the planner's transaction begins here
        opened.draft(stages=[PROCESS])
        age_s = pending.seconds_since_newest(waiting)
    assert age_s is not None
    assert age_s >= 0


def test_a_stopped_provider_gets_nothing_until_a_person_acts(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    with opened.store.begin() as connection:
        providers.set_stopped(connection, opened.provider.id, "the key was refused")
    assert planned(opened).held_back == "sending is stopped: the key was refused"
    with opened.store.begin() as connection:
        lift_stop(connection, opened.provider)
    assert len(planned(opened).batch_ids) == 1


def test_a_plan_says_how_many_batches_its_limits_make_necessary(bench: OpenBench) -> None:
    opened = bench()
    assert [part.batches for part in opened.draft().stages] == [1, 1]
    assert [part.batches for part in opened.configured(max_requests_per_batch=4).draft().stages] == [2, 2]
    per_request = opened.draft().stages[0].input_tokens // 6
    limited = opened.configured(max_enqueued_tokens={"gpt-6.1-sol": 2 * per_request + 100})
    assert limited.draft(stages=[PROCESS]).stages[0].batches == 3


def test_what_follows_takes_nothing_from_a_plan_that_was_approved_meanwhile(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collect ended between the last answer and what follows; the plan that a person approves then is the one that sends it."""
    opened = bench()
    opened.approve()
    with monkeypatch.context() as patch:
        patch.setattr(collect_batch, "carry_on", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            opened.work()
    second = opened.approve()
    assert [(part.stage.key, part.now) for part in second.stages] == [("process_details", 0), ("usecases", 6)]
    for _ in range(2):
        opened.round(consent=Consent(frozenset([second.id])))
    assert opened.column("select distinct plan_id from caseforge.request where stage = 'usecases'") == [second.id]
    assert opened.column("select request_count from caseforge.batch order by id") == [6, 6]


def test_what_follows_comes_under_the_plan_of_its_batch_where_no_other_is_approved(
    bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = bench()
    first = opened.approve()
    with monkeypatch.context() as patch:
        patch.setattr(collect_batch, "carry_on", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            opened.work()
    opened.draft()
    opened.work()
    assert opened.column("select distinct plan_id from caseforge.request where stage = 'usecases'") == [first.id]
