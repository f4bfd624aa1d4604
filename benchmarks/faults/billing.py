"""What was paid: the server's bill, from its own count of tokens, against what the store says and what `costs` adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benchmarks.faults.world import Project

STORED_UNIT_USD = Decimal("0.00000001")  # the store rounds each answer's cost to it


def billed_usd(stats: dict[str, Any]) -> Decimal:
    """What the server's answers cost, by its own count of tokens."""
    from caseforge_assets.batches.usage import Usage
    from caseforge_assets.costs.prices import cost_usd

    total = Decimal(0)
    for model, tokens in stats["usage"].items():
        usage = Usage(tokens.get("input", 0), tokens.get("cached", 0), tokens.get("output", 0), tokens.get("reasoning", 0))
        total += cost_usd(usage, model) or Decimal(0)
    return total


def wrong_costs(found: dict[str, Any], stats: dict[str, Any], project: Project, unknown: int = 0) -> list[str]:
    """What store and `costs` say otherwise than the server: answers, their cost, answers of unknown cost.

    Args:
        found: what `look` returned.
        stats: what the server says of itself.
        unknown: of how many attempts the cost can't be known, because the server never said what they came to, or how many tokens they took.
    """
    wrong = []
    paid, known = stats["answered"]["requests"], found["answered"] - project.answered_before
    if not paid - unknown <= known <= paid:
        wrong.append(f"the server answered {paid} requests, the store knows of {known}")
    stored, billed = Decimal(found["cost_usd"]) - Decimal(project.cost_before_usd), billed_usd(stats)
    if stored - billed > (slack := STORED_UNIT_USD * max(1, paid)) or (billed - stored > slack and not unknown):
        wrong.append(f"the server billed ${billed:.6f}, the store knows of ${stored:.6f}")
    if Decimal(found["shown_cost_usd"]) != Decimal(found["cost_usd"]):
        wrong.append(f"costs shows ${found['shown_cost_usd']}, the attempts add up to ${found['cost_usd']}")
    if found["unknown_costs"] != unknown:
        wrong.append(f"{found['unknown_costs']} attempts have no known cost, not {unknown}")
    return wrong
