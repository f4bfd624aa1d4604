"""Events: what happens, as a list to be asked for again and again, or as a stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sse_starlette.sse import EventSourceResponse

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.serving import events as stored
from caseforge_assets.web.access.callers import Reader, ServiceNow, problems, recognize_now, see_framework
from caseforge_assets.web.events.stream import frameworks_seen, stream
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.event import Event, event_of
from caseforge_assets.web.wire.pages import Limit
from caseforge_assets.web.wire.problems import Refused

STREAM = "text/event-stream"
router = APIRouter(tags=["events"])


class Events(BaseModel):
    """Events in their order."""

    items: list[Event]
    last: int = Field(description="pass it as `after` to go on where this answer ends")


After = Annotated[int | None, Query(ge=0, le=2**62, description="only what comes after this position; a stream without it begins now")]
Kinds = Annotated[list[EventKind] | None, Query(alias="kind", description="only these kinds; may be repeated")]
OfFramework = Annotated[str | None, Query(max_length=40, description="key of a framework: only what concerns it")]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="of a stream: the last event that was seen; goes before `after`")
]
ANSWERS = {200: {"content": {STREAM: {"schema": {"type": "string"}}}}, **problems(404, 422)}


@router.get("/events", response_model=Events, responses=ANSWERS)
def list_events(
    request: Request,
    service: ServiceNow,
    caller: Reader,
    after: After = None,
    limit: Limit = 100,
    kind: Kinds = None,
    framework: OfFramework = None,
    last_event_id: LastEventId = None,
) -> Events | Response:
    """List what happened, oldest first; with Accept: text/event-stream, follow what happens.

    A list is asked for again with its `last` as `after`. A stream is Server-Sent Events: `id` is the position, `event` the kind, `data` the event. It sends a comment
    with the newest position now and then, goes on after Last-Event-ID when a client comes again, and ends when the token or session does.
    """
    if framework is not None:
        see_framework(caller, framework)
    kinds = None if kind is None else frozenset(map(str, kind))
    if STREAM in request.headers.get("accept", ""):
        return _stream(request, service, caller, _position(last_event_id, after), kinds, framework)
    number_events(service.store, waits=True)
    position = after or 0
    with service.store.connect() as connection:
        rows = stored.after(connection, position, limit, kinds=kinds, framework_keys=frameworks_seen(caller, framework))
    return Events(items=[event_of(row) for row in rows], last=rows[-1].position if rows else position)


def _position(last_event_id: str | None, after: int | None) -> int | None:
    if not last_event_id:
        return after
    if not (last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19):
        raise Refused(422, "last-event-id", "Last-Event-ID is none that this service gives. Begin again without it.")
    return int(last_event_id)


def _stream(
    request: Request, service: Service, caller: Caller, position: int | None, kinds: frozenset[str] | None, framework: str | None
) -> Response:
    async def recognize() -> Caller:
        again = await recognize_now(request, service)
        if framework is not None or not again.may_somewhere(Role.reader):
            again.demand(Role.reader, framework)
        return again

    number_events(service.store, waits=True)  # what was told before is none of what comes
    service.events.start()
    newest = service.events.read_newest()
    begin = newest if position is None else min(position, newest)  # a database that was restored may have given fewer
    return EventSourceResponse(stream(service.events, begin, kinds, framework, caller, recognize), ping=0)
