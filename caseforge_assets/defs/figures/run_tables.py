"""A framework's run as Dagster metadata: tables whose cells are drawn, and numbers that the UI plots over time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import dagster as dg

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.batches.states import BatchState
from caseforge_assets.costs.sums import Payment, named
from caseforge_assets.reports.bars import bar, percent
from caseforge_assets.reports.coverage import NodeState, count_asked, count_states, say_states
from caseforge_assets.reports.run_summary import BatchFigures, RunSummary, StageFigures
from caseforge_assets.safe_text import plain_text
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stages import Stages

CELLS = 10  # a metadata table is narrow: what is looked at stands first


def coverage_figures(states: Mapping[str, Sequence[NodeState]]) -> dict[str, Any]:
    """Per stage, which share of the target nodes has its content, drawn and as a number, with what the others lack."""
    rows, numbers = [], {}
    for stage, of_stage in states.items():
        done = of_stage.count(NodeState.DONE)
        asked = count_asked(count_states(of_stage))
        share = done / asked if asked else None
        if share is not None:
            numbers[f"{stage}_coverage_percent"] = round(100 * share, 2)
        others = say_states(count_states(state for state in of_stage if state is not NodeState.DONE), reads=None)
        rows.append((stage, percent(share), bar(share or 0, CELLS), f"{done:,} of {asked:,}", others))
    return {"coverage": table(("stage", "done", "chart", "nodes", "others"), rows)} | numbers


def run_tables(summary: RunSummary, folder: ArtifactFolder, stages: Stages) -> dict[str, Any]:
    """Everything that follows from answers, tables first; what nothing is known of is left out."""
    figures: dict[str, Any] = {}
    if summary.stages:
        figures["success"] = table(("answers", "good", "chart", "nodes", "provider"), _success(summary.stages))
    if summary.failures:
        figures["failures"] = table(("outcome", "attempts", "chart", "stage", "meaning"), _failures(summary.failures))
    for stage in stages:
        if of_stage := summary.items_per_node.get(stage.key):
            most = max(of_stage.values())
            rows = [(f"{items} {stage.items_name}", nodes, bar(nodes / most, CELLS)) for items, nodes in of_stage.items()]
            figures[f"{stage.items_name}_by_node"] = table(("a node has", "nodes", "chart"), rows)
    if summary.stages:
        figures["cost"] = table(_COST, [_cost(summary, one) for one in summary.stages])
    if summary.batches:
        figures["batches"] = table(_BATCH, [_batch(one) for one in summary.batches])
        files = [(one.name, folder.describe(one.file)) for one in summary.batches if one.file]
        figures |= {"files_of_batches": table(("batch", "file"), files)} if files else {}
    return figures | _numbers(summary, stages) | _newest_batch(summary.batches)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.TableMetadataValue:
    """Rows as Dagster shows them; None is an empty cell."""
    records = [dg.TableRecord({name: _cell(value) for name, value in zip(columns, row, strict=True)}) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name) for name in columns]))


def _cell(value: Any) -> Any:
    return "" if value is None else plain_text(value) if isinstance(value, str) else value


def _numbers(summary: RunSummary, stages: Stages) -> dict[str, Any]:
    """Numbers that the UI plots: shares in percent, USD; of answers of a provider that bills where there are any. Longer names would run into their values."""
    found: dict[str, float | Decimal | None] = {
        f"{stage.items_name}_per_node": summary.mean_items(stage.key) for stage in stages if stage.is_list
    }
    by_stage = {one.stage: one for one in sorted(summary.stages, key=lambda one: list(Payment).index(Payment(one.kind)), reverse=True)}
    for stage, one in by_stage.items():
        found[f"{stage}_first_percent"] = None if one.first_pass is None else 100 * one.first_pass
        found[f"{stage}_good_percent"] = None if one.after_retries is None else 100 * one.after_retries
        found[f"{stage}_usd_per_node{_word(one.kind == 'simulated')}"] = one.cost_per_node_usd
        found[f"{stage}_over_percent"] = None if one.over_estimate is None else 100 * one.over_estimate
    return {name: round(float(value), 4) for name, value in found.items() if value is not None}


def _success(stages: Sequence[StageFigures]) -> list[tuple[Any, ...]]:
    return [
        (f"{one.stage}, {words}", percent(share), bar(share or 0, CELLS), f"{nodes:,} of {one.nodes:,}", one.kind)
        for one in stages
        for words, share, nodes in (("first", one.first_pass, one.first_good), ("by now", one.after_retries, one.good))
    ]


_COST = (
    "stage",
    "a good node",
    "against estimate",
    "earlier runs a node",
    "an item",
    "estimate an answer",
    "cost",
    "of unknown cost",
    "answers",
    "provider",
)


def _cost(summary: RunSummary, one: StageFigures) -> tuple[Any, ...]:
    over = "" if one.over_estimate is None else f"{float(one.over_estimate):+.1%}"
    earlier = summary.baselines.get(one.stage) if one.kind == Payment.billed else None
    of_items = _usd(summary.cost_per_item_usd(one)) if one.stage in summary.items_per_node else None
    before = None if earlier is None else _usd(earlier)
    unknown = one.unknown_costs or None
    each = (_usd(one.cost_per_node_usd), over, before, of_items, _usd(one.expected_per_answer_usd))
    return (one.stage, *each, _usd(one.cost_usd), unknown, one.answers, one.kind)


def _failures(failures: Sequence[tuple[str, str, int]]) -> list[tuple[Any, ...]]:
    most = failures[0][2]
    return [(outcome, count, bar(count / most, CELLS), stage, Outcome(outcome).meaning) for stage, outcome, count in failures]


_BATCH = ("number", "good", "chart", "failed", "batch", "stage", "state", "created", "queue", "run", "cost", "expected")


def _batch(one: BatchFigures) -> tuple[Any, ...]:
    cost = named(one.cost, one.simulated) if one.ended else None
    state = one.remote_status or one.state if one.state in (BatchState.open, BatchState.collected) else one.state
    share = one.good / one.requests if one.requests else 0
    good = (f"{one.good:,}/{one.requests:,}", bar(share, CELLS), one.failed)
    created = f"{one.created_at:%Y-%m-%d %H:%M} UTC"
    return (
        one.id,
        *good,
        one.name,
        one.stage,
        state,
        created,
        _time(one.queue_s),
        _time(one.run_s),
        cost,
        named(one.expected_usd, one.simulated),
    )


def _word(simulated: bool) -> str:
    """The end of a name: what nobody is billed is never shown without the word."""
    return "_simulated" if simulated else ""


def _newest_batch(batches: Sequence[BatchFigures]) -> dict[str, Any]:
    """The batch that was collected last, as numbers: over time they are a plot of batches."""
    collected = [one for one in batches if one.state == BatchState.collected and one.ended]
    if not collected:
        return {}
    one = collected[0]
    run_h = None if one.queue_s is None or one.run_s is None else (one.queue_s + one.run_s) / 3_600
    numbers = {
        "batch_failed_percent": 100 * one.failed / one.ended,
        "batch_hours": run_h,
        f"batch_cost_usd{_word(one.simulated)}": one.cost.usd,
        "batch_requests": one.requests,
    }
    return {"newest_batch": one.name} | {name: round(float(value), 4) for name, value in numbers.items() if value is not None}


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount:,.4f}"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3_600:.1f} h" if seconds >= 3_600 else f"{seconds:.0f} s"
