"""Shows plans: as tables for people, as JSON for scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

from caseforge_assets.cli.shared.console import console, print_json, usd
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.reports.coverage import NodeState, say_states
from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.approving.view_plans import ReckonedPlan
    from caseforge_assets.commands.money.sum_budgets import Left
    from caseforge_assets.commands.planning.compare_models import ModelCost
    from caseforge_assets.commands.planning.make_plan import Plan, StagePlan
    from caseforge_assets.commands.reporting.list_failures import Failure
    from caseforge_assets.commands.requests.settle_requests import TooLong
    from caseforge_assets.stages.stage import Stage


def print_drafted(draft: Plan, simulated: bool, compared: list[ModelCost], left: dict[str, Left], *, kept: bool, as_json: bool) -> None:
    """A draft with what stands below it: other models, where they were asked for; what is left of the budgets; its number, where it is kept."""
    number = draft.id if kept else None
    if as_json:
        print_json({**plan_json(draft, simulated), "plan": number, "compared": _compared_json(compared), **_left_json(left)})
        return
    print_plan(draft, simulated)
    if compared:
        _print_compared(compared)
    for name, amount in left.items():
        unknown = (
            f" ({counted(amount.unknown, 'answer of unknown cost is', 'answers of unknown cost are')} counted as expected)"
            if amount.unknown
            else ""
        )
        console.print(f"Left of the budget of {name}: {usd(amount.usd)}{unknown}.")
    if kept:
        console.print(f"Kept as plan {number}. Approve it with: caseforge approve {number}")


def _left_json(left: dict[str, Left]) -> dict[str, Any]:
    unknown = {name: rest.unknown for name, rest in left.items()}
    return {"budgets_left_usd": {name: rest.usd for name, rest in left.items()}, "budgets_left_unknown_costs": unknown}


def _print_compared(compared: list[ModelCost]) -> None:
    table = FittingTable("Model", *compared[0].by_stage, "Together", title="The same requests at batch prices")
    for model in compared:
        table.add_row(model.model, *(usd(cost) for cost in model.by_stage.values()), str(model.cost))
    console.print(table)
    if not all(known for model in compared for known in model.measured.values()):
        console.print("Where a model has no answers of its own here, the output tokens are those measured with gpt-5.")


def _compared_json(compared: list[ModelCost]) -> list[dict[str, Any]]:
    """The same for scripts; costs in USD, null when unknown."""
    return [{"model": model.model, "cost_usd": model.cost.usd, "stages": model.by_stage, "measured": model.measured} for model in compared]


LISTED, NAMED = 3, 20
REUSE_RULES = {
    "exact": "the answer to the same request",
    "identity": "the same node by id, name and description",
    "similar": "accepted as the same by a person",
}


def print_plan(draft: Plan, simulated: bool, before: Sequence[ReckonedPlan] = (), *, wait: bool = False) -> None:
    """A plan as a table: per stage how many nodes and why, tokens, cost; and plans that were approved before and are sent with it."""
    console.print(f"Plan for {draft.framework_key}", style="bold")
    table = FittingTable(
        "Stage",
        "Model",
        "Send",
        "Batches",
        "Input tokens",
        "Output tokens",
        "Expected cost",
        drop=("Batches", "Input tokens", "Output tokens", "Model"),
    )
    for part in draft.stages:
        cost = "free (simulated)" if simulated else usd(part.expected_cost_usd)
        sent = (f"{part.nodes:,}", f"{part.batches:,}", f"{part.input_tokens:,}", f"{part.output_tokens:,}")
        table.add_row(part.stage.key, _model(part), *sent, cost)
    console.print(table)
    for part in draft.stages:
        standing = say_states(part.states, part.stage.reads)
        ready = f"{counted(part.now, 'request is', 'requests are')} ready, " if part.now else ""
        when = f"; {ready}{counted(part.later, 'follows', 'follow')} when {part.stage.reads} is done" if part.later else ""
        console.print(f"{part.stage.key}: {standing}{when}")
        for rule, counts in part.reused.items():
            sources = ", ".join(f"{count:,} from {framework}" for framework, count in counts.items())
            console.print(f"  {sum(counts.values()):,} reused at no cost, {REUSE_RULES[rule]}: {sources}")
        for reason, count in part.given_up.items():
            console.print(f"  {count:,} not retried: {reason}")
        if part.shortened:
            console.print(f"  {part.shortened:,} made from half of what belongs in them: the whole is too long for {part.model}")
        for model, count in part.kept_of_others.items():
            console.print(f"  {count:,} kept from {model}, or from other settings than now; --model-of {model} asks for them again")
        if part.written_kept:
            console.print(
                f"  {counted(part.written_kept, 'was written by a person and stays', 'were written by a person and stay')}; one is replaced with --regenerate "
                "and --nodes with its own code"
            )
        print_too_long(part.too_long)
    if not draft.nodes:
        console.print(_nothing_to_send(draft))
    elif not simulated:
        console.print(
            f"{counted(draft.nodes, 'request')}, expected cost {usd(draft.expected_cost_usd)} at batch prices; "
            f"{usd(draft.at_most_usd)} if every answer used its whole token budget."
        )
    print_approved_before(before, simulated, wait=wait)


def _model(part: StagePlan) -> str:
    """The model, with the endpoint where it is not the usual one."""
    return part.model if part.endpoint == CHAT_COMPLETIONS else f"{part.model} at /v1/{part.endpoint}"


def _nothing_to_send(draft: Plan) -> str:
    if draft.reused:
        return "Nothing new to send: all that was missing is reused."
    if waiting := sum(part.states.get("waiting", 0) for part in draft.stages):
        return f"Nothing new to send: {counted(waiting, 'request is', 'requests are')} under way already."
    if all(part.stage.chosen_from and set(part.states) == {NodeState.UNCHOSEN} for part in draft.stages):
        return f"Nothing to send: nothing is chosen there. `caseforge decide UID --status shortlisted --framework {draft.framework_key}` chooses use cases."
    return f"Nothing new to send: everything is there and fresh, or failed (`caseforge failed --framework {draft.framework_key}`)."


def print_approved_before(found: Sequence[ReckonedPlan], simulated: bool, *, wait: bool) -> None:
    """Prints what a command sends beside its own plan, because it was approved before: by plan, now and (where it waits for answers) later."""
    for reckoned in found:
        if not (reckoned.now or (wait and reckoned.later)):
            continue
        now, later = (
            ("free (simulated)", "") if simulated else (f"expected cost {reckoned.now_cost}", f", expected cost {reckoned.later_cost}")
        )
        follow = f"; {counted(reckoned.later, 'that follows', 'that follow')} from answers{later}" if wait and reckoned.later else ""
        console.print(
            f"Approved before and not through, plan {reckoned.plan.id} of {reckoned.plan.framework_key}: {counted(reckoned.now, 'request')} now, {now}{follow}."
        )


def approved_before_json(found: Sequence[ReckonedPlan]) -> list[dict[str, Any]]:
    """The same for scripts; costs in USD, null when unknown."""
    return [
        {
            "plan": reckoned.plan.id,
            "framework": reckoned.plan.framework_key,
            "to_send": reckoned.now,
            "to_send_cost_usd": reckoned.now_cost.usd,
            "follow": reckoned.later,
            "follow_cost_usd": reckoned.later_cost.usd,
        }
        for reckoned in found
    ]


def print_left_as_they_are(left: Mapping[str, int], stages: Iterable[Stage]) -> None:
    """Prints of which nodes a plan asked nothing in a later stage, although it had it: there is nothing new to ask from."""
    for stage in stages:
        if count := left.get(stage.key):
            stays = "node stays as it is: its" if count == 1 else "nodes stay as they are: their"
            console.print(
                f"{stage.key}: {count:,} {stays} {stage.reads} came out to the letter as it was, and the answer to that is there."
            )


def print_failed(failed: Collection[Failure], *, named: bool) -> None:
    """Prints how many nodes failed of those that a command was asked for, and what says why and sends them again.

    Args:
        named: only nodes that were chosen are meant, so that only these are named to be sent again.
    """
    for key in sorted({failure.framework_key for failure in failed}):
        codes = dict.fromkeys(failure.code for failure in sorted(failed) if failure.framework_key == key)
        of = f" --framework {key}" + (f" --nodes {quote(','.join(codes))}" if named and len(codes) <= NAMED else "")
        console.print(
            f"{counted(len(codes), 'node')} of {key} failed. `caseforge failed{of}` says why, `caseforge retry{of}` sends "
            f"{'it' if len(codes) == 1 else 'them'} again.",
            style="yellow",
        )


def print_too_long(failed: Sequence[TooLong]) -> None:
    """Nodes whose requests are too long to be sent, and why; the first ones by name."""
    for node in failed[:LISTED]:
        console.print(f"  {node.code} cannot be sent: {node.why}", style="yellow")
    if len(failed) > LISTED:
        console.print(f"  and {len(failed) - LISTED:,} more cannot be sent", style="yellow")


def plan_json(draft: Plan, simulated: bool) -> dict[str, Any]:
    """A plan for scripts; costs in USD, null when unknown."""
    stages = [
        {
            "stage": part.stage.key,
            "model": part.model,
            "endpoint": part.endpoint,
            "nodes": part.nodes,
            "now": part.now,
            "later": part.later,
            "retries": part.retries,
            "states": part.states,
            "not_retried": part.given_up,
            "reused": part.reused,
            "shortened": part.shortened,
            "too_long": {node.code: node.why for node in part.too_long},
            "written_kept": part.written_kept,
            "kept_of_others": part.kept_of_others,
            "batches": part.batches,
            "input_tokens": part.input_tokens,
            "output_tokens": part.output_tokens,
            "expected_cost_usd": part.expected_cost_usd,
            "at_most_usd": part.at_most_usd,
        }
        for part in draft.stages
    ]
    return {
        "framework": draft.framework_key,
        "simulated": simulated,
        "nodes": draft.nodes,
        "reused": draft.reused,
        "expected_cost_usd": draft.expected_cost_usd,
        "at_most_usd": draft.at_most_usd,
        "stages": stages,
    }
