"""Findings change open alerts; deliveries are tried again, ever more rarely; a message is bounded, the gravest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caseforge_assets.alerts.changes import OpenAlert, decide_changes, next_try
from caseforge_assets.alerts.messages import LISTED, News, compose
from caseforge_assets.alerts.rules import Finding, Rule, Severity
from caseforge_assets.alerts.thresholds import Thresholds

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALERT = OpenAlert(1, Rule.budget, "shop", Severity.warning, "80 % are spent", "shop", NOW - timedelta(hours=1), None)
FINDING = Finding(Rule.budget, "shop", Severity.warning, "81 % are spent", "shop")


def test_an_open_alert_is_not_raised_again_but_says_what_is_so_now() -> None:
    changes = decide_changes([ALERT], [FINDING], set(), Thresholds(), NOW)
    assert (changes.raised, changes.escalated, changes.cleared) == ((), (), ())
    assert changes.reworded == ((ALERT, "81 % are spent"),)


def test_what_comes_back_is_told_again_and_what_happened_once_is_not() -> None:
    expired = Finding(Rule.batch_expired, "batch 1", Severity.warning, "expired")
    told = {(FINDING.rule, FINDING.subject), (expired.rule, expired.subject)}
    assert decide_changes([], [FINDING, expired], told, Thresholds(), NOW).raised == (FINDING,)


def test_two_findings_on_one_subject_are_one_alert() -> None:
    assert len(decide_changes([], [FINDING, FINDING], set(), Thresholds(), NOW).raised) == 1


@pytest.mark.parametrize(("tries", "minutes"), [(1, 1), (2, 2), (6, 32), (7, 60), (10_000, 60)])
def test_tries_get_rarer(tries: int, minutes: int) -> None:
    assert next_try(tries, NOW) == NOW + timedelta(minutes=minutes)


def news(alert_id: int, severity: str = "warning", event: str = "raised", text: str = "it is so") -> News:
    return News(alert_id, "budget", severity, event, text, NOW)


def test_one_piece_of_news_is_named_in_the_title() -> None:
    title, body = compose([news(4, "critical")])
    assert title == "CaseForge: CRITICAL: budget, alert 4"
    assert body == "CRITICAL: budget, alert 4 (2026-11-24 12:00 UTC)\nit is so\nSeen to? caseforge alerts acknowledge 4"


def test_several_are_one_message_with_the_gravest_first() -> None:
    title, body = compose([news(1, event="cleared"), news(2), news(3, "critical", "escalated")])
    assert title == "CaseForge: 2 alerts, 1 critical, 1 cleared"
    assert [line.partition(" (")[0] for line in body.split("\n\n")] == ["CRITICAL", "WARNING: budget, alert 2", "cleared: budget, alert 1"]


def test_a_flood_is_one_message_of_bounded_length() -> None:
    _, body = compose([news(number, text="x" * 5_000) for number in range(500)])
    assert len(body) < LISTED * 1_200
    assert body.endswith(f"… and {500 - LISTED} more: caseforge alerts")
