"""Judged lines become outcomes, contents and events: the one way into the store for answers, collected or imported."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

from caseforge_assets.batches.lines import ResultLine
from caseforge_assets.batches.outcomes import has_answer
from caseforge_assets.batches.states import GONE_WRONG, BatchState, RequestState
from caseforge_assets.batches.usage import Usage, usage_of
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.quality.measure_quality import measure_contents
from caseforge_assets.commands.requests.shorten_request import shortened_note
from caseforge_assets.commands.telling.tell_failures import FailedNode, tell_failures
from caseforge_assets.costs.own_prices import OwnPrices, priced_as
from caseforge_assets.costs.prices import cost_usd
from caseforge_assets.event_log import log_event
from caseforge_assets.redaction import redact
from caseforge_assets.settings.stage_settings import current_stage_version
from caseforge_assets.stages.judgement import Judgement, Next, Outcome
from caseforge_assets.stages.quality import Quality
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import attempts, contents
from caseforge_assets.store.collecting.attempts import AttemptRow, Result
from caseforge_assets.store.collecting.contents import NewCandidate, NewContent
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets.store.requests import requests
from caseforge_assets.store.submitting.batches import BatchRow

MAX_UNCOUNTED_TRIES = 5  # a request that expires or is sent back this often is shown as failed
MAX_MISSING_LINES = 2  # fewer: an answer that got lost was paid for
SUBMITTED = "submitted"  # origin of a batch whose answers are to its requests as they stand here; imported ones may be to others
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judged:
    """One attempt with the line that answered it (None: no line did), the judgement on it, and the measure where it was taken already."""

    attempt: AttemptRow
    line: ResultLine | None
    judgement: Judgement
    quality: Quality | None = None

    @cached_property
    def usage(self) -> Usage | None:
        """Tokens that the line states; None where it states none."""
        return usage_of(self.line.usage) if self.line else None


@dataclass(frozen=True)
class Reception:
    """What the answers of one batch are recorded with; `own_prices` count before the table's, `names` are the provider's own for models."""

    batch: BatchRow
    stages: Stages
    stage: Stage
    simulated: bool
    stage_version: str
    generated_by: str
    now: datetime
    own_prices: OwnPrices
    names: Mapping[str, str] = field(default_factory=dict)

    def model_of(self, line: ResultLine) -> str | None:
        """The model that answered, whatever its provider calls it."""
        return self.batch.model if line.model and line.model == self.batch.sent_as else self.names.get(line.model or "", line.model)


def reception_of(project: OpenProject, batch: BatchRow) -> Reception:
    """What the answers of a batch that was submitted to a provider are recorded with."""
    stage = project.stages[batch.stage]
    made_by = f"{project.provider.generated_by}, as {batch.sent_as}" if batch.sent_as else project.provider.generated_by
    version, names = current_stage_version(project.configuration, stage), project.configuration.provider.models
    return Reception(
        batch,
        project.stages,
        stage,
        project.provider.simulated,
        version,
        made_by,
        clock.now_in(project.store),
        project.configuration.prices,
        names,
    )


def record_answers(connection: Connection, reception: Reception, judged: Sequence[Judged]) -> list[int]:
    """Records judged attempts in the caller's transaction: outcomes, contents, request states, events.

    Attempts that have a good answer already, or the same outcome, are left as they are: recording twice changes nothing.

    Returns:
        Node ids that got content which is current now.
    """
    new = [one for one in judged if _is_news(one)]
    costs = record_results(connection, reception, new)
    good = {one.attempt.id: (one, one.judgement.content) for one in new if one.judgement.content is not None}
    current = contents.save_contents(connection, [_content(reception, one, costs[attempt_id]) for attempt_id, (one, _) in good.items()])
    stored = {current[attempt_id]: (one.attempt.node_id, content) for attempt_id, (one, content) in good.items() if attempt_id in current}
    measured = {current[one.attempt.id]: one.quality for one, _ in good.values() if one.attempt.id in current and one.quality is not None}
    measure_contents(connection, reception.stages, reception.stage, stored, measured)
    states = _request_states(connection, new)
    requests.set_states(connection, states)
    _write_events(connection, reception, new, current, states)
    tell_failures(connection, [_failed(reception, one) for one in new if states.get(one.attempt.request_id or 0) == RequestState.failed])
    for one in new:
        if not one.judgement.outcome.good:
            what = {"node": one.attempt.code, "attempt": one.attempt.id, "outcome": one.judgement.outcome, "why": one.judgement.detail}
            log_event(log, "node failed", batch=reception.batch.name, stage=reception.stage.key, **what)
    return [node_id for node_id, _ in stored.values()]


def _failed(reception: Reception, one: Judged) -> FailedNode:
    attempt, judgement = one.attempt, one.judgement
    why = redact(judgement.detail or judgement.outcome.meaning)
    return FailedNode(attempt.framework_key, attempt.code, reception.stage.key, str(judgement.outcome), why, reception.batch.name)


def record_results(connection: Connection, reception: Reception, judged: Sequence[Judged]) -> dict[int, Decimal | None]:
    """Records what attempts came to, and nothing that follows from it; returns what each cost, by attempt id."""
    costs = {one.attempt.id: _cost(reception, one) for one in judged}
    attempts.record(connection, [_result(reception, one, costs[one.attempt.id]) for one in judged])
    return costs


def _is_news(one: Judged) -> bool:
    before = one.attempt.outcome
    return before is None or (not Outcome(before).good and one.judgement.outcome.good)


def _result(reception: Reception, one: Judged, cost: Decimal | None) -> Result:
    line, usage = one.line, one.usage
    judgement = one.judgement
    if line is None:
        return Result(one.attempt.id, judgement.outcome, redact(judgement.detail), _notes(reception, one), cost_usd=cost)
    return Result(
        attempt_id=one.attempt.id,
        outcome=judgement.outcome,
        detail=redact(judgement.detail),
        notes=_notes(reception, one),
        line_number=line.line_number,
        status_code=line.status_code,
        remote_request_id=line.request_id,
        response_id=line.response_id,
        model=reception.model_of(line),
        finish_reason=line.finish_reason,
        answer_sha256=_answer_version(line),
        input_tokens=usage.input_tokens if usage else None,
        cached_tokens=usage.cached_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        reasoning_tokens=usage.reasoning_tokens if usage else None,
        cache_write_tokens=usage.cache_write_tokens if usage else None,
        cost_usd=cost,
        answered_at=_answered_at(line) or reception.now,
    )


def _notes(reception: Reception, one: Judged) -> list[str]:
    """What was tolerated in the line and its answer, and whether less was asked than belongs to it."""
    return [
        *(one.line.notes if one.line else ()),
        *one.judgement.notes,
        *([shortened_note(reception.stage)] if one.attempt.shortened and reception.batch.origin == SUBMITTED else []),
    ]


def _content(reception: Reception, one: Judged, cost: Decimal | None) -> NewContent:
    attempt, line, batch = one.attempt, one.line, reception.batch
    content = one.judgement.content
    if content is None or line is None:
        raise ValueError(f"{attempt.code}: there is no content to store")
    usage = one.usage
    return NewContent(
        framework_key=attempt.framework_key,
        node_id=attempt.node_id,
        stage=reception.stage.key,
        request_id=attempt.request_id,
        attempt_id=attempt.id,
        source_content_id=attempt.source_content_id,
        question=attempt.question,
        title=reception.stage.content_title(attempt.name),
        body=content.body,
        version=content.version,
        stage_version=attempt.stage_version or reception.stage_version,
        simulated=reception.simulated,
        generated_by=reception.generated_by,
        model=reception.model_of(line),
        temperature=float(attempt.temperature) if attempt.temperature is not None else None,
        model_type=attempt.framework_key,
        owner=batch.owner,
        remote_batch_id=batch.remote_id,
        remote_request_id=line.request_id,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost_usd=cost,
        answered_at=_answered_at(line) or reception.now,
        notes=_notes(reception, one),
        candidates=tuple(
            NewCandidate(position, reception.stage.item_uid(attempt.code, position), item.title, dict(item.fields))
            for position, item in enumerate(content.items, 1)
        ),
        surplus=[{"title": item.title, "fields": dict(item.fields)} for item in content.surplus],
    )


def _request_states(connection: Connection, judged: Sequence[Judged]) -> dict[int, str]:
    ids = [one.attempt.request_id for one in judged if one.attempt.request_id is not None]
    again = [one.value for one in Outcome if one.follow_up is Next.pending_again and one is not Outcome.not_sent]
    tries = attempts.uncounted_tries(connection, ids, again)
    states: dict[int, str] = {}
    for one in judged:
        request_id = one.attempt.request_id
        if request_id is not None and one.attempt.request_state != RequestState.answered:
            states[request_id] = _request_state(one, tries.get(request_id, 0))
    return states


def _request_state(one: Judged, tries: int) -> RequestState:
    if not one.attempt.request_is_current and not one.judgement.outcome.good:
        return RequestState.replaced
    if one.judgement.outcome.good:
        return RequestState.answered
    match one.judgement.outcome.follow_up:
        case Next.stop:
            return RequestState.pending
        case Next.pending_again:
            most = MAX_MISSING_LINES if one.judgement.outcome is Outcome.missing_line else MAX_UNCOUNTED_TRIES
            return RequestState.pending if tries < most else RequestState.failed
    return RequestState.parked if one.judgement.outcome in (Outcome.cancelled, Outcome.given_up) else RequestState.failed


def _write_events(
    connection: Connection, reception: Reception, judged: Sequence[Judged], current: dict[int, int], states: dict[int, str]
) -> None:
    """Outputs first, so that contents can name the row they came from; failures where they belong."""
    by_framework: dict[str, list[Judged]] = {}
    for one in judged:
        if one.attempt.partition_key is not None:
            by_framework.setdefault(one.attempt.framework_key, []).append(one)
    for key, group in by_framework.items():
        read = outbox.latest_of_requests(
            connection, key, reception.stage.inputs, [one.attempt.node_id for one in group], [one.attempt.request_id or 0 for one in group]
        )
        shown = [one for one in group if _is_shown(one, current, states)]
        ids = outbox.add(connection, [_output_event(reception, one, read) for one in shown])
        output_of = {one.attempt.id: row_id for one, row_id in zip(shown, ids, strict=True)}
        written = contents.written_by_people(connection, reception.stage.key, [one.attempt.node_id for one in shown])
        answered = [one for one in shown if _has_answer(one) and not _stands(one, written)]
        outbox.add(connection, [_content_event(reception, one, output_of[one.attempt.id], current) for one in answered])


def _is_shown(one: Judged, current: dict[int, int], states: dict[int, str]) -> bool:
    """A good answer when its content is current; a failure when nothing is pending for the node, and no other attempt has the answer."""
    if one.judgement.outcome.good:
        return one.attempt.id in current
    if one.attempt.request_state == RequestState.answered:
        return False
    return states.get(one.attempt.request_id or 0, RequestState.failed) in GONE_WRONG


def _stands(one: Judged, written: dict[int, int]) -> bool:
    """Whether a person wrote the node's content after this was asked: that a bad answer came later is no failure of the node's."""
    return not one.judgement.outcome.good and written.get(one.attempt.node_id, -1) >= (one.attempt.request_id or 0)


def _has_answer(one: Judged) -> bool:
    """Whether the provider answered; what it answered may still be bad."""
    return one.line is not None and has_answer(one.line)


def _output_event(reception: Reception, one: Judged, read: dict[int, int]) -> OutboxRow:
    attempt, answered = one.attempt, _has_answer(one)
    input_row = read.get(attempt.request_id or 0)
    return OutboxRow(
        attempt.framework_key,
        reception.stage.outputs,
        attempt.node_id,
        attempt.partition_key,
        kind=Kind.made if answered else Kind.failed,
        data_version=_answer_version(one.line) if answered and one.line else "",
        code_version=attempt.stage_version or reception.stage_version,
        upstream={reception.stage.inputs: input_row} if input_row else {},
        reason="" if answered else failure_text(one.judgement),
        request_id=attempt.request_id,
        attempt_id=attempt.id,
    )


def _content_event(reception: Reception, one: Judged, output_row: int, current: dict[int, int]) -> OutboxRow:
    attempt, content = one.attempt, one.judgement.content
    return OutboxRow(
        attempt.framework_key,
        reception.stage.content,
        attempt.node_id,
        attempt.partition_key,
        kind=Kind.made if content else Kind.failed,
        data_version=content.version if content else "",
        code_version=attempt.stage_version or reception.stage_version,
        upstream={reception.stage.outputs: output_row},
        reason="" if content else failure_text(one.judgement),
        request_id=attempt.request_id,
        attempt_id=attempt.id,
        content_id=current.get(attempt.id),
    )


def failure_text(judgement: Judgement) -> str:
    """Why a node failed, in one line: the outcome's name, then its detail."""
    return redact(f"{judgement.outcome}: {judgement.detail or judgement.outcome.meaning}")


def _cost(reception: Reception, one: Judged) -> Decimal | None:
    """Cost in USD at batch prices; None where it is unknown.

    What is missing may have been billed, and so may what was given up; errors without usage and expired requests are not.
    """
    if one.judgement.outcome in (Outcome.missing_line, Outcome.given_up) or reception.batch.state == BatchState.unknown:
        return None
    line, usage = one.line, one.usage
    if line is None:
        return Decimal(0)
    if usage is None:
        return None if _has_answer(one) else Decimal(0)
    model = priced_as(reception.own_prices, reception.model_of(line), reception.batch.model, reception.now.date())
    return cost_usd(usage, model, reception.now, reception.own_prices)


def _answered_at(line: ResultLine) -> datetime | None:
    return datetime.fromtimestamp(line.created, UTC) if line.created else None


def _answer_version(line: ResultLine) -> str:
    return hashlib.sha256(line.text.encode()).hexdigest()
