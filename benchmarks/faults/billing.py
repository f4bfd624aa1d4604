"""Compares the server's bill, from the answers in its own files, with what the store says and what `costs` adds up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from benchmarks.faults.server_files import answers_given
from benchmarks.faults.world import Project

STORED_UNIT_USD = Decimal("0.00000001")  # the store rounds each answer's cost to it


def billed_usd(project: Project) -> Decimal:
    """Adds up the cost of the answers in the server's files, each by its own tokens."""
    from caseforge_assets.batches.results.response_body import Usage
    from caseforge_assets.costs.prices import cost_usd

    total = Decimal(0)
    for answer in answers_given(project):
        if tokens := answer.tokens:
            total += (cost_usd(Usage(*tokens, 0), answer.body["model"]) or Decimal(0)).quantize(STORED_UNIT_USD, ROUND_HALF_UP)
    return total


def wrong_costs(found: dict[str, Any], stats: dict[str, Any], project: Project, unknown: int = 0) -> list[str]:
    """Lists where store and `costs` differ from the server: in answers, their tokens and cost, answers of unknown cost.

    Args:
        found: what `look` returned.
        stats: what the server says of itself.
        unknown: of how many attempts the cost can't be known, because the server never said what they came to, or how many tokens they took.
    """
    wrong = []
    paid, known = stats["answered"]["requests"], found["answered"] - project.answered_before
    if not paid - unknown <= known <= paid:
        wrong.append(f"the server answered {paid} requests, the store knows of {known}")
    stored, billed = Decimal(found["cost_usd"]) - Decimal(project.cost_before_usd), billed_usd(project)
    if abs(stored - billed) > STORED_UNIT_USD:
        wrong.append(f"the server billed ${billed:.6f}, the store knows of ${stored:.6f}")
    tokens, counted = (
        found["tokens"] - project.tokens_before,
        sum(usage["input"] + usage["output"] for usage in stats["usage"].values() if usage),
    )
    if tokens > counted or (tokens < counted and not unknown):
        wrong.append(f"the server counted {counted:,} tokens, the store knows of {tokens:,}")
    if Decimal(found["shown_cost_usd"]) != Decimal(found["cost_usd"]):
        wrong.append(f"costs shows ${found['shown_cost_usd']}, the attempts add up to ${found['cost_usd']}")
    if found["unknown_costs"] != unknown:
        wrong.append(f"{found['unknown_costs']} attempts have no known cost, not {unknown}")
    return wrong
