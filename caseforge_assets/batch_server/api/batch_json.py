"""A batch as the API shows it: its record, seen at a moment."""

from __future__ import annotations

from typing import Any

from caseforge_assets.batch_server.batches.lifecycle import BatchStatus, finalizing_at, status, validation_ends_at
from caseforge_assets.batch_server.state.batches import BatchRecord, Usage
from caseforge_assets.batch_server.writer.models import answering_model

ENDED_AT = {
    BatchStatus.COMPLETED: "completed_at",
    BatchStatus.FAILED: "failed_at",
    BatchStatus.EXPIRED: "expired_at",
    BatchStatus.CANCELLED: "cancelled_at",
}


def batch_json(record: BatchRecord, now: float, answered: tuple[int, int]) -> dict[str, Any]:
    """The batch object.

    Args:
        record: The batch.
        now: Unix seconds of the server's clock.
        answered: How many requests of an open batch have succeeded and failed.
    """
    state = status(record, now)
    validated = state not in (BatchStatus.VALIDATING, BatchStatus.FAILED) and record.validated_at is not None
    ending = record.ending
    completed, failed = (ending.completed, ending.failed) if ending else answered
    times = _times(record, now, state)
    return {
        "id": record.id,
        "object": "batch",
        "endpoint": record.endpoint,
        "model": answering_model(record.model) if validated and record.model else None,
        "errors": _errors(record) if state is BatchStatus.FAILED else None,
        "input_file_id": record.input_file_id,
        "completion_window": record.completion_window,
        "status": state,
        "output_file_id": ending.output_file_id if ending else None,
        "error_file_id": ending.error_file_id if ending else None,
        "created_at": int(record.created_at),
        **{name: None if moment is None else int(moment) for name, moment in times.items()},
        "request_counts": {
            "total": record.total if validated else 0,
            "completed": completed if validated else 0,
            "failed": failed if validated else 0,
        },
        "usage": _usage(ending.usage if ending else {}),
        "metadata": record.metadata,
    }


def _times(record: BatchRecord, now: float, state: BatchStatus) -> dict[str, float | None]:
    started_at = None if record.problems else validation_ends_at(record)
    answered_at = finalizing_at(record)
    times: dict[str, float | None] = {
        "in_progress_at": started_at if started_at is not None and started_at <= now else None,
        "expires_at": record.created_at + 86_400,
        "finalizing_at": answered_at if answered_at is not None and answered_at <= now else None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": record.cancelling_at,
        "cancelled_at": None,
    }
    if record.ending is not None:
        times[ENDED_AT[state]] = record.ending.at
    return times


def _errors(record: BatchRecord) -> dict[str, Any]:
    data = [{"code": one.code, "line": one.line, "message": one.message, "param": one.param} for one in record.problems]
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
