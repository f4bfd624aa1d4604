"""Our batches are known by what a provider says of them: taking another's, or not knowing one's own, is paid for twice."""

from __future__ import annotations

from typing import Any

import pytest

from caseforge_assets.commands.submitting.recognize_batch import doubt_of_creation, is_anothers, sort_out
from caseforge_assets.openai_batch.client import SUBMISSION_KEY
from caseforge_assets.store.submitting.batches import BatchRow

OURS, THEIRS = "sub-1", "sub-2"


def batch(number: int = 1, **values: Any) -> BatchRow:
    empty = dict.fromkeys(BatchRow.__dataclass_fields__)
    return BatchRow(**{**empty, "id": number, "submission_id": OURS, "input_file_id": "file-1", **values})


def remote(file: str | None = None, submission: str | None = None, name: str = "batch_1", created_at: int | None = 1) -> dict[str, Any]:
    metadata = {SUBMISSION_KEY: submission} if submission else None
    return {"id": name, "input_file_id": file, "metadata": metadata, "created_at": created_at}


@pytest.mark.parametrize(
    ("answered", "doubt"),
    [
        (remote("file-1", THEIRS), None),
        (remote("file-2", OURS), "whose input file is file-2"),
        (remote(None, OURS), None),
        (remote(None, None), None),
        (remote(None, THEIRS), "which is that of another submission"),
    ],
    ids=["our file", "another file", "our submission", "nothing said", "another submission"],
)
def test_a_creation_is_believed_where_all_that_it_is_answered_with_fits(answered: dict[str, Any], doubt: str | None) -> None:
    assert doubt_of_creation(batch(), answered) == doubt


def test_where_our_file_has_no_id_the_submission_says_whose_a_creation_is() -> None:
    assert doubt_of_creation(batch(input_file_id=None), remote("file-2", OURS)) is None
    assert doubt_of_creation(batch(input_file_id=None), remote("file-2", THEIRS)) == "which is that of another submission"


@pytest.mark.parametrize(
    ("named", "is_another"),
    [
        (remote("file-2", OURS), False),
        (remote("file-1", THEIRS), False),
        (remote("file-2", THEIRS), True),
        (remote("file-2", None), True),
        (remote(None, THEIRS), True),
        (remote(None, None), False),
    ],
    ids=["our submission", "our file", "neither", "another file", "another submission", "nothing said"],
)
def test_a_batch_is_anothers_where_neither_its_file_nor_its_submission_is_ours(named: dict[str, Any], is_another: bool) -> None:
    assert is_anothers(batch(), named) is is_another
    assert not is_anothers(batch(duplicate_of=7), named), "a duplicate goes by the names of the batch that it is one of"


def test_a_list_is_sorted_out_by_submission_and_file_oldest_first_and_our_file_before_others() -> None:
    first, second = batch(1), batch(2, submission_id=THEIRS, input_file_id="file-2")
    listed = [
        remote("file-9", "sub-9", "another's"),
        remote("file-2", THEIRS, "of the second"),
        remote("file-x", OURS, "other file, oldest", created_at=1),
        remote("file-1", OURS, "older", created_at=3),
        remote("file-1", None, "newest", created_at=4),
        remote("file-1", OURS, "older", created_at=3),
    ]
    found = {number: [found["id"] for found in remotes] for number, remotes in sort_out(listed, [first, second]).items()}
    assert found == {1: ["older", "newest", "other file, oldest"], 2: ["of the second"]}


def test_a_list_without_times_is_read_as_newest_first() -> None:
    listed = [remote("file-1", OURS, name, created_at=None) for name in ("newest", "older", "oldest")]
    assert [found["id"] for found in sort_out(listed, [batch()])[1]] == ["oldest", "older", "newest"]


def test_what_no_list_shows_is_said_to_be_found_nowhere() -> None:
    assert sort_out([], [batch()]) == {1: []}
