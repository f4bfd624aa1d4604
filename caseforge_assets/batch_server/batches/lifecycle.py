"""In which state a batch is: functions of its record and the time, and of nothing else.

States and their order as in OpenAI's Batch API reference: validating, then failed or in_progress, finalizing, completed; an open batch may
expire, or be cancelled by way of cancelling. What is planned here becomes final when the record gets its ending.
"""

from __future__ import annotations

from enum import StrEnum

from caseforge_assets.batch_server.state.batches import BatchRecord, Schedule

DAY_S = 86_400.0
LONGEST_CANCELLING_S = 600.0
# Half of the time is half of the requests, although seconds are no exact numbers.
ROUNDING = 1e-6


class BatchStatus(StrEnum):
    """The states a client sees."""

    VALIDATING = "validating"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


def usual_schedule(latency_s: float, *, waits_for_upstream: bool, window_s: float = DAY_S) -> Schedule:
    """The phases of a batch that takes ``latency_s`` and expires after ``window_s``; with an upstream server, answering takes what it takes."""
    return Schedule(
        validating_s=0.1 * latency_s,
        answering_s=0.0 if waits_for_upstream else 0.75 * latency_s,
        finalizing_s=0.15 * latency_s,
        cancelling_s=min(0.25 * latency_s, LONGEST_CANCELLING_S),
        window_s=window_s,
    )


def validation_ends_at(record: BatchRecord) -> float | None:
    """Gives the time when validating gives way to in_progress or failed; None while the file is still being read."""
    if record.validated_at is None:
        return None
    return max(record.created_at + record.schedule.validating_s, record.validated_at)


def finalizing_at(record: BatchRecord) -> float | None:
    """Gives the time when all requests count as answered; None while some are not, or when the batch is stopped before."""
    started_at = validation_ends_at(record)
    if started_at is None or record.answered_at is None or record.problems or record.schedule.expires_at_share is not None:
        return None
    moment = max(started_at + record.schedule.answering_s, record.answered_at)
    return moment if moment <= _stopped_at(record) else None


def _stopped_at(record: BatchRecord) -> float:
    expires_at = record.created_at + record.schedule.window_s
    return expires_at if record.cancelling_at is None else min(expires_at, record.cancelling_at)


def planned_ending(record: BatchRecord) -> tuple[BatchStatus, float] | None:
    """Foresees how and when the batch ends, as far as is known now; None while its file is still being read."""
    started_at = validation_ends_at(record)
    if started_at is None:
        return None
    if record.problems:
        return BatchStatus.FAILED, started_at
    if record.cancelling_at is not None:
        return BatchStatus.CANCELLED, max(record.cancelling_at + record.schedule.cancelling_s, started_at)
    answered = finalizing_at(record)
    if answered is not None:
        return BatchStatus.COMPLETED, answered + record.schedule.finalizing_s
    return BatchStatus.EXPIRED, max(_expires_at(record), started_at)


def _expires_at(record: BatchRecord) -> float:
    """After its window, or as soon as the share after which it is meant to expire was answered."""
    share = record.schedule.expires_at_share
    started_at = validation_ends_at(record)
    if share is None or started_at is None or record.answered_at is None:
        return record.created_at + record.schedule.window_s
    return max(started_at + share * record.schedule.answering_s, record.answered_at)


def status(record: BatchRecord, now: float) -> BatchStatus:
    """The state that a client sees at ``now``. A state is final only when the record has its ending."""
    if record.ending is not None:
        return BatchStatus(record.ending.status)
    started_at = validation_ends_at(record)
    if record.cancelling_at is not None:
        return BatchStatus.CANCELLING
    if started_at is None or record.problems or now < started_at:
        return BatchStatus.VALIDATING
    answered = finalizing_at(record)
    return BatchStatus.FINALIZING if answered is not None and now >= answered else BatchStatus.IN_PROGRESS


def requests_to_answer(record: BatchRecord) -> int:
    """Counts the requests that a batch gets to, if nobody cancels it and its window is long enough."""
    share = record.schedule.expires_at_share
    return record.total if share is None else int(record.total * share)


def requests_done(record: BatchRecord, now: float, answered: int) -> int:
    """Counts the requests that are done at ``now``, of the ``answered`` ones on disk; no more are done once the batch is stopped."""
    started_at = validation_ends_at(record)
    if started_at is None:
        return 0
    elapsed_s = min(now, _stopped_at(record)) - started_at
    if elapsed_s < 0:
        return 0
    share = 1.0 if elapsed_s >= record.schedule.answering_s else elapsed_s / record.schedule.answering_s
    return min(answered, int(record.total * share + ROUNDING), requests_to_answer(record))
