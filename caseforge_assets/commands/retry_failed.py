"""retry: failed requests become new ones that have a better chance, within the attempts that a node has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from caseforge_assets.batches.next_action import NextKind, next_request
from caseforge_assets.commands.input_events import write_input_events
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stage import Stage, canonical_json, fingerprint
from caseforge_assets.store import nodes, requests
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.requests import FailedRequest, NewRequest


@dataclass(frozen=True)
class Retried:
    """Node ids with a request that is pending again, and how many failed ones were left, by reason."""

    node_ids: tuple[int, ...] = ()
    left: dict[str, int] = field(default_factory=dict)


def retry_failed(
    connection: Connection,
    configuration: Configuration,
    key: str,
    stage: Stage,
    *,
    node_ids: Sequence[int] | None = None,
    outcomes: Collection[str] = (),
    asked: bool = False,
    plan_id: int | None = None,
    max_completion_tokens: int | None = None,
) -> Retried:
    """Makes the next request of failed nodes (all, or those given).

    Args:
        outcomes: only nodes whose last outcome is one of these, if given.
        asked: a person asks: outcomes that a person decides and nodes without attempts left are retried, too.
        max_completion_tokens: a budget that replaces the one that would follow by itself.
    """
    failed = [one for one in requests.failed_requests(connection, key, stage.key, node_ids) if not outcomes or one.outcome in outcomes]
    again: dict[int, str] = {}
    new: list[NewRequest] = []
    left: Counter[str] = Counter()
    for one in failed:
        outcome, before = Outcome(one.outcome), one.request
        counted = before.attempts_counted + outcome.counted
        step = next_request(
            outcome,
            attempts_counted=counted,
            max_attempts=configuration.max_attempts,
            current_budget=before.max_completion_tokens,
            budget_limit=stage.max_max_completion_tokens,
            generation=before.generation,
            asked=asked,
            context_shortened=True,
        )
        if step.kind is NextKind.give_up:
            left[f"{outcome}: {step.reason}"] += 1
        elif step.kind is NextKind.same_request:
            again[one.id] = "pending"
        elif step.kind is NextKind.new_request:
            new.append(_next(one, step.generation, max_completion_tokens or step.max_completion_tokens, counted, plan_id))
    requests.set_states(connection, again)
    if plan_id is not None:
        requests.set_plan(connection, list(again), plan_id)
    made = requests.save_requests(connection, new)
    _write_events(connection, key, stage, new, made)
    waiting = [one.request.node_id for one in failed if one.id in again]
    return Retried((*waiting, *made), dict(left))


def _next(failed: FailedRequest, generation: int, budget: int, counted: int, plan_id: int | None) -> NewRequest:
    body = json.loads(failed.request.body) | {"max_completion_tokens": budget}
    text = canonical_json(body)
    return replace(
        failed.request,
        body=text,
        fingerprint=fingerprint(body),
        generation=generation,
        max_completion_tokens=budget,
        attempts_counted=counted,
        retry_of=failed.id,
        plan_id=plan_id if plan_id is not None else failed.request.plan_id,
        size_bytes=len(text.encode()),
    )


def _write_events(connection: Connection, key: str, stage: Stage, new: Sequence[NewRequest], made: dict[int, int]) -> None:
    targets = nodes.target_nodes(connection, key, list(made))
    prints = {row.node_id: (row.fingerprint, row.generation) for row in new}
    versions = {row.stage_version for row in new}
    for version in versions:
        group = [row for row in targets if any(one.node_id == row.node_id and one.stage_version == version for one in new)]
        write_input_events(connection, key, stage, version, group, made, prints)
