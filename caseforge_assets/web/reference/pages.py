"""The pages of the OpenAPI document: made on the server, with a stylesheet of their own, no script, and nothing from another host."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from caseforge_assets.web.reference.document import describe
from caseforge_assets.web.reference.operations import by_tag, schemas

FOLDER = Path(__file__).parent
DOCUMENT = "/api/v1/openapi.json"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """All endpoints on one page."""
    document = describe(request.app)
    page = _template().render(document=document, operations=by_tag(document), schemas=schemas(document), address=DOCUMENT)
    return HTMLResponse(page, headers=HEADERS)


@router.get("/docs/reference.css")
def stylesheet() -> Response:
    """Show how the page looks."""
    return Response((FOLDER / "reference.css").read_bytes(), media_type="text/css", headers=HEADERS)


@router.get(DOCUMENT)
def openapi(request: Request) -> JSONResponse:
    """The document itself."""
    return JSONResponse(describe(request.app))


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("reference.html.jinja")
