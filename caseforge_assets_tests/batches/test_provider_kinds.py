"""The kinds of providers: each fact has a source and a day, and an address decides only where it is certain."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from fractions import Fraction

import pytest

from caseforge_assets.batches.provider_kinds import KINDS, KINDS_FILE, SOURCES, UNVERIFIED, ListKind, kind_of_address, window_of

RAW = tomllib.loads(KINDS_FILE.read_text(encoding="utf-8"))


def test_every_fact_names_a_source_that_says_when_it_was_looked_up() -> None:
    named = {fact["source"] for name in KINDS for field, fact in RAW[name].items() if field != "hosts"}
    assert named - {UNVERIFIED} <= SOURCES.keys()
    assert all(source.what and source.looked_up.year >= 2026 for source in SOURCES.values())


def test_what_a_kind_does_not_state_itself_is_as_at_openai_and_unverified() -> None:
    groq, openai = KINDS["groq"], KINDS["openai"]
    assert groq.max_requests == openai.max_requests
    assert (groq.sources["max_requests"], openai.sources["max_requests"], groq.sources["max_bytes"]) == (UNVERIFIED, "openai", "groq")


def test_the_facts_of_the_kinds() -> None:
    azure, groq, doubleword = KINDS["azure"], KINDS["groq"], KINDS["doubleword"]
    assert (azure.line_url, azure.endpoint, azure.key_header, azure.max_requests) == (
        "/chat/completions",
        "/chat/completions",
        "api-key",
        100_000,
    )
    assert azure.expiry_range_days == (14, 30)
    assert azure.max_files == (500, 10_000)
    assert (groq.max_bytes, groq.file_list, groq.batch_list) == (100_000_000, ListKind.whole, ListKind.whole)
    assert [groq.takes_window(window) for window in ("1h", "24h", "3d", "7d", "8d")] == [False, True, True, True, False]
    assert [doubleword.takes_window(window) for window in ("1h", "2h", "24h")] == [True, False, True]
    assert KINDS["litellm"].batch_list is ListKind.unreliable
    assert KINDS["openai"].expiry_range_days == (Fraction(1, 24), 30)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://API.OPENAI.COM./v1", "openai"),
        ("https://user:secret@my-resource.openai.azure.com/openai/v1/", "azure"),
        ("https://my-resource.cognitiveservices.azure.com/openai/v1", "azure"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.doubleword.ai/v1", "doubleword"),
        ("https://openai.azure.com/v1", None),
        ("https://a.b.openai.azure.com/v1", None),
        ("https://api.openai.com.example.org/v1", None),
        ("http://127.0.0.1:8484/v1", None),
        ("https://example.org/api.openai.com", None),
        ("", None),
    ],
)
def test_an_address_decides_where_it_is_certain(address: str, kind: str | None) -> None:
    assert kind_of_address(address) == kind


def test_urls_of_another_api() -> None:
    assert (KINDS["azure"].line_url_of("responses"), KINDS["openai"].endpoint_of("responses")) == ("/responses", "/v1/responses")
    assert (KINDS["azure"].endpoint_of("responses"), KINDS["openai"].line_url_of("responses")) == ("/responses", "/v1/responses")


@pytest.mark.parametrize(("window", "meant"), [("1h", timedelta(hours=1)), ("7d", timedelta(days=7)), ("90m", timedelta(minutes=90))])
def test_windows_are_times(window: str, meant: timedelta) -> None:
    assert window_of(window) == meant


@pytest.mark.parametrize("window", ["", "24", "24 h", "0h", "-1h", "1w", "h", "24h\n", "1e3h", "99999d"])
def test_what_is_no_window_is_refused(window: str) -> None:
    with pytest.raises(ValueError, match="is no completion window"):
        window_of(window)
