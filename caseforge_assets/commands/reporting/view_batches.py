"""Shows batches to people: those under way with estimates that are marked as such, and those that are through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from caseforge_assets.batches.progress import Progress, measure
from caseforge_assets.batches.states import UNSETTLED, BatchState
from caseforge_assets.commands.money.expect_costs import expected_output_tokens
from caseforge_assets.costs.sums import Cost
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import batch_sums
from caseforge_assets.store.figures.batch_sums import Sums
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.store.submitting.batches import BatchRow


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch.

    What is `estimated` while it is open: tokens, cost and items of the answers that the provider counts as done. None is unknown.
    `items` are use cases; None for a stage that makes none. Of a `simulated` one, costs are what its tokens would cost of its model.
    `frameworks` are those whose nodes are in it.
    """

    id: int
    remote_id: str | None
    stage: str
    model: str
    state: str
    remote_status: str | None
    created_at: datetime
    request_count: int
    done: int | None
    failed: int | None
    elapsed_s: float
    rate_per_min: float | None
    left_s: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    unknown_costs: int
    expected_cost_usd: Decimal | None
    simulated: bool
    items: int | None
    estimated: bool
    reason: str
    collected_at: datetime | None
    frameworks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Gives what people call it: the provider's id once there is one."""
        return self.remote_id or f"batch {self.id}"

    @property
    def cost(self) -> Cost:
        """Gives what its attempts cost, or, where that is estimated, what the answers so far will; one that was never sent cost nothing."""
        return Cost.of(self.cost_usd, max(self.unknown_costs, int(self.estimated and self.cost_usd is None)))


def view_batches(
    connection: Connection, stages: Stages, now: datetime, *, finished: int, key: str | None = None
) -> tuple[list[BatchView], list[BatchView]]:
    """The batches under way, oldest first, and the newest so many that are through, newest first; of all providers.

    Args:
        key: only those that have nodes of this framework; None: all.
    """
    open_rows = batches.in_states(connection, UNSETTLED)
    through = [row for row in _newest(connection, key, finished + len(open_rows)) if row.state not in UNSETTLED][:finished]
    sums = batch_sums.sums_of_batches(connection, [row.id for row in (*open_rows, *through)])
    typical = _Typical(connection, stages)
    of = batch_sums.frameworks_of_batches(connection, [row.id for row in (*open_rows, *through)])
    open_rows = [row for row in open_rows if key is None or key in of.get(row.id, ())]
    return (
        [replace(_under_way(row, sums.get(row.id), typical, now), frameworks=of.get(row.id, ())) for row in open_rows],
        [replace(_through(row, sums.get(row.id), typical), frameworks=of.get(row.id, ())) for row in through],
    )


def _newest(connection: Connection, key: str | None, count: int) -> list[BatchRow]:
    if key is None:
        return batches.newest(connection, count)
    ids = batch_sums.page_of_batches(connection, [key], None, None, count)
    return sorted(batches.with_ids(connection, ids), key=lambda row: -row.id)


def views_of(connection: Connection, stages: Stages, now: datetime, batch_ids: Sequence[int]) -> list[BatchView]:
    """Some batches by their numbers, in no order."""
    rows = batches.with_ids(connection, batch_ids)
    sums, typical = batch_sums.sums_of_batches(connection, batch_ids), _Typical(connection, stages)
    of = batch_sums.frameworks_of_batches(connection, batch_ids)
    views = [
        _under_way(row, sums.get(row.id), typical, now) if row.state in UNSETTLED else _through(row, sums.get(row.id), typical)
        for row in rows
    ]
    return [replace(view, frameworks=of.get(view.id, ())) for view in views]


def progress_of(rows: Sequence[BatchRow], now: datetime) -> list[Progress]:
    """Says how far batches are, as far as their provider says."""
    return [_measured(row, now) for row in rows]


class _Typical:
    """The usual size of an answer, in tokens and items, looked up once for each kind of batch."""

    def __init__(self, connection: Connection, stages: Stages) -> None:
        self._connection = connection
        self._stages = {stage.key: stage for stage in stages}
        self._simulated: dict[int, bool] = {}
        self._tokens: dict[tuple[str, str, bool], int | None] = {}
        self._items: dict[tuple[str, bool], Decimal | None] = {}

    def tokens(self, row: BatchRow) -> int | None:
        """Of an answer; None for a stage that was taken out of the project."""
        kind = (row.stage, row.model, self.is_simulated(row))
        if kind not in self._tokens:
            stage = self._stages.get(row.stage)
            self._tokens[kind] = expected_output_tokens(self._connection, stage, *kind[1:]) if stage is not None else None
        return self._tokens[kind]

    def items(self, row: BatchRow) -> Decimal | None:
        kind = (row.stage, self.is_simulated(row))
        if kind not in self._items:
            self._items[kind] = batch_sums.typical_items(self._connection, *kind)
        return self._items[kind]

    def is_simulated(self, row: BatchRow) -> bool:
        """Tells whether its provider makes answers up."""
        if row.provider_id not in self._simulated:
            self._simulated[row.provider_id] = providers.where(self._connection, row.provider_id)[1]
        return self._simulated[row.provider_id]


def _measured(row: BatchRow, now: datetime) -> Progress:
    return measure(row.request_count, row.remote_status, (row.remote or {}).get("request_counts"), row.creating_at or row.created_at, now)


def _under_way(row: BatchRow, sums: Sums | None, typical: _Typical, now: datetime) -> BatchView:
    """While it is being collected, what is in the store counts; before that, estimates from what the provider counts as done."""
    seen = _measured(row, now)
    if sums is not None and sums.ended:
        return _view(row, seen, sums, typical, estimated=False)
    done, share = seen.done or 0, Decimal(seen.done or 0) / row.request_count if row.request_count else Decimal(0)
    per_node, per_answer = typical.items(row), typical.tokens(row)
    sums = Sums(
        ended=done,
        good=done - (seen.failed or 0),
        input_tokens=round(row.input_tokens * share),
        output_tokens=None if per_answer is None else done * per_answer,
        cost_usd=None if row.expected_cost_usd is None else row.expected_cost_usd * share,
        unknown_costs=0,
        items=round(per_node * (done - (seen.failed or 0))) if per_node else 0,
    )
    return _view(row, seen, sums, typical, estimated=True)


def _through(row: BatchRow, sums: Sums | None, typical: _Typical) -> BatchView:
    end = row.final_at or row.collected_at or row.created_at
    seen = _measured(row, end)
    if sums is None:
        return _view(row, seen, Sums(0, 0, None, None, None, 0, 0), typical, estimated=False)
    counted = Progress(row.request_count, sums.ended, sums.ended - sums.good, seen.elapsed_s, None, None)
    return _view(row, counted, sums, typical, estimated=False)


def _view(row: BatchRow, seen: Progress, sums: Sums, typical: _Typical, *, estimated: bool) -> BatchView:
    makes_items = typical.items(row) is not None or sums.items > 0
    return BatchView(
        id=row.id,
        remote_id=row.remote_id,
        stage=row.stage,
        model=f"{row.model} (as {row.sent_as})" if row.sent_as else row.model,
        state=row.state,
        remote_status=row.remote_status,
        created_at=row.creating_at or row.created_at,
        request_count=row.request_count,
        done=seen.done,
        failed=seen.failed,
        elapsed_s=seen.elapsed_s,
        rate_per_min=seen.rate_per_min,
        left_s=seen.left_s,
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        cost_usd=sums.cost_usd,
        unknown_costs=sums.unknown_costs,
        expected_cost_usd=row.expected_cost_usd,
        simulated=typical.is_simulated(row),
        items=sums.items if makes_items else None,
        estimated=estimated,
        reason=row.reason or (seen.note if row.state == BatchState.open else ""),
        collected_at=row.collected_at,
    )
