"""One node of a framework: where it stands in each stage, why, and its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.explain_node import Explanation, explain_node
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.reports.history import tell_history
from caseforge_assets.store.editions.contexts import current_contexts
from caseforge_assets.store.figures.histories import history_of_node
from caseforge_assets.store.figures.node_views import contents_in_short, names_of_candidates
from caseforge_assets.store.planning.whereabouts import whereabouts_of_node
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.wire.pages import rows_of

router = APIRouter(tags=["nodes"])


class Context(BaseModel):
    """The text about a node that the model is given."""

    text: str
    version: str
    is_current: bool = Field(description="whether it fits the current edition")


class Standing(BaseModel):
    """A node's state in a stage, with what differs and what it waits for."""

    stage: str
    state: NodeState
    meaning: str
    differences: list[str] = Field(description="what differs from what its content was made from")
    diff: str = Field(description="what differs in the texts that the model is told, as a unified diff")
    since: datetime | None
    waits: str | None = Field(description="where its request is and what would make it move; null: nothing is awaited")


class ContentRow(BaseModel):
    """A content of a node, the current one of its stage or one before it, without its text."""

    id: int
    stage: str
    title: str
    version: str
    is_current: bool
    model: str | None
    generated_by: str
    owner: str
    simulated: bool
    edited: bool
    answered_at: datetime | None
    stored_at: datetime


class CandidateName(BaseModel):
    """A current item of a node, such as a candidate."""

    stage: str
    uid: str
    title: str


class Node(BaseModel):
    """A node with what belongs to it."""

    framework: str
    code: str
    name: str
    description: str
    level: int
    identity: str = Field(description="the framework's own id of it, or its path of names; editions are compared by it")
    partition_key: str | None
    owner: str
    is_leaf: bool
    kpis: list[dict[str, Any]] = Field(description="official indicators")
    edition: str
    retired: bool = Field(description="the current edition does not have it; this is how the newest one that does has it")
    context: Context | None
    standings: list[Standing]
    contents: list[ContentRow]
    candidates: list[CandidateName]


class Happening(BaseModel):
    """Something that happened to a node."""

    at: datetime | None = Field(description="null: the time is unknown")
    kind: str
    said: str
    details: list[str]


class History(BaseModel):
    """All that happened to a node, oldest first."""

    framework: str
    code: str
    name: str
    events: list[Happening]


@router.get("/frameworks/{key}/nodes/{code:path}", responses=reads(404), response_model=Node)
def read_node(key: str, code: str, service: ServiceNow, _caller: Reader, tags: TagsNow) -> Response:
    """Read a node by its code, partition key, id, or the uid of one of its candidates: where it stands in each stage, and why."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        row = named_node(connection, key, code)
        is_target = row.partition_key is not None and not row.retired
        simulated = accepts_simulated(connection, service.settings)
        explained = explain_node(connection, service.project, key, row.node_id, simulated) if is_target else []
        waits = whereabouts_of_node(connection, row.node_id, simulated)
        context = current_contexts(connection, [row.node_id]).get(row.node_id)
        contents = contents_in_short(connection, row.node_id)
        candidates = names_of_candidates(connection, row.node_id)
    return tags.answer(
        Node(
            framework=row.framework_key,
            **{name: getattr(row, name) for name in ("code", "name", "description", "level", "identity", "partition_key", "owner")},
            **{name: getattr(row, name) for name in ("is_leaf", "kpis", "edition", "retired")},
            context=None
            if context is None
            else Context(text=context.text, version=context.version, is_current=context.node_version == row.version),
            standings=[_standing(explanation, waits.get(explanation.stage)) for explanation in explained],
            contents=rows_of(ContentRow, contents),
            candidates=rows_of(CandidateName, candidates),
        )
    )


@router.get("/frameworks/{key}/history/{code:path}", responses=reads(404), response_model=History)
def read_history(key: str, code: str, service: ServiceNow, _caller: Reader, tags: TagsNow) -> Response:
    """Read what happened to a node, from the row of the workbook to the candidates, in the words of `caseforge show NODE --history`."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        row = named_node(connection, key, code)
        events = tell_history(history_of_node(connection, row.node_id))
    told = [Happening(at=event.at, kind=event.kind, said=event.said, details=list(event.details)) for event in events]
    return tags.answer(History(framework=row.framework_key, code=row.code, name=row.name, events=told))


def _standing(explanation: Explanation, waits: str | None) -> Standing:
    return Standing(
        stage=explanation.stage,
        state=explanation.state,
        meaning=explanation.meaning,
        differences=list(explanation.differences),
        diff=explanation.diff,
        since=explanation.since,
        waits=waits,
    )
