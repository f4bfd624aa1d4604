"""Alerts in Dagster: a check on the report of every framework, and lines in the logs of runs."""

from typing import Any

import dagster as dg

from caseforge_assets.alerts.rules import Severity
from caseforge_assets.commands.alerting.alert_people import alert_people
from caseforge_assets.defs.names import RUN_REPORT
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.safe_text import link_text, plain_text
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.alerting.alerts import AlertRow
from caseforge_assets.store.database.engine import Engine

NO_OPEN_ALERTS = "no_open_alerts"
_COLUMNS = ("alert", "severity", "rule", "since", "what", "acknowledged_by")


def look_for_alerts(log: dg.DagsterLogManager, caseforge: Caseforge) -> bool:
    """Raises and clears alerts, tells people, and says in the run's log what is new; returns whether anything is."""
    checked, delivered = alert_people(caseforge.store, caseforge.project, caseforge.addresses)
    if checked.raised or checked.escalated:
        say_open(log, caseforge.store, only=(*checked.raised, *checked.escalated))
    for name, problem in delivered.problems.items():
        log.warning(f"An alert could not be delivered to {name}: {problem}. It is tried again.")
    return checked.changed


def say_open(log: dg.DagsterLogManager, store: Engine, only: tuple[int, ...] | None = None) -> None:
    """Says in a run's log what is wrong: everything that is open, or some alerts of it."""
    with store.connect() as connection:
        rows = alerts.newest(connection)
    for row in rows:
        if only is None or row.id in only:
            say = log.error if row.severity == Severity.critical else log.warning
            say(f"alert {row.id}, {row.severity}, {row.rule}: {row.text}")
    if not rows:
        log.info("No alert is open.")


def alert_check(key: str) -> dg.AssetCheckSpec:
    """The check that stands for the alerts of a framework."""
    about = "No alert is open that concerns this framework, its provider or its budget. `caseforge alerts` lists them, docs/alerts.md explains them."
    return dg.AssetCheckSpec(NO_OPEN_ALERTS, asset=[key, RUN_REPORT], description=about)


def alert_evaluation(store: Engine, key: str) -> dg.AssetCheckEvaluation:
    """The check's verdict now, as Dagster stores it."""
    return dg.AssetCheckEvaluation(asset_key=dg.AssetKey([key, RUN_REPORT]), check_name=NO_OPEN_ALERTS, **_verdict(store, key))


def alert_result(store: Engine, key: str) -> dg.AssetCheckResult:
    """The same for the step of the report."""
    return dg.AssetCheckResult(check_name=NO_OPEN_ALERTS, **_verdict(store, key))


def _verdict(store: Engine, key: str) -> dict[str, Any]:
    with store.connect() as connection:
        rows = alerts.newest(connection, key=key)
    critical = sum(row.severity == Severity.critical for row in rows)
    says = f"{len(rows):,} open, {critical:,} of them critical: {link_text(rows[0].text)}" if rows else "no alert is open"
    return {
        "passed": not rows,
        "severity": dg.AssetCheckSeverity.ERROR if critical else dg.AssetCheckSeverity.WARN,
        "description": says,
        "metadata": {"open": len(rows), "critical": critical, **_table(rows)},
    }


def _table(rows: list[AlertRow]) -> dict[str, Any]:
    values = [(row.id, row.severity, row.rule, f"{row.raised_at:%Y-%m-%d %H:%M} UTC", row.text, row.acknowledged_by or "") for row in rows]
    records = [dg.TableRecord({name: plain_text(str(value)) for name, value in zip(_COLUMNS, row, strict=True)}) for row in values]
    return {"alerts": dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name) for name in _COLUMNS]))} if rows else {}
