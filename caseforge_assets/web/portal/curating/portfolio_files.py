"""A portfolio as a file that people take with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from caseforge_assets.commands.exporting.export_portfolio import export_portfolio
from caseforge_assets.commands.portfolios.find_portfolio import find_portfolio
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets.safe_text import file_name
from caseforge_assets.temporary import temporary_folder
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.wire.pages import Id

router = APIRouter(include_in_schema=False)


@router.get("/portfolios/{portfolio_id}/file")
def download(
    portfolio_id: Id, pages: PagesNow, caller: Reader, kind: Annotated[Literal["xlsx", "docx", "pptx"], Query(alias="as")] = "xlsx"
) -> Response:
    """The portfolio as a deck, a Word document or a workbook to decide on, with the use cases that the caller may see."""
    with temporary_folder() as folder, pages.service.reading.connect() as connection:
        row = find_portfolio(connection, caller, portfolio_id)
        name = f"{file_name(f'portfolio-{portfolio_id}-{row.name}')}{KINDS[kind].ending}"
        target = Path(folder) / name
        export_portfolio(connection, pages.service.project, caller, portfolio_id, target, quietly=True)
        content = target.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=KINDS[kind].media_type, headers=headers)
