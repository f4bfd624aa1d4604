"""quality: how good what was made is, and `retry --quality-below`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.app import NOT_APPROVED
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import busy, console, errors, print_json
from caseforge_assets.cli.shared.options import (
    chosen_stages,
    framework_option,
    json_option,
    nodes_option,
    owner_option,
    pass_session,
    stage_option,
)
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.quality.plan_quality_retry import QualityRetryPlan
    from caseforge_assets.commands.surveying.survey import Scope

SHOWN = 10


@click.command()
@framework_option
@stage_option
@nodes_option
@owner_option
@click.option("--worst", type=click.IntRange(0), default=20, show_default=True, help="How many of the lowest scores are listed.")
@json_option
@pass_session
def quality(
    session: Session, key: str | None, stage_keys: tuple[str, ...], nodes: str | None, owner: str | None, worst: int, as_json: bool
) -> None:
    """Show how good the documents and candidates are: scores from 0 to 100 with their parts, what repeats, how levels are spread.

    With --nodes, every score of these nodes with all its parts. What was made before scores were kept is measured first. A score says how far
    a text keeps to what was asked for, not whether what it says is true; docs/quality.md explains the parts.
    """
    from caseforge_assets.cli.views.quality_views import print_quality, quality_json
    from caseforge_assets.commands.quality.measure_quality import measure_missing
    from caseforge_assets.commands.quality.read_quality import read_quality
    from caseforge_assets.commands.surveying.choose_nodes import choose_nodes

    key = session.framework_key(key)
    with session.store.connect() as connection:
        ids = choose_nodes(connection, key, nodes, owner=owner)
    with busy("Measuring and comparing contents"), session.store.connect() as connection:
        measured = measure_missing(session.store, session.stages, key)
        found = read_quality(connection, session.project, key, chosen_stages(session, stage_keys), ids)
    if as_json:
        print_json(
            {"framework": key, "measured_now": measured, "stages": [quality_json(of_stage, None if nodes else worst) for of_stage in found]}
        )
        return
    if measured:
        console.print(f"{counted(measured, 'content was', 'contents were')} measured now.", style="dim")
    print_quality(found, session.settings.configuration, worst, with_parts=nodes is not None)


def retry_low_scores(session: Session, scope: Scope, below: int, *, yes: bool, as_json: bool) -> QualityRetryPlan:
    """Plans what scores too little, shows the plan, and approves it if a person agrees; returns the plan."""
    from caseforge_assets.commands.approving.decide_draft import decide_draft, needs_consent
    from caseforge_assets.commands.quality.measure_quality import measure_missing
    from caseforge_assets.commands.quality.plan_quality_retry import plan_quality_retry

    provider = session.provider
    with busy("Measuring contents, and making requests of those that score too little"), session.store.begin() as connection:
        measure_missing(session.store, session.stages, scope.key)
        draft = plan_quality_retry(connection, session.project, scope, below)
    if not as_json:
        _print_draft(draft, scope.key, below, simulated=provider.simulated)
    agreed = yes or not needs_consent(draft, provider) or click.confirm("Ask for them again?", err=True)
    with session.store.begin() as connection:
        refused = decide_draft(connection, draft, agreed, provider, by=account_name())
    if refused:
        session.mirror()
        errors.print("Declined: nothing was sent. What there is stays as it is.")
        sys.exit(NOT_APPROVED)
    return draft


def _print_draft(draft: QualityRetryPlan, key: str, below: int, *, simulated: bool) -> None:
    from caseforge_assets.cli.views.plan_views import print_too_long
    from caseforge_assets.reports.quality import say_why

    for row in draft.asked[:SHOWN]:
        console.print(f"  {row.code} {row.name}, {row.stage}: {row.score}; {say_why(row)}")
    if len(draft.asked) > SHOWN:
        console.print(f"  … and {len(draft.asked) - SHOWN:,} more; `caseforge quality --framework {key}` lists them.")
    counts = ", ".join(
        f"{sum(row.stage == stage for row in draft.asked):,} {stage}" for stage in dict.fromkeys(row.stage for row in draft.asked)
    )
    cost = "free (simulated)" if simulated else f"expected cost {draft.expected_cost}"
    follow = f"; {counted(draft.later, 'that is made from them follows', 'that are made from them follow')}" if draft.later else ""
    console.print(
        f"Would be asked for again because they score less than {below}: {counts}{follow}; {cost}."
        if draft.asked
        else f"Nothing that could be asked for again scores less than {below}."
    )
    print_too_long(draft.too_long)
    if draft.edited:
        console.print(f"{counted(draft.edited, 'that a person wrote is left as it is', 'that a person wrote are left as they are')}.")
    if draft.under_way:
        console.print(f"{counted(draft.under_way, 'is', 'are')} asked for already.")
