"""Structured logs: one line an event, with what it concerns as fields. How they look and where they go is decided by the shells.

An event is an ordinary log record of level INFO whose fields stand in the message as key=value, and in the record
for those who want JSON. Values are masked here, before anything can write them.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from caseforge_assets.redaction import redact
from caseforge_assets.safe_text import json_text, plain_text

LONGEST_VALUE = 300


def log_event(log: logging.Logger, event: str, **fields: Any) -> None:
    """Writes one event; fields that are None are left out.

    Args:
        event: what happened, in words: "batch created".
        fields: what it concerns: batch, stage, node, attempt and the like.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    clean = {name: _plain(value) for name, value in fields.items() if value is not None}
    pairs = " ".join(f"{name}={_quoted(value)}" for name, value in clean.items())
    log.info("%s %s", event, pairs, extra={"event": event, "fields": clean}, stacklevel=2)


class Trouble:
    """A trouble that is looked at again and again: logged when it begins or changes, and when it is over."""

    def __init__(self, log: logging.Logger) -> None:
        """Nothing is wrong yet."""
        self._log, self._said, self._times = log, "", 0

    def goes_on(self, what: str, pause_s: float) -> None:
        """It is there, or still there."""
        self._times += 1
        level = logging.DEBUG if what == self._said else logging.WARNING
        self._said = what
        self._log.log(level, "%s; trying again every %.0f s", what, max(pause_s, 1.0))

    def is_over(self) -> None:
        """Things go on."""
        if self._said:
            self._log.warning("goes on, after %d tries in vain", self._times)
        self._said, self._times = "", 0


class EventFormatter(logging.Formatter):
    """A line a record: time in UTC, level, logger and message; or one JSON object, in which events keep their fields apart."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback follows it, or is a field of the object."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = record.getMessage()
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        if not self._as_json:
            return plain_text(f"{at} {record.levelname} {record.name} {message}" + (f"\n{redact(trace)}" if trace else ""))
        event = getattr(record, "event", None)
        head = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        what = {"event": event, **getattr(record, "fields", {})} if event else {"message": redact(message)}
        return json_text(json.dumps(head | what | ({"trace": redact(trace)} if trace else {}), ensure_ascii=False))


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, (bool, int, float)):
        return value
    text = " ".join(redact(str(value)).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _quoted(value: str | float | bool) -> str:
    """As it is where it is one plain word; otherwise as a JSON string, so that a line can be taken apart again."""
    text = str(value)
    return text if text and not set(text) & set(' "=\\') and text.isprintable() else json_text(json.dumps(text, ensure_ascii=False))
