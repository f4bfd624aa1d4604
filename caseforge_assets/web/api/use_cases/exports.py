"""Exports: asked for, made behind the answer, and fetched as a file by whoever may see the framework."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Path, Request
from fastapi.concurrency import iterate_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.exporting.ask_export import KEPT, ask_export
from caseforge_assets.commands.exporting.find_export import ID_PATTERN, ExportWish, KeptExport, export_path, find_export
from caseforge_assets.commands.exporting.make_export import make_export
from caseforge_assets.commands.gathering.choose_contents import Selection
from caseforge_assets.commands.quality.measure_quality import measure_missing
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets.store.database import clock
from caseforge_assets.store.editions.frameworks import known_keys
from caseforge_assets.web.access.callers import Reader, ServiceNow, problems, recognize_now, see_framework
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(tags=["exports"])
LOOKS_EVERY_S = 1.0  # whether an export that is being fetched may still be seen
ExportId = Annotated[str, Path(pattern=ID_PATTERN, max_length=60)]
Score = Annotated[int | None, Field(ge=0, le=100)]
Format = Literal["xlsx", "docx", "pptx", "bpmn", "md", "csv", "parquet", "jsonl", "markdown"]


class ExportWanted(BaseModel):
    """A request for an export: a format, and conditions on its contents, all of which have to hold."""

    model_config = ConfigDict(extra="forbid")

    framework: str = Field(max_length=40)
    format: Format = Field(
        description="csv, parquet and markdown are several files: a zip archive of them; bpmn takes the nodes of one document"
    )
    nodes: str | None = Field(
        default=None, max_length=200_000, description="codes, ids or keys separated by commas, or branches such as 8.*"
    )
    owner: str | None = Field(default=None, max_length=200)
    categories: list[str] | None = Field(
        default=None, min_length=1, max_length=50, description="only candidates of these, and their nodes' documents"
    )
    min_score: Score = None
    max_score: Score = None
    all_candidates: bool = Field(default=False, description="also candidates beyond the ten that were asked for")
    retired: bool = Field(default=False, description="instead, what was made for nodes that the current edition does not have")


class Export(BaseModel):
    """An export. It is removed a day after it was asked for."""

    id: str
    framework: str
    format: str
    selected: str = Field(description="which contents, in words; empty: all")
    asked_by: str
    asked_at: datetime
    gone_at: datetime
    state: Literal["making", "ready", "failed"]
    size_bytes: int | None
    problem: str | None


@router.post("/exports", status_code=202, responses=problems(403, 404, 422, 503))
def ask_for_export(wanted: ExportWanted, service: ServiceNow, caller: Reader, tasks: BackgroundTasks) -> Export:
    """Ask for documents and candidates as a file; `GET /api/v1/exports/{id}` says when it is ready, and `/file` below it gives it."""
    key = wanted.framework
    see_framework(caller, key)
    selection = Selection(
        wanted.owner, wanted.nodes, wanted.categories, wanted.min_score, wanted.max_score, wanted.retired, wanted.all_candidates
    )
    with service.store.connect() as connection:
        if key not in known_keys(connection):
            raise LookupError(f"there is no framework {key!r}, or you may not see it")
        now, wish = clock.now(connection), ExportWish(key, wanted.format, selection)
        export_id = ask_export(connection, service.project.stages, service.folder, wish, by=caller.name, now=now)
    tasks.add_task(make_asked, service, key, export_id)
    return _shown(found_export(service, caller, export_id))


@router.get("/exports/{export_id}", responses=problems(404, 422, 503))
def read_export(export_id: ExportId, service: ServiceNow, caller: Reader, tasks: BackgroundTasks) -> Export:
    """Read whether an export is ready. Where whoever made it was stopped, it is made anew."""
    shown = _shown(found := found_export(service, caller, export_id))
    if shown.state == "making":
        tasks.add_task(make_asked, service, found.framework_key, export_id)
    return shown


@router.get(
    "/exports/{export_id}/file",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file.", "content": {media: {} for media in sorted({kind.media_type for kind in KINDS.values()})}},
        **problems(404, 409, 422, 503),
    },
)
def fetch_export(export_id: ExportId, request: Request, service: ServiceNow, caller: Reader) -> StreamingResponse:
    """Fetch an export as a file."""
    found = found_export(service, caller, export_id)
    if found.size_bytes is None:
        raise Refused(409, "not-ready", found.problem or "The export is not ready yet; ask again in a moment.", {"Retry-After": "2"})
    headers = {
        "Content-Disposition": f'attachment; filename="{found.file_name}"',
        "Content-Length": str(found.size_bytes),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    pieces = _while_seen(service.folder.read(export_path(export_id, "file")), request, service, found.framework_key)
    return StreamingResponse(pieces, media_type=KINDS[found.kind].media_type, headers=headers)


async def _while_seen(pieces: Iterator[bytes], request: Request, service: Service, key: str) -> AsyncIterator[bytes]:
    """The pieces of a file, which may take long to be fetched, for as long as whoever fetches it may see its framework.

    Raises:
        Refused, NotAllowed: they are not known any more, or may not; the connection ends then, so that nobody takes a part for the whole.
    """
    looked = time.monotonic()
    async for piece in iterate_in_threadpool(pieces):
        if time.monotonic() - looked >= LOOKS_EVERY_S:
            (await recognize_now(request, service)).demand(Role.reader, key)
            looked = time.monotonic()
        yield piece


def make_asked(service: Service, key: str, export_id: str) -> None:
    """Makes an export that was asked for, unless it is there; what was not measured yet is measured before."""
    measure_missing(service.store, service.project.stages, key)
    make_export(service.store, service.project.stages, service.folder, export_id)


def found_export(service: Service, caller: Caller, export_id: str) -> KeptExport:
    """An export that the caller may see.

    Raises:
        LookupError: there is none, or not any more.
    """
    found = find_export(service.folder, export_id)
    if found is None or not caller.may(Role.reader, found.framework_key):
        raise LookupError(f"there is no export {export_id}, or not any more, or you may not see it")
    return found


def _shown(found: KeptExport) -> Export:
    return Export(
        id=found.id,
        framework=found.framework_key,
        format=found.kind,
        selected=found.selection.in_words(),
        asked_by=found.asked_by,
        asked_at=found.asked_at,
        gone_at=found.asked_at + KEPT,
        state="ready" if found.size_bytes is not None else "failed" if found.problem else "making",
        size_bytes=found.size_bytes,
        problem=found.problem,
    )
