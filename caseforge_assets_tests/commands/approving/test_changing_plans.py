"""Plans that wait, and what a person decides of them: what does not belong to them goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text as sql

from caseforge_assets.batches.states import WrongState
from caseforge_assets.commands.alerting.check_alerts import check_alerts
from caseforge_assets.commands.approving.approve_pending import approve_pending, pending_without_approval
from caseforge_assets.commands.approving.approve_plan import LimitTooLow, approve_plan
from caseforge_assets.commands.approving.change_plan import cancel_plan, decline_plan, raise_limit
from caseforge_assets.commands.approving.view_plans import ReckonedPlan, reckon_plans
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.costs.sums import Cost
from caseforge_assets.store.planning import plans
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, OpenBench, Workbench

CHANGES = "select plan_id, change, changed_by, max_cost_usd from caseforge.plan_change order by id"
PENDING = "select plan_id, count(*) from caseforge.request where state = 'pending' and is_current group by 1 order by 1"
PRICY = {"bills": True, "budget_usd": Decimal(50)}


def limited(bench: Workbench, *codes: str, usd: str = "0.01", key: str = KEY) -> int:
    """A plan that was approved with too small a limit, as older versions let it be; its number."""
    draft = bench.draft(*codes, stages=[PROCESS], key=key)
    with bench.store.begin() as connection:
        plans.decide(connection, draft.id, True, Decimal(usd), by="Ada")
    return draft.id


def reckoned(bench: Workbench, plan_id: int) -> ReckonedPlan:
    with bench.store.connect() as connection:
        (one,) = reckon_plans(connection, bench.project, [plan_id])
    return one


def alerts(bench: Workbench, hours: float = 0) -> list[tuple[str, str]]:
    check_alerts(bench.store, bench.project, datetime.now(UTC) + timedelta(hours=hours))
    return bench.query("select rule, text from caseforge.alert where cleared_at is null order by id")


def test_only_what_belongs_to_a_plan_with_too_small_a_limit_waits(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    opened.load([(f"9{row[0]}", f"{row[1]}9", f"{row[2]} abroad", row[3]) for row in SHOP], key="other")
    small = limited(opened, "1.1.1")
    opened.approve("1.1.2", stages=[PROCESS])
    opened.approve("91.1.1", stages=[PROCESS], key="other")
    held_back = opened.round().held_back
    assert opened.stats()["requests_accepted"] == 2
    assert f"1 request of plan {small} of shop waits: the limit of plan {small} ($0.01) would be overdrawn" in held_back
    assert f"caseforge plans raise {small}" in held_back
    assert opened.query(PENDING) == [(small, 1)]


def test_a_question_that_a_waiting_plan_would_ask_is_asked_by_the_next_one(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    opened.load(SHOP, key="other")
    limited(opened)
    opened.approve(stages=[PROCESS], key="other")
    opened.work()
    assert opened.stats()["requests_accepted"] == 6
    assert opened.query("select framework_key, count(*) from caseforge.content group by 1 order by 1") == [("other", 6), (KEY, 6)]


def test_a_framework_without_budget_holds_up_no_other(bench: OpenBench) -> None:
    budgets = {"other": {"title": "o", "source": "o", "budget_usd": 5}, KEY: {"title": "s", "source": "s"}}
    opened = bench(bills=True, frameworks=budgets)
    opened.load([(f"9{row[0]}", f"{row[1]}9", f"{row[2]} abroad", row[3]) for row in SHOP], key="other")
    opened.approve(stages=[PROCESS])
    opened.approve(stages=[PROCESS], key="other")
    assert "there is no budget for shop" in opened.round().held_back
    assert opened.stats()["requests_accepted"] == 6


def test_a_plan_of_unknown_price_holds_up_no_other(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    unknown = opened.configured(openai_model="my-own-model").approve("1.1.1", stages=[PROCESS])
    opened.approve("1.1.2", stages=[PROCESS])
    assert f"request of plan {unknown.id} of shop waits: the cost of 1 of 1 request is unknown" in opened.round().held_back
    assert opened.stats()["requests_accepted"] == 1


def test_a_plan_that_nobody_approved_holds_up_no_other(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    draft = opened.draft("1.1.1", stages=[PROCESS])
    opened.approve("1.1.2", stages=[PROCESS])
    assert opened.round().held_back == ""
    assert opened.query(PENDING) == [(draft.id, 1)]
    assert alerts(opened) == []
    ((rule, text),) = alerts(opened, hours=25)
    assert rule == "plan_waits"
    assert f"plan {draft.id} of shop, which test made on" in text
    assert "1 request," in text
    assert f"caseforge approve {draft.id}" in text


def test_an_alert_says_what_waits_and_for_whom_until_it_is_sent(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    small = limited(opened, "1.1.1", "1.1.2")
    opened.round()
    ((rule, text),) = alerts(opened)
    assert rule == "plan_waits"
    assert f"2 requests of plan {small} of shop wait: the limit of plan {small} ($0.01)" in text
    assert "Ada approved it on" in text
    with opened.store.begin() as connection:
        raise_limit(connection, opened.project, small, Decimal(1), by="Bea")
    assert alerts(opened) == []
    opened.work()
    assert opened.stats()["requests_accepted"] == 2
    assert opened.query(CHANGES) == [(small, "approved", "Ada", Decimal("0.01")), (small, "raised", "Bea", 1)]


def test_a_limit_that_is_too_low_is_refused_before_anything_is_stored(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    plan = opened.draft("1.1.1")
    cost = plan.expected_cost_usd or Decimal(0)
    with opened.store.begin() as connection:
        with pytest.raises(LimitTooLow, match="would be overdrawn"):
            approve_plan(connection, opened.project, plan.id, cost - Decimal("0.0001"), by="Ada")
        assert opened.query(CHANGES) == []
        approved = approve_plan(connection, opened.project, plan.id, cost + Decimal("0.0001"), by="Ada")
    assert (approved.now, approved.later) == (1, 1)
    assert approved.open_cost.known_usd == pytest.approx(cost), "with the use cases that follow"


def test_a_limit_of_a_plan_of_unknown_price_cannot_be_kept(bench: OpenBench) -> None:
    opened = bench(openai_model="my-own-model", allow_unknown_cost=True, **PRICY)
    plan = opened.draft("1.1.1", stages=[PROCESS])
    with opened.store.begin() as connection:
        with pytest.raises(LimitTooLow, match="cannot be kept"):
            approve_plan(connection, opened.project, plan.id, Decimal(5), by="Ada")
        approve_plan(connection, opened.project, plan.id, by="Ada")
    assert opened.round().submitted


def test_a_limit_is_raised_and_nothing_else(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    small, free = limited(opened, "1.1.1"), opened.approve("1.1.2", stages=[PROCESS]).id
    with opened.store.begin() as connection:
        for limit, says in ((Decimal("0.01"), "already"), (Decimal("0.02"), "would be overdrawn")):
            with pytest.raises(LimitTooLow, match=says):
                raise_limit(connection, opened.project, small, limit, by="Ada")
        with pytest.raises(ValueError, match="has no limit"):
            raise_limit(connection, opened.project, free, Decimal(1), by="Ada")
        raise_limit(connection, opened.project, small, None, by="Ada")
    assert opened.query("select max_cost_usd from caseforge.plan where id = :id", id=small) == [(None,)]


def test_a_cancelled_plan_sends_nothing_more_and_takes_back_what_was_not_created(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    plan = opened.approve("1.1.1", "1.1.2")
    (batch_id,) = plan_batches(opened.project).batch_ids
    assert reckoned(opened, plan.id).written == 2
    with opened.store.begin() as connection:
        assert cancel_plan(connection, plan.id, by="Ada") == 2
    opened.work()
    assert opened.stats()["batches_created"] == 0
    assert opened.query("select state from caseforge.batch where id = :id", id=batch_id) == [("refused",)]
    assert opened.query(CHANGES)[-1][1:3] == ("cancelled", "Ada")
    assert alerts(opened) == []
    with opened.store.begin() as connection:
        assert pending_without_approval(connection, opened.project, False).requests == 0
        assert approve_pending(connection, opened.project, made_by="test") == []
    assert opened.draft(stages=[PROCESS]).nodes == 6, "a person who asks again gets them"


def test_what_is_under_way_when_its_plan_is_cancelled_comes_in_and_nothing_follows(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    plan = opened.approve("1.1.1")
    opened.round()
    with opened.store.begin() as connection:
        cancel_plan(connection, plan.id, by="Ada")
    opened.work()
    assert opened.stats()["requests_accepted"] == 1
    assert opened.column("select stage from caseforge.content") == ["process_details"]


def test_a_declined_draft_is_swept_up_by_no_other_consent(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    draft = opened.draft("1.1.1", stages=[PROCESS])
    with opened.store.begin() as connection:
        decline_plan(connection, draft.id, by="Ada")
        assert approve_pending(connection, opened.project, made_by="test") == []
    with opened.store.begin() as connection, pytest.raises(ValueError, match="is declined already"):
        decline_plan(connection, draft.id, by="Ada")
    assert opened.query(CHANGES) == [(draft.id, "declined", "Ada", None)]
    assert opened.draft("1.1.1", stages=[PROCESS]).nodes == 1


def test_what_was_approved_as_free_of_charge_is_not_sent_to_a_provider_that_bills(bench: OpenBench) -> None:
    simulated, real = bench(), bench(**PRICY)
    plan = simulated.draft("1.1.1")
    with simulated.store.begin() as connection:
        plans.decide(connection, plan.id, True, bills=False)
    real.work()
    assert real.stats()["batches_created"] == 0
    simulated.round()
    simulated.work()
    assert simulated.stats()["requests_accepted"] == 2
    assert real.draft("1.1.1").nodes == 2, "a new plan, with a price"


def test_limits_that_one_form_sets_are_kept_all_together(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    opened.load([(f"9{row[0]}", f"{row[1]}9", f"{row[2]} abroad", row[3]) for row in SHOP], key="other")
    opened.draft("1.1.1", stages=[PROCESS])
    opened.draft("91.1.1", "91.1.2", stages=[PROCESS], key="other")
    with opened.store.begin() as connection:
        assert len(approve_pending(connection, opened.project, made_by="test", max_cost_usd=Decimal(1))) == 2
    limits = opened.column("select max_cost_usd from caseforge.plan where state = 'approved'")
    assert sum(limits) == pytest.approx(1)
    assert opened.round().held_back == ""


def test_what_is_pending_is_approved_by_who_did_it_and_not_under_a_limit_that_it_cannot_keep(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    plan = opened.draft("1.1.1", stages=[PROCESS])
    (cost,) = opened.column("select expected_cost_usd from caseforge.plan")
    with opened.store.begin() as connection:
        with pytest.raises(LimitTooLow, match="1 request is pending and will cost about"):
            approve_pending(connection, opened.project, made_by="test", max_cost_usd=cost - Decimal("0.0001"))
        assert pending_without_approval(connection, opened.project, False).requests == 1
        (approved,) = approve_pending(connection, opened.project, made_by="test", max_cost_usd=cost + Decimal("0.0001"), by="Ada")
    assert approved != plan.id
    assert [row[:3] for row in opened.query(CHANGES)] == [(approved, "approved", "Ada")]


def test_what_is_pending_at_an_unknown_price_is_not_approved_under_a_limit(bench: OpenBench) -> None:
    opened = bench(openai_model="my-own-model", **PRICY)
    opened.draft("1.1.1", stages=[PROCESS])
    with opened.store.begin() as connection, pytest.raises(LimitTooLow, match="the cost of 1 of them is unknown"):
        approve_pending(connection, opened.project, made_by="test", max_cost_usd=Decimal(5))
    assert opened.query(CHANGES) == []


def test_only_a_draft_is_approved_and_only_an_approved_plan_cancelled_or_raised(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    approved, declined, draft = opened.approve("1.1.1").id, opened.draft("1.1.2").id, opened.draft("1.1.3").id
    with opened.store.begin() as connection:
        decline_plan(connection, declined, by="Ada")
        for plan_id, says in ((approved, "is approved already"), (declined, "is declined already")):
            with pytest.raises(WrongState, match=says):
                approve_plan(connection, opened.project, plan_id, by="Ada")
        for plan_id, says in ((declined, "is declined already"), (draft, "is a draft")):
            with pytest.raises(WrongState, match=says):
                cancel_plan(connection, plan_id, by="Ada")
            with pytest.raises(WrongState, match="only an approved plan has a limit"):
                raise_limit(connection, opened.project, plan_id, Decimal(9), by="Ada")
        with pytest.raises(WrongState, match="is approved"):
            decline_plan(connection, approved, by="Ada")
        connection.execute(sql("update caseforge.request set plan_id = null where plan_id = :id"), {"id": draft})
        with pytest.raises(WrongState, match="nothing is pending under plan"):
            approve_plan(connection, opened.project, draft, by="Ada")
        with pytest.raises(LookupError, match="there is no plan 99"):
            approve_plan(connection, opened.project, 99, by="Ada")
        with pytest.raises(LookupError, match="there is no plan 99"):
            cancel_plan(connection, 99, by="Ada")
    assert [row[:3] for row in opened.query(CHANGES)] == [(approved, "approved", "test"), (declined, "declined", "Ada")]


def test_what_a_plan_holds_is_reckoned_step_by_step(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    plan = opened.approve("1.1.1", "1.1.2")
    before = reckoned(opened, plan.id)
    assert (before.pending, before.written, before.under_way, before.later) == (2, 0, 0, 2)
    assert before.open_cost.usd == pytest.approx(plan.expected_cost_usd, rel=Decimal("0.0001"))
    opened.round()
    sent = reckoned(opened, plan.id)
    assert (sent.now, sent.under_way, sent.later) == (0, 2, 2)
    assert sent.spent.usd == pytest.approx(before.now_cost.usd)
    opened.work()
    done = reckoned(opened, plan.id)
    assert not done.is_open
    assert done.open_cost == Cost()
    assert done.spent.usd == sum(opened.column("select cost_usd from caseforge.attempt"))
