"""The limit of a caller's own over all plans that they approve."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from caseforge_assets.access.roles import Caller, Grant, NotAllowed, Role
from caseforge_assets.commands.approving.approve_plan import approve_plan
from caseforge_assets.commands.approving.change_plan import cancel_plan, raise_limit
from caseforge_assets.commands.approving.refuse_over_limit import refuse_over_own_limit
from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets_tests.workbench import PROCESS, OpenBench, Workbench

PRICY = {"bills": True, "budget_usd": Decimal(50)}


def planner(limit_usd: str | None) -> Caller:
    return Caller("ben", (Grant(Role.planner),), None if limit_usd is None else Decimal(limit_usd))


def approve(bench: Workbench, caller: Caller, plan_id: int, max_cost_usd: str | None) -> None:
    """As an endpoint does: all in one transaction."""
    limit = None if max_cost_usd is None else Decimal(max_cost_usd)
    with bench.store.begin() as connection:
        (reckoned,) = reckon_plans(connection, bench.project, [plan_id])
        refuse_over_own_limit(connection, caller, reckoned, limit)
        approve_plan(connection, bench.project, plan_id, limit, by=caller.name)


def raise_to(bench: Workbench, caller: Caller, plan_id: int, max_cost_usd: str) -> None:
    with bench.store.begin() as connection:
        (reckoned,) = reckon_plans(connection, bench.project, [plan_id])
        refuse_over_own_limit(connection, caller, reckoned, Decimal(max_cost_usd))
        raise_limit(connection, bench.project, plan_id, Decimal(max_cost_usd), by=caller.name)


def drafts(bench: Workbench, *codes: str) -> list[int]:
    return [bench.draft(code, stages=[PROCESS]).id for code in codes]


def test_plans_count_with_their_limits_and_cancelled_ones_with_what_they_spent(bench: OpenBench) -> None:
    opened, ben = bench(**PRICY), planner("10")
    one, two, three = drafts(opened, "1.1.1", "1.1.2", "1.1.3")
    approve(opened, ben, one, "6")
    with pytest.raises(NotAllowed, match=r"up to \$10\.00 in all; plans approved before may cost \$6\.00 of it, and plan 2 \$4\.50"):
        approve(opened, ben, two, "4.5")
    approve(opened, ben, two, "4")
    with pytest.raises(NotAllowed):
        raise_to(opened, ben, two, "4.01")
    approve(opened, planner(None), three, "20")  # no limit, nothing to keep
    with opened.store.begin() as connection:
        cancel_plan(connection, three, by="ben")
        cancel_plan(connection, one, by="ada")
    raise_to(opened, ben, two, "10")


def test_another_person_who_raises_a_plan_takes_the_difference_on_themselves(bench: OpenBench) -> None:
    opened, ben = bench(**PRICY), planner("10")
    one, two = drafts(opened, "1.1.1", "1.1.2")
    approve(opened, ben, one, "6")
    with opened.store.begin() as connection:
        raise_limit(connection, opened.project, one, Decimal(40), by="ada")
    approve(opened, ben, two, "4")


def test_a_plan_without_a_limit_counts_as_expected_and_an_unknown_one_cannot_be_approved(bench: OpenBench) -> None:
    opened = bench(**PRICY)
    (one,) = drafts(opened, "1.1.1")
    expected = opened.column("select expected_cost_usd from caseforge.plan where id = :id", id=one)[0]
    with pytest.raises(NotAllowed):
        approve(opened, planner(str(expected / 2)), one, None)
    approve(opened, planner(str(expected * 2)), one, None)
    other = opened.configured(openai_model="my-own-model")
    (unknown,) = drafts(other, "1.1.2")
    with pytest.raises(NotAllowed, match="unknown"):
        approve(other, planner("10"), unknown, None)
    approve(other, planner(None), unknown, None)
    (last,) = drafts(opened, "1.1.3")
    with pytest.raises(NotAllowed, match="what 1 of the plans approved before may cost is unknown"):
        approve(opened, planner("10"), last, "1")


def test_two_at_once_do_not_overdraw_it(bench: OpenBench) -> None:
    opened, ben = bench(**PRICY), planner("10")
    plan_ids = drafts(opened, "1.1.1", "1.1.2", "1.1.3", "2.1.1")

    def attempt(plan_id: int) -> bool:
        try:
            approve(opened, ben, plan_id, "4")
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(attempt, plan_ids)) == 2
