"""The verdicts on a framework's assets: one an asset and question, over all nodes, with the list of those that are not in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from caseforge_assets.stages.model_rules import SOON, Ending
from caseforge_assets.wording import counted

MAX_FAILED_SHARE = Decimal("0.10")
SHARE_MIN_COUNT = 3  # fewer than that are a warning, whatever their share: one of one is no trend
MAX_COST_RATIO = Decimal("1.20")  # of what was expected; estimates are means, answers differ

NOTHING_STALE = "nothing_stale"
FEW_FAILURES = "failures_under_10_percent"
COST_WITHIN_PLAN = "cost_within_plan"
MODEL_LASTS = "model_lasts"

ABOUT = {
    NOTHING_STALE: "Nothing here was made from something that has changed since, or by a template, schema, model or settings that have.",
    FEW_FAILURES: "Of the nodes that were answered or failed, fewer than 10 % stand as failed; a warning while they are fewer than three.",
    COST_WITHIN_PLAN: "What the answers cost is at most 20 % over what was expected, and no cost is unknown.",
    MODEL_LASTS: "The model that is asked does not end within 45 days. From a day before its end on nothing is sent to it.",
}


@dataclass(frozen=True)
class Check:
    """One verdict.

    `nodes` are (partition key, why) of those that are not in order; `figures` are counts and sums in the units of their names.
    """

    asset: str
    name: str
    passed: bool
    says: str
    figures: dict[str, int | float] = field(default_factory=dict)
    nodes: tuple[tuple[str, str], ...] = ()
    severe: bool = False


def check_nodes(asset: str, name: str, what: tuple[str, str], total: int, nodes: Sequence[tuple[str, str]]) -> Check:
    """Passes when no node is listed; `what` completes the sentences "1 of 1,545 nodes …" and "3 of 1,545 nodes …"."""
    says = f"{len(nodes):,}" if nodes else "none"
    says += f" of {counted(total, 'node')} {what[0] if len(nodes) <= 1 else what[1]}"
    return Check(asset, name, not nodes, says, {"nodes": total, "not_in_order": len(nodes)}, tuple(nodes))


def check_failures(asset: str, done: int, failed: Sequence[tuple[str, str]]) -> Check:
    """Passes while fewer than 10 % of those that came to an end stand as failed; an error from three on."""
    ended = done + len(failed)
    share = Decimal(len(failed)) / ended if ended else Decimal(0)
    says = f"{len(failed):,} of {counted(ended, 'node')} failed ({share:.1%})" if ended else "no node was answered yet"
    figures: dict[str, int | float] = {"answered": done, "failed": len(failed), "failed_share": float(share)}
    return Check(asset, FEW_FAILURES, share < MAX_FAILED_SHARE, says, figures, tuple(failed), severe=len(failed) >= SHARE_MIN_COUNT)


def check_cost(asset: str, cost_usd: Decimal, expected_usd: Decimal, unknown: int, *, simulated: bool = False) -> Check:
    """Passes when the cost of what came back is known, and at most 20 % over what was expected of the same requests.

    Args:
        cost_usd: of attempts whose cost is known.
        expected_usd: of the same attempts.
        unknown: attempts whose cost is not known.
        simulated: nobody is billed for them.
    """
    word = "simulated_" if simulated else ""
    figures: dict[str, int | float] = {
        f"{word}cost_usd": float(cost_usd),
        f"{word}expected_cost_usd": float(expected_usd),
        "unknown_costs": unknown,
    }
    says = f"${cost_usd:,.4f} for what was expected to cost ${expected_usd:,.4f}" + (", all of it simulated" if simulated else "")
    if unknown:
        says += f"; the cost of {counted(unknown, 'attempt')} is unknown"
    return Check(asset, COST_WITHIN_PLAN, not unknown and cost_usd <= expected_usd * MAX_COST_RATIO, says, figures, severe=True)


def check_model(asset: str, model: str, ending: Ending | None, key: str) -> Check:
    """Passes while a model's end is not near.

    Args:
        key: of caseforge.toml, that the model is from.
    """
    if ending is None:
        return Check(asset, MODEL_LASTS, True, f"no end of {model} within {SOON.days} days is known")
    says = f"{ending.text}: {ending.advice(key)}"
    return Check(asset, MODEL_LASTS, False, says, {"days_left": ending.days_left}, severe=ending.refused)
