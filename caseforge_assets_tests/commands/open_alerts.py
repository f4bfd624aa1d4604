"""Alerts that are looked for and open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from caseforge_assets.commands.alerting.check_alerts import Checked, check_alerts
from caseforge_assets_tests.workbench import Workbench

OPEN = "select rule, subject, severity from caseforge.alert where cleared_at is null order by rule"


def later(hours: float = 0, minutes: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours, minutes=minutes)


def check(bench: Workbench, now: datetime | None = None) -> Checked:
    return check_alerts(bench.store, bench.project, now or later())
