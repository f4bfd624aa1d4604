"""retry: failed requests become new ones that have a better chance, within the attempts that a node has."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from caseforge_assets.batches.next_action import AttemptMade, NextKind, NextRequest, next_request
from caseforge_assets.batches.request_forms import written_size
from caseforge_assets.batches.states import RequestState
from caseforge_assets.commands.requests.shorten_request import shortened_bodies
from caseforge_assets.commands.requests.write_input_events import write_events_of
from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.event_log import log_event
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import largest_budget
from caseforge_assets.stages.canonical import canonical_json, text_fingerprint
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection, after_commit
from caseforge_assets.store.requests import requests
from caseforge_assets.store.requests.requests import FailedRequest, NewRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retried:
    """Node ids with a request that is pending again, and how many failed ones were left, by reason."""

    node_ids: tuple[int, ...] = ()
    left: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Retry:
    """Terms on which failed nodes are asked again.

    Attributes:
        outcomes: Only nodes whose last outcome is one of these; empty: whatever it was.
        asked: A person asks: outcomes that a person decides and nodes without attempts left are retried, too.
        plan_id: The plan that the requests come under; None: that of the failed ones.
        max_completion_tokens: A budget that replaces the one that would follow by itself.
    """

    outcomes: Collection[str] = ()
    asked: bool = False
    plan_id: int | None = None
    max_completion_tokens: int | None = None

    def means(self, failed: FailedRequest) -> bool:
        """Tell whether a failed request is one of those that are asked again."""
        return not self.outcomes or failed.outcome in self.outcomes


BY_ITSELF = Retry()


def retry_failed(
    connection: Connection, project: Project, key: str, stage: Stage, node_ids: Sequence[int] | None = None, retry: Retry = BY_ITSELF
) -> Retried:
    """Makes the next request of failed nodes (all, or those given)."""
    found = [failed for failed in requests.failed_requests(connection, key, stage.key, node_ids) if retry.means(failed)]
    steps = [(failed, next_step(project, stage, failed, retry.asked)) for failed in found]
    again = {failed.id: RequestState.pending for failed, step in steps if step.kind is NextKind.same_request}
    left = Counter(f"{failed.outcome}: {step.reason}" for failed, step in steps if step.kind is NextKind.give_up)
    too_long = [failed.request for failed, step in steps if step.kind is NextKind.shorter_context]
    bodies = shortened_bodies(connection, project.stages, key, stage, too_long)
    new = [
        _next(failed, step, bodies.get(failed.request.node_id), retry)
        for failed, step in steps
        if step.kind in (NextKind.new_request, NextKind.shorter_context)
    ]
    requests.set_states(connection, again)
    if retry.plan_id is not None:
        requests.set_plan(connection, list(again), retry.plan_id)
    made = requests.save_requests(connection, new)
    write_events_of(connection, project.stages, key, stage, new, made)
    after_commit(connection, lambda: _log([failed for failed, step in steps if step.kind is not NextKind.give_up]))
    waiting = [failed.request.node_id for failed in found if failed.id in again]
    return Retried((*waiting, *made), dict(left))


def _log(asked_again: Sequence[FailedRequest]) -> None:
    for failed in asked_again:
        request, counted = failed.request, _counted(failed)
        where = {"framework": request.framework_key, "stage": request.stage, "node_id": request.node_id}
        log_event(log, "retry", **where, after=failed.outcome, attempts=counted)


def next_steps(connection: Connection, project: Project, key: str) -> dict[tuple[str, int], str]:
    """Per stage and node that failed: what the next plan or retry does with it, for people."""
    return {
        (stage.key, failed.request.node_id): _said(next_step(project, stage, failed))
        for stage in project.stages
        for failed in requests.failed_requests(connection, key, stage.key, lock=False)
    }


def _said(step: NextRequest) -> str:
    return f"waits: {step.reason}" if step.kind is NextKind.give_up else f"sent again {step.reason}"


def _counted(failed: FailedRequest) -> int:
    return failed.request.attempts_counted + Outcome(failed.outcome).counted


def next_step(project: Project, stage: Stage, failed: FailedRequest, asked: bool = False) -> NextRequest:
    """Gives what follows for a failed request by itself, or when a person asks. What was never sent is no attempt to follow up: it is made anew."""
    if failed.not_sent:
        request = failed.request
        return NextRequest(NextKind.give_up, request.max_completion_tokens, request.generation, "it is too long for its model")
    made = AttemptMade(
        Outcome(failed.outcome),
        counted=_counted(failed),
        budget=failed.request.max_completion_tokens,
        budget_limit=largest_budget(stage, failed.request.model, failed.request.input_tokens),
        generation=failed.request.generation,
        context_shortened=failed.request.shortened,
    )
    return next_request(made, max_attempts=project.configuration.max_attempts, asked=asked)


def _next(failed: FailedRequest, step: NextRequest, shorter: dict[str, Any] | None, retry: Retry) -> NewRequest:
    budget = retry.max_completion_tokens or step.max_completion_tokens
    body = (shorter or json.loads(failed.request.body)) | {"max_completion_tokens": budget}
    text = canonical_json(body)
    return replace(
        failed.request,
        body=text,
        fingerprint=text_fingerprint(text),
        generation=step.generation,
        max_completion_tokens=budget,
        attempts_counted=_counted(failed),
        retry_of=failed.id,
        plan_id=retry.plan_id if retry.plan_id is not None else failed.request.plan_id,
        input_tokens=request_tokens(body) if shorter else failed.request.input_tokens,
        size_bytes=written_size(body, text),
        shortened=failed.request.shortened or shorter is not None,
    )
