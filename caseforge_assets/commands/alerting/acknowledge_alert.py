"""acknowledge: a person knows of an alert. It stays open until it is over, but is not made graver for being ignored."""

from __future__ import annotations

from datetime import datetime

from caseforge_assets.store.access import audit
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.database.engine import Connection


def acknowledge_alert(connection: Connection, alert_id: int, by: str, now: datetime) -> None:
    """Notes who knows of an open alert, in the caller's transaction. The next check ends it where nothing else could.

    Raises:
        LookupError: there is no open alert with this number.
    """
    if not alerts.acknowledge(connection, alert_id, by, now):
        raise LookupError(f"there is no open alert {alert_id}; `caseforge alerts` lists those there are")
    (row,) = alerts.page_of_alerts(connection, None, None, 1, with_cleared=True, alert_id=alert_id)
    audit.note(connection, by, "alert.acknowledged", f"alert {alert_id}", row.framework_key, {"rule": row.rule})
