"""acknowledge: a person knows of an alert. It stays open until it is over, but is not made graver for being ignored."""

from __future__ import annotations

from datetime import datetime

from caseforge_assets.commands.alerting.check_alerts import check_alerts
from caseforge_assets.settings.project import Project
from caseforge_assets.store.access import audit
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.database.engine import Engine


def acknowledge_alert(store: Engine, project: Project, alert_id: int, by: str, now: datetime) -> bool:
    """Notes who knows of an open alert; returns whether it is over by that, because nothing else could end it.

    Raises:
        LookupError: there is no open alert with this number.
    """
    with store.begin() as connection:
        if not alerts.acknowledge(connection, alert_id, by, now):
            raise LookupError(f"there is no open alert {alert_id}; `caseforge alerts` lists those there are")
        (row,) = alerts.page_of_alerts(connection, None, None, 1, with_cleared=True, alert_id=alert_id)
        audit.note(connection, by, "alert.acknowledged", f"alert {alert_id}", row.framework_key, {"rule": row.rule})
    return alert_id in check_alerts(store, project, now).cleared
