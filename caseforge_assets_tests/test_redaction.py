"""Secrets are masked wherever a text may be kept or shown."""

from __future__ import annotations

import logging

import pytest

from caseforge_assets.redaction import MASK, RedactingFilter, redact

KEY = "sk-proj-Ab12_Cd34-Ef56"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Incorrect API key provided: {KEY}.", KEY),
        (f"Authorization: Bearer {KEY}", KEY),
        ("{'Authorization': 'Bearer abc.def.ghi'}", "abc.def.ghi"),
        ('{"authorization": "Basic dXNlcjpwYXNz"}', "dXNlcjpwYXNz"),
        ("headers: bearer hidden-token", "hidden-token"),
        ("api_key=hidden123 was refused", "hidden123"),
        ('"api-key": "hidden123"', "hidden123"),
        ("postgresql+psycopg2://anna:hidden123@db.example.org:5432/caseforge", "hidden123"),
        ("postgresql://anna:hid/den123@db.example.org/caseforge", "hid/den123"),
        ("postgresql://anna:hid:den123@db.example.org/caseforge", "hid:den123"),
        ("postgresql://:hidden123@db.example.org/caseforge", "hidden123"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    cleaned = redact(text)
    assert secret not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text", ["HTTP 500: The server had an error", "task-force of 12", "http://127.0.0.1:8484/v1", "ask-1234", "Bear with us"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_what_is_not_secret_in_a_line_stays_readable() -> None:
    assert redact(f"creating the batch: HTTP 401: key {KEY} is wrong") == f"creating the batch: HTTP 401: key {MASK} is wrong"
    assert redact("postgresql://anna:hidden@db:5432/x") == f"postgresql://anna:{MASK}@db:5432/x"


def test_log_records_are_masked_with_their_arguments(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RedactingFilter())
    logging.getLogger("test").error("refused %s with %d", KEY, 401)
    assert caplog.messages == [f"refused {MASK} with 401"]


def test_a_logged_exception_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RedactingFilter())
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        logging.getLogger("test").exception("it failed")
    assert KEY not in caplog.text
    assert "ValueError" in caplog.text
