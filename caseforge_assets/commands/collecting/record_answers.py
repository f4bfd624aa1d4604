"""Judged lines become outcomes, contents and events: the one way into the store for answers, collected or imported."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from caseforge_assets.batches.results.lines import ResultLine
from caseforge_assets.batches.results.outcomes import has_answer
from caseforge_assets.batches.states import GONE_WRONG, BatchState, RequestState
from caseforge_assets.commands.collecting.reception import SUBMITTED, Judged, Reception, failure_text
from caseforge_assets.commands.quality.measure_quality import measure_contents
from caseforge_assets.commands.requests.shorten_request import shortened_note
from caseforge_assets.commands.telling.tell_failures import FailedNode, tell_failures
from caseforge_assets.costs.prices import cost_usd
from caseforge_assets.event_log import log_event
from caseforge_assets.redaction import redact
from caseforge_assets.stages.judgement import Next, Outcome
from caseforge_assets.store.collecting import attempts, contents, quality_scores
from caseforge_assets.store.collecting.attempts import Result
from caseforge_assets.store.collecting.contents import NewCandidate, NewContent
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets.store.requests import requests

MAX_UNCOUNTED_TRIES = 5  # a request that expires or is sent back this often is shown as failed
MAX_MISSING_LINES = 2  # fewer: an answer that got lost was paid for
log = logging.getLogger(__name__)


def record_answers(connection: Connection, reception: Reception, judged: Sequence[Judged]) -> list[int]:
    """Records judged attempts in the caller's transaction: outcomes, contents, request states, events.

    Attempts that have a good answer already, or the same outcome, are left as they are: recording twice changes nothing.

    Returns:
        Node ids that got content which is current now.
    """
    new = [answer for answer in judged if _is_news(answer)]
    costs = record_results(connection, reception, new)
    good = {answer.attempt.id: (answer, answer.judgement.content) for answer in new if answer.judgement.content is not None}
    current = contents.save_contents(
        connection, [_content(reception, answer, costs[attempt_id]) for attempt_id, (answer, _) in good.items()]
    )
    stored = {
        current[attempt_id]: (answer.attempt.node_id, content) for attempt_id, (answer, content) in good.items() if attempt_id in current
    }
    measured = {
        current[answer.attempt.id]: answer.quality
        for answer, _ in good.values()
        if answer.attempt.id in current and answer.quality is not None
    }
    quality_scores.save(connection, measured)
    if unmeasured := {content_id: of_node for content_id, of_node in stored.items() if content_id not in measured}:
        measure_contents(connection, reception.stages, reception.stage, unmeasured)
    states = _request_states(connection, new)
    requests.set_states(connection, states)
    _write_events(connection, reception, new, current, states)
    if bad := [answer for answer in new if not answer.judgement.outcome.good]:
        _tell_bad(connection, reception, bad, states)
    return [node_id for node_id, _ in stored.values()]


def _tell_bad(connection: Connection, reception: Reception, bad: Sequence[Judged], states: Mapping[int, str]) -> None:
    """Logs bad answers, and makes events of those after which nothing is asked again by itself."""
    failed = [answer for answer in bad if states.get(answer.attempt.request_id or 0) == RequestState.failed]
    tell_failures(connection, [_failed(reception, answer) for answer in failed])
    for answer in bad:
        attempt, judgement = answer.attempt, answer.judgement
        what = {"node": attempt.code, "attempt": attempt.id, "outcome": judgement.outcome, "why": judgement.detail}
        log_event(log, "node failed", batch=reception.batch.name, stage=reception.stage.key, **what)


def _failed(reception: Reception, answer: Judged) -> FailedNode:
    attempt, judgement = answer.attempt, answer.judgement
    why = redact(judgement.detail or judgement.outcome.meaning)
    return FailedNode(attempt.framework_key, attempt.code, reception.stage.key, str(judgement.outcome), why, reception.batch.name)


def record_results(connection: Connection, reception: Reception, judged: Sequence[Judged]) -> dict[int, Decimal | None]:
    """Records what attempts came to, and nothing that follows from it; returns what each cost, by attempt id."""
    costs = {answer.attempt.id: _cost(reception, answer) for answer in judged}
    attempts.record(connection, [_result(reception, answer, costs[answer.attempt.id]) for answer in judged])
    return costs


def _is_news(answer: Judged) -> bool:
    before = answer.attempt.outcome
    return before is None or (not Outcome(before).good and answer.judgement.outcome.good)


def _result(reception: Reception, answer: Judged, cost: Decimal | None) -> Result:
    line, usage = answer.line, answer.usage
    judgement = answer.judgement
    if line is None:
        return Result(answer.attempt.id, judgement.outcome, redact(judgement.detail), _notes(reception, answer), cost_usd=cost)
    return Result(
        attempt_id=answer.attempt.id,
        outcome=judgement.outcome,
        detail=redact(judgement.detail),
        notes=_notes(reception, answer),
        line_number=line.line_number,
        status_code=line.status_code,
        remote_request_id=line.request_id,
        response_id=line.response_id,
        model=reception.model_called(line.model),
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


def _notes(reception: Reception, answer: Judged) -> list[str]:
    """Gives what was tolerated in the line and its answer, and whether less was asked than belongs to it."""
    return [
        *(answer.line.notes if answer.line else ()),
        *answer.judgement.notes,
        *([shortened_note(reception.stage)] if answer.attempt.shortened and reception.batch.origin == SUBMITTED else []),
    ]


def _content(reception: Reception, answer: Judged, cost: Decimal | None) -> NewContent:
    attempt, line, batch = answer.attempt, answer.line, reception.batch
    content = answer.judgement.content
    if content is None or line is None:
        raise ValueError(f"{attempt.code}: there is no content to store")
    usage = answer.usage
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
        model=reception.model_called(line.model),
        temperature=float(attempt.temperature) if attempt.temperature is not None else None,
        model_type=attempt.framework_key,
        owner=batch.owner,
        remote_batch_id=batch.remote_id,
        remote_request_id=line.request_id,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost_usd=cost,
        answered_at=_answered_at(line) or reception.now,
        notes=_notes(reception, answer),
        candidates=tuple(
            NewCandidate(position, reception.stage.item_uid(attempt.code, position), item.title, dict(item.fields))
            for position, item in enumerate(content.items, 1)
        ),
        surplus=[{"title": item.title, "fields": dict(item.fields)} for item in content.surplus],
    )


def _request_states(connection: Connection, judged: Sequence[Judged]) -> dict[int, str]:
    ids = [answer.attempt.request_id for answer in judged if answer.attempt.request_id is not None]
    again = [outcome.value for outcome in Outcome if outcome.follow_up is Next.pending_again and outcome is not Outcome.not_sent]
    tries = attempts.uncounted_tries(connection, ids, again)
    states: dict[int, str] = {}
    for answer in judged:
        request_id = answer.attempt.request_id
        if request_id is not None and answer.attempt.request_state != RequestState.answered:
            states[request_id] = _request_state(answer, tries.get(request_id, 0))
    return states


def _request_state(answer: Judged, tries: int) -> RequestState:
    if not answer.attempt.request_is_current and not answer.judgement.outcome.good:
        return RequestState.replaced
    if answer.judgement.outcome.good:
        return RequestState.answered
    match answer.judgement.outcome.follow_up:
        case Next.stop:
            return RequestState.pending
        case Next.pending_again:
            most = MAX_MISSING_LINES if answer.judgement.outcome is Outcome.missing_line else MAX_UNCOUNTED_TRIES
            return RequestState.pending if tries < most else RequestState.failed
    return RequestState.parked if answer.judgement.outcome in (Outcome.cancelled, Outcome.given_up) else RequestState.failed


def _write_events(
    connection: Connection, reception: Reception, judged: Sequence[Judged], current: dict[int, int], states: dict[int, str]
) -> None:
    """Outputs first, so that contents can name the row they came from; failures where they belong."""
    by_framework: dict[str, list[Judged]] = {}
    for answer in judged:
        if answer.attempt.partition_key is not None:
            by_framework.setdefault(answer.attempt.framework_key, []).append(answer)
    for key, group in by_framework.items():
        read = outbox.latest_of_requests(
            connection,
            key,
            reception.stage.inputs,
            [answer.attempt.node_id for answer in group],
            [answer.attempt.request_id or 0 for answer in group],
        )
        shown = [answer for answer in group if _is_shown(answer, current, states)]
        ids = outbox.add(connection, [_output_event(reception, answer, read) for answer in shown])
        output_of = {answer.attempt.id: row_id for answer, row_id in zip(shown, ids, strict=True)}
        written = contents.written_by_people(connection, reception.stage.key, [answer.attempt.node_id for answer in shown])
        answered = [answer for answer in shown if _has_answer(answer) and not _stands(answer, written)]
        outbox.add(connection, [_content_event(reception, answer, output_of[answer.attempt.id], current) for answer in answered])


def _is_shown(answer: Judged, current: dict[int, int], states: dict[int, str]) -> bool:
    """A good answer when its content is current; a failure when nothing is pending for the node, and no other attempt has the answer."""
    if answer.judgement.outcome.good:
        return answer.attempt.id in current
    if answer.attempt.request_state == RequestState.answered:
        return False
    return states.get(answer.attempt.request_id or 0, RequestState.failed) in GONE_WRONG


def _stands(answer: Judged, written: dict[int, int]) -> bool:
    """Tells whether a person wrote the node's content after this was asked: that a bad answer came later is no failure of the node's."""
    return not answer.judgement.outcome.good and written.get(answer.attempt.node_id, -1) >= (answer.attempt.request_id or 0)


def _has_answer(answer: Judged) -> bool:
    """Tells whether the provider answered; what it answered may still be bad."""
    return answer.line is not None and has_answer(answer.line)


def _output_event(reception: Reception, answer: Judged, read: dict[int, int]) -> OutboxRow:
    attempt, answered = answer.attempt, _has_answer(answer)
    input_row = read.get(attempt.request_id or 0)
    return OutboxRow(
        attempt.framework_key,
        reception.stage.outputs,
        attempt.node_id,
        attempt.partition_key,
        kind=Kind.made if answered else Kind.failed,
        data_version=_answer_version(answer.line) if answered and answer.line else "",
        code_version=attempt.stage_version or reception.stage_version,
        upstream={reception.stage.inputs: input_row} if input_row else {},
        reason="" if answered else failure_text(answer.judgement),
        request_id=attempt.request_id,
        attempt_id=attempt.id,
    )


def _content_event(reception: Reception, answer: Judged, output_row: int, current: dict[int, int]) -> OutboxRow:
    attempt, content = answer.attempt, answer.judgement.content
    return OutboxRow(
        attempt.framework_key,
        reception.stage.content,
        attempt.node_id,
        attempt.partition_key,
        kind=Kind.made if content else Kind.failed,
        data_version=content.version if content else "",
        code_version=attempt.stage_version or reception.stage_version,
        upstream={reception.stage.outputs: output_row},
        reason="" if content else failure_text(answer.judgement),
        request_id=attempt.request_id,
        attempt_id=attempt.id,
        content_id=current.get(attempt.id),
    )


def _cost(reception: Reception, answer: Judged) -> Decimal | None:
    """Cost in USD at batch prices; None where it is unknown.

    What is missing may have been billed, and so may what was given up; errors without usage and expired requests are not.
    """
    if answer.judgement.outcome in (Outcome.missing_line, Outcome.given_up) or reception.batch.state == BatchState.unknown:
        return None
    line, usage = answer.line, answer.usage
    if line is None:
        return Decimal(0)
    if usage is None:
        return None if _has_answer(answer) else Decimal(0)
    return cost_usd(usage, reception.priced_as(line.model), reception.now, reception.own_prices)


def _answered_at(line: ResultLine) -> datetime | None:
    return datetime.fromtimestamp(line.created, UTC) if line.created else None


def _answer_version(line: ResultLine) -> str:
    return hashlib.sha256(line.text.encode()).hexdigest()
