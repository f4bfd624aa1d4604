"""import-results: batch output that was paid for elsewhere, through the same judging and storing as a collected batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import decide
from caseforge_assets.batches.states import BatchState, Origin
from caseforge_assets.commands.collecting.collect_batch import CHUNK_LINES
from caseforge_assets.commands.collecting.reception import Judged, Reception
from caseforge_assets.commands.collecting.record_answers import record_answers
from caseforge_assets.commands.importing.appraise_import import Appraised, ForeignFile, ImportRefused, appraise_import, bytes_of
from caseforge_assets.commands.providing.open_project import StoredProject
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_next_requests import build_next_requests
from caseforge_assets.commands.requests.build_requests import build_requests
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.store.access import audit
from caseforge_assets.store.collecting import attempts, contents
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.requests import requests
from caseforge_assets.store.schema.provider_table import IMPORTED
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.store.submitting.batches import BatchRow, NewAttempt


@dataclass(frozen=True)
class Imported:
    """The result of an import: attempts per outcome, and a text for each line that was left out."""

    batch_id: int
    already: bool
    outcomes: dict[str, int]
    left_out: tuple[str, ...]


def import_results(project: StoredProject, foreign: ForeignFile, *, by: str, partly: bool = False) -> Imported:
    """Takes over a file of result lines, all of it or nothing. Every line becomes an attempt; importing the same file again changes nothing.

    Args:
        by: who imports it.
        partly: take the lines that fit, and leave out the others.

    Raises:
        ImportRefused: the pattern has no group `code`, or a line is no result, not of this stage or framework, or here already.
    """
    store, folder, path, key = project.store, project.folder, foreign.path, foreign.key
    foreign = replace(foreign, stage=project.stages.in_framework(foreign.stage, key))
    submission = f"{foreign.submission_start}{key}-{foreign.stage.key}"
    with try_lock(store, submission) as held:
        if not held:
            raise ImportRefused(f"{path.name} is being imported by another process")
        codes = _codes(store, key)
        with store.connect() as connection:
            known = batches.find(connection, submission)
            if known and known.origin == Origin.imported and known.state == BatchState.collected:
                return Imported(known.id, True, attempts.outcome_counts(connection, known.id), ())
        appraised = appraise_import(project, foreign, codes, partly=partly)
        model = project.configuration.provider.real_model(appraised.model)
        batch = _batch(store, submission, foreign.stage, model, project.configuration.batch_user_assignment)
        artifact = folder.write(folder.batch_path(submission[7:], "output.jsonl"), bytes_of(path))
        with store.begin() as connection:
            requests.lock_making(connection)
            batches.add_artifact(connection, batch.id, "output", artifact.as_json())
            _record(connection, project, batch, foreign, appraised)
            said = f"imported from {path.name} for {key}"
            values = {"state": BatchState.collected, "origin": Origin.imported, "model": model, "reason": said}
            batches.change(connection, batch.id, collected_at=clock.NOW, **values)
            about = {"file": path.name, "lines": len(appraised.node_of)}
            audit.note(connection, by, "results.imported", f"batch {batch.id}", key, about)
            return Imported(batch.id, False, attempts.outcome_counts(connection, batch.id), appraised.left_out)


def _codes(store: Engine, key: str) -> dict[str, int]:
    with store.connect() as connection:
        codes = {row.code: row.node_id for row in nodes.target_nodes(connection, key)}
    if not codes:
        raise ImportRefused(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    return codes


def _batch(store: Engine, submission: str, stage: Stage, model: str, owner: str) -> BatchRow:
    """The import's row, from before its file is kept: files without one would be another database's."""
    with store.begin() as connection:
        known = batches.find(connection, submission)
        if known:
            return known
        provider_id = providers.provider_id(connection, IMPORTED, IMPORTED, False)
        values = {"provider_id": provider_id, "submission_id": submission, "origin": Origin.imported, "stage": stage.key, "model": model}
        values |= {"reason": "its import was begun and stored nothing yet; the same command goes on"}
        batch_id = batches.add_batch(
            connection, {**values, "state": BatchState.final, "owner": owner, "request_count": 0, "input_tokens": 0}, []
        )
        return batches.get(connection, batch_id)


def _record(connection: Connection, project: Project, batch: BatchRow, foreign: ForeignFile, appraised: Appraised) -> None:
    version = stage_version(foreign.stage, project.stage_settings[foreign.stage.key])
    reception = Reception(
        batch,
        project.stages,
        foreign.stage,
        False,
        version,
        f"imported from {foreign.path.name}",
        clock.now(connection),
        project.configuration.prices,
        project.configuration.provider.models,
    )
    lines = (line for line in read_lines(bytes_of(foreign.path)) if isinstance(line, ResultLine) and line.line_number in appraised.node_of)
    while chunk := list(islice(lines, CHUNK_LINES)):
        mine = [(line, appraised.node_of[line.line_number]) for line in chunk]
        _record_chunk(connection, project, reception, foreign.key, mine)
    batches.change(connection, batch.id, request_count=len(appraised.node_of))
    build_next_requests(connection, project, foreign.stage, batches.nodes_with_content(connection, batch.id))


def _record_chunk(connection: Connection, project: Project, reception: Reception, key: str, mine: Sequence[tuple[ResultLine, int]]) -> None:
    node_ids = sorted({node_id for _, node_id in mine})
    build_contexts(connection, key, node_ids)
    written = contents.written_by_people(connection, reception.stage.key, node_ids)  # an answer to no request leaves it current
    built = build_requests(connection, project, key, reception.stage, [node_id for node_id in node_ids if node_id not in written])
    names = _add_attempts(connection, reception.batch, mine, built.request_ids)
    # One round per repetition of a node, in the file's order: a later answer must see what the earlier one came to.
    seen: Counter[int] = Counter()
    rounds: dict[int, dict[str, ResultLine]] = {}
    for (line, node_id), name in zip(mine, names, strict=True):
        rounds.setdefault(seen[node_id], {})[name] = line
        seen[node_id] += 1
    for _, lines in sorted(rounds.items()):
        known = attempts.by_custom_id(connection, reception.batch.id, list(lines))
        record_answers(
            connection, reception, [Judged(known[name], line, decide(line, reception.stage, None)) for name, line in lines.items()]
        )


def _add_attempts(
    connection: Connection, batch: BatchRow, mine: Sequence[tuple[ResultLine, int]], request_ids: dict[int, int]
) -> list[str]:
    """An attempt a line; the line number keeps a custom_id that comes twice apart. Returns the attempts' custom ids."""
    names = [imported_name(line) for line, _ in mine]
    new = [
        NewAttempt(node_id, request_ids.get(node_id), name, f"{batch.submission_id}:{name}", 0, None)
        for (_, node_id), name in zip(mine, names, strict=True)
    ]
    batches.add_attempts(connection, batch.id, batch.provider_id, new)
    return names


def imported_name(line: ResultLine) -> str:
    """Gives what the attempt of an imported line is called."""
    return f"{line.custom_id}#{line.line_number}"
