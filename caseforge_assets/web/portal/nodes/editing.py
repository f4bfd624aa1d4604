"""Editing: a person's text is looked at before it is saved, and saved with the version that it was made from, so that nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup, escape

from caseforge_assets.commands.editing.edit_content import ContentOf
from caseforge_assets.commands.editing.edit_set import page_of_set
from caseforge_assets.commands.editing.find_version import Edit, EditedMeanwhile
from caseforge_assets.commands.editing.foresee_edit import ForeseenEdit, edit_text, foresee_edit
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.reports.comparing.text_difference import Line, text_difference
from caseforge_assets.safe_text import lines_of, plain_text
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting.contents import StoredContent, current_contents, stored_contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.web.access.callers import Editor
from caseforge_assets.web.api.nodes.edits import LONGEST_TEXT
from caseforge_assets.web.portal.nodes.node import is_text, node_address, of_node
from caseforge_assets.web.portal.shared.markdown import render_document
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.wording import counted

router = APIRouter(include_in_schema=False)
AROUND = 2


@dataclass(frozen=True)
class Written:
    """A form's text, the version that it was made from, and whether to keep it though the judge objects."""

    text: str
    version: str
    anyway: bool = False


@dataclass(frozen=True)
class Told:
    """The page's notes on a text: what saving it would come to or why it is refused, another's text meanwhile, and the changed lines."""

    foreseen: ForeseenEdit | None = None
    refused: str | None = None
    conflict: StoredContent | None = None
    theirs: str = ""
    lines: list[Line] | None = None


NOTHING = Told()


@router.get("/frameworks/{key}/nodes/{code:path}/edit")
def show_editor(key: str, code: str, stage: Annotated[str, Query(max_length=100)], pages: PagesNow, _caller: Editor) -> HTMLResponse:
    """A node's content as a text to be changed."""
    with pages.service.reading.connect() as connection:
        chosen, about, stored = _edited(pages, connection, key, code, stage)
    return _answer(pages, about, chosen, Written(text_of(chosen, stored), stored.version))


@router.post("/frameworks/{key}/nodes/{code:path}/edit", response_class=HTMLResponse)
def take_edit(
    key: str,
    code: str,
    stage: Annotated[str, Query(max_length=100)],
    pages: PagesNow,
    caller: Editor,
    text: Annotated[str, Form(min_length=1, max_length=LONGEST_TEXT)],
    version: Annotated[str, Form(max_length=200)],
    act: Annotated[Literal["preview", "save"], Form()] = "preview",
    anyway: Annotated[bool, Form()] = False,
) -> Response:
    """Looks at a text without keeping it, or saves it. Where somebody else was faster, both texts are shown, and neither is lost."""
    if act == "save" and (before := pages.led_before()) is not None:
        return before  # the version that it was made from is none any more because of itself
    service = pages.service
    written = Written("\n".join(lines_of(text)), version, anyway)
    with service.reading.connect() as connection:
        chosen, about, stored = _edited(pages, connection, key, code, stage)
        simulated = accepts_simulated(connection, service.settings)
    node = about["node"]
    if stored.version != version:
        return _conflict(pages, about, chosen, written, stored)
    edit = Edit(ContentOf(key, node.node_id, chosen), written.text, version, caller.name, anyway)

    def save_it(writing: Connection) -> str:
        edit_text(writing, service.project, edit)
        return node_address(key, node.code, saved=stage)

    try:
        if act == "save":
            return pages.once(save_it, journaled=True)
        foreseen = foresee_edit(service.store, service.project, edit, simulated=simulated)
    except EditedMeanwhile:
        with service.reading.connect() as connection:
            return _conflict(pages, about, chosen, written, _edited(pages, connection, key, code, stage)[2])
    except ValueError as error:
        told = Told(refused=str(error), lines=_changes(chosen, stored, written))
        return _answer(pages, about, chosen, written, told, status=422)
    return _answer(pages, about, chosen, written, Told(foreseen=foreseen, lines=_changes(chosen, stored, written)))


def text_of(stage: Stage, stored: StoredContent) -> str:
    """Gives what is edited: a document as it is, or the page of a list's items."""
    return page_of_set(stage, stored) if stage.answers_in_json else stored.body


def _edited(pages: Pages, connection: Connection, key: str, code: str, stage: str) -> tuple[Stage, dict[str, Any], StoredContent]:
    """The stage, what is said of the node, and its content.

    Raises:
        LookupError: there is no such stage, or nothing to edit.
        ValueError: what is there is no text that people may change.
    """
    chosen = pages.service.project.stages.in_framework(pages.service.project.stages[stage], key)
    node = named_node(connection, key, code)
    now = current_contents(connection, chosen.key, [node.node_id]).get(node.node_id)
    if now is None:
        raise LookupError(f"{node.code} {node.name} has no content of {chosen.key} yet")
    if not is_text(chosen):
        raise ValueError(f"{chosen.title} are data, not a text; they cannot be edited here")
    return chosen, of_node(connection, node), stored_contents(connection, [now.id])[now.id]


def _changes(stage: Stage, stored: StoredContent, written: Written) -> list[Line]:
    return text_difference(text_of(stage, stored), written.text, around=AROUND)


def _conflict(pages: Pages, about: dict[str, Any], stage: Stage, written: Written, stored: StoredContent) -> HTMLResponse:
    told = Told(conflict=stored, theirs=text_of(stage, stored), lines=_changes(stage, stored, written))
    return _answer(pages, about, stage, Written(written.text, stored.version, written.anyway), told, status=409)


def _answer(
    pages: Pages, about: dict[str, Any], stage: Stage, written: Written, told: Told = NOTHING, *, status: int = 200
) -> HTMLResponse:
    html, _ = render_document(written.text, under=3, anchors="preview") if told.foreseen or told.refused else (Markup(), ())
    values = {
        "stage": stage,
        "written": written,
        "in_area": Markup("\n") + escape(written.text),  # a line end right behind the tag is none of the text
        "hidden": _hidden(written.text),
        "html": html,
    }
    return pages.answer("edit.html.jinja", about | values | vars(told), status=status)


def _hidden(text: str) -> str | None:
    """Says that a text holds characters that nobody can see: it is edited to the letter, and shown elsewhere without them."""
    lost = sum(1 for a in text.split("\n") if plain_text(a) != a)
    return (
        f"{counted(lost, 'line')} of this text hold characters that cannot be seen or that steer the direction of writing" if lost else None
    )
