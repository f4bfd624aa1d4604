"""Retries: drafts of failed nodes, or of contents that score too little. They are approved like any other plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseforge_assets.commands.approving.keep_draft import keep_draft
from caseforge_assets.commands.approving.plan_retry import plan_retry
from caseforge_assets.commands.collecting.judge_again import judge_again
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.quality.measure_quality import measure_missing
from caseforge_assets.commands.quality.plan_quality_retry import plan_quality_retry
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.commands.surveying.choose_stages import accepted_stages
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.web.access.callers import Planner, ServiceNow, problems
from caseforge_assets.web.api.work.plan_shapes import PlanShown, shown_plan
from caseforge_assets.web.api.work.plans import demand_declared
from caseforge_assets.web.wire.idempotency import AnsweredOnce

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Connection

router = APIRouter(tags=["plans"])


class RetryWanted(BaseModel):
    """A request for a retry, as `caseforge retry` takes it: of failed and cancelled nodes, or of contents that score too little."""

    model_config = ConfigDict(extra="forbid")

    framework: str = Field(max_length=40)
    stages: list[str] = Field(default=[], max_length=20, description="only these; empty: all")
    nodes: str | None = Field(
        default=None, max_length=200_000, description="only these: codes, ids or keys separated by commas, or branches such as 8.*"
    )
    outcomes: list[Outcome] = Field(default=[], description="only nodes that failed so; empty: however they failed")
    max_tokens: int | None = Field(
        default=None, ge=256, le=10_000_000, description="completion budget of the new requests, instead of the one that follows by itself"
    )
    quality_below: int | None = Field(
        default=None, ge=1, le=100, description="instead of failed nodes: contents that score less; what a person wrote is left"
    )

    @model_validator(mode="after")
    def _goes_together(self) -> RetryWanted:
        if self.quality_below is not None and (self.outcomes or self.max_tokens):
            raise ValueError("quality_below is for answers that are good by their form; outcomes and max_tokens are for failed ones")
        return self


class MadeRetry(BaseModel):
    """A draft of what is asked again. Nothing of it is sent before it is approved."""

    plan: PlanShown
    nodes: int = Field(description="failed nodes, or contents, that would be asked for again")
    follow: int = Field(description="requests that follow from their answers")
    shortened: int = Field(description="made from half of what belongs in them")
    too_long: dict[str, str] = Field(description="nodes that cannot be sent, by code, and why")
    readable: int = Field(description="answers that had failed and are readable now, at no cost")
    edited: int = Field(description="left, because a person wrote them")
    asked_already: int = Field(description="left, because they are asked for already")


@router.post("/retries", status_code=201, response_model=MadeRetry, responses=problems(403, 404, 422, 502, 503))
def make_retry(wanted: RetryWanted, service: ServiceNow, caller: Planner, once: AnsweredOnce) -> JSONResponse:
    """Plan to send failed nodes again, with a larger budget where theirs was too small, or to ask again for what scores too little.

    Answers that had failed and are readable now are kept first, at no cost, and are not asked for again.
    """
    demand_declared(service, caller, wanted.framework)
    project = service.open_project
    if wanted.quality_below is not None:
        measure_missing(project.store, project.stages, wanted.framework)
        return once.answer(lambda connection: _low_scores(connection, project, wanted, caller.name), status=201)
    readable = judge_again(project, wanted.framework)  # in transactions of its own: no call holds one connection and waits for another
    return once.answer(lambda connection: retry_draft(connection, project, wanted, readable, caller.name), status=201)


def retry_draft(connection: Connection, project: OpenProject, wanted: RetryWanted, readable: int, by: str) -> MadeRetry:
    """Makes a draft of failed nodes, and keeps it.

    Args:
        readable: answers that had failed and were read before it.
    """
    key, simulated = wanted.framework, project.provider.simulated
    chosen = accepted_stages(connection, project, wanted.stages)
    ids = choose_nodes(connection, key, wanted.nodes)
    draft = plan_retry(connection, project, Scope(key, chosen.stages, simulated, ids), wanted.outcomes, wanted.max_tokens)
    keep_draft(connection, draft, by=by)
    return MadeRetry(
        plan=shown_plan(connection, project, draft.id),
        nodes=draft.nodes,
        follow=draft.later,
        shortened=draft.shortened,
        too_long={node.code: node.why for node in draft.too_long},
        readable=readable,
        edited=0,
        asked_already=0,
    )


def _low_scores(connection: Connection, project: OpenProject, wanted: RetryWanted, by: str) -> MadeRetry:
    key, simulated = wanted.framework, project.provider.simulated
    chosen = accepted_stages(connection, project, wanted.stages)
    ids = choose_nodes(connection, key, wanted.nodes)
    draft = plan_quality_retry(connection, project, Scope(key, chosen.stages, simulated, ids), wanted.quality_below or 0)
    keep_draft(connection, draft, by=by)
    return MadeRetry(
        plan=shown_plan(connection, project, draft.id),
        nodes=draft.nodes,
        follow=draft.later,
        shortened=0,
        too_long={node.code: node.why for node in draft.too_long},
        readable=0,
        edited=draft.edited,
        asked_already=draft.under_way,
    )
