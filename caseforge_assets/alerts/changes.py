"""Compares findings with the alerts that are open: raised once, escalated, cleared; and when a message that failed is tried again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from caseforge_assets.alerts.rules import Finding, Rule, Severity
from caseforge_assets.alerts.thresholds import Thresholds

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)


class Event(StrEnum):
    """News of an alert that people are told."""

    raised = "raised"
    escalated = "escalated"
    cleared = "cleared"


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open."""

    id: int
    rule: Rule
    subject: str
    severity: Severity
    text: str
    framework_key: str | None
    raised_at: datetime
    acknowledged_at: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        """Rule and subject: there is one open alert of each."""
        return self.rule, self.subject


@dataclass(frozen=True)
class Changes:
    """Changes that are to be written: new alerts; open ones that became critical; open ones whose text is another now; open ones that are over."""

    raised: tuple[Finding, ...] = ()
    escalated: tuple[tuple[OpenAlert, str], ...] = ()
    reworded: tuple[tuple[OpenAlert, str], ...] = ()
    cleared: tuple[OpenAlert, ...] = ()


def decide_changes(
    open_alerts: Sequence[OpenAlert], findings: Sequence[Finding], told: Collection[tuple[str, str]], thresholds: Thresholds, now: datetime
) -> Changes:
    """Holds what is wrong against what is open.

    A warning becomes critical when its finding is, or when nobody acknowledged it for `escalate_after_h`; it never becomes less while
    it is open.

    Args:
        told: (rule, subject) of alerts that were cleared: what happened once is not told twice.
    """
    found = {(finding.rule, finding.subject): finding for finding in findings}
    known = {alert.key: alert for alert in open_alerts}
    new = [finding for key, finding in found.items() if key not in known and not (finding.rule.once and key in told)]
    lasting = [(alert, found[alert.key]) for alert in open_alerts if alert.key in found and not _is_settled(alert)]
    escalated = [(alert, finding.text) for alert, finding in lasting if _escalates(alert, finding, thresholds, now)]
    risen = {alert.id for alert, _ in escalated}
    reworded = [(alert, finding.text) for alert, finding in lasting if finding.text != alert.text and alert.id not in risen]
    cleared = [alert for alert in open_alerts if alert.key not in found or _is_settled(alert)]
    return Changes(tuple(new), tuple(escalated), tuple(reworded), tuple(cleared))


def next_try(tries: int, now: datetime) -> datetime:
    """Give the time at which a delivery that failed so many times is tried again: after a minute, then twice as long each time, up to an hour."""
    doublings: int = min(tries - 1, 16)
    return now + min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


def _is_settled(alert: OpenAlert) -> bool:
    return alert.rule.ends_when_acknowledged and alert.acknowledged_at is not None


def _escalates(alert: OpenAlert, finding: Finding, thresholds: Thresholds, now: datetime) -> bool:
    if alert.severity is Severity.critical:
        return False
    ignored = alert.acknowledged_at is None and now - alert.raised_at > timedelta(hours=thresholds.escalate_after_h)
    return finding.severity is Severity.critical or ignored
