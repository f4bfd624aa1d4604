"""In which state a batch is, as a function of its record and the time."""

from __future__ import annotations

from dataclasses import replace

from caseforge_assets.batch_server.batches.lifecycle import (
    BatchStatus,
    planned_ending,
    requests_done,
    requests_to_answer,
    status,
    usual_schedule,
)
from caseforge_assets.batch_server.state.batches import BatchRecord, Ending, LineProblem

DAY_S = 86_400
NEW = BatchRecord(
    number=1,
    id="batch_1",
    endpoint="/v1/chat/completions",
    completion_window="24h",
    input_file_id="file-1",
    metadata=None,
    output_expires_s=None,
    created_at=1_000.0,
    schedule=usual_schedule(100.0, waits_for_upstream=False),
)
VALID = replace(NEW, validated_at=1_000.5, total=150)
ANSWERED = replace(VALID, answered_at=1_002.0)


def test_each_phase_begins_and_ends_when_it_should() -> None:
    expected = {
        1_000: "validating",
        1_009: "validating",
        1_010: "in_progress",
        1_084: "in_progress",
        1_085: "finalizing",
        1_500: "finalizing",
    }
    assert {now: status(ANSWERED, now) for now in expected} == expected
    assert planned_ending(ANSWERED) == (BatchStatus.COMPLETED, 1_100.0)
    assert status(replace(ANSWERED, ending=Ending("completed", 1_100.0)), 1_001) is BatchStatus.COMPLETED


def test_requests_are_done_bit_by_bit() -> None:
    assert [requests_done(ANSWERED, now, 150) for now in (1_000, 1_010, 1_011, 1_085, 1_200)] == [0, 0, 2, 150, 150]
    assert requests_done(VALID, 1_050, 7) == 7, "no more than have an answer"


def test_slow_work_makes_phases_longer_and_never_shorter() -> None:
    late = replace(VALID, validated_at=1_200.0, answered_at=1_900.0)
    assert [status(late, now) for now in (1_199, 1_200, 1_899, 1_900)] == ["validating", "in_progress", "in_progress", "finalizing"]
    assert planned_ending(late) == (BatchStatus.COMPLETED, 1_915.0)


def test_a_file_that_is_still_read_has_no_ending_and_bad_lines_have() -> None:
    assert planned_ending(NEW) is None
    refused = replace(VALID, problems=(LineProblem("invalid_json_line", "?", 1),))
    assert planned_ending(refused) == (BatchStatus.FAILED, 1_010.0)
    assert status(refused, 5_000) is BatchStatus.VALIDATING, "until the ending is on record"


def test_without_answers_it_expires_after_a_day() -> None:
    assert planned_ending(VALID) == (BatchStatus.EXPIRED, 1_000.0 + DAY_S)
    assert planned_ending(replace(VALID, answered_at=1_000.0 + DAY_S + 1)) == (BatchStatus.EXPIRED, 1_000.0 + DAY_S)


def test_cancelling_stops_the_count_and_takes_ten_minutes_at_most() -> None:
    cancelled = replace(ANSWERED, cancelling_at=1_047.5)
    assert status(cancelled, 1_050) is BatchStatus.CANCELLING
    assert planned_ending(cancelled) == (BatchStatus.CANCELLED, 1_072.5)
    assert requests_done(cancelled, 1_072, 150) == 75
    slow = replace(cancelled, schedule=usual_schedule(50_000.0, waits_for_upstream=False))
    ending = planned_ending(slow)
    assert ending is not None
    assert ending[1] <= max(1_047.5 + 600, 1_000 + 5_000)


def test_cancelling_while_finalizing_keeps_everything() -> None:
    assert requests_done(replace(ANSWERED, cancelling_at=1_090.0), 1_115, 150) == 150


def test_a_batch_can_be_meant_to_expire_at_a_share() -> None:
    half = replace(VALID, schedule=replace(VALID.schedule, expires_at_share=0.5))
    assert requests_to_answer(half) == 75
    ended = planned_ending(replace(half, answered_at=1_002.0))
    assert ended == (BatchStatus.EXPIRED, 1_047.5)
    assert requests_done(replace(half, answered_at=1_002.0), 1_047.5, 75) == 75
    assert planned_ending(replace(half, answered_at=1_300.0)) == (BatchStatus.EXPIRED, 1_300.0), "not before it got that far"
