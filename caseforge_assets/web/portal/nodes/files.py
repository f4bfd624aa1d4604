"""Contents as files that people take with them: a node's at once, a branch's or a framework's when it is ready."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from caseforge_assets.commands.exporting.ask_export import KEPT, ask_export
from caseforge_assets.commands.exporting.export_contents import export_contents
from caseforge_assets.commands.exporting.find_export import ExportWish
from caseforge_assets.commands.gathering.choose_contents import Selection
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets.safe_text import file_name
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import current_edition, known_keys
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.temporary import temporary_folder
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.use_cases.exports import ExportId, Format, fetch_export, found_export, make_asked
from caseforge_assets.web.portal.shared.rendering import PagesNow

router = APIRouter(include_in_schema=False)
FOR_PEOPLE = ("docx", "xlsx", "pptx", "md", "markdown", "csv", "parquet", "jsonl")
LOOK_AGAIN_S = "2"


@router.get("/frameworks/{key}/nodes/{code:path}/file")
def download(
    key: str,
    code: str,
    pages: PagesNow,
    _caller: Reader,
    stage: Annotated[str, Query(max_length=100)],
    kind: Annotated[Literal["docx", "bpmn", "md"], Query(alias="as")] = "docx",
) -> Response:
    """Show what a node has in a stage, as a file."""
    stages = pages.service.project.stages
    only = replace(stages, shared=(stages[stage],))
    with temporary_folder() as folder, pages.service.store.connect() as connection:
        node = named_node(connection, key, code)
        target = Path(folder) / f"node{KINDS[kind].ending}"
        selection = Selection(nodes=node.partition_key or node.code, retired=node.retired)
        export_contents(connection, only, key, target, kind, selection, quietly=True)
        content = target.read_bytes()
    name = f"{file_name(f'{key}-{node.code}-{stage}')}{KINDS[kind].ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=KINDS[kind].media_type, headers=headers)


@router.get("/frameworks/{key}/export")
def show_form(key: str, pages: PagesNow, _caller: Reader, nodes: Annotated[str, Query(max_length=2_000)] = "") -> HTMLResponse:
    """Show what there is to take with one, and of which nodes."""
    with pages.service.reading.connect() as connection:
        edition = current_edition(connection, key)
        if edition is None:
            raise LookupError(f"there is no framework {key!r}, or you may not see it")
    values = {"key": key, "title": edition.title, "nodes": nodes, "kinds": {kind: KINDS[kind] for kind in FOR_PEOPLE}}
    return pages.answer("export.html.jinja", values)


@router.post("/frameworks/{key}/export")
def ask(
    key: str,
    pages: PagesNow,
    caller: Reader,
    tasks: BackgroundTasks,
    kind: Annotated[Format, Form(alias="as")],
    nodes: Annotated[str, Form(max_length=200_000)] = "",
) -> RedirectResponse:
    """Asks for it, and leads to where it is fetched."""
    service = pages.service

    def ask_it(connection: Connection) -> str:
        if key not in known_keys(connection):
            raise LookupError(f"there is no framework {key!r}, or you may not see it")
        wish = ExportWish(key, kind, Selection(nodes=nodes.strip() or None))
        now = clock.now(connection)
        export_id = ask_export(connection, service.project.stages, service.folder, wish, by=caller.name, now=now)
        tasks.add_task(make_asked, service, key, export_id)
        return f"/exports/{export_id}"

    return pages.once(ask_it)


@router.get("/exports/{export_id}")
def show_export(export_id: ExportId, pages: PagesNow, caller: Reader, tasks: BackgroundTasks) -> HTMLResponse:
    """Tell whether it is ready; until then the page asks again by itself."""
    found = found_export(pages.service, caller, export_id)
    is_made = found.size_bytes is None and not found.problem
    with pages.service.reading.connect() as connection:
        edition = current_edition(connection, found.framework_key)
    values = {
        "one": found,
        "title": edition.title if edition else found.framework_key,
        "what": KINDS[found.kind].what,
        "is_made": is_made,
        "gone_at": found.asked_at + KEPT,
    }
    answer = pages.answer("export_ready.html.jinja", values)
    if is_made:
        tasks.add_task(make_asked, pages.service, found.framework_key, export_id)  # where whoever made it was stopped
        answer.headers["Refresh"] = LOOK_AGAIN_S
    return answer


@router.get("/exports/{export_id}/file")
def fetch(export_id: ExportId, pages: PagesNow, caller: Reader) -> StreamingResponse:
    """The file."""
    return fetch_export(export_id, pages.request, pages.service, caller)
