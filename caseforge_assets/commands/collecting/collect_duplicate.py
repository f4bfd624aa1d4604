"""The answers of a duplicate: a second batch of the same submission, which came to be because a creation was unclear. They were paid for.

An answer is used where the batch that was adopted has no good one; all are counted, and kept in the duplicate's own artifacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import decide, has_answer
from caseforge_assets.batches.states import BatchState, RequestState
from caseforge_assets.commands.collecting.fetch_results import fetch_results, salvage_results
from caseforge_assets.commands.collecting.reception import Judged, Reception, reception_of
from caseforge_assets.commands.collecting.record_answers import record_answers, record_results
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.requests.build_next_requests import carry_on
from caseforge_assets.commands.telling.note_batch import GIVEN_UP, note_batch
from caseforge_assets.costs.sums import Cost
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.collecting.attempts import AttemptRow
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import spending
from caseforge_assets.store.submitting import batches, looks
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted

CHUNK_LINES = 300


def collect_duplicate(project: OpenProject, duplicate: BatchRow, *, given_up_by: str | None = None) -> bool:
    """Takes in what a duplicate in state final answered; the caller holds its lock, or that of the batch that it is a duplicate of while that is not collected.

    Args:
        given_up_by: who wants what came so far to be all that is waited for.

    Returns:
        False while its files are still awaited.

    Raises:
        ProviderUnclear: the provider cannot be reached or a download broke off; the next call goes on.
    """
    paths = salvage_results(project.store, project.folder, duplicate) if given_up_by else fetch_results(project, duplicate)
    if paths is None:
        return False
    reception = reception_of(project, duplicate)
    for path in paths:
        lines = read_lines(project.folder.read(path))
        while chunk := list(islice(lines, CHUNK_LINES)):
            with project.store.begin() as connection:
                _record_chunk(connection, reception, [line for line in chunk if isinstance(line, ResultLine)])
    carry_on(project.store, project, duplicate)
    with project.store.begin() as connection:
        reason = _account(connection, duplicate)
        if given_up_by is not None:
            note_batch(connection, given_up_by, GIVEN_UP, duplicate.id)
        batches.change(connection, duplicate.id, state=BatchState.collected, collected_at=NOW, reason=reason, **looks.NOTHING_SHORT)
    return True


def _record_chunk(connection: Connection, reception: Reception, lines: Sequence[ResultLine]) -> None:
    answers = {line.custom_id: line for line in reversed(lines) if has_answer(line)}  # the first of several stays
    asked = attempts.by_custom_id(connection, reception.batch.duplicate_of or 0, list(answers))
    new = attempts.add_of_duplicate(connection, reception.batch.id, [attempt.id for attempt in asked.values()])
    judged = [_judge(reception, attempt, answers[attempt.custom_id]) for attempt in new]
    used = [answer for answer in judged if answer.judgement.outcome.good and _lacks_answer(asked[answer.attempt.custom_id])]
    record_answers(connection, reception, used)
    record_results(connection, reception, [answer for answer in judged if answer not in used])


def _judge(reception: Reception, attempt: AttemptRow, line: ResultLine) -> Judged:
    stage = reception.stages.in_framework(reception.stage, attempt.framework_key)
    judgement = decide(line, stage, attempt.max_completion_tokens, tuple(attempt.chosen or ()))
    return Judged(attempt, line, replace(judgement, notes=(*judgement.notes, "from a batch that was created twice")))


def _lacks_answer(adopted: AttemptRow) -> bool:
    """Tells whether the batch that was adopted has no good answer, and nobody asked again meanwhile."""
    if adopted.request_state == RequestState.answered or (adopted.outcome and Outcome(adopted.outcome).good):
        return False
    return adopted.outcome is None or adopted.request_state != RequestState.in_batch


def _account(connection: Connection, duplicate: BatchRow) -> str:
    """Gives what came of it, for people."""
    answers, used = attempts.count_of_duplicate(connection, duplicate.id)
    cost = spending.costs_of_batches(connection, [duplicate.id]).get(duplicate.id, Cost())
    adopted = batches.get(connection, duplicate.duplicate_of or 0)
    return f"{adopted.name} was created twice; this one brought {counted(answers, 'answer')} for {cost}, {counted(used, 'of them is', 'of them are')} used"
