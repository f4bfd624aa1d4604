"""Result files are held against the provider's counts and sizes, and against the requests that were sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from caseforge_assets.batches.results.delivery import (
    Brought,
    Counts,
    Delivery,
    Part,
    ResultFile,
    can_be_taken,
    count_results,
    describe_shortfall,
    judge_delivery,
    pick_results,
    read_counts,
)
from caseforge_assets.batches.states import RemoteStatus

REQUESTS = 6
NO_COUNTS, ZEROS, ALL = Counts(None, None, None), Counts(0, 0, 0), Counts(6, 6, 0)
COMPLETED, EXPIRED, CANCELLED = RemoteStatus.completed, RemoteStatus.expired, RemoteStatus.cancelled


def a_file(
    role: str, answered: int = 0, failed: int = 0, *, first: int = 1, size: int = 600, stated: int | None = 600, **more: Any
) -> ResultFile:
    parts = {f"r{first + place}": Part.answered if place < answered else Part.failed for place in range(answered + failed)}
    return ResultFile(role, Brought(parts, more.pop("is_cut", False)), size_bytes=size, stated_bytes=stated, **more)


def output(answered: int, failed: int = 0, **more: Any) -> ResultFile:
    return a_file("output", answered, failed, **more)


def gone(role: str) -> ResultFile:
    return ResultFile(role, None, "HTTP 404")


@dataclass(frozen=True)
class Case:
    """A provider's counts and files for six requests, and the delivery that they make."""

    what: str
    expected: Delivery
    counts: Counts
    files: tuple[ResultFile, ...]
    status: RemoteStatus = COMPLETED


CASES = (
    Case("all lines", Delivery.whole, ALL, (output(6),)),
    Case("all lines, all counted, no size", Delivery.whole, ALL, (output(6, stated=None),)),
    Case("all lines, all counted, a wrong size", Delivery.whole, ALL, (output(6, stated=7),)),
    Case("all lines, more answers counted, no size", Delivery.awaited, ALL, (output(5, 1, stated=None),)),
    Case("all lines, more answers counted, a wrong size", Delivery.owed, ALL, (output(5, 1, stated=7),)),
    Case("all lines, no counts, a wrong size", Delivery.whole, NO_COUNTS, (output(6, stated=7),)),
    Case("all lines, counts of nothing", Delivery.whole, ZEROS, (output(6),)),
    Case("all lines are errors, answers are counted, all bytes", Delivery.whole, ALL, (output(0, 6),)),
    Case("all lines are errors, answers are counted, another size", Delivery.owed, ALL, (output(0, 6, stated=6_000),)),
    Case("all lines are errors, answers are counted, size unknown", Delivery.awaited, ALL, (output(0, 6, stated=None),)),
    Case("all lines are errors, no counts, all bytes", Delivery.whole, NO_COUNTS, (output(0, 6),)),
    Case("all lines are errors, no counts, another size", Delivery.owed, NO_COUNTS, (output(0, 6, stated=6_000),)),
    Case("all lines are errors, no counts, size unknown", Delivery.awaited, NO_COUNTS, (output(0, 6, stated=None),)),
    Case("an error among answers, no counts, another size", Delivery.owed, NO_COUNTS, (output(5, 1, stated=700),)),
    Case("all lines are errors, counts of nothing, another size", Delivery.owed, ZEROS, (output(0, 6, stated=6_000),)),
    Case("errors in the output file, counted as failed, another size", Delivery.whole, Counts(6, 0, 6), (output(0, 6, stated=700),)),
    Case(
        "both files, no counts, sizes unknown",
        Delivery.whole,
        NO_COUNTS,
        (output(4, stated=None), a_file("error", failed=2, first=5, stated=None)),
    ),
    Case("an answer lacks, an error is in its place, another size", Delivery.owed, ALL, (output(5, 1, stated=700),)),
    Case("all failed", Delivery.whole, Counts(6, 0, 6), (a_file("error", failed=6),)),
    Case("both files", Delivery.whole, Counts(6, 4, 2), (output(4), a_file("error", failed=2, first=5))),
    Case(
        "an answer, and an error for the same request",
        Delivery.whole,
        Counts(6, 6, 1),
        (output(6, stated=7), a_file("error", failed=1, first=6)),
    ),
    Case(
        "an error, and an answer to the same request",
        Delivery.whole,
        Counts(6, 6, 1),
        (a_file("error", failed=1, first=6), output(6, stated=7)),
    ),
    Case("half of what is counted", Delivery.owed, ALL, (output(3),)),
    Case("half of what is counted, all bytes", Delivery.owed, ALL, (output(3, size=600, stated=600),)),
    Case("one less than counted, all bytes", Delivery.owed, ALL, (output(5),)),
    Case("more counted than sent", Delivery.owed, Counts(12, 12, 0), (output(5),)),
    Case("total unknown", Delivery.owed, Counts(None, 6, None), (output(3),)),
    Case("counted, no file named", Delivery.owed, ALL, ()),
    Case("counted, the file is gone", Delivery.owed, ALL, (gone("output"),)),
    Case("counted, cancelled", Delivery.owed, Counts(6, 4, 0), (output(2),), CANCELLED),
    Case("counted, expired, no file named", Delivery.owed, Counts(6, 4, 0), (), EXPIRED),
    Case("an error line is counted as completed", Delivery.settled, Counts(6, 5, 0), (output(4, 1),)),
    Case("an error line is counted as completed, an answer lacks", Delivery.owed, Counts(6, 6, 0), (output(4, 1),)),
    Case("five counted, five here, all bytes", Delivery.settled, Counts(6, 5, 0), (output(5),)),
    Case("five counted, five here, size unknown", Delivery.awaited, Counts(6, 5, 0), (output(5, stated=None),)),
    Case("five counted, five here, another size", Delivery.awaited, Counts(6, 5, 0), (output(5, stated=700),)),
    Case("a failed one lacks", Delivery.awaited, Counts(6, 5, 1), (output(5),)),
    Case("no counts, all bytes", Delivery.awaited, NO_COUNTS, (output(5),)),
    Case("no counts, some bytes", Delivery.owed, NO_COUNTS, (output(3, stated=1_200),)),
    Case("no counts, no size", Delivery.awaited, NO_COUNTS, (output(3, stated=None),)),
    Case("no counts, no size, cut within a line", Delivery.owed, NO_COUNTS, (output(3, stated=None, is_cut=True),)),
    Case("no counts, no size, no result", Delivery.owed, NO_COUNTS, (output(0, stated=None),)),
    Case("no counts, the file is gone", Delivery.owed, NO_COUNTS, (gone("output"),)),
    Case("no counts, no file named", Delivery.awaited, NO_COUNTS, ()),
    Case("zeros beside an output file", Delivery.owed, ZEROS, (output(0, size=90, stated=1_200),)),
    Case("none counted of six beside an output file", Delivery.owed, Counts(6, 0, 0), (output(0, size=90, stated=1_200),)),
    Case("only the error file lacks", Delivery.awaited, Counts(6, 5, 1), (output(5), gone("error"))),
    Case("expired, what was counted is here", Delivery.settled, Counts(6, 2, 0), (output(2, stated=None),), EXPIRED),
    Case("expired, nothing counted, nothing named", Delivery.settled, NO_COUNTS, (), EXPIRED),
    Case("expired, no counts, all bytes", Delivery.settled, NO_COUNTS, (output(2),), EXPIRED),
    Case("expired, no counts, no size", Delivery.awaited, NO_COUNTS, (output(2, stated=None),), EXPIRED),
    Case("failed in validation", Delivery.settled, ZEROS, (), RemoteStatus.failed),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_came_is_held_against_what_the_provider_says(case: Case) -> None:
    assert judge_delivery(case.status, case.counts, REQUESTS, case.files) is case.expected


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ({"total": 6, "completed": 0, "failed": 2}, Counts(6, 0, 2)),
        ({"total": 1, "completed": True, "failed": -1}, Counts(1, None, None)),
        ({"total": "6", "completed": 1.0}, NO_COUNTS),
        (None, NO_COUNTS),
        ([], NO_COUNTS),
    ],
)
def test_counts_are_whole_numbers_or_not_known(raw: object, read: Counts) -> None:
    assert read_counts({"request_counts": raw}) == read
    assert read_counts({}) == NO_COUNTS


def test_what_is_owed_is_never_taken_and_what_is_awaited_after_the_grace_period_only() -> None:
    files = [output(5)]
    for over in (False, True):
        assert can_be_taken(Delivery.whole, files, grace_is_over=over)
        assert can_be_taken(Delivery.settled, files, grace_is_over=over)
        assert not can_be_taken(Delivery.owed, files, grace_is_over=over)
        assert can_be_taken(Delivery.awaited, files, grace_is_over=over) is over


def test_a_file_of_unknown_size_has_to_come_twice_alike_before_something_in_it_counts_as_missing() -> None:
    assert not can_be_taken(Delivery.awaited, [output(5, stated=None)], grace_is_over=True)
    assert can_be_taken(Delivery.awaited, [output(5, stated=None, fetched_before=True)], grace_is_over=True)


@pytest.mark.parametrize(
    "counts", [None, "all", [], 7, {}, {"completed": "6"}, {"completed": None}, {"completed": True}, {"completed": -1}]
)
def test_odd_counts_say_nothing(counts: object) -> None:
    assert read_counts({"request_counts": counts}) == NO_COUNTS
    assert read_counts({}) == NO_COUNTS


def test_a_size_of_nothing_is_not_believed_of_a_file_that_holds_something() -> None:
    assert output(3).stating(0).stated_bytes is None
    assert a_file("error", size=0).stating(0).stated_bytes == 0
    assert output(3).stating(1_200).stated_bytes == 1_200


def line(custom_id: str, **more: Any) -> bytes:
    message = {"message": {"content": "Text."}, "finish_reason": "stop"}
    answered = {"status_code": 200, "body": {"choices": [message]}}
    return json.dumps({"custom_id": custom_id, "response": answered, "error": None} | more).encode() + b"\n"


ASKED = frozenset(f"r{number}" for number in range(1, 7))
FAILED = {"response": {"status_code": 500, "body": {"error": {"message": "no"}}}}
NOT_REACHED = {"response": None, "error": {"code": "batch_expired", "message": "late"}}


def test_lines_are_counted_by_what_they_say_of_requests_that_were_made() -> None:
    lines = [line("r1"), line("r2", **FAILED), line("r3", **NOT_REACHED), line("stranger"), line("r1"), b"not json\n", b"[]\n", b"{}\n"]
    found = count_results(lines, ASKED)
    assert found == Brought({"r1": Part.answered, "r2": Part.failed, "r3": Part.not_reached}, False)


def test_of_several_lines_for_a_request_an_answer_counts() -> None:
    assert count_results([line("r1", **FAILED), line("r1"), line("r1", **FAILED)], ASKED).parts == {"r1": Part.answered}


@pytest.mark.parametrize(
    "shell",
    [
        {"response": None},
        {"response": {}},
        {"response": {"status_code": 200, "body": {}}},
        {"response": "ok"},
        {"response": {"status_code": 200}},
    ],
)
def test_a_line_without_answer_and_error_is_no_result(shell: dict[str, Any]) -> None:
    assert count_results([line("r1", **shell)], ASKED).parts == {}


@pytest.mark.parametrize(
    "came",
    [
        b"",
        b"\n\n",
        b" " * 500,
        b"<!DOCTYPE html>\n<html></html>\n",
        b'{"error": {"message": "x"}}',
        b'{"object": "list", "data": []}',
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_no_result_file_brings_nothing(came: bytes) -> None:
    assert count_results([came], ASKED).parts == {}


def test_a_file_that_ends_within_a_line_says_so() -> None:
    whole = line("r1") + line("r2")
    assert count_results([whole[:-20]], ASKED).is_cut
    assert not count_results([whole], ASKED).is_cut
    assert not count_results([whole.rstrip()], ASKED).is_cut, "the last line break may be missing"
    assert not count_results([b"{cut\n" + whole], ASKED).is_cut


def test_results_are_picked_out_of_several_files_the_answers_first() -> None:
    files = [[b"<html>\n", line("r1"), line("r2", **FAILED)], [line("r2"), line("r1"), line("stranger"), line("r3", **FAILED)]]
    answered = {"r1", "r2"}
    assert b"".join(pick_results(files, ASKED, answered)) == line("r1") + line("r2") + line("r3", **FAILED)


def test_people_are_told_what_lacks_by_whose_word() -> None:
    said = describe_shortfall(ALL, REQUESTS, [output(3, size=1_234, stated=5_678)])
    assert said == "its provider counts 6 of 6 requests as completed, and 3 answers came: 1,234 of the 5,678 bytes of its output file came"
    assert describe_shortfall(ALL, REQUESTS, []).endswith("0 answers came: no output file is named")
    assert describe_shortfall(NO_COUNTS, REQUESTS, [output(0, size=90, stated=None)]) == (
        "there is no line for 6 of its 6 requests: what came as its output file holds no result (90 bytes)"
    )
    assert "cannot be had (HTTP 404)" in describe_shortfall(ALL, REQUESTS, [gone("output")])
    assert describe_shortfall(NO_COUNTS, REQUESTS, [output(5, stated=None, is_cut=True)]).endswith("its output file ends within a line")
