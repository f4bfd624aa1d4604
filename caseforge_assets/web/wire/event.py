"""An event on the wire: in lists and streams, and in what webhooks are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from caseforge_assets.store.serving.events import EventRow


class Event(BaseModel):
    """Something that happened."""

    position: int = Field(description="its place in the order of all events; those that you may not see are left out")
    kind: str = Field(examples=["plan.waiting"])
    framework: str | None = Field(description="the framework that it concerns; null: several, or none")
    subject: str = Field(description="what it is about", examples=["plan 12"])
    happened_at: datetime
    data: Mapping[str, Any] = Field(description="what the kind has to say; see docs/webhooks.md")


def event_of(row: EventRow) -> Event:
    """An event as it goes over the wire."""
    return Event(
        position=row.position,
        kind=row.kind,
        framework=row.framework_key,
        subject=row.subject,
        happened_at=row.happened_at,
        data=row.data,
    )


def write_event(row: EventRow) -> bytes:
    """An event as a stream has it."""
    return f"id: {row.position}\nevent: {row.kind}\ndata: {event_of(row).model_dump_json()}\n\n".encode()
