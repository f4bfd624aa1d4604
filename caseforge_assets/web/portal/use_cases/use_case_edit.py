"""The texts of a use case as a form: what a person writes becomes a version of its own, and nothing of two who edit at once is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.commands.editing.find_version import EditedMeanwhile
from caseforge_assets.curation.columns import asked_fields, column_values, in_order
from caseforge_assets.store.curating.whole import WholeUseCase
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Editor
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.portal.use_cases.use_case import demand_use_case, stage_of, use_case_called
from caseforge_assets.web.wire.pages import Id

router = APIRouter(include_in_schema=False)
FIELD = "field-"  # before the name of a field, so that none of them is taken for something else


async def _sent(request: Request) -> dict[str, str]:
    """The fields of the form, whichever a stage's items have."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@router.get("/use-cases/{candidate_id}/edit")
def show_form(candidate_id: Id, pages: PagesNow, caller: Editor) -> HTMLResponse:
    """The form."""
    return _form(pages, caller, candidate_id)


@router.post("/use-cases/{candidate_id}/edit")
def edit(
    candidate_id: Id,
    pages: PagesNow,
    caller: Editor,
    sent: Annotated[dict[str, str], Depends(_sent)],
    version: Annotated[str, Form(max_length=100)],
) -> Response:
    """Keeps what was written, if it was made from what stands there. Otherwise both are shown, and the next try replaces what came meanwhile."""
    written = {name.removeprefix(FIELD): value for name, value in sent.items() if name.startswith(FIELD)}

    def keep_it(connection: Connection) -> str:
        use_case = demand_use_case(connection, caller, candidate_id, Role.editor).described.use_case
        edit_item(connection, pages.service.project, use_case.framework_key, use_case.uid, written, version=version, by=caller.name)
        return f"/use-cases/{use_case_called(connection, use_case.framework_key, use_case.uid)}"

    try:
        return pages.once(keep_it, journaled=True)
    except EditedMeanwhile as error:
        return _form(pages, caller, candidate_id, written=written, problem=str(error), status=409)
    except ValueError as error:
        return _form(pages, caller, candidate_id, written=written, problem=str(error), status=422)


def _form(
    pages: Pages, caller: Caller, candidate_id: int, *, written: Mapping[str, str] | None = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    with pages.service.reading.connect() as connection:
        whole = demand_use_case(connection, caller, candidate_id, Role.editor)
        use_case = whole.described.use_case
        newest = use_case_called(connection, use_case.framework_key, use_case.uid) if problem else candidate_id
        now = demand_use_case(connection, caller, newest, Role.editor)
    fields = _fields(pages, whole)
    shown = {**fields, **(written or {})}
    of_now = _fields(pages, now)
    meanwhile = {name: text for name, text in of_now.items() if written and written.get(name, text) != text and fields.get(name) != text}
    choices = {name: choices for name, choices in asked_fields(stage_of(pages, use_case.stage)).items() if fields.get(name) in choices}
    values = {
        "one": use_case,
        "whole": whole,
        "fields": shown,
        "meanwhile": meanwhile,
        "choices": choices,
        "version": now.version,
        "problem": problem,
    }
    return pages.answer("use_case_edit.html.jinja", values, section="use-cases", status=status)


def _fields(pages: Pages, whole: WholeUseCase) -> dict[str, str]:
    """All fields as a person writes them, the title first."""
    described = whole.described
    stage = stage_of(pages, described.use_case.stage)
    values = column_values(stage, described.fields)
    columns = {name: values[column] or "" for column, name in stage.item_columns.items()} if stage else {}
    return {
        "title": described.use_case.title,
        **{name: columns.get(name, str(value)) for name, value in in_order(stage, described.fields).items()},
    }
