"""Drafts as they are laid before a person: what needs a yes, what a yes covers, and what waits beside it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caseforge_assets.batches.consent import EVERYTHING
from caseforge_assets.commands.approving.approve_plan import LimitTooLow
from caseforge_assets.commands.approving.decide_draft import decide_draft, needs_consent
from caseforge_assets.commands.approving.offer_plan import Offer, left_waiting, offer_plan
from caseforge_assets.commands.planning.make_plan import Plan
from caseforge_assets.commands.reporting.list_failures import failures_of
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench

STATES = "select id, state, bills, max_cost_usd from caseforge.plan order by id"
DECIDED = "select action from caseforge.audit_entry where action in ('plan.approved', 'plan.declined') order by id"
BILLS = {"bills": True, "budget_usd": Decimal(9)}
A_CENT = Decimal("0.01")


def offered(bench: Workbench, draft: Plan, *codes: str, max_cost_usd: Decimal | None = None) -> Offer:
    with bench.store.connect() as connection:
        scope = Scope(KEY, [PROCESS], bench.provider.simulated, bench.ids(*codes))
        return offer_plan(connection, bench.project, draft, scope, max_cost_usd=max_cost_usd)


def decided(bench: Workbench, draft: Plan, agreed: bool, max_cost_usd: Decimal | None = None) -> bool:
    with bench.store.begin() as connection:
        return decide_draft(connection, draft, agreed, bench.provider, by="Ada", max_cost_usd=max_cost_usd)


def test_what_bills_needs_a_yes_down_to_what_may_go_without_one(bench: OpenBench) -> None:
    opened = bench(**BILLS)
    draft = opened.draft(stages=[PROCESS])
    cost = draft.expected_cost_usd
    assert cost is not None
    assert needs_consent(draft, opened.provider)
    assert needs_consent(draft, opened.provider, cost)
    assert not needs_consent(draft, opened.provider, cost + A_CENT)


def test_an_unknown_cost_is_never_small(bench: OpenBench) -> None:
    opened = bench(**BILLS, openai_model="my-own-model")
    assert needs_consent(opened.draft(stages=[PROCESS]), opened.provider, Decimal(1000))


def test_what_sends_nothing_needs_no_yes_and_is_no_approved_plan(bench: OpenBench) -> None:
    opened = bench(**BILLS)
    opened.approve(stages=[PROCESS])
    draft = opened.draft(stages=[PROCESS])
    assert draft.nodes == 0
    assert not needs_consent(draft, opened.provider)
    assert not decided(opened, draft, agreed=True)
    assert not decided(opened, opened.draft(stages=[PROCESS]), agreed=False)
    assert [row[1:] for row in opened.query(STATES)[1:]] == [("declined", True, None)] * 2
    assert opened.column(DECIDED) == []


def test_a_simulated_provider_needs_no_yes_and_its_plans_are_never_for_one_that_bills(bench: OpenBench) -> None:
    opened = bench()
    draft = opened.draft(stages=[PROCESS])
    assert not needs_consent(draft, opened.provider)
    assert not decided(opened, draft, agreed=True)
    assert opened.query(STATES) == [(draft.id, "approved", False, None)]


def test_a_no_declines_and_a_yes_approves_with_its_limit(bench: OpenBench) -> None:
    opened = bench(**BILLS)
    declined = opened.draft("1.1.1", stages=[PROCESS])
    assert decided(opened, declined, agreed=False)
    approved = opened.draft("1.1.1", stages=[PROCESS])
    assert not decided(opened, approved, agreed=True, max_cost_usd=Decimal(2))
    assert opened.query(STATES) == [(declined.id, "declined", True, None), (approved.id, "approved", True, Decimal(2))]
    assert opened.column(DECIDED) == ["plan.declined", "plan.approved"]


def test_a_yes_covers_the_draft_and_what_was_named_beside_it(bench: OpenBench) -> None:
    opened = bench(**BILLS)
    same, other = opened.approve("1.1.1", stages=[PROCESS]), opened.approve("2.1.1", stages=[PROCESS])
    offer = offered(opened, opened.draft("1.1.1", "1.1.2", stages=[PROCESS]), "1.1.1", "1.1.2")
    assert offer.draft is not None
    assert [reckoned.plan.id for reckoned in offer.before] == [same.id]
    assert offer.consent.plan_ids == {offer.draft.id, same.id}
    with opened.store.connect() as connection:
        assert [reckoned.plan.id for reckoned in left_waiting(connection, opened.project, offer)] == [other.id]


def test_without_a_draft_all_that_is_approved_is_meant_and_nothing_is_left(bench: OpenBench) -> None:
    opened = bench(**BILLS)
    opened.approve("1.1.1", stages=[PROCESS])
    assert Offer(None).consent == EVERYTHING
    with opened.store.connect() as connection:
        assert left_waiting(connection, opened.project, Offer(None)) == []


def test_a_limit_below_the_cost_is_refused_unless_it_costs_nothing(bench: OpenBench) -> None:
    opened = bench(**BILLS)
    with pytest.raises(LimitTooLow, match="the limit of this plan"):
        offered(opened, opened.draft(stages=[PROCESS]), max_cost_usd=Decimal("0.0001"))


def test_a_simulated_provider_keeps_every_limit(bench: OpenBench) -> None:
    opened = bench()
    draft = opened.draft(stages=[PROCESS])
    assert offered(opened, draft, max_cost_usd=Decimal(0)) == Offer(draft, [], Decimal(0))


def test_failures_are_told_of_what_was_asked_for(bench: OpenBench) -> None:
    entry = FrameworkSettings(title="any", source="any.csv")
    opened = bench(
        faults=[f"truncate:match=-{code}-1-1-r" for code in ("1", "91", "92")], frameworks={KEY: entry, "other": entry}, max_attempts=1
    )
    opened.load([(f"9{row[0]}", f"{row[1]}9", f"{row[2]} abroad", row[3]) for row in SHOP], key="other")
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    opened.generate(stages=[PROCESS], key="other")
    (one,), (other,) = opened.ids("1.1.1"), opened.ids("1.1.2")
    scopes = [
        Scope(KEY, [PROCESS], True),
        Scope("other", [PROCESS], True),
        None,
        Scope(KEY, [PROCESS], True, [one]),
        Scope(KEY, [PROCESS], True, [other]),
        Scope(KEY, [USECASES], True),
    ]
    with opened.store.connect() as connection:
        assert [len(failures_of(connection, opened.project, scope)) for scope in scopes] == [1, 2, 3, 1, 0, 0]
