"""collect: a finished batch's answers enter the store, and its nodes go on to the next stage's inputs.

Lines are read from whole artifacts, in chunks of one transaction each; collecting again changes nothing, and a
crash half-way goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.batches.results.lines import ResultLine, UnreadableLine, read_lines
from caseforge_assets.batches.results.outcomes import Answered, Verdict, give_verdicts, give_verdicts_as_it_comes
from caseforge_assets.batches.states import BRINGS_NOTHING_MORE, BatchState, RemoteStatus
from caseforge_assets.commands.collecting.collect_duplicate import collect_duplicate
from caseforge_assets.commands.collecting.fetch_results import fetch_results, salvage_results
from caseforge_assets.commands.collecting.reception import Judged, Reception, failure_text, reception_of, usage_difference
from caseforge_assets.commands.collecting.record_answers import record_answers
from caseforge_assets.commands.collecting.settle_unanswered import close_batch
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.quality.measure_quality import languages_of
from caseforge_assets.commands.requests.build_next_requests import carry_on
from caseforge_assets.event_log import log_event
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.second_process.work_ahead import start_second_process, work_ahead
from caseforge_assets.stages.discovery import comes_with_caseforge
from caseforge_assets.stages.judgement import Next, VectorsAsked
from caseforge_assets.stages.quality import NodeFacts
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.collecting.attempts import Asked
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.serving.events import tell_batch
from caseforge_assets.store.submitting import batches, looks, providers
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted

CHUNK_LINES = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Collected:
    """The result of collecting a batch: attempts per outcome, and lines that fit no request."""

    batch: BatchRow
    outcomes: dict[str, int]
    stray_lines: tuple[str, ...] = ()


def collect_batch(project: OpenProject, batch_id: int, *, given_up_by: str | None = None) -> Collected | None:
    """Collects one batch in state final.

    Args:
        given_up_by: who wants what came so far to be all that is waited for; what lacks then waits until somebody asks again.

    Returns:
        What it came to; None when another process is at it, when its files are still awaited, or when it is another provider's: one
        that does not know the files would make every answer count as missing.

    Raises:
        ProviderUnclear: the provider cannot be reached or a download broke off; the next call goes on.
    """
    with try_lock(project.store, f"batch {batch_id}") as held:
        if not held:
            return None
        with project.store.connect() as connection:
            batch = batches.get(connection, batch_id)
        if batch.state != BatchState.final or batch.provider_id != project.provider.id:
            return None
        if batch.duplicate_of is not None:
            return _collect_late_duplicate(project, batch, given_up_by)
        if _is_large(batch, project.stages):
            start_second_process()  # while the files are downloaded
        paths = salvage_results(project.store, project.folder, batch) if given_up_by else fetch_results(project, batch)
        return None if paths is None else _collect_files(project, batch_id, paths, given_up_by)


def _collect_files(project: OpenProject, batch_id: int, paths: list[str], given_up_by: str | None) -> Collected | None:
    with project.store.connect() as connection:
        batch, duplicates = batches.get(connection, batch_id), batches.duplicates(connection, batch_id)
    reception = reception_of(project, batch)
    if duplicates and not given_up_by:  # what they answered is known before anything counts as failed or missing
        record_files(project.store, reception, project.folder, paths, good_only=True)
        if not _take_in(project, batch, duplicates):
            return None
    strays = record_files(project.store, reception, project.folder, paths)
    if given_up_by is not None or batch.remote_status != RemoteStatus.completed or _lacks_answers(project, batch):
        close_batch(project, reception, given_up_by=given_up_by)
    if project.stages.that_read(reception.stage):
        carry_on(project.store, project, batch)
    with project.store.begin() as connection:
        is_told = not strays and not given_up_by  # else the lines are not what was counted
        differs = usage_difference(reception, attempts.token_sums(connection, batch.id)) if is_told else None
        reason = f"{counted(len(strays), 'line fits', 'lines fit')} no request, first: {strays[0]}" if strays else differs
        values = {
            "state": BatchState.collected,
            "collected_at": NOW,
            "reason": reason,
            "stray_lines": len(strays),
            "usage_differs": differs,
        }
        values |= looks.NOTHING_SHORT
        batches.change(connection, batch.id, **values)
        outcomes = attempts.outcome_counts(connection, batch.id)
        log_event(log, "batch collected", batch=batch.name, stage=batch.stage, stray_lines=len(strays), **outcomes)
        collected = Collected(batches.get(connection, batch.id), outcomes, tuple(strays))
        tell_batch(connection, EventKind.batch_collected, batch.id, {"outcomes": outcomes})
        return collected


def _lacks_answers(project: OpenProject, batch: BatchRow) -> bool:
    with project.store.connect() as connection:
        return attempts.any_live(connection, batch.id)


def _collect_late_duplicate(project: OpenProject, duplicate: BatchRow, given_up_by: str | None) -> Collected | None:
    """A duplicate is taken in with the batch that was adopted; by itself, when it ends later, is given up, or when that one is lost at the provider."""
    with try_lock(project.store, f"batch {duplicate.duplicate_of}") as held:
        with project.store.connect() as connection:
            over = given_up_by is not None or batches.get(connection, duplicate.duplicate_of or 0).state in BRINGS_NOTHING_MORE
        if not held or not over or not collect_duplicate(project, duplicate, given_up_by=given_up_by):
            return None
    with project.store.connect() as connection:
        return Collected(batches.get(connection, duplicate.id), attempts.outcome_counts(connection, duplicate.id))


def _take_in(project: OpenProject, batch: BatchRow, duplicates: Sequence[BatchRow]) -> bool:
    """Fills up from duplicates what a batch lacks; False while one that may have it is not over or its files are awaited."""
    if not _lacks_answers(project, batch):
        return True
    under_way = [duplicate.name for duplicate in duplicates if duplicate.state == BatchState.open]
    if under_way:
        with project.store.begin() as connection:
            batches.change(connection, batch.id, reason=f"was created twice; waits for what {', '.join(under_way)} has answered")
        return False
    for duplicate in duplicates:
        if duplicate.state == BatchState.final and not collect_duplicate(project, duplicate):
            with project.store.begin() as connection:
                waits_for = batches.get(connection, duplicate.id)
                reason = f"was created twice; waits for what {duplicate.name} has answered: {waits_for.reason}"
                batches.change(connection, batch.id, reason=reason, is_held=waits_for.is_held)
            return False
    return True


def record_files(
    store: Engine, reception: Reception, folder: ArtifactFolder, paths: Sequence[str], *, good_only: bool = False
) -> list[str]:
    """Records the answers of result files; returns a text for each line that answers no request of the batch."""
    return [stray for path in paths for stray in _record_file(store, reception, folder, path, good_only)]


def _record_file(store: Engine, reception: Reception, folder: ArtifactFolder, path: str, good_only: bool) -> Iterator[str]:
    """Answers are judged and measured a chunk at a time, of a large batch some chunks ahead of the one that is written."""
    chunks = _chunks_with_asked(store, reception, read_lines(folder.read(path)))
    key, stages = reception.stage.key, reception.stages
    if _is_large(reception.batch, stages):
        judged = work_ahead(partial(give_verdicts_as_it_comes, key), chunks)
    else:
        judged = ((chunk, give_verdicts(stages, key, answered)) for chunk, answered in chunks)
    for chunk, verdicts in judged:
        yield from _record_chunk(store, reception, chunk, verdicts, good_only)


def _is_large(batch: BatchRow, stages: Stages) -> bool:
    """Tells whether a second process is worth its start; a stage of one's own, or in a framework's language, is only in this one."""
    return batch.request_count > 2 * CHUNK_LINES and comes_with_caseforge(stages[batch.stage]) and not stages.differs_somewhere(batch.stage)


def _chunks_with_asked(
    store: Engine, reception: Reception, lines: Iterator[ResultLine | UnreadableLine]
) -> Iterator[tuple[list[ResultLine | UnreadableLine], list[Answered]]]:
    stages, stage, batch_id = reception.stages, reception.stage, reception.batch.id
    while chunk := list(islice(lines, CHUNK_LINES)):
        readable = [line for line in chunk if isinstance(line, ResultLine)]
        with store.connect() as connection:
            names = [line.custom_id for line in readable]
            asked = attempts.asked(connection, batch_id, names)
            vectors = attempts.vectors_asked(connection, batch_id, names) if stage.makes_vectors else {}
            keys = {attempt.framework_key for attempt in asked.values() if stages.in_framework(stage, attempt.framework_key).language}
            written_in = languages_of(connection, stages, stage, keys) if keys else {}
        yield (
            chunk,
            [
                _answered(line, asked[line.custom_id], written_in, vectors.get(line.custom_id))
                for line in readable
                if line.custom_id in asked
            ],
        )


def _answered(line: ResultLine, asked: Asked, written_in: Mapping[str, str], vectors: VectorsAsked | None) -> Answered:
    language = written_in.get(asked.framework_key, "")
    facts = None if asked.name is None else NodeFacts(asked.name, asked.description or "", asked.kpi_names, language)
    return Answered(line, asked.max_completion_tokens, facts, asked.framework_key, asked.chosen, vectors)


def _record_chunk(
    store: Engine, reception: Reception, chunk: Sequence[ResultLine | UnreadableLine], verdicts: Sequence[Verdict], good_only: bool
) -> list[str]:
    strays = [f"line {line.line_number} cannot be read: {line.reason}" for line in chunk if isinstance(line, UnreadableLine)]
    readable = [line for line in chunk if isinstance(line, ResultLine)]
    verdict_of = {verdict.line_number: verdict for verdict in verdicts}
    with store.begin() as connection:
        known = attempts.by_custom_id(connection, reception.batch.id, [line.custom_id for line in readable])
        chosen: dict[str, Judged] = {}
        for line in readable:
            if line.custom_id not in known:
                strays.append(f"line {line.line_number} answers {line.custom_id!r}, which was not asked")
                continue
            verdict = verdict_of[line.line_number]
            judged = Judged(known[line.custom_id], line, verdict.judgement, verdict.quality)
            before = chosen.get(line.custom_id)
            if before:
                strays.append(f"line {line.line_number} answers {line.custom_id} again")
            if before is None or (judged.judgement.outcome.good and not before.judgement.outcome.good):
                chosen[line.custom_id] = judged
        record_answers(connection, reception, [answer for answer in chosen.values() if answer.judgement.outcome.good or not good_only])
        if not good_only:
            _stop_if_told(connection, reception.batch.provider_id, chosen.values())
    return strays


def _stop_if_told(connection: Connection, provider_id: int, judged: Iterable[Judged]) -> None:
    """Key, account or model refused in a line: nothing more is sent until a person acts."""
    for answer in judged:
        if answer.judgement.outcome.follow_up is Next.stop:
            providers.set_stopped(connection, provider_id, failure_text(answer.judgement))
