"""Batches that are brought to their end and collected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseforge_assets.commands.collecting.collect_batch import Collected, collect_batch
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets_tests.workbench import PROCESS, Workbench


def to_final(bench: Workbench, *codes: str, stages: Iterable[Any] = (PROCESS,)) -> int:
    """Sends a batch and polls until its provider is through with it."""
    bench.approve(*codes, stages=tuple(stages))
    plan_batches(bench.project)
    submit_batches(bench.project)
    (batch_id,) = bench.column("select max(id) from caseforge.batch")
    while bench.column("select state from caseforge.batch where id = :id", id=batch_id) == ["open"]:
        poll_batches(bench.project)
    return int(batch_id)


def collect(bench: Workbench, batch_id: int) -> Collected | None:
    return collect_batch(bench.project, batch_id)
