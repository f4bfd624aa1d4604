"""Events: written with what they report, numbered afterwards, read in that order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.schema.service_tables import event


def tell(
    connection: Connection, kind: EventKind, subject: str, framework_key: str | None = None, data: Mapping[str, Any] | None = None
) -> None:
    """Adds an event, in the transaction of what it reports.

    Args:
        subject: what it is about, such as `plan 12`.
        data: what a listener needs of it, as JSON can hold it; money as text.
    """
    connection.execute(insert(event), {"kind": kind, "subject": subject, "framework_key": framework_key, "data": dict(data or {})})
