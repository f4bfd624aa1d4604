"""approve, costs: consent to a plan, and what came of it in money."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console, print_json, usd
from caseforge_assets.cli.shared.options import framework_option, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.costs.sums import Payment
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caseforge_assets.store.figures.spending import Spent

GROUPINGS = ("stage", "model", "day", "branch", "framework", "batch", "outcome", "node")


@click.command()
@click.argument("plan_id", metavar="PLAN", type=int)
@click.option("--max-cost-usd", type=click.FloatRange(0), help="The most that this plan may spend; refused where it costs more.")
@click.option("--by", metavar="NAME", help="Who approves it; by default the name of the account.")
@pass_session
def approve(session: Session, plan_id: int, max_cost_usd: float | None, by: str | None) -> None:
    """Approve the draft number PLAN, as `caseforge plan --keep` made it. `caseforge submit` or the sensors send it."""
    from caseforge_assets.commands.approving.approve_plan import approve_plan

    limit = Decimal(str(max_cost_usd)) if max_cost_usd is not None else None
    with session.store.begin() as connection:
        approved = approve_plan(connection, session.project, plan_id, limit, by=by or account_name())
    requests = approved.now + approved.later
    console.print(
        f"Plan {plan_id} is approved: {approved.plan.framework_key}, {counted(requests, 'request')}, expected cost {approved.open_cost}. "
        "`caseforge submit` sends it."
    )


@click.command()
@framework_option
@click.option("--by", "grouping", type=click.Choice(GROUPINGS), default="stage", show_default=True, help="What is added up.")
@click.option("--since", metavar="DAYS", type=click.FloatRange(min=0, min_open=True), help="Only answers of the last so many days.")
@json_option
@pass_session
def costs(session: Session, key: str | None, grouping: str, since: float | None, as_json: bool) -> None:
    """Show what answers cost, truncated and failed ones included, beside what they were expected to cost.

    Costs are the price list's, applied to the tokens of each answer; what is not known is said to be unknown.
    """
    from caseforge_assets.commands.money.sum_costs import sum_costs
    from caseforge_assets.store.figures.batch_sums import frameworks_by_name

    keyed = session.known_key(key) if key or grouping in ("branch", "node") else None
    start = datetime.now(UTC) - timedelta(days=since) if since is not None else None
    with session.store.connect() as connection:
        rows = sum_costs(connection, grouping, keyed, start)
        of = frameworks_by_name(connection, [row.name for row in rows]) if grouping == "batch" else {}
    if as_json:
        print_json([asdict(row) | ({"frameworks": of.get(row.name, ())} if grouping == "batch" else {}) for row in rows])
    elif not rows:
        console.print("Nothing came back yet.")
    else:
        _print_costs(rows, grouping, of)


def _print_costs(rows: list[Spent], grouping: str, of: Mapping[str, Sequence[str]]) -> None:
    from caseforge_assets.costs.sums import total

    table = FittingTable(
        grouping.capitalize(),
        *(["Framework"] if of else []),
        "Kind",
        "Attempts",
        "Input tokens",
        "Output tokens",
        "Reasoning",
        "Cost",
        "Expected",
        drop=("Reasoning", "Input tokens", "Output tokens", "Expected"),
    )
    for row in rows:
        tokens = ("unknown" if count is None else f"{count:,}" for count in (row.input_tokens, row.output_tokens, row.reasoning_tokens))
        whose = [", ".join(of.get(row.name, ()))] if of else []
        table.add_row(row.name, *whose, row.kind, f"{row.attempts:,}", *tokens, str(row.cost), _known(row.expected_cost_usd))
    console.print(table)
    for kind in dict.fromkeys(row.kind for row in rows):
        of_kind = [row for row in rows if row.kind == kind]
        console.print(
            f"Together, {kind}: {total(row.cost for row in of_kind)} for {counted(sum(row.attempts for row in of_kind), 'attempt')}."
        )
    cached, written = (sum(getattr(row, name) or 0 for row in rows) for name in ("cached_tokens", "cache_write_tokens"))
    if cached or written:
        kept = f" and {written:,} were written to it" if written else ""
        console.print(f"Of the input tokens, {cached:,} came from the prompt cache{kept}.")
    if any(row.unknown_costs for row in rows):
        console.print(
            "Unknown is what attempts cost that may have been billed and have no usage: missing lines, batches that were given up."
        )
    if any(row.kind == Payment.simulated for row in rows):
        console.print("Simulated answers cost nothing; shown is what their tokens would have cost.")


def _known(amount: Decimal | None) -> str:
    """Nothing where no cost is known: there is nothing to hold it against."""
    return "" if amount is None else usd(amount)
