"""Messages to people: several pieces of news as one message, the gravest first. Plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from caseforge_assets.alerts.changes import Event
from caseforge_assets.alerts.rules import Severity
from caseforge_assets.redaction import redact

LONGEST_TEXT = 1_000
LISTED = 30


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened to an alert; severity is that of the alert now."""

    alert_id: int
    rule: str
    severity: str
    event: str
    text: str
    at: datetime


def compose(news: Sequence[News]) -> tuple[str, str]:
    """Title and body of one message about all of the news."""
    ordered = sorted(news, key=lambda one: (one.event == Event.cleared, one.severity != Severity.critical, one.at, one.alert_id))
    lines = [_line(one) for one in ordered[:LISTED]]
    if len(ordered) > LISTED:
        lines.append(f"… and {len(ordered) - LISTED:,} more: caseforge alerts")
    return f"CaseForge: {_title(ordered)}", "\n\n".join(lines)


def _title(ordered: Sequence[News]) -> str:
    if len(ordered) == 1:
        return _head(ordered[0])
    over = sum(one.event == Event.cleared for one in ordered)
    critical = sum(one.event != Event.cleared and one.severity == Severity.critical for one in ordered)
    parts = [
        f"{len(ordered) - over:,} alerts" if len(ordered) - over else "",
        f"{critical:,} critical" if critical else "",
        f"{over:,} cleared" if over else "",
    ]
    return ", ".join(part for part in parts if part)


def _line(one: News) -> str:
    text = redact(one.text)
    short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    end = "" if one.event == Event.cleared else f"\nSeen to? caseforge alerts acknowledge {one.alert_id}"
    return f"{_head(one)} ({one.at:%Y-%m-%d %H:%M} UTC)\n{short}{end}"


def _head(one: News) -> str:
    word = {Event.raised: one.severity.upper(), Event.escalated: f"{one.severity.upper()} (was a warning)", Event.cleared: "cleared"}[
        Event(one.event)
    ]
    return f"{word}: {one.rule}, alert {one.alert_id}"
