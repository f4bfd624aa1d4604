"""Documents: what was written about the nodes of a framework, as a list, and one of them whole."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.reading.document_lists import ContentFilter, list_contents, whole_content
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.api.editions.frameworks import loaded_edition
from caseforge_assets.web.api.nodes.nodes import Branch
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.wire.money import Money, money
from caseforge_assets.web.wire.pages import Cursor, Limit, Page, cursor_number, decode_cursor, encode_cursor, rows_of

router = APIRouter(tags=["documents"])
ORDER = "position,stage"

Score = Annotated[int | None, Query(ge=0, le=100)]
ContentOwner = Annotated[
    str | None, Query(max_length=200, description="the node's owner, else who is named for what is made, else its framework's owner")
]


class DocumentRow(BaseModel):
    """A document as lists show it."""

    code: str
    name: str
    stage: str
    title: str
    version: str
    owner: str
    model: str | None
    simulated: bool
    edited: bool = Field(description="a person wrote it")
    score: int | None = Field(description="0 to 100; null: not measured")
    answered_at: datetime | None
    stored_at: datetime


class Document(BaseModel):
    """A node's current content in a stage. Its `version` is its entity tag."""

    framework: str
    code: str
    name: str
    stage: str
    title: str
    body: str = Field(description="Markdown, as it was written: HTML in it is text to be shown, nothing to be carried out")
    version: str
    owner: str
    model: str | None
    temperature: Decimal | None
    generated_by: str
    simulated: bool
    edited: bool
    reused: bool = Field(description="taken over from the answer for another node, at no cost")
    answered_at: datetime | None
    stored_at: datetime
    input_tokens: int | None
    output_tokens: int | None
    cost: Money | None = Field(description="null: unknown")
    notes: list[str]
    batch: str | None = Field(description="the provider's id of the batch that it came in")
    score: int | None
    score_details: dict[str, Any] | None = Field(description="points by part, faults that hold the score down, and what was counted")


@router.get("/frameworks/{key}/documents", responses=reads(404, 422), response_model=Page[DocumentRow])
def list_documents(
    key: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    stage: Annotated[str | None, Query(max_length=100, description="of this stage only")] = None,
    branch: Branch = None,
    owner: ContentOwner = None,
    text: Annotated[str | None, Query(max_length=200, description="part of the title or of the node's code, in whatever case")] = None,
    simulated: bool | None = None,
    edited: bool | None = None,
    min_score: Score = None,
    max_score: Score = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the documents of a framework's target nodes, in its order."""
    keys = decode_cursor(cursor, ORDER, 2)
    after = (-1, "") if keys is None else (cursor_number(keys[0]), str(keys[1]))
    stages = [stage.key for stage in service.project.stages if stage.is_document] if stage is None else [service.project.stages[stage].key]
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        edition = loaded_edition(connection, key)
        meant = ContentFilter(branch, owner, text, simulated, edited, min_score, max_score)
        found = list_contents(connection, edition, stages, RULES, meant, after=after, limit=limit + 1)
    page = found[:limit]
    following = encode_cursor(ORDER, page[-1].position, page[-1].stage) if len(found) > limit else None
    return tags.answer(Page(items=rows_of(DocumentRow, page), next=following))


@router.get("/frameworks/{key}/documents/{code:path}", responses=reads(404, 422), response_model=Document)
def read_document(
    key: str,
    code: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    stage: Annotated[str | None, Query(max_length=100, description="without it, the first stage whose content is a document")] = None,
) -> Response:
    """Read what is current for a node in a stage, as it was written."""
    chosen = document_stage(service.project.stages, stage)
    with service.reading.connect() as connection:
        node = named_node(connection, key, code)
        found = whole_content(connection, node.node_id, chosen.key, RULES, node.owner)
    if found is None:
        raise LookupError(f"{node.code} {node.name} has no content of {chosen.key} yet")
    tags.of_version(found.version)
    taken = {name: getattr(found, name) for name in Document.model_fields if hasattr(found, name)}
    return tags.answer(Document(framework=key, code=node.code, name=node.name, stage=chosen.key, cost=money(found.cost_usd), **taken))


def document_stage(stages: Stages, stage: str | None) -> Stage:
    """The stage that is asked for.

    Raises:
        LookupError: there is none of this name, or no stage makes documents.
    """
    if stage is not None:
        return stages[stage]
    found = next((stage for stage in stages if stage.is_document), None)
    if found is None:
        raise LookupError("no stage makes documents here; say which stage is meant")
    return found
