"""plans: what was planned, what of it waits and why, and what a person decides of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.batches.states import OPEN_PLANS, PlanState
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.costs.sums import ZERO, exact_usd
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection

    from caseforge_assets.commands.approving.view_plans import ReckonedPlan
    from caseforge_assets.store.planning.plans import PlanChange

by_option = click.option("--by", metavar="NAME", help="Who decides it; by default the name of the account.")
plan_argument = click.argument("plan_id", metavar="PLAN", type=int)


@click.group(invoke_without_command=True)
@click.pass_context
def plans(ctx: click.Context) -> None:
    """Plans: what was approved and by whom, what of it waits and why. Without a command: `list`.

    A plan that waits, because of its limit or a budget, holds up no other. Drafts are made by `caseforge plan --keep`, and approved by their number
    with `caseforge approve`.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_plans)


@plans.command("list")
@click.option("--all", "with_ended", is_flag=True, help="Those of which nothing is open any more as well.")
@json_option
@pass_session
def list_plans(session: Session, with_ended: bool = False, as_json: bool = False) -> None:
    """Plans of which something is open, oldest first."""
    found = _reckoned(session, None)
    shown = [reckoned for reckoned in found if with_ended or (reckoned.is_open and reckoned.plan.state in OPEN_PLANS)]
    if as_json:
        print_json([_plan_json(reckoned, _changes(session, reckoned)) for reckoned in shown])
    elif not shown:
        console.print(
            "No plan was made yet."
            if not found
            else "Of no plan is anything open; `caseforge plans list --all` shows those that are through."
        )
    else:
        _print_plans(shown, session.settings.configuration.frameworks)


@plans.command()
@plan_argument
@json_option
@pass_session
def show(session: Session, plan_id: int, as_json: bool) -> None:
    """PLAN with what of it is open, what it has spent, and who decided what of it when."""
    found = _reckoned(session, [plan_id])
    if not found:
        raise LookupError(f"there is no plan {plan_id}; `caseforge plans list --all` names them")
    (reckoned,) = found
    changes = _changes(session, reckoned)
    if as_json:
        print_json(_plan_json(reckoned, changes))
        return
    _print_plans([reckoned], session.settings.configuration.frameworks)
    for change in changes:
        limit = f", limit {exact_usd(change.max_cost_usd)}" if change.max_cost_usd is not None else ""
        console.print(f"{change.changed_at.astimezone():%Y-%m-%d %H:%M}: {change.change} by {change.changed_by}{limit}")


@plans.command()
@plan_argument
@by_option
@pass_session
def cancel(session: Session, plan_id: int, by: str | None) -> None:
    """Send nothing more of the approved PLAN. What is at the provider goes on, and its answers are collected.

    Its nodes wait until you ask for them again, with `caseforge generate` for example. A batch that is under way is stopped with `caseforge cancel`.
    """
    from caseforge_assets.commands.approving.change_plan import cancel_plan

    with session.store.begin() as connection:
        count = cancel_plan(connection, plan_id, by=by or account_name())
    session.mirror()
    (cancelled,) = _reckoned(session, [plan_id])
    console.print(
        f"Plan {plan_id} is cancelled: {counted(count, 'request is', 'requests are')} not sent. "
        f"`caseforge generate --framework {cancelled.plan.framework_key}` asks for their nodes again."
    )


@plans.command()
@plan_argument
@by_option
@pass_session
def decline(session: Session, plan_id: int, by: str | None) -> None:
    """Decide that the draft PLAN is not sent. Its requests are kept; the next plan uses them."""
    from caseforge_assets.commands.approving.change_plan import decline_plan

    with session.store.begin() as connection:
        decline_plan(connection, plan_id, by=by or account_name())
    session.mirror()
    console.print(f"Plan {plan_id} is declined: nothing of it is sent. The requests are kept; the next plan uses them.")


@plans.command("raise")
@plan_argument
@click.option("--max-cost-usd", type=click.FloatRange(0), help="The most that it may spend from now on, what it has spent included.")
@click.option("--no-limit", is_flag=True, help="Let it spend what the budgets in caseforge.toml allow.")
@by_option
@pass_session
def raise_plan(session: Session, plan_id: int, max_cost_usd: float | None, no_limit: bool, by: str | None) -> None:
    """Let the approved PLAN spend more. `caseforge submit` or the sensors send what waited for it."""
    from caseforge_assets.commands.approving.change_plan import raise_limit

    if no_limit == (max_cost_usd is not None):
        raise click.UsageError("say either how much it may spend (--max-cost-usd USD), or --no-limit")
    limit = None if max_cost_usd is None else Decimal(str(max_cost_usd))
    with session.store.begin() as connection:
        before = raise_limit(connection, session.project, plan_id, limit, by=by or account_name())
    session.mirror()
    now = "has no limit now" if limit is None else f"may spend {exact_usd(limit)} now"
    console.print(f"Plan {plan_id} {now}; it was {exact_usd(before.max_cost_usd or ZERO)}. `caseforge submit` sends what waited.")


def _reckoned(session: Session, plan_ids: Collection[int] | None) -> list[ReckonedPlan]:
    from caseforge_assets.commands.approving.view_plans import reckon_plans

    with session.store.connect() as connection:
        return reckon_plans(connection, session.project, plan_ids)


def _changes(session: Session, reckoned: ReckonedPlan) -> list[PlanChange]:
    from caseforge_assets.store.planning import plans as stored

    with session.store.connect() as connection:
        return stored.changes(connection, [reckoned.plan.id])


def _print_plans(found: list[ReckonedPlan], declared: Collection[str]) -> None:
    table = FittingTable(
        "Plan",
        "Framework",
        "State",
        "Made by",
        "To send",
        "Under way",
        "Follow",
        "Still to cost",
        "Spent",
        "Limit",
        drop=("Made by", "Under way", "Follow"),
    )
    for reckoned in found:
        plan = reckoned.plan
        limit = "none" if plan.max_cost_usd is None else exact_usd(plan.max_cost_usd)
        counts = (f"{count:,}" for count in (reckoned.now, reckoned.under_way, reckoned.later))
        made = f"{plan.maker}, {plan.created_at.astimezone():%Y-%m-%d %H:%M}"
        state = plan.state if plan.framework_key in declared else f"{plan.state}, framework taken out"
        table.add_row(str(plan.id), plan.framework_key, state, made, *counts, str(reckoned.open_cost), str(reckoned.spent), limit)
    console.print(table)
    for reckoned in found:
        if reckoned.plan.held_back and reckoned.pending:
            console.print(f"Plan {reckoned.plan.id} waits: {reckoned.plan.held_back}", style="yellow")
    if any(not reckoned.plan.bills and reckoned.plan.state == PlanState.approved for reckoned in found):
        console.print(
            "Plans that were approved as free of charge are for simulated providers only; costs are what a provider that bills would ask."
        )


def _plan_json(reckoned: ReckonedPlan, changes: list[PlanChange]) -> dict[str, Any]:
    """For scripts; costs in USD, null when a part of them is unknown. `spent` is what is spent or reserved at providers that bill."""
    plan = reckoned.plan
    return {
        "plan": plan.id,
        "framework": plan.framework_key,
        "stages": plan.stages,
        "state": plan.state,
        "made_by": plan.made_by,
        "by": plan.by,
        "created_at": plan.created_at,
        "for_simulated_only": not plan.bills,
        "to_send": reckoned.now,
        "under_way": reckoned.under_way,
        "follow": reckoned.later,
        "expected_cost_usd": reckoned.open_cost.usd,
        "to_send_cost_usd": reckoned.now_cost.usd,
        "follow_cost_usd": reckoned.later_cost.usd,
        "spent_usd": reckoned.spent.known_usd,
        "unknown_costs": reckoned.spent.unknown,
        "max_cost_usd": plan.max_cost_usd,
        "waits": plan.held_back if reckoned.pending else None,
        "changes": [
            {"change": change.change, "by": change.changed_by, "at": change.changed_at, "max_cost_usd": change.max_cost_usd}
            for change in changes
        ],
    }
