"""import-results: batch output that was paid for elsewhere, through the same judging and storing as a collected batch."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from caseforge_assets.artifacts import CHUNK_BYTES, ArtifactFolder
from caseforge_assets.batches.lines import ResultLine, UnreadableLine, read_lines
from caseforge_assets.batches.outcomes import decide
from caseforge_assets.commands.build_contexts import build_contexts
from caseforge_assets.commands.build_requests import build_requests
from caseforge_assets.commands.collect_batch import CHUNK_LINES
from caseforge_assets.commands.next_stages import carry_on
from caseforge_assets.commands.record_answers import Judged, Reception, record_answers
from caseforge_assets.commands.stage_settings import current_stage_version, stage_settings
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store import attempts, batches, nodes, providers
from caseforge_assets.store.batches import BatchRow, NewAttempt
from caseforge_assets.store.clock import NOW
from caseforge_assets.store.engine import Connection, Engine, try_lock

IMPORTED = "imported"  # base URL of the provider that stands for "paid for elsewhere"


class ImportRefused(ValueError):
    """The file, the pattern or the framework does not fit; nothing was stored."""


@dataclass(frozen=True)
class Imported:
    """What an import came to: attempts per outcome, and a text for each line that was left out."""

    batch_id: int
    already: bool
    outcomes: dict[str, int]
    left_out: tuple[str, ...]


def import_results(
    store: Engine, folder: ArtifactFolder, configuration: Configuration, path: Path, key: str, stage: Stage, pattern: str
) -> Imported:
    """Takes over a file of result lines. Every line becomes an attempt; importing the same file again changes nothing.

    Args:
        pattern: regular expression that is searched in each custom_id; its group `code` is the node's code.

    Raises:
        ImportRefused: the pattern has no group `code`, the file has no result lines, or no line belongs to the framework.
    """
    matcher = _compiled(pattern)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    submission = f"import-{sha256[:24]}-{key}-{stage.key}"
    with try_lock(store, submission) as held:
        if not held:
            raise ImportRefused(f"{path.name} is being imported by another process")
        codes = _codes(store, key)
        model = _check(path, matcher, codes, key)
        batch = _batch(store, submission, stage, model, configuration.batch_user_assignment)
        if batch.state == "collected":
            with store.connect() as connection:
                return Imported(batch.id, True, attempts.outcome_counts(connection, batch.id), ())
        artifact = folder.write(folder.batch_path(submission[7:], "output.jsonl"), _bytes_of(path))
        with store.begin() as connection:
            batches.add_artifact(connection, batch.id, "output", artifact.as_json())
        reception = Reception(
            batch, stage, False, current_stage_version(configuration, stage), f"imported from {path.name}", datetime.now(UTC)
        )
        left_out = tuple(_record_file(store, configuration, reception, path, key, matcher, codes))
        carry_on(store, configuration, batch)
        with store.begin() as connection:
            batches.change(connection, batch.id, state="collected", collected_at=NOW)
            return Imported(batch.id, False, attempts.outcome_counts(connection, batch.id), left_out)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        matcher = re.compile(pattern)
    except re.error as error:
        raise ImportRefused(f"--custom-id {pattern!r} is not a regular expression: {error}") from error
    if "code" not in matcher.groupindex:
        raise ImportRefused(rf"--custom-id {pattern!r} has no group (?P<code>…), for example '^node_\d+_(?P<code>[\d.]+)$'")
    return matcher


def _codes(store: Engine, key: str) -> dict[str, int]:
    with store.connect() as connection:
        codes = {row.code: row.node_id for row in nodes.target_nodes(connection, key)}
    if not codes:
        raise ImportRefused(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    return codes


def _check(path: Path, matcher: re.Pattern[str], codes: dict[str, int], key: str) -> str:
    """Looks through the file before anything is stored; returns the model that answered."""
    lines = [line for line in read_lines(_bytes_of(path)) if isinstance(line, ResultLine)]
    if not lines:
        raise ImportRefused(f"{path.name} holds no result lines of a batch (one JSON object a line, with custom_id and response)")
    found = [matcher.search(line.custom_id) for line in lines]
    if not any(found):
        raise ImportRefused(f"{path.name}: no custom_id fits {matcher.pattern!r}; the first one is {lines[0].custom_id!r}")
    if not any(match and match["code"] in codes for match in found):
        first = next(match["code"] for match in found if match)
        raise ImportRefused(f"{path.name}: no line belongs to a target node of framework {key!r}; the first code is {first!r}")
    return next((line.model for line in lines if line.model), "unknown")


def _batch(store: Engine, submission: str, stage: Stage, model: str, owner: str) -> BatchRow:
    with store.begin() as connection:
        known = batches.find(connection, submission)
        if known:
            return known
        provider_id = providers.provider_id(connection, IMPORTED, IMPORTED, False)
        values = {"provider_id": provider_id, "submission_id": submission, "origin": IMPORTED, "stage": stage.key, "model": model}
        batch_id = batches.add_batch(connection, {**values, "state": "final", "owner": owner, "request_count": 0, "input_tokens": 0}, [])
        return batches.get(connection, batch_id)


def _record_file(
    store: Engine, configuration: Configuration, reception: Reception, path: Path, key: str, matcher: re.Pattern[str], codes: dict[str, int]
) -> Iterator[str]:
    lines = read_lines(_bytes_of(path))
    while chunk := list(islice(lines, CHUNK_LINES)):
        yield from (f"line {line.line_number} cannot be read: {line.reason}" for line in chunk if isinstance(line, UnreadableLine))
        mine: list[tuple[ResultLine, int]] = []
        for line in chunk:
            if isinstance(line, ResultLine):
                match = matcher.search(line.custom_id)
                if match and match["code"] in codes:
                    mine.append((line, codes[match["code"]]))
                else:
                    yield f"line {line.line_number} ({line.custom_id!r}) belongs to no target node of {key}"
        with store.begin() as connection:
            _record_chunk(connection, configuration, reception, key, mine)


def _record_chunk(
    connection: Connection, configuration: Configuration, reception: Reception, key: str, mine: Sequence[tuple[ResultLine, int]]
) -> None:
    node_ids = sorted({node_id for _, node_id in mine})
    build_contexts(connection, key, node_ids)
    settings = stage_settings(configuration, reception.stage)
    built = build_requests(connection, key, reception.stage, settings, node_ids)
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
    names = [f"{line.custom_id}#{line.line_number}" for line, _ in mine]
    known = attempts.by_custom_id(connection, batch.id, names)
    new = [
        NewAttempt(node_id, request_ids.get(node_id), name, f"{batch.submission_id}:{name}", 0, None)
        for (_, node_id), name in zip(mine, names, strict=True)
        if name not in known
    ]
    batches.add_attempts(connection, batch.id, batch.provider_id, new)
    batches.change(connection, batch.id, request_count=len(batches.attempt_ids(connection, batch.id)))
    return names


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
