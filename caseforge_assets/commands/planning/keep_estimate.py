"""Keeps the estimate of a planned stage, to be shown to whoever decides about the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets.store.planning.plan_details import StageEstimate

if TYPE_CHECKING:
    from caseforge_assets.commands.planning.make_plan import StagePlan


def kept_estimate(part: StagePlan) -> StageEstimate:
    """Gives the estimate of a stage of a plan as numbers and texts that can be stored."""
    return StageEstimate(
        part.model,
        part.now,
        part.later,
        part.retries,
        sum(count for counts in part.reused.values() for count in counts.values()),
        part.shortened,
        part.input_tokens,
        part.output_tokens,
        None if part.expected_cost_usd is None else f"{part.expected_cost_usd:f}",
        None if part.at_most_usd is None else f"{part.at_most_usd:f}",
        states=part.states,
        too_long={node.code: node.why for node in part.too_long},
        not_retried=part.given_up,
        written_kept=part.written_kept,
        kept_of_others=part.kept_of_others,
    )
