"""Looking for alerts and telling people of them, as it is done after everything that changes something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from caseforge_assets.commands.alerting.check_alerts import Checked, check_alerts
from caseforge_assets.commands.alerting.deliver_alerts import Delivered, deliver_alerts
from caseforge_assets.notifications import Address
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Engine


def alert_people(store: Engine, project: Project, addresses: Sequence[Address], now: datetime | None = None) -> tuple[Checked, Delivered]:
    """Raises, escalates and clears alerts, and delivers what is not delivered yet; by the database's clock, unless a time is given."""
    if now is None:
        with store.connect() as connection:
            now = clock.now(connection)
    checked = check_alerts(store, project, now)
    return checked, deliver_alerts(store, addresses, now)
