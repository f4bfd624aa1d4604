"""retry: failed nodes are sent again, or contents that score too little are asked for again."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.app import NOT_APPROVED
from caseforge_assets.cli.planning.generation import finish_sending
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import busy, console, errors
from caseforge_assets.cli.shared.options import (
    accepted_stages,
    framework_option,
    json_option,
    nodes_option,
    owner_option,
    pass_session,
    stage_option,
)
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.views.plan_views import print_approved_before, print_too_long
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.approving.plan_retry import RetryPlan
    from caseforge_assets.commands.surveying.survey import Scope


@click.command()
@framework_option
@stage_option
@nodes_option
@owner_option
@click.option(
    "--outcome", "outcomes", multiple=True, metavar="OUTCOME", help="Only nodes that failed so (may be repeated), e.g. truncated_reasoning."
)
@click.option(
    "--max-tokens", type=click.IntRange(256), help="Completion budget of the new requests, instead of the one that follows by itself."
)
@click.option(
    "--quality-below",
    type=click.IntRange(1, 100),
    metavar="SCORE",
    help="Instead of failed nodes: ask for another answer where there is one that scores less. What a person wrote is left.",
)
@click.option("--yes", is_flag=True, help="Approve without being asked.")
@click.option("--wait", is_flag=True, help="Poll and collect to the end.")
@json_option
@pass_session
def retry(
    session: Session,
    key: str | None,
    stage_keys: tuple[str, ...],
    nodes: str | None,
    owner: str | None,
    outcomes: tuple[str, ...],
    max_tokens: int | None,
    quality_below: int | None,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Send failed and cancelled nodes again, with a larger budget where theirs was too small; or ask again for what scores too little."""
    from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
    from caseforge_assets.commands.surveying.survey import Scope

    key, stages, provider = session.framework_key(key), accepted_stages(session, stage_keys), session.provider
    with session.store.connect() as connection:
        scope = Scope(key, stages, provider.simulated, choose_nodes(connection, key, nodes, owner=owner))
    if quality_below is None:
        _retry_failed(session, scope, outcomes, max_tokens, yes=yes, wait=wait, as_json=as_json)
    elif outcomes or max_tokens:
        raise click.UsageError("--quality-below is for answers that are good by their form; --outcome and --max-tokens are for failed ones")
    else:
        _retry_low_scores(session, scope, quality_below, yes=yes, wait=wait, as_json=as_json)


def _retry_low_scores(session: Session, scope: Scope, below: int, *, yes: bool, wait: bool, as_json: bool) -> None:
    from caseforge_assets.cli.results.quality_command import retry_low_scores
    from caseforge_assets.commands.approving.offer_plan import Offer

    low = retry_low_scores(session, scope, below, yes=yes, as_json=as_json)
    asked = replace(scope, stages=session.stages.shared, node_ids=sorted({row.node_id for row in low.asked}))
    finish_sending(session, asked, Offer(low), wait=wait, as_json=as_json, summary={"retried": len(low.asked), "follow": low.later})


def _retry_failed(
    session: Session, scope: Scope, outcomes: tuple[str, ...], max_tokens: int | None, *, yes: bool, wait: bool, as_json: bool
) -> None:
    from caseforge_assets.commands.approving.decide_draft import decide_draft, needs_consent
    from caseforge_assets.commands.approving.offer_plan import offer_plan
    from caseforge_assets.commands.approving.plan_retry import MADE_BY, plan_retry

    provider, readable = session.provider, _judge_again(session, scope.key, as_json)
    with busy("Making requests of what failed"), session.store.begin() as connection:
        draft = plan_retry(connection, session.project, scope, outcomes, max_tokens)
        offer = offer_plan(connection, session.open_project, draft, scope, made_by=MADE_BY)
    if not as_json:
        _print_draft(draft, provider.simulated)
        print_approved_before(offer.before, provider.simulated, wait=wait)
    agreed = yes or not needs_consent(draft, provider) or click.confirm("Send them?", err=True)
    with session.store.begin() as connection:
        refused = decide_draft(connection, draft, agreed, provider, by=account_name())
    if refused:
        session.mirror()
        errors.print("Declined: nothing was sent. The requests are kept; the next plan uses them.")
        sys.exit(NOT_APPROVED)
    summary = {"retried": draft.nodes, "follow": draft.later, "readable": readable}
    meant = draft.node_ids.union(*(reckoned.node_ids for reckoned in offer.before))
    asked = replace(scope, stages=session.stages.shared, node_ids=sorted(meant))  # with what follows from their answers
    finish_sending(session, asked, offer, wait=wait, as_json=as_json, summary=summary)


def _judge_again(session: Session, key: str, as_json: bool) -> int:
    """Reads anew what was answered and is readable now, so that it is not asked for again."""
    from caseforge_assets.commands.collecting.judge_again import judge_again

    with busy("Reading failed answers again"):
        readable = judge_again(session.open_project, key)
    if readable and not as_json:
        console.print(
            f"{counted(readable, 'answer that had failed is readable now, and is', 'answers that had failed are readable now, and are')} not asked for again."
        )
    return readable


def _print_draft(draft: RetryPlan, simulated: bool) -> None:
    shorter = f", {draft.shortened:,} of them shortened" if draft.shortened else ""
    follow = f"; {counted(draft.later, 'request that follows', 'requests that follow')} from what comes back" if draft.later else ""
    cost = "free (simulated)" if simulated else f"expected cost {draft.expected_cost}"
    console.print(f"{counted(draft.nodes, 'failed node')} would be sent again{shorter}{follow}, {cost}.")
    print_too_long(draft.too_long)
