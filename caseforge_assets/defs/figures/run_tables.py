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
        figures["cost"] = table(_COST, [_cost(summary, of_stage) for of_stage in summary.stages])
    if summary.batches:
        figures["batches"] = table(_BATCH, [_batch(batch) for batch in summary.batches])
        files = [(batch.name, folder.describe(batch.file)) for batch in summary.batches if batch.file]
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
    by_stage = {
        of_stage.stage: of_stage
        for of_stage in sorted(summary.stages, key=lambda of_stage: list(Payment).index(Payment(of_stage.kind)), reverse=True)
    }
    for stage, of_stage in by_stage.items():
        found[f"{stage}_first_percent"] = None if of_stage.first_pass is None else 100 * of_stage.first_pass
        found[f"{stage}_good_percent"] = None if of_stage.after_retries is None else 100 * of_stage.after_retries
        found[f"{stage}_usd_per_node{_word(of_stage.kind == 'simulated')}"] = of_stage.cost_per_node_usd
        found[f"{stage}_over_percent"] = None if of_stage.over_estimate is None else 100 * of_stage.over_estimate
    return {name: round(float(value), 4) for name, value in found.items() if value is not None}


def _success(stages: Sequence[StageFigures]) -> list[tuple[Any, ...]]:
    return [
        (f"{of_stage.stage}, {words}", percent(share), bar(share or 0, CELLS), f"{nodes:,} of {of_stage.nodes:,}", of_stage.kind)
        for of_stage in stages
        for words, share, nodes in (("first", of_stage.first_pass, of_stage.first_good), ("by now", of_stage.after_retries, of_stage.good))
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


def _cost(summary: RunSummary, of_stage: StageFigures) -> tuple[Any, ...]:
    over = "" if of_stage.over_estimate is None else f"{float(of_stage.over_estimate):+.1%}"
    earlier = summary.baselines.get(of_stage.stage) if of_stage.kind == Payment.billed else None
    of_items = _usd(summary.cost_per_item_usd(of_stage)) if of_stage.stage in summary.items_per_node else None
    before = None if earlier is None else _usd(earlier)
    unknown = of_stage.unknown_costs or None
    each = (_usd(of_stage.cost_per_node_usd), over, before, of_items, _usd(of_stage.expected_per_answer_usd))
    return (of_stage.stage, *each, _usd(of_stage.cost_usd), unknown, of_stage.answers, of_stage.kind)


def _failures(failures: Sequence[tuple[str, str, int]]) -> list[tuple[Any, ...]]:
    most = failures[0][2]
    return [(outcome, count, bar(count / most, CELLS), stage, Outcome(outcome).meaning) for stage, outcome, count in failures]


_BATCH = ("number", "good", "chart", "failed", "batch", "stage", "state", "created", "queue", "run", "cost", "expected")


def _batch(batch: BatchFigures) -> tuple[Any, ...]:
    cost = named(batch.cost, batch.simulated) if batch.ended else None
    state = batch.remote_status or batch.state if batch.state in (BatchState.open, BatchState.collected) else batch.state
    share = batch.good / batch.requests if batch.requests else 0
    good = (f"{batch.good:,}/{batch.requests:,}", bar(share, CELLS), batch.failed)
    created = f"{batch.created_at:%Y-%m-%d %H:%M} UTC"
    return (
        batch.id,
        *good,
        batch.name,
        batch.stage,
        state,
        created,
        _time(batch.queue_s),
        _time(batch.run_s),
        cost,
        named(batch.expected_usd, batch.simulated),
    )


def _word(simulated: bool) -> str:
    """The end of a name: what nobody is billed is never shown without the word."""
    return "_simulated" if simulated else ""


def _newest_batch(batches: Sequence[BatchFigures]) -> dict[str, Any]:
    """The batch that was collected last, as numbers: over time they are a plot of batches."""
    collected = [batch for batch in batches if batch.state == BatchState.collected and batch.ended]
    if not collected:
        return {}
    first = collected[0]
    run_h = None if first.queue_s is None or first.run_s is None else (first.queue_s + first.run_s) / 3_600
    numbers = {
        "batch_failed_percent": 100 * first.failed / first.ended,
        "batch_hours": run_h,
        f"batch_cost_usd{_word(first.simulated)}": first.cost.usd,
        "batch_requests": first.requests,
    }
    return {"newest_batch": first.name} | {name: round(float(value), 4) for name, value in numbers.items() if value is not None}


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount:,.4f}"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3_600:.1f} h" if seconds >= 3_600 else f"{seconds:.0f} s"
