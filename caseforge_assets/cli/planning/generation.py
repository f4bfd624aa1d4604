"""plan, generate, submit: what is sent, and with whose consent."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from caseforge_assets.cli.app import NODES_FAILED, NOT_APPROVED, PROVIDER
from caseforge_assets.cli.planning.consenting import is_agreed, left_as_they_are, print_left
from caseforge_assets.cli.planning.pairs import print_similar
from caseforge_assets.cli.planning.why import explain
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import busy, console, errors, print_json
from caseforge_assets.cli.shared.options import (
    accepted_stages,
    chosen_ids,
    framework_option,
    json_option,
    limit_option,
    nodes_option,
    owner_option,
    pass_session,
    select_option,
    stage_option,
)
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.views.plan_views import (
    approved_before_json,
    plan_json,
    print_approved_before,
    print_drafted,
    print_failed,
    print_left_as_they_are,
    print_plan,
)
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.approving.offer_plan import Offer
    from caseforge_assets.commands.planning.find_meant_nodes import Choice
    from caseforge_assets.commands.planning.make_plan import Plan
    from caseforge_assets.commands.surveying.survey import Scope
    from caseforge_assets.store.database.engine import Connection

regenerate_option = click.option(
    "--regenerate",
    is_flag=True,
    help="Ask for another answer also where there is a good one. What a person wrote is replaced only where its node is named alone: --nodes CODE.",
)
model_of_option = click.option(
    "--model-of", metavar="MODEL", help="Only nodes with content that MODEL made, e.g. gpt-5, and ask for another answer there."
)
refresh_context_option = click.option(
    "--refresh-context",
    is_flag=True,
    help="Take no answer that was made for the same node under other ancestors or with other KPIs; ask anew where one was taken.",
)


def _draft(session: Session, connection: Connection, scope: Scope, choice: Choice, *, made_by: str) -> Plan:
    from caseforge_assets.commands.planning.find_meant_nodes import asked_anew
    from caseforge_assets.commands.planning.make_plan import draft_plan

    with busy("Making the plan: contexts, requests, what can be reused"):
        return draft_plan(connection, session.project, scope, made_by=made_by, anew=asked_anew(connection, scope.key, choice))


@click.command()
@framework_option
@stage_option
@nodes_option
@owner_option
@select_option
@limit_option
@regenerate_option
@model_of_option
@refresh_context_option
@click.option("--why", metavar="NODE", help="Say in words why NODE would be asked for again, with what differs; nothing else is planned.")
@click.option(
    "--similar",
    metavar="SHARE",
    type=click.FloatRange(0.5, 1),
    help="List the nodes that would be asked for and are nearly the same as another one, e.g. 0.9; nothing else is planned.",
)
@click.option(
    "--compare", metavar="MODELS", help="Set the cost of the same plan with other models beside it, e.g. gpt-6.1-terra,gpt-6-luna."
)
@click.option("--keep", is_flag=True, help="Keep the plan as a draft that somebody approves later: caseforge approve.")
@click.option("--offline", is_flag=True, help="Do not ask the provider who it is; plan for one that bills.")
@json_option
@pass_session
def plan(
    session: Session,
    key: str | None,
    stage_keys: tuple[str, ...],
    nodes: str | None,
    owner: str | None,
    selection: str | None,
    limit: int | None,
    regenerate: bool,
    model_of: str | None,
    refresh_context: bool,
    why: str | None,
    similar: float | None,
    compare: str | None,
    keep: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Show what would be sent for a framework, why, and at what cost. Nothing is sent, and nothing kept without --keep."""
    from caseforge_assets.commands.approving.keep_draft import keep_draft
    from caseforge_assets.commands.money.sum_budgets import budgets_left
    from caseforge_assets.commands.planning.compare_models import compare_models
    from caseforge_assets.commands.planning.find_meant_nodes import Choice
    from caseforge_assets.commands.surveying.survey import Scope

    key, choice = session.framework_key(key), Choice(nodes, selection, limit, None, model_of, regenerate, refresh_context, owner)
    simulated = False if offline or not session.settings.has_credentials else session.provider.simulated
    if why is not None:
        explain(session, key, why, simulated, as_json)
        return
    stages = accepted_stages(session, stage_keys)
    with session.store.connect() as connection:
        ids = chosen_ids(session, connection, key, stages, choice, simulated=simulated)
        if similar is not None:
            print_similar(session, connection, key, similar, ids, simulated=simulated, as_json=as_json)
            return
        draft = _draft(session, connection, Scope(key, stages, simulated, ids), choice, made_by="plan")
        compared = (
            compare_models(connection, session.settings.configuration.prices, draft, [name.strip() for name in compare.split(",")])
            if compare
            else []
        )
        left = budgets_left(connection, session.project, key)
        if keep:
            keep_draft(connection, draft, by=account_name())
        (connection.commit if keep else connection.rollback)()
    if keep:
        session.mirror()
    print_drafted(draft, simulated, compared, left, kept=keep, as_json=as_json)


@click.command()
@framework_option
@stage_option
@nodes_option
@owner_option
@select_option
@limit_option
@click.option("--test", is_flag=True, help="Only a few nodes, spread over the framework.")
@click.option("--count", type=click.IntRange(1), default=5, show_default=True, help="How many nodes --test takes.")
@regenerate_option
@model_of_option
@refresh_context_option
@click.option("--max-cost-usd", type=click.FloatRange(0), help="The most that this plan may spend; refused where it costs more.")
@click.option("--yes", is_flag=True, help="Approve the plan without being asked.")
@click.option("--wait", is_flag=True, help="Poll and collect to the end; without it the command returns after submitting.")
@json_option
@pass_session
def generate(
    session: Session,
    key: str | None,
    stage_keys: tuple[str, ...],
    nodes: str | None,
    owner: str | None,
    selection: str | None,
    limit: int | None,
    test: bool,
    count: int,
    regenerate: bool,
    model_of: str | None,
    refresh_context: bool,
    max_cost_usd: float | None,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Generate what is missing, stale or failed: shows the plan, asks, submits, and with --wait stays to the end."""
    from caseforge_assets.commands.approving.decide_draft import decide_draft, needs_consent
    from caseforge_assets.commands.approving.offer_plan import offer_plan
    from caseforge_assets.commands.planning.find_meant_nodes import Choice
    from caseforge_assets.commands.surveying.survey import Scope

    key, stages = session.framework_key(key), accepted_stages(session, stage_keys)
    project, provider = session.open_project, session.provider
    choice = Choice(nodes, selection, limit, count if test else None, model_of, regenerate, refresh_context, owner)
    cap = None if max_cost_usd is None else Decimal(str(max_cost_usd))
    with session.store.begin() as connection:  # a limit that is too low leaves nothing behind
        ids = chosen_ids(session, connection, key, stages, choice, simulated=provider.simulated)
        scope = Scope(key, stages, provider.simulated, ids)
        draft = _draft(session, connection, scope, choice, made_by="generate")
        offer = offer_plan(connection, project, draft, scope, max_cost_usd=cap)
    if not as_json:
        print_plan(draft, provider.simulated, offer.before, wait=wait)
    agreed = yes or not needs_consent(draft, provider, project.configuration.auto_approve_below_usd) or is_agreed(draft, offer.before)
    with session.store.begin() as connection:
        refused = decide_draft(connection, draft, agreed, provider, by=account_name(), max_cost_usd=cap)
    if refused:
        session.mirror()
        errors.print("Declined: nothing was sent. The requests are kept; the next plan uses them.")
        sys.exit(NOT_APPROVED)
    finish_sending(session, scope, offer, wait=wait, as_json=as_json, summary={"plan": plan_json(draft, provider.simulated)})


@click.command()
@click.option("--yes", is_flag=True, help="Approve pending requests that belong to no approved plan, without being asked.")
@click.option("--wait", is_flag=True, help="Poll and collect to the end.")
@json_option
@pass_session
def submit(session: Session, yes: bool, wait: bool, as_json: bool) -> None:
    """Submit what is approved and was not sent yet, from whichever command or Dagster run it comes; what nobody approved is asked about."""
    from caseforge_assets.commands.approving.approve_pending import approve_pending, pending_without_approval
    from caseforge_assets.commands.approving.offer_plan import Offer
    from caseforge_assets.commands.approving.view_plans import approved_before

    with session.store.connect() as connection:
        before = approved_before(connection, session.open_project)
    if not as_json:
        print_approved_before(before, session.provider.simulated, wait=wait)
    if not session.provider.simulated:
        with session.store.connect() as connection:
            pending = pending_without_approval(connection, session.project, False)
        question = f"{counted(pending.requests, 'pending request')} in no approved plan, expected cost {pending.expected_cost}. Send?"
        if pending.requests and (yes or click.confirm(question, err=True)):
            with session.store.begin() as connection:
                approve_pending(connection, session.project, made_by="submit", by=account_name(), named=pending.ids)
    finish_sending(session, None, Offer(None, before), wait=wait, as_json=as_json, summary={})


def finish_sending(session: Session, scope: Scope | None, offer: Offer, *, wait: bool, as_json: bool, summary: dict[str, Any]) -> None:
    """Submits what was named to the person, waits if asked, mirrors to Dagster, prints what came of it and sets the exit code.

    Args:
        scope: what the command was asked for, of which failures are told; None: whatever is sent, of which those are told that come now.
    """
    from caseforge_assets.cli.watching.following import batches_in_trouble, exit_if_in_trouble, follow, submit_once
    from caseforge_assets.commands.reporting.list_failures import failures_of
    from caseforge_assets.commands.rounds.work import lift_stop

    with session.store.begin() as connection:
        lift_stop(connection, session.provider)
        before = failures_of(connection, session.project, None) if scope is None else frozenset()
    done = (follow if wait else submit_once)(session, consent=offer.consent, quiet=as_json)
    session.mirror()
    with session.store.connect() as connection:
        failed = failures_of(connection, session.project, scope) - before
    left = left_as_they_are(session, offer) if wait else {}
    trouble = batches_in_trouble(session, scope) if wait else []
    if as_json:
        refused = [batch.reason for batch in done.refused]
        sent = {
            "submitted_batches": done.submitted,
            "refused": refused,
            "held_back": done.held_back,
            "failed_nodes": len({(row.framework_key, row.code) for row in failed}),
        }
        sent |= {"left_as_they_are": left, "waiting": {batch.name: batch.reason for batch in trouble}}
        print_json({**summary, "approved_before": approved_before_json(offer.before), **sent})
    else:
        print_left_as_they_are(left, session.stages)
        print_left(session, offer)
    if done.refused:
        sys.exit(PROVIDER)
    if done.held_back:
        if not as_json:
            console.print(f"Held back: {done.held_back}", style="yellow")
        sys.exit(NOT_APPROVED)
    exit_if_in_trouble(session, trouble, quiet=as_json)
    if wait and failed:
        if not as_json:
            print_failed(failed, named=scope is not None and scope.node_ids is not None)
        sys.exit(NODES_FAILED)
