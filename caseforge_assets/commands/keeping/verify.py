"""verify: holds artifacts and rows against each other. Nothing is changed.

Artifacts are read whole and compared with the hashes that were recorded; answers in result files with the rows of their attempts, in
both directions, and, judged again, with the contents that were made from them; contents with their versions and with what they belong to;
every row with its newest state in the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from caseforge_assets.artifacts import Artifact, ArtifactDamaged, ArtifactFolder, ArtifactMissing, read_hash
from caseforge_assets.batches.states import BatchState
from caseforge_assets.commands.editions.keep_workbook import workbook_path
from caseforge_assets.commands.journaling.verify_journal import check_journal
from caseforge_assets.commands.keeping.verify_answers import check_answers
from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection, Engine, refuse_schema_before
from caseforge_assets.store.journaling import journal, verifying
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted

FROM_BACKUP = "bring it back from a backup of the artifacts"


@dataclass(frozen=True)
class Problem:
    """A fault that was found: its kind, its place, its description, and what to do."""

    kind: str
    where: str
    what: str
    advice: str


@dataclass(frozen=True)
class Verified:
    """The numbers of things looked at, and the problems found."""

    artifacts: int
    answers: int
    contents: int
    rows: int
    problems: tuple[Problem, ...]


def verify(store: Engine, stages: Stages, folder: ArtifactFolder) -> Verified:
    """Compares everything with everything, as of one moment.

    Raises:
        SchemaNotUsable: the database has the schema of another version.
    """
    refuse_schema_before(store, "Comparing all rows with the journal")
    problems: list[Problem] = []
    with journal.at_one_moment(store) as connection:
        known = batches.in_states(connection, list(BatchState))
        recorded = [(f"batch {batch.id}", Artifact(**artifact)) for batch in known for artifact in batch.artifacts.values()]
        whole = {artifact.path for name, artifact in recorded if not _noted(problems, _check_file(folder, name, artifact))}
        _check_sources(connection, folder, problems)
        answers = 0
        for batch in known:
            count, found = check_answers(connection, stages, folder, batch, whole)
            answers += count
            problems += [Problem(*problem) for problem in found]
        contents = _check_contents(connection, problems)
        problems += _misplaced(connection)
        rows, found = check_journal(connection, folder)
        problems += [Problem(*problem) for problem in found]
        problems += _unknown_files(folder, known)
    return Verified(len(recorded), answers, contents, rows, tuple(problems))


def _noted(problems: list[Problem], found: Problem | None) -> bool:
    """Adds what was found; returns whether anything was."""
    if found:
        problems.append(found)
    return found is not None


def _check_file(folder: ArtifactFolder, name: str, artifact: Artifact) -> Problem | None:
    try:
        found = read_hash(folder.read(artifact.path))
    except ArtifactMissing:
        return Problem("missing artifact", artifact.path, f"{name} has it, the folder does not", FROM_BACKUP)
    except ArtifactDamaged as error:
        return Problem("altered artifact", artifact.path, str(error), FROM_BACKUP)
    if found != (artifact.sha256, artifact.size_bytes):
        what = f"its SHA-256 is not the one that was recorded ({counted(found[1], 'byte')}, {artifact.size_bytes:,} were written)"
        return Problem("altered artifact", artifact.path, what, FROM_BACKUP)
    return None


def _check_sources(connection: Connection, folder: ArtifactFolder, problems: list[Problem]) -> None:
    for key, name, sha256 in verifying.sources(connection):
        path = workbook_path(name, sha256)
        try:
            altered = read_hash(folder.read(path))[0] != sha256
        except ArtifactMissing:
            advice = f"if you have the file: `caseforge load FILE --framework {key}` keeps a copy; nothing else needs it"
            problems.append(Problem("missing artifact", path, f"the copy of {name}, which {key} was loaded from, is not there", advice))
        else:
            if altered:
                problems.append(Problem("altered artifact", path, f"the copy of {name}, which {key} was loaded from", FROM_BACKUP))


def _check_contents(connection: Connection, problems: list[Problem]) -> int:
    count = 0
    for row in verifying.contents_with_items(connection):
        count += 1
        if Content(row.body, _items(row)).version != row.version:
            what = f"{row.stage} of node {row.node_id} in {row.framework_key}: body or items are not those that its version stands for"
            problems.append(Problem("altered row", f"content {row.id}", what, "restore into an empty database, and compare"))
    return count


def _misplaced(connection: Connection) -> Iterator[Problem]:
    for row in verifying.misplaced_contents(connection):
        what = f"{row.stage} of node {row.node_id} in {row.framework_key}: {row.what}"
        yield Problem("altered row", f"content {row.id}", what, "restore into an empty database, and compare")


def _items(row: Any) -> tuple[Item, ...]:
    return tuple(Item(title, fields) for title, fields in row.candidates or ())


def _unknown_files(folder: ArtifactFolder, known: list[BatchRow]) -> Iterator[Problem]:
    """Files of batches that the database does not know: of another database, or the rows are gone."""
    submissions = {batch.submission_id.removeprefix("import-") for batch in known}
    unknown = sorted({name.rpartition("/")[2].partition(".")[0] for name in folder.names("batches")} - submissions)
    for submission in unknown:
        what = "its files are there, and no row of a batch"
        yield Problem(
            "missing row", folder.batch_path(submission, "*"), what, "restore into an empty database; or they are another project's"
        )
