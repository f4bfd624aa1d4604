"""Holds rows against the answers in the artifacts: each answer is judged again, and compared with the content that was made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import orjson

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.batches.results.derivation import comes_from
from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import Answered, content_versions, content_versions_as_it_comes
from caseforge_assets.batches.states import BatchState
from caseforge_assets.commands.collecting.fetch_results import ROLES
from caseforge_assets.commands.collecting.reception import SUBMITTED
from caseforge_assets.commands.importing.import_results import imported_name
from caseforge_assets.second_process.work_ahead import work_ahead
from caseforge_assets.stages.discovery import comes_with_caseforge
from caseforge_assets.stages.judgement import Content, Item, Outcome
from caseforge_assets.stages.stage import StageUnknown
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.journaling import verifying
from caseforge_assets.store.journaling.verifying import AttemptSaid
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow

CHUNK_LINES = 200
DIFFER = "rows and artifacts differ"
COMPARE = "restore into an empty database, and compare"
_ASKED = {"custom_id", "framework_key", "identity", "fingerprint", "generation"}
Finding = tuple[str, str, str, str]
_Texts = dict[str, set[str]]
_Line = tuple[str, str, ResultLine]


@dataclass
class _Seen:
    """The findings in a batch's files, by the names of its attempts: hashes of answers, and answers whose content is another now."""

    hashes: _Texts = field(default_factory=dict)
    other: _Texts = field(default_factory=dict)
    same: set[str] = field(default_factory=set)


def check_answers(
    connection: Connection, stages: Stages, folder: ArtifactFolder, batch: BatchRow, whole: set[str]
) -> tuple[int, list[Finding]]:
    """Checks the answers of a batch that is through; files that are not whole have been told already.

    Args:
        whole: paths of artifacts that are as they were written.

    Returns:
        How many answers there are, and (kind, where, what, advice) of what differs.
    """
    paths = [batch.artifacts[role]["path"] for role in ROLES if role in batch.artifacts]
    if batch.state != BatchState.collected or not paths or not whole.issuperset(paths):
        return 0, []
    rows = verifying.answers_of_batch(connection, batch.id)
    seen = _read(stages, folder, batch, paths, rows)
    where = f"batch {batch.id} ({batch.name})"
    found = [
        *_compare(seen, rows, batch),
        *_compare_contents(connection, seen, rows),
        *_compare_manifest(connection, folder, batch, whole, rows),
    ]
    return sum(map(len, seen.hashes.values())), [
        (kind, where, f"{what}: {_listed(names)}", advice) for kind, what, names, advice in found if names
    ]


def _read(stages: Stages, folder: ArtifactFolder, batch: BatchRow, paths: Sequence[str], rows: Mapping[str, AttemptSaid]) -> _Seen:
    seen = _Seen()
    ahead = batch.request_count > 2 * CHUNK_LINES and _comes_with_caseforge(stages, batch.stage)
    judge = partial(content_versions_as_it_comes, batch.stage) if ahead else partial(content_versions, stages, batch.stage)
    judged = work_ahead(judge, _chunks(folder, batch, paths, rows, seen), ahead=ahead)
    for chunk, versions in judged:
        for (name, _, line), version in zip(chunk, versions, strict=True):
            if version == rows[name].content_version:
                seen.same.add(name)
            else:
                seen.other.setdefault(name, set()).add(line.text)
    return seen


def _comes_with_caseforge(stages: Stages, stage_key: str) -> bool:
    try:
        return comes_with_caseforge(stages[stage_key]) and not stages.differs_somewhere(stage_key)
    except StageUnknown:
        return False


def _chunks(
    folder: ArtifactFolder, batch: BatchRow, paths: Sequence[str], rows: Mapping[str, AttemptSaid], seen: _Seen
) -> Iterator[tuple[list[_Line], list[Answered]]]:
    """Lines from which contents were made, to be judged; of all lines, the hashes are noted in passing."""
    lines = _made_contents(folder, batch, paths, rows, seen)
    while chunk := list(islice(lines, CHUNK_LINES)):
        yield chunk, [Answered(line, rows[name].max_completion_tokens, None, rows[name].asked[0]) for name, _, line in chunk]


def _made_contents(
    folder: ArtifactFolder, batch: BatchRow, paths: Sequence[str], rows: Mapping[str, AttemptSaid], seen: _Seen
) -> Iterator[_Line]:
    for path in paths:
        for line in read_lines(folder.read(path)):
            if isinstance(line, ResultLine):
                name = line.custom_id if batch.origin == SUBMITTED else imported_name(line)
                sha256 = hashlib.sha256(line.text.encode()).hexdigest()
                seen.hashes.setdefault(name, set()).add(sha256)
                row = rows.get(name)
                if row is not None and row.content_id is not None and row.answer_sha256 == sha256:
                    yield name, sha256, line


def _compare(seen: _Seen, rows: Mapping[str, AttemptSaid], batch: BatchRow) -> Iterator[tuple[str, str, list[str], str]]:
    answered = {name: row for name, row in rows.items() if row.answer_sha256}
    yield (
        DIFFER,
        "rows say that these were answered, the artifacts hold no line",
        [name for name in answered if name not in seen.hashes],
        COMPARE,
    )
    altered = [name for name, row in answered.items() if name in seen.hashes and row.answer_sha256 not in seen.hashes[name]]
    yield DIFFER, "the answer in the artifact is not the one that the row was made from", altered, COMPARE
    unknown = [name for name, row in rows.items() if row.outcome is None and name in seen.hashes]
    yield DIFFER, "these are answered in the artifacts, and their rows do not know it", unknown, "caseforge collect"
    if batch.duplicate_of is None:  # a duplicate's good answer is used only where the other batch has none
        gone = [name for name, row in answered.items() if row.outcome and Outcome(row.outcome).good and row.content_id is None]
        yield "missing row", "these have a good answer, and no content was made from it", gone, COMPARE


def _compare_contents(connection: Connection, seen: _Seen, rows: Mapping[str, AttemptSaid]) -> Iterator[tuple[str, str, list[str], str]]:
    """Contents that are not what their answers come to now may have been made by an older judge: then they say the same."""
    left = {name: texts for name, texts in seen.other.items() if name not in seen.same}
    stored = contents.stored_contents(connection, [rows[name].content_id or 0 for name in left])
    other = []
    for name, texts in left.items():
        row = stored[rows[name].content_id or 0]
        content = Content(row.body, tuple(Item(candidate.title, candidate.fields) for candidate in row.candidates))
        if not any(comes_from(content, text) for text in texts):
            other.append(name)
    yield DIFFER, "the content is not what its answer says: it may be another node's", other, COMPARE


def _compare_manifest(
    connection: Connection, folder: ArtifactFolder, batch: BatchRow, whole: set[str], rows: Mapping[str, AttemptSaid]
) -> Iterator[tuple[str, str, list[str], str]]:
    """The manifest says for which node and with which question each custom id was sent; that of a duplicate is the other batch's."""
    sent = batch if batch.duplicate_of is None else batches.get(connection, batch.duplicate_of)
    path = sent.artifacts.get("manifest", {}).get("path")
    if path not in whole:
        return
    said = {}
    for line in b"".join(folder.read(path)).splitlines():
        request = orjson.loads(line)
        if request.keys() >= _ASKED:  # the first line tells of the batch
            said[request["custom_id"]] = (request["framework_key"], request["identity"], request["fingerprint"], request["generation"])
    other = [name for name, row in rows.items() if name in said and said[name] != row.asked]
    yield DIFFER, "the manifest says that these were asked for another node, or something else", other, COMPARE


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
