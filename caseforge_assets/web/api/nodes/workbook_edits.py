"""Use cases that were changed in an exported workbook are taken back, all of them or none."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from pydantic import BaseModel, Field

from caseforge_assets.commands.editing.edit_workbook import ChangedCandidate, edit_workbook
from caseforge_assets.web.access.callers import Editor, ServiceNow, problems
from caseforge_assets.web.api.editions.uploads import uploaded, workbook_limits

router = APIRouter(tags=["candidates"])
SUFFIXES = (".xlsx",)


class ChangedRow(BaseModel):
    """A row of the sheet of candidates that a person changed."""

    row: int
    uid: str
    code: str = Field(description="of its node")
    fields: list[str] = Field(description="the columns that differ")


class WorkbookEdited(BaseModel):
    """The result of taking a changed workbook back, or of its dry run."""

    framework: str
    dry_run: bool = Field(description="true: nothing was stored")
    rows: list[ChangedRow] = Field(description="what was changed; rows that are as they were, and those that were left out, are not named")


@router.post("/frameworks/{key}/workbook-edits", responses=problems(403, 404, 413, 415, 422))
def take_back_workbook(
    key: str,
    service: ServiceNow,
    caller: Editor,
    file: Annotated[UploadFile, File(description="an Excel workbook that an export wrote, with its sheet of candidates")],
    dry_run: Annotated[bool, Query(description="only say what was changed")] = True,
    overwrite: Annotated[
        bool, Query(description="also where a node's use cases have changed since the export: what came meanwhile is replaced")
    ] = False,
) -> WorkbookEdited:
    """Say which use cases were changed in an exported workbook; with `dry_run=false`, take them back.

    What cannot be taken back is named with its cells, and nothing is stored then.
    """
    with uploaded(file, SUFFIXES) as path, service.store.connect() as connection:
        changed = edit_workbook(
            connection, service.project, key, path, by=caller.name, overwrite=overwrite, limits=workbook_limits(service)
        )
        (connection.rollback if dry_run else connection.commit)()
    if changed and not dry_run:
        service.keep()
    return WorkbookEdited(framework=key, dry_run=dry_run, rows=[_row(change) for change in changed])


def _row(change: ChangedCandidate) -> ChangedRow:
    return ChangedRow(row=change.row, uid=change.uid, code=change.code, fields=list(change.fields))
