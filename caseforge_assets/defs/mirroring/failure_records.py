"""The records of failed nodes that a flush writes: one failed run for each framework and reason, also where several runs of a backfill notice it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster import DagsterEventType, DagsterInstance, JobDefinition, RunsFilter

from caseforge_assets.defs.events.event_pages import RunOfEvents
from caseforge_assets.defs.private.failed_runs import add_to_failures, write_failures
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.wording import counted

LISTED_NODES = 9  # Dagster's page cuts a failure after 11 lines
RECORD = "caseforge/record"
NOT_OUTCOMES = {
    "waiting": "Their answers are still awaited.",
    "nothing to make it from": "What they are made from is missing.",
    "without a context": "They have no current context.",
}


@dataclass(frozen=True)
class FailureRecords:
    """Failures of a flush, shown under a job; `run` is the one that flushes. Those of one backfill go on in the records that its other runs have begun."""

    instance: DagsterInstance
    job: JobDefinition
    run: RunOfEvents
    begun: dict[tuple[str, str], str] = field(default_factory=dict)

    def write(self, rows: Sequence[Any]) -> None:
        """Shows rows of the outbox as failed."""
        groups: dict[tuple[str, str], list[Any]] = {}
        for row in rows:
            groups.setdefault((row.framework_key, row.reason.partition(":")[0]), []).append(row)
        for (key, outcome), group in groups.items():
            tags = {"caseforge/framework": key, "caseforge/outcome": outcome}
            if self.run.backfill_id:
                tags["caseforge/backfill"] = self.run.backfill_id
            known = self.begun.get((key, outcome)) or self._begun(tags)
            self.begun[key, outcome] = self._go_on(known, outcome, group) if known else self._begin(outcome, group, tags)

    def _begun(self, tags: dict[str, str]) -> str | None:
        """The record that another run of the backfill has begun."""
        if not self.run.backfill_id:
            return None
        runs = self.instance.get_runs(RunsFilter(job_name=self.job.name, tags=tags), limit=1)
        return runs[0].run_id if runs else None

    def _begin(self, outcome: str, rows: Sequence[Any], tags: dict[str, str]) -> str:
        reasons = _reasons(rows)
        named = {RECORD: f"{_counted(len({name for name, _ in reasons}))} failed", **tags}
        message = failure_message(outcome, reasons)
        return write_failures(self.instance, self.job, message, _partitions(rows), tags=named, repository=self.run.repository)

    def _go_on(self, run_id: str, outcome: str, rows: Sequence[Any]) -> str:
        """Says of the nodes that the record does not list yet why they failed; all are planned in it, so that their pages lead to it."""
        logs = self.instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
        listed = {entry.get_dagster_event().partition for entry in logs}
        new = [(name, reason) for name, reason in _reasons(rows) if name not in listed]
        count = len(listed | {name for name, _ in new})
        message = failure_message(outcome, new) if new else ""
        add_to_failures(self.instance, run_id, message, _partitions(rows), {RECORD: f"{_counted(count)} failed"})
        return run_id


def _partitions(rows: Sequence[Any]) -> list[tuple[tuple[str, ...], str]]:
    return [((row.framework_key, row.asset), row.partition_key) for row in rows]


def _reasons(rows: Sequence[Any]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.partition_key, row.reason) for row in rows))  # a node may have failed at several assets


def failure_message(outcome: str, nodes_and_reasons: Sequence[tuple[str, str]]) -> str:
    """Say why some partitions failed, short things first: reason, how many, which; then each one's own reason where they differ."""
    reasons, count = {reason for _, reason in nodes_and_reasons}, _counted(len({name for name, _ in nodes_and_reasons}))
    names = ", ".join(name for name, _ in nodes_and_reasons[:LISTED_NODES])
    more = f" and {len(nodes_and_reasons) - LISTED_NODES:,} more" if len(nodes_and_reasons) > LISTED_NODES else ""
    if len(reasons) == 1:
        return f"{reasons.pop()} — {count}: {names}{more}"
    meaning = Outcome(outcome).meaning if outcome in set(Outcome) else NOT_OUTCOMES.get(outcome, "They failed for reasons of one kind.")
    lines = [f"{name}: {reason.partition(': ')[2]}" for name, reason in nodes_and_reasons[:LISTED_NODES]]
    return "\n".join([f"{outcome} — {count}. {meaning}{more and ' The first of them:'}", *lines])


def _counted(nodes_failed: int) -> str:
    return counted(nodes_failed, "node")
