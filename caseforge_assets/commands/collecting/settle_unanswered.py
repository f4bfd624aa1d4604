"""The attempts of a finished batch that no line answered get the outcome that the batch's own state gives them."""

from __future__ import annotations

from dataclasses import replace

from caseforge_assets.batches.packing import lowered_token_limit
from caseforge_assets.batches.provider_objects import error_entries
from caseforge_assets.batches.results.rejections import BatchError, BatchVerdict, decide_batch_errors
from caseforge_assets.batches.states import BatchState, RemoteStatus
from caseforge_assets.commands.collecting.reception import Judged, Reception, reception_of
from caseforge_assets.commands.collecting.record_answers import record_answers
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.commands.telling.note_batch import GIVEN_UP, note_batch
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.redaction import redact
from caseforge_assets.stages.judgement import Judgement, Outcome
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving.events import tell_batch
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.store.submitting.batches import BatchRow

_BY_STATUS: dict[str, Judgement] = {
    RemoteStatus.expired: Judgement(Outcome.expired, "the batch's time was over before this request was answered"),
    RemoteStatus.cancelled: Judgement(Outcome.cancelled, "the batch was cancelled before this request was answered"),
}
_GIVEN_UP = Judgement(Outcome.cancelled, "its batch was given up by a person: its provider does not know it, or is not there, any more")
_MISSING = Judgement(Outcome.missing_line, "the batch is complete, but holds no line for this request")
_NOT_BROUGHT = Judgement(Outcome.given_up, "a person gave up waiting for its answer, which its provider may have counted")


def close_batch(project: OpenProject, reception: Reception, *, given_up_by: str | None = None) -> None:
    """Gives every attempt without an outcome one.

    Args:
        given_up_by: who gives up what is not there, which is noted; None: the batch's own state says what became of it.

    A batch that was rejected in validation cost nothing: the lines that its errors name are faulty, all others
    are pending again. When the account's token limit was the reason, the limit is learned.
    """
    with project.store.begin() as connection:
        batch = reception.batch
        open_attempts = attempts.without_outcome(connection, batch.id)
        if given_up_by is not None:
            note_batch(connection, given_up_by, GIVEN_UP, batch.id)
            judged = [Judged(attempt, None, _NOT_BROUGHT) for attempt in open_attempts]
        elif batch.remote_status == RemoteStatus.failed:
            verdict = decide_batch_errors(_errors(batch))
            order = {attempt_id: number for number, attempt_id in enumerate(batches.attempt_ids(connection, batch.id), 1)}
            judged = [Judged(attempt, None, verdict.judgement_of(order[attempt.id])) for attempt in open_attempts]
            _heed(connection, project.provider, batch, verdict)
        else:
            judgement = _BY_STATUS.get(batch.remote_status or "", _MISSING)
            judged = [Judged(attempt, None, judgement) for attempt in open_attempts]
        record_answers(connection, reception, judged)


def give_up(project: OpenProject, batch: BatchRow, *, by: str, action: str = GIVEN_UP) -> None:
    """Ends a batch from which nothing comes any more: its requests wait until a person asks again, its cost stays unknown.

    Args:
        by: who decided that.
        action: what they did, for the audit log.
    """
    # Whatever it was last: nobody knows what of it was billed.
    reception = reception_of(project, replace(batch, state=BatchState.unknown))
    with project.store.begin() as connection:
        if batches.move(
            connection, batch.id, [batch.state], state=BatchState.collected, collected_at=reception.now, reason=_GIVEN_UP.detail
        ):
            record_answers(
                connection, reception, [Judged(attempt, None, _GIVEN_UP) for attempt in attempts.without_outcome(connection, batch.id)]
            )
            outcomes = attempts.outcome_counts(connection, batch.id)
            tell_batch(connection, EventKind.batch_collected, batch.id, {"outcomes": outcomes})
            note_batch(connection, by, action, batch.id)


def _errors(batch: BatchRow) -> list[BatchError]:
    return [BatchError.of(error) for error in error_entries((batch.remote or {}).get("errors"))]


def _heed(connection: Connection, provider: Provider, batch: BatchRow, verdict: BatchVerdict) -> None:
    if verdict.token_limit_exceeded:
        in_flight = batches.tokens_in_flight(connection, provider.id).get(batch.model, 0) + batch.input_tokens
        limit = lowered_token_limit(in_flight, verdict.enqueued_token_limit)
        providers.learn_token_limit(connection, provider.id, batch.model, limit)
    if verdict.stop_reason:
        providers.set_stopped(connection, provider.id, redact(verdict.stop_reason))
