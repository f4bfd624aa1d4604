"""A batch as the API shows it: its record, seen at a moment."""

from __future__ import annotations

from typing import Any

from caseforge_assets.batch_server.batches.lifecycle import BatchStatus, finalizing_at, status, validation_ends_at
from caseforge_assets.batch_server.likeness import Counts, Likeness, window_s
from caseforge_assets.batch_server.options import ServerOptions
from caseforge_assets.batch_server.state.batches import BatchRecord, Usage
from caseforge_assets.batch_server.writer.models import answering_model

ENDED_AT = {
    BatchStatus.COMPLETED: "completed_at",
    BatchStatus.FAILED: "failed_at",
    BatchStatus.EXPIRED: "expired_at",
    BatchStatus.CANCELLED: "cancelled_at",
}


def batch_json(record: BatchRecord, now: float, answered: tuple[int, int], options: ServerOptions) -> dict[str, Any]:
    """The batch object.

    Args:
        record: The batch.
        now: Unix seconds of the server's clock.
        answered: How many requests of an open batch have succeeded and failed.
        options: The server that shows it.
    """
    likeness, state = options.likeness, status(record, now)
    validated = state not in (BatchStatus.VALIDATING, BatchStatus.FAILED) and record.validated_at is not None
    ending = record.ending
    times = _times(record, now, state, likeness)
    shown = {
        "id": record.id,
        "object": "batch",
        "endpoint": record.endpoint if likeness.shows_endpoint else None,
        "model": answering_model(options.behind(record.model)) if validated and record.model else None,
        "errors": _errors(record) if state is BatchStatus.FAILED else None,
        "input_file_id": record.input_file_id,
        "completion_window": record.completion_window,
        "status": state,
        "output_file_id": ending.output_file_id if ending else None,
        "error_file_id": ending.error_file_id if ending else None,
        "created_at": int(record.created_at),
        **{name: None if moment is None else int(moment) for name, moment in times.items()},
        "request_counts": _counts(record, answered, likeness, validated=validated),
        "usage": _usage(ending.usage if ending else {}),
        "metadata": record.metadata if likeness.shows_metadata else None,
    }
    return {name: value for name, value in shown.items() if name not in likeness.hides_of_batches}


def _counts(record: BatchRecord, answered: tuple[int, int], likeness: Likeness, *, validated: bool) -> dict[str, int | None] | None:
    if likeness.counts is Counts.NEVER:
        return None
    if likeness.counts is Counts.AT_THE_END and not (record.ending and validated):
        return dict.fromkeys(("total", "completed", "failed"))
    if not validated:
        return dict.fromkeys(("total", "completed", "failed"), 0)
    completed, failed = (record.ending.completed, record.ending.failed) if record.ending else answered
    return {"total": record.total, "completed": completed, "failed": failed}


def _times(record: BatchRecord, now: float, state: BatchStatus, likeness: Likeness) -> dict[str, float | None]:
    started_at = None if record.problems else validation_ends_at(record)
    answered_at = finalizing_at(record)
    times: dict[str, float | None] = {
        "in_progress_at": started_at if started_at is not None and started_at <= now else None,
        "expires_at": record.created_at + window_s(record.completion_window),
        "finalizing_at": answered_at if answered_at is not None and answered_at <= now else None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": record.cancelling_at,
        "cancelled_at": None,
    }
    if record.ending is not None:
        as_completed = state is BatchStatus.FAILED and likeness.ends_failed_as_completed
        times["completed_at" if as_completed else ENDED_AT[state]] = record.ending.at
    return times


def _errors(record: BatchRecord) -> dict[str, Any]:
    data = [{"code": problem.code, "line": problem.line, "message": problem.message, "param": problem.param} for problem in record.problems]
    return {"object": "list", "data": data}


def _usage(usage: Usage) -> dict[str, Any]:
    tokens_in, tokens_out = usage.get("input", 0), usage.get("output", 0)
    return {
        "input_tokens": tokens_in,
        "input_tokens_details": {"cached_tokens": usage.get("cached", 0)},
        "output_tokens": tokens_out,
        "output_tokens_details": {"reasoning_tokens": usage.get("reasoning", 0)},
        "total_tokens": tokens_in + tokens_out,
    }
