"""Whatever a provider sends in place of a batch or a file, what comes of it is clean, of known types, storable and bounded."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import Any

import pytest

from caseforge_assets.batches.provider_objects import (
    MAX_ERRORS,
    MAX_TEXT_CHARACTERS,
    UnreadableObject,
    error_entries,
    read_batch,
    read_file,
    read_models,
    what_is_odd,
)
from caseforge_assets.batches.results.rejections import BatchError, decide_batch_errors
from caseforge_assets.batches.states import RemoteStatus, remote_status

WHOLE = {
    "id": "batch_1",
    "object": "batch",
    "endpoint": "/v1/chat/completions",
    "model": "gpt-5",
    "errors": None,
    "input_file_id": "file-1",
    "completion_window": "24h",
    "status": "completed",
    "output_file_id": "file-2",
    "error_file_id": None,
    "created_at": 1790705881,
    "in_progress_at": 1790705882,
    "expires_at": 1790792281,
    "finalizing_at": 1790706017,
    "completed_at": 1790706019,
    "failed_at": None,
    "expired_at": None,
    "cancelling_at": None,
    "cancelled_at": None,
    "request_counts": {"total": 19, "completed": 19, "failed": 0},
    "usage": {"input_tokens": 25214, "output_tokens": 12974, "total_tokens": 38188},
    "metadata": {"k": "v"},
}
ANYTHING: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**400,
    math.inf,
    math.nan,
    "",
    "text",
    "\0",
    "\ud800",
    "x" * 100_000,
    [],
    [None, 1, "x", [[]]],
    {},
    {"a": {"b": [1]}},
    {"data": "x"},
    {"data": None},
    {"data": [None, 3, {"message": 5}]},
]


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ("id", "object")])
@pytest.mark.parametrize("value", ANYTHING, ids=range(len(ANYTHING)))
def test_no_value_of_any_field_keeps_a_batch_from_being_read_and_stored(name: str, value: object) -> None:
    found = read_batch(WHOLE | {name: value})
    assert found.keys() == WHOLE.keys()
    assert {key: found[key] for key in WHOLE if key != name} == {key: WHOLE[key] for key in WHOLE if key != name}
    text = json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    assert b"\\u0000" not in text
    assert len(text) < 20_000
    assert remote_status(found["status"]) in RemoteStatus


def test_a_whole_batch_comes_as_it_is() -> None:
    assert read_batch(WHOLE) == WHOLE
    assert what_is_odd(read_batch(WHOLE)) == ""


def test_a_batch_needs_no_more_than_its_id() -> None:
    found = read_batch({"id": 17})
    assert found["id"] == "17"
    assert {value for key, value in found.items() if key not in ("id", "object")} == {None}


@pytest.mark.parametrize(
    "raw", [None, 1, "batch_1", [], {}, {"id": ""}, {"id": None}, {"id": "x" * 5000}, {"id": "a", "object": "list"}, {"error": {}}]
)
def test_what_is_no_batch_is_not_read_as_one(raw: object) -> None:
    with pytest.raises(UnreadableObject):
        read_batch(raw)


def test_numbers_in_quotes_count() -> None:
    found = read_batch(WHOLE | {"request_counts": {"total": "19", "completed": 18.0, "failed": "one"}, "created_at": "1790705881"})
    assert found["request_counts"] == {"total": 19, "completed": 18}
    assert found["created_at"] == 1790705881


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-07-19T17:13:57.2491382+00:00", 1_721_409_237),
        ("2024-07-19T17:13:57Z", 1_721_409_237),
        ("2024-07-19T19:13:57+02:00", 1_721_409_237),
        ("2024-07-19 17:13:57", 1_721_409_237),
        ("yesterday", None),
        ("", None),
        ("9" * 50, None),
    ],
)
def test_a_time_as_text_counts(text: str, seconds: int | None) -> None:
    assert read_batch(WHOLE | {"created_at": text})["created_at"] == seconds


def test_a_creation_may_be_answered_with_a_job() -> None:
    job = {"id": "01234567", "input_file_id": "file-1", "status": "IN_PROGRESS", "created_at": "2024-01-15T14:30:00Z"}
    found = read_batch({"job": job, "warning": "none"})
    assert (found["id"], found["input_file_id"], found["created_at"]) == ("01234567", "file-1", 1_705_329_000)
    assert remote_status(found["status"]) is RemoteStatus.in_progress
    with pytest.raises(UnreadableObject):
        read_batch({"job": {"status": "COMPLETED"}})


def test_what_azure_leaves_out_is_none() -> None:
    """As in Microsoft's examples: endpoint, metadata and counts are null, a failed batch has completed_at, file ids are empty."""
    azure = {"endpoint": None, "metadata": None, "request_counts": {"total": None, "completed": None, "failed": None}, "output_file_id": ""}
    found = read_batch(WHOLE | azure | {"status": "Failed", "completed_at": 1725419955, "failed_at": None, "error_file_id": "file-0"})
    assert (found["endpoint"], found["metadata"], found["request_counts"], found["output_file_id"]) == (None, None, None, None)
    assert remote_status(found["status"]) is RemoteStatus.failed


@pytest.mark.parametrize(
    ("errors", "messages"),
    [
        ("the file is empty", ["the file is empty"]),
        (["one", {"message": "two"}], ["one", "two"]),
        ({"data": [{"message": "three"}]}, ["three"]),
        ({"data": {"message": "four"}}, ["four"]),
        ({"message": "five", "data": []}, ["five"]),
        ({"data": "six"}, ["six"]),
        (7, ["7"]),
        (None, []),
        ({"object": "list", "data": []}, []),
    ],
)
def test_errors_are_found_in_whatever_form_they_come(errors: object, messages: list[str]) -> None:
    found = read_batch(WHOLE | {"errors": errors})["errors"]
    assert [entry["message"] for entry in (found or {}).get("data", [])] == messages
    assert len(error_entries(errors)) == len(messages)
    assert decide_batch_errors([BatchError.of(entry) for entry in error_entries(found)]).detail


def test_errors_are_bounded() -> None:
    entries = [{"message": "x" * 10_000, "line": str(number), "code": ["a"]} for number in range(1, 5_000)]
    found = read_batch(WHOLE | {"errors": {"data": entries}})["errors"]["data"]
    assert len(found) == MAX_ERRORS
    assert found[1] == {"code": None, "message": "x" * MAX_TEXT_CHARACTERS, "line": 2, "param": None}


@pytest.mark.parametrize(("status", "says"), [(None, "none"), (3, "3"), ("queued", "queued"), (["completed"], "none")])
def test_a_status_that_is_not_known_is_said(status: object, says: str) -> None:
    assert f"a status that is not known ({says})" in what_is_odd(read_batch(WHOLE | {"status": status}))


def test_files_and_models() -> None:
    file = read_file({"id": "file-1", "object": "file", "filename": ["x"], "bytes": "120", "created_at": {}})
    assert (file.id, file.name, file.size_bytes, file.created_at) == ("file-1", None, 120, None)
    with pytest.raises(UnreadableObject):
        read_file({"id": "batch_1", "object": "batch"})
    listed = [{"id": "a", "shutdown_date": "2026-12-11"}, {"id": None}, "b", None, {"id": "c", "shutdown_date": "soon"}]
    assert read_models({"data": listed}) == {"a": date(2026, 12, 11), "c": None}
    assert read_models("x") == {}
