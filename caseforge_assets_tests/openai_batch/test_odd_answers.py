"""Answers that are well-formed HTTP and not what OpenAI documents: lists without an end, objects of any kind, errors of any kind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from caseforge_assets.openai_batch import connection, pages
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import MAX_MESSAGE_CHARACTERS, ProviderNotListing, ProviderRefused, ProviderUnclear
from caseforge_assets_tests.openai_batch.calls import ENDPOINT, KEY
from caseforge_assets_tests.openai_batch.provider import Provider, answering

NOW = datetime(2026, 11, 29, tzinfo=UTC)
RECENT = int(NOW.timestamp())
LONG_AGO = RECENT - 10 * 86_400


@pytest.fixture
def odd() -> Iterator[Provider]:
    with answering() as provider:
        yield provider


def client_of(odd: Provider) -> BatchClient:
    client = BatchClient(odd.base_url, KEY, timeout_s=5)
    client._sdk.max_retries = 0
    return client


def page(*entries: object, **more: object) -> tuple[int, object]:
    return 200, {"object": "list", "data": list(entries), **more}


def one(name: str, created_at: object = RECENT) -> dict[str, Any]:
    return {"id": name, "object": "batch", "status": "in_progress", "created_at": created_at, "filename": name}


def listed(odd: Provider) -> list[str]:
    return [batch["id"] for batch in client_of(odd).list_batches(NOW)]


def listed_until_it_is_said(odd: Provider, what: str) -> list[str]:
    """Lists what comes before it is said that a list is not whole."""
    found: list[str] = []
    with pytest.raises(ProviderNotListing, match=what):
        found.extend(batch["id"] for batch in client_of(odd).list_batches(NOW))
    return found


def test_a_list_may_be_its_entries_alone(odd: Provider) -> None:
    odd.answers = lambda _: (200, [one("a"), one("b")])
    assert listed(odd) == ["a", "b"]


def test_a_list_that_repeats_itself_ends_and_says_so(odd: Provider) -> None:
    odd.answers = lambda _: page(one("a"), one("b"), has_more=True)
    assert listed_until_it_is_said(odd, "shows nothing new") == ["a", "b"]
    assert len(odd.calls) == 2


@pytest.mark.parametrize("shown", [[], ["a"]])
def test_a_list_that_says_that_it_has_more_and_shows_nothing_is_not_whole(odd: Provider, shown: list[str]) -> None:
    odd.answers = lambda call: page(has_more=True) if "after=" in call else page(*map(one, shown), has_more=True)
    assert listed_until_it_is_said(odd, "shows nothing new") == shown


def test_a_list_that_says_nothing_of_more_is_over_when_a_page_is_empty(odd: Provider) -> None:
    odd.answers = lambda call: page() if "after=" in call else page(one("a"))
    assert listed(odd) == ["a"]


def test_a_list_without_pages_is_whole(odd: Provider) -> None:
    odd.answers = lambda _: page(one("a"), one("b"))
    assert listed(odd) == ["a", "b"]


def test_a_list_of_ever_new_entries_ends(odd: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 5)
    odd.answers = lambda _: page(one(f"batch_{len(odd.calls)}"), has_more=True)
    assert listed_until_it_is_said(odd, "5 pages were read") == [f"batch_{number}" for number in range(1, 6)]


def test_entries_that_come_twice_are_shown_once(odd: Provider) -> None:
    odd.answers = lambda call: (
        page(one("b"), one("c"), has_more=False) if "after=b" in call else page(one("a"), one("a"), one("b"), has_more=True)
    )
    assert listed(odd) == ["a", "b", "c"]


@pytest.mark.parametrize("entry", [None, 3, "text", [], {}, {"id": None}, {"id": "file-1", "object": "file"}, {"id": ["a"]}])
def test_an_entry_that_cannot_be_read_hides_no_other_and_is_named(odd: Provider, entry: object) -> None:
    odd.answers = lambda _: page(one("a"), entry, one("b"), has_more=False)
    assert listed_until_it_is_said(odd, "1 entries of the list cannot be read") == ["a", "b"]


@pytest.mark.parametrize("created_at", [None, "soon", 0, -5, 1, 1e300, True, [], RECENT * 1000])
def test_an_odd_time_ends_no_list_and_hides_no_entry(odd: Provider, created_at: object) -> None:
    odd.answers = lambda call: page(one("b"), has_more=False) if "after=" in call else page(one("x", created_at), one("a"), has_more=True)
    assert listed(odd) == ["x", "a", "b"]


def test_one_old_entry_does_not_end_a_list(odd: Provider) -> None:
    odd.answers = lambda call: (
        page(one("b"), has_more=False) if "after=" in call else page(one("x", str(LONG_AGO)), one("a"), has_more=True)
    )
    assert listed(odd) == ["a", "b"]


def test_a_page_without_any_time_does_not_end_a_list(odd: Provider) -> None:
    odd.answers = lambda call: page(one("b"), has_more=False) if "after=" in call else page(one("x", 1), one("y", 1), has_more=True)
    assert listed(odd) == ["x", "y", "b"]


def test_a_list_that_begins_with_the_oldest_is_read_to_its_end(odd: Provider) -> None:
    odd.answers = lambda call: (
        page(one("new"), has_more=False) if "after=" in call else page(one("x", LONG_AGO), one("y", LONG_AGO + 9), has_more=True)
    )
    assert listed(odd) == ["new"]


def test_a_list_ends_where_only_what_is_older_follows(odd: Provider) -> None:
    odd.answers = lambda _: page(one("x", LONG_AGO + 9), one("y", LONG_AGO), has_more=True)
    assert listed(odd) == []
    assert len(odd.calls) == 1


@pytest.mark.parametrize("body", [{"data": None}, {"data": {}}, {"data": "x"}, {}, [], None, 1, "x"])
def test_what_is_no_list_is_not_an_empty_one(odd: Provider, body: object) -> None:
    odd.answers = lambda _: (200, body)
    with pytest.raises(ProviderUnclear, match="listing the batches: the answer is not that of a Batch API"):
        listed(odd)


@pytest.mark.parametrize("status", [403, 404, 405, 410, 501])
def test_a_provider_without_lists_is_told_from_one_that_is_away(odd: Provider, status: int) -> None:
    odd.refuse(status, "No lists here.")
    with pytest.raises(ProviderNotListing, match=f"HTTP {status}"):
        listed(odd)
    assert client_of(odd).find_file("x", NOW) is None


def test_a_file_in_an_endless_list_counts_as_not_there(odd: Provider) -> None:
    odd.answers = lambda _: page({"id": "file-1", "filename": "one"}, has_more=True)
    assert client_of(odd).find_file("one", NOW) == "file-1"
    assert client_of(odd).find_file("other", NOW) is None


@pytest.mark.parametrize("name", ["models", "upload"])
def test_other_objects_come_through_the_same_door(odd: Provider, name: str, tmp_path: Any) -> None:
    odd.answers = lambda _: (200, {"id": 17, "object": "file", "bytes": "x", "data": [{"id": "gpt-5"}, None, {"id": 3}, "x"]})
    if name == "models":
        assert client_of(odd).models().keys() == {"gpt-5", "3"}
    else:
        (tmp_path / "input.jsonl").write_text("{}\n")
        assert client_of(odd).upload(tmp_path / "input.jsonl", "input.jsonl") == "17"


@pytest.mark.parametrize("call", ["retrieve", "cancel"])
def test_an_answer_about_another_batch_is_none(odd: Provider, call: str) -> None:
    odd.answers = lambda _: (200, one("somebody_elses"))
    with pytest.raises(ProviderUnclear, match="the answer is about somebody_elses"):
        getattr(client_of(odd), call)("batch_1")


def test_characters_that_cannot_be_stored_are_replaced(odd: Provider) -> None:
    odd.body = b'{"id": "batch_1", "status": "in_progress", "errors": {"data": [{"message": "a\\u0000b\\ud800c\xff"}]}}'
    found = client_of(odd).retrieve("batch_1")
    assert found["errors"]["data"][0]["message"] == "a\ufffdb\ufffdc\ufffd"


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_an_end_is_not_read_to_its_end(odd: Provider, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 100_000)
    monkeypatch.setattr(connection, "MAX_PACKED_BYTES", 1_000)
    body = json.dumps(one("batch_1") | {"x": "y" * 1_000_000 if not packed else [str(number) for number in range(20_000)]}).encode()
    odd.body, odd.headers = (gzip.compress(body), {"content-encoding": "gzip"}) if packed else (body, {})
    with pytest.raises(ProviderUnclear, match=r"looking at batch batch_1: .*longer than"):
        client_of(odd).retrieve("batch_1")


def test_a_file_may_be_as_long_as_it_is(odd: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_ANSWER_BYTES", 10)
    odd.body = b"x" * 1_000_000
    assert len(b"".join(client_of(odd).download("file-1"))) == 1_000_000


@pytest.mark.parametrize(
    "error",
    [
        None,
        "text",
        5,
        [],
        ["a"],
        {"message": None},
        {"message": ["x"], "code": {"a": 1}},
        {"message": "\u0000", "code": 4},
        {"message": "x" * 10**6},
    ],
)
def test_an_error_of_any_kind_is_told_in_a_text_that_can_be_stored(odd: Provider, error: object) -> None:
    odd.answers = lambda _: (400, {"error": error})
    with pytest.raises(ProviderRefused, match="creating the batch: HTTP 400: ") as caught:
        client_of(odd).create("file-1", ENDPOINT, "s")
    assert "\0" not in str(caught.value)
    assert len(str(caught.value)) < MAX_MESSAGE_CHARACTERS + 100


def test_times_that_no_clock_shows_are_none(odd: Provider) -> None:
    odd.answers = lambda _: (200, one("batch_1", 10**30) | {"completed_at": "1790706019", "expires_at": "never"})
    found = client_of(odd).retrieve("batch_1")
    assert (found["created_at"], found["completed_at"], found["expires_at"]) == (None, 1790706019, None)
