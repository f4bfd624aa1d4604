"""Messages to people: several pieces of news as one message, the gravest first. Plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from caseforge_assets.alerts.changes import Event
from caseforge_assets.alerts.rules import Severity
from caseforge_assets.redaction import redact
from caseforge_assets.wording import counted

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
    ordered = sorted(news, key=lambda item: (item.event == Event.cleared, item.severity != Severity.critical, item.at, item.alert_id))
    lines = [_line(item) for item in ordered[:LISTED]]
    if len(ordered) > LISTED:
        lines.append(f"… and {len(ordered) - LISTED:,} more: caseforge alerts")
    return f"CaseForge: {_title(ordered)}", "\n\n".join(lines)


def _title(ordered: Sequence[News]) -> str:
    if len(ordered) == 1:
        return _head(ordered[0])
    over = sum(item.event == Event.cleared for item in ordered)
    critical = sum(item.event != Event.cleared and item.severity == Severity.critical for item in ordered)
    parts = [
        counted(len(ordered) - over, "alert") if len(ordered) - over else "",
        f"{critical:,} critical" if critical else "",
        f"{over:,} cleared" if over else "",
    ]
    return ", ".join(part for part in parts if part)


def _line(news: News) -> str:
    text = redact(news.text)
    short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    end = "" if news.event == Event.cleared else f"\nSeen to? caseforge alerts acknowledge {news.alert_id}"
    return f"{_head(news)} ({news.at:%Y-%m-%d %H:%M} UTC)\n{short}{end}"


def _head(news: News) -> str:
    word = {Event.raised: news.severity.upper(), Event.escalated: f"{news.severity.upper()} (was a warning)", Event.cleared: "cleared"}[
        Event(news.event)
    ]
    return f"{word}: {news.rule}, alert {news.alert_id}"
