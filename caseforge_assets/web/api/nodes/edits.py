"""Edits: what a person writes becomes a version of its own. Each names the version that it was made from, so that nothing is lost when two edit at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.commands.editing.edit_content import ContentOf
from caseforge_assets.commands.editing.edit_version import edit_document, edit_item
from caseforge_assets.commands.editing.find_version import Edit, Edited, EditedMeanwhile
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.web.access.callers import Editor, ServiceNow, problems
from caseforge_assets.web.api.nodes.documents import document_stage
from caseforge_assets.web.keeping.etags import demanded_version, version_tag
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(tags=["documents"])
LONGEST_TEXT = 1_000_000

IfMatch = Annotated[
    str | None,
    Header(
        max_length=200, description="the entity tag of what was edited, as it was read; 428 without it, 412 where it is another one by now"
    ),
]


class WrittenDocument(BaseModel):
    """A text as a person wrote it; it is kept to the letter."""

    model_config = ConfigDict(extra="forbid")

    body: str = Field(min_length=1, max_length=LONGEST_TEXT, description="Markdown, whole")
    anyway: bool = Field(default=False, description="also where a section is missing")


class WrittenItem(BaseModel):
    """Fields of a candidate as a person wrote them; those that are not named stay as they are."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, str | int] = Field(
        min_length=1,
        max_length=50,
        description="by name, `title` among them; a level by its name or number",
        examples=[{"title": "Sort mail", "complexity_score": "Low"}],
    )


class Kept(BaseModel):
    """The result of an edit: the content's version now, and whether anything was stored."""

    framework: str
    code: str
    stage: str
    version: str = Field(description="of the content now; its entity tag")
    changed: bool = Field(description="false: it said that already, and nothing was stored")


@router.put("/frameworks/{key}/documents/{code:path}", responses=problems(403, 404, 412, 413, 422, 428))
def write_document(
    key: str,
    code: str,
    written: WrittenDocument,
    service: ServiceNow,
    caller: Editor,
    response: Response,
    if_match: IfMatch = None,
    stage: Annotated[str | None, Query(max_length=100, description="without it, the first stage whose content is a document")] = None,
) -> Kept:
    """Write a node's document. It stays current until somebody asks for another one of this node; what is made from it becomes stale."""
    version = demanded_version(if_match)
    chosen = document_stage(service.project.stages, stage)
    with service.store.begin() as connection:
        node = named_node(connection, key, code)
        try:
            edit = Edit(ContentOf(key, node.node_id, chosen), written.body, version, caller.name, written.anyway)
            edited = edit_document(connection, service.project, edit)
        except EditedMeanwhile as error:
            raise _changed(error) from None
        kept = _kept(response, key, node.code, chosen.key, edited)
    service.keep()  # what people wrote outlasts the database
    return kept


@router.patch("/frameworks/{key}/candidates/{uid:path}", responses=problems(403, 404, 412, 413, 422, 428))
def write_candidate(
    key: str, uid: str, written: WrittenItem, service: ServiceNow, caller: Editor, response: Response, if_match: IfMatch = None
) -> Kept:
    """Change fields of a candidate. Its entity tag is that of its node's set: of two edits of one set, the second is told."""
    version = demanded_version(if_match)
    with service.store.begin() as connection:
        try:
            stage, edited = edit_item(connection, service.project, key, uid, written.fields, version=version, by=caller.name)
        except EditedMeanwhile as error:
            raise _changed(error) from None
        kept = _kept(response, key, uid, stage.key, edited)
    service.keep()
    return kept


def _changed(error: EditedMeanwhile) -> Refused:
    return Refused(412, "precondition-failed", str(error), {"ETag": version_tag(error.version)}, {"version": error.version})


def _kept(response: Response, key: str, code: str, stage: str, edited: Edited) -> Kept:
    response.headers["ETag"] = version_tag(edited.version)
    return Kept(framework=key, code=code, stage=stage, version=edited.version, changed=edited.changed)
