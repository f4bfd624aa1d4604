"""One line an event, for people and for programs, with nothing secret in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from logging.handlers import BufferingHandler

import pytest

from caseforge_assets.event_log import EventFormatter, log_event

LOG = logging.getLogger("caseforge_assets.test")


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """Collects what is logged, as it comes."""
    handler = BufferingHandler(capacity=1_000)
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    yield handler.buffer
    LOG.removeHandler(handler)
    LOG.setLevel(logging.NOTSET)


def test_a_line_of_text(records: list[logging.LogRecord]) -> None:
    log_event(LOG, "node failed", node="1.2.4", attempt=7, why='no "text" at all', batch=None)
    (record,) = records
    line = EventFormatter(as_json=False).format(record)
    assert line.partition(" ")[2] == r'INFO caseforge_assets.test node failed node=1.2.4 attempt=7 why="no \"text\" at all"'
    assert line.partition(" ")[0].endswith("Z")


def test_a_line_of_json_keeps_the_fields_apart(records: list[logging.LogRecord]) -> None:
    log_event(LOG, "batch created", batch="batch_1", requests=6, cost_usd=0.5)
    found = json.loads(EventFormatter(as_json=True).format(records[0]))
    assert {name: found[name] for name in ("event", "level", "batch", "requests", "cost_usd")} == {
        "event": "batch created",
        "level": "info",
        "batch": "batch_1",
        "requests": 6,
        "cost_usd": 0.5,
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_a_field_can_neither_show_a_secret_nor_begin_another_line(as_json: bool, records: list[logging.LogRecord]) -> None:
    log_event(LOG, "alert raised", text="key sk-proj-Ab12Cd34 refused\n2026-01-01 forged line\x1b[31m" + "x" * 1_000)
    line = EventFormatter(as_json=as_json).format(records[0])
    assert "sk-proj" not in line
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) < 600


def test_other_records_are_json_as_well(records: list[logging.LogRecord]) -> None:
    try:
        raise ValueError("Bearer abc.def.ghi")
    except ValueError:
        LOG.exception("it failed")
    found = json.loads(EventFormatter(as_json=True).format(records[0]))
    assert found["message"] == "it failed"
    assert "ValueError" in found["trace"]
    assert "abc.def" not in found["trace"]


def test_nothing_is_made_of_an_event_that_nobody_wants(caplog: pytest.LogCaptureFixture) -> None:
    class Costly:
        def __str__(self) -> str:
            raise AssertionError("this is not to be asked")

    with caplog.at_level(logging.WARNING):
        log_event(LOG, "batch created", batch=Costly())
    assert caplog.records == []
