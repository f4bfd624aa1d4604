"""Judges as a whole whether a file may be imported, before anything is stored: it is one of results, of this stage, of these nodes, and new."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from caseforge_assets.artifacts import CHUNK_BYTES
from caseforge_assets.batches.results.foreign import foreign_file, foreign_line
from caseforge_assets.batches.results.lines import ResultLine, UnreadableLine, read_raw_lines
from caseforge_assets.batches.results.outcomes import decide, has_answer
from caseforge_assets.batches.results.records import parse
from caseforge_assets.batches.results.response_body import as_object, usage_of
from caseforge_assets.commands.providing.open_project import StoredProject
from caseforge_assets.redaction import mask_stream
from caseforge_assets.stages.judgement import Answer
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import imports
from caseforge_assets.store.collecting.imports import Identity
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.submitting import batches

NAMED = 3
LEAST_RELIABLE_ID = 8  # characters; shorter ones are counters or stand for nothing
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
_PROBE = Answer("Yes.", "stop", None, None, None, None)


class ImportRefused(ValueError):
    """The file, the pattern or the framework does not fit; nothing was stored."""


@dataclass(frozen=True)
class ForeignFile:
    """A file of answers that were paid for elsewhere.

    Attributes:
        stage: The stage whose answers they are.
        pattern: Regular expression that is searched in each custom_id; its group `code` is the node's code.
    """

    path: Path
    key: str
    stage: Stage
    pattern: str

    def __post_init__(self) -> None:
        """Refuses a pattern that cannot be used, whatever becomes of the file."""
        _ = self.matcher

    @cached_property
    def matcher(self) -> re.Pattern[str]:
        """The pattern, ready to search.

        Raises:
            ImportRefused: it is none, or has no group `code`.
        """
        try:
            matcher = re.compile(self.pattern)
        except re.error as error:
            raise ImportRefused(f"--custom-id {self.pattern!r} is not a regular expression: {error}") from error
        if "code" not in matcher.groupindex:
            raise ImportRefused(rf"--custom-id {self.pattern!r} has no group (?P<code>…), for example '^node_\d+_(?P<code>[\d.]+)$'")
        return matcher

    @cached_property
    def submission_start(self) -> str:
        """The beginning of the submission ids of all imports of this file, whatever it is called."""
        return f"import-{hashlib.sha256(self.path.read_bytes()).hexdigest()[:24]}-"


@dataclass(frozen=True)
class Appraised:
    """The answers that a file has: the node of each line by its number, a text for each line left out, and the model that answered."""

    node_of: Mapping[int, int]
    left_out: tuple[str, ...]
    model: str


@dataclass(frozen=True)
class _Objection:
    """The reason why a line is not taken; `what` names the kind of fault, by which lines are told together, `of_all` is for all lines."""

    line_number: int
    name: str
    what: str
    advice: str = ""
    of_all: str = ""


@dataclass(frozen=True)
class _Look:
    """The parts of a line that are kept until all have been seen."""

    identity: Identity
    node_id: int
    model: str | None


def appraise_import(project: StoredProject, foreign: ForeignFile, codes: Mapping[str, int], *, partly: bool) -> Appraised:
    """Looks through a whole file; nothing is changed.

    Args:
        codes: node ids of the framework's targets by code.
        partly: leave out lines that do not fit, instead of refusing all of them.

    Raises:
        ImportRefused: something does not fit; the text says which lines, why, and what to do.
    """
    path = foreign.path
    with path.open("rb") as file:
        if what := foreign_file(file.read(4096)):
            raise ImportRefused(f"{path.name} holds no result lines of a batch: {what}")
    looks, objections, found = _look_through(foreign, project.stages, codes)
    if not found:
        first = f": line {objections[0].line_number} ({objections[0].name}): {objections[0].what}" if objections else ""
        raise ImportRefused(f"{path.name} holds no result lines of a batch (one JSON object a line, with custom_id and response){first}")
    looks, repeated = _each_once(looks)
    with project.store.connect() as connection:
        looks, known = _only_new(connection, looks, foreign.submission_start)
    objections += known
    if objections and not (partly and looks):
        raise ImportRefused(_refusal(path, objections, bool(looks)))
    left_out = [
        (objection.line_number, f"line {objection.line_number} ({objection.name}): {objection.what}") for objection in objections
    ] + repeated
    model = next((look.model for look in looks if look.model), "unknown")
    return Appraised({look.identity.number: look.node_id for look in looks}, tuple(said for _, said in sorted(left_out)), model)


def _look_through(foreign: ForeignFile, stages: Stages, codes: Mapping[str, int]) -> tuple[list[_Look], list[_Objection], int]:
    """Returns the lines that fit, what is said against the others, and how many are result lines at all."""
    looks, objections, found = list[_Look](), list[_Objection](), 0
    others = [other for other in stages if other.key != foreign.stage.key and _is_choosy(other)]
    for raw, line in read_raw_lines(bytes_of(foreign.path)):
        none = _no_result(raw, line) if isinstance(line, ResultLine) else None
        found += isinstance(line, ResultLine) and none is None
        objection = none or _object(line, foreign, codes, stages, others)
        if objection is not None:
            objections.append(objection)
        elif isinstance(line, ResultLine):
            match = foreign.matcher.search(line.custom_id)
            looks.append(_Look(_identity(line), codes[match["code"]] if match else 0, line.model))
    return looks, objections, found


def _no_result(raw: bytes, line: ResultLine) -> _Objection | None:
    """Says what a line is that is no result of chat completions or responses."""
    what = foreign_line(as_object(parse(raw)[0]))
    return _Objection(line.line_number, repr(line.custom_id), what) if what else None


def _object(
    line: ResultLine | UnreadableLine, foreign: ForeignFile, codes: Mapping[str, int], known: Iterable[Stage], others: Iterable[Stage]
) -> _Objection | None:
    """Says what speaks against a line; nothing where it fits."""
    if isinstance(line, UnreadableLine):
        return _Objection(line.line_number, repr(line.excerpt[:40]), f"cannot be read ({line.reason})")
    name = repr(line.custom_id)
    matcher, key, stage = foreign.matcher, foreign.key, foreign.stage
    match = matcher.search(line.custom_id)
    if not match:
        of_all = f"no custom_id fits {matcher.pattern!r}; the first one is {name}"
        return _Objection(line.line_number, name, f"its custom_id does not fit {matcher.pattern!r}", "Look at --custom-id.", of_all)
    if match["code"] not in codes:
        of_all = f"no line belongs to a target node of framework {key!r}; the first code is {match['code']!r}"
        what = f"it belongs to no target node of framework {key!r}"
        return _Objection(line.line_number, name, what, "Look at --framework and --custom-id.", of_all)
    for other in known:
        if _names(line.custom_id, other) and not _names(line.custom_id, stage):
            return _Objection(line.line_number, name, f"its custom_id names the stage {other.key}", f"Is it --stage {other.key}?")
    return _misfit(line, name, stage, others)


def _names(custom_id: str, stage: Stage) -> bool:
    """Tells whether a custom_id has the stage's key in it, however it is written."""
    plain, key = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (custom_id, stage.key))
    return len(key) > 5 and key.removesuffix("s") in plain


def _misfit(line: ResultLine, name: str, stage: Stage, others: Iterable[Stage]) -> _Objection | None:
    """Says so where an answer is bad for this stage, and plainly one to another."""
    if not has_answer(line) or not line.text.strip() or decide(line, stage, None).outcome.good:
        return None
    for other in others:
        if decide(line, other, None).outcome.good:
            return _Objection(
                line.line_number, name, f"its answer is one to {other.key}, not to {stage.key}", f"Is it --stage {other.key}?"
            )
    start = line.text.lstrip().removeprefix("```json").lstrip()[:200]
    if not stage.answers_in_json and start.startswith(("{", "[{")) and '":' in start:
        return _Objection(line.line_number, name, f"its answer is JSON, and {stage.key} are texts", "Look at --stage.")
    if stage.answers_in_json and "{" not in line.text and _HEADING.search(line.text):
        return _Objection(line.line_number, name, f"its answer is a text with headings, and {stage.key} are JSON", "Look at --stage.")
    return None


def _is_choosy(stage: Stage) -> bool:
    """Tells whether a stage does not take any text whatever: only then is it telling that it takes one."""
    return not stage.judge(_PROBE).outcome.good


def _identity(line: ResultLine) -> Identity:
    usage = usage_of(line.usage)
    return Identity(
        line.line_number,
        line.custom_id,
        hashlib.sha256(line.text.encode()).hexdigest(),
        bool(line.text.strip()),
        line.response_id,
        line.request_id,
        datetime.fromtimestamp(line.created, UTC) if line.created else None,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
    )


def _each_once(looks: list[_Look]) -> tuple[list[_Look], list[tuple[int, str]]]:
    """Takes a line that comes again once; returns (line, text) of each repetition."""
    seen: dict[Identity, int] = {}
    once, repeated = [], []
    for look in looks:
        first = seen.setdefault(replace(look.identity, number=0), look.identity.number)
        if first == look.identity.number:
            once.append(look)
        else:
            said = f"line {look.identity.number} ({look.identity.custom_id!r}): repeats line {first}"
            repeated.append((look.identity.number, said))
    return once, repeated


def _only_new(connection: Connection, looks: list[_Look], same_file: str) -> tuple[list[_Look], list[_Objection]]:
    """Returns the lines whose answers are not here yet, and what is said against the others."""
    counts = Counter(name for look in looks for name in (look.identity.response_id, look.identity.request_id))

    def reliable(name: str | None) -> str | None:
        return name if name and len(name) >= LEAST_RELIABLE_ID and counts[name] == 1 else None

    identities = [
        replace(look.identity, response_id=reliable(look.identity.response_id), request_id=reliable(look.identity.request_id))
        for look in looks
    ]
    known = imports.known_lines(connection, identities, same_file)
    rows = {batch_id: batches.get(connection, batch_id) for batch_id in set(known.values())}
    objections = [
        _Objection(
            look.identity.number, repr(look.identity.custom_id), _said(rows[known[look.identity.number]]), "It would be counted twice."
        )
        for look in looks
        if look.identity.number in known
    ]
    return [look for look in looks if look.identity.number not in known], objections


def _said(batch: batches.BatchRow) -> str:
    if batch.origin == "submitted":
        return f"its answer is here already: it was collected with {batch.name}"
    return f"its answer is here already: {batch.reason or 'imported'}, as {batch.stage}, batch {batch.id}"


def _refusal(path: Path, objections: list[_Objection], some_fit: bool) -> str:
    """One text for people: the kinds of faults, most frequent first, each with its first lines."""
    kinds: dict[str, list[_Objection]] = {}
    for objection in objections:
        kinds.setdefault(objection.what, []).append(objection)
    if not some_fit and len(kinds) == 1 and objections[0].of_all:
        return f"{path.name}: {objections[0].of_all}. Nothing was stored. {objections[0].advice}"
    texts = []
    for what, ones in sorted(kinds.items(), key=lambda kind: -len(kind[1]))[:NAMED]:
        lines = ", ".join(f"line {objection.line_number} ({objection.name})" for objection in ones[:NAMED])
        more = f" and {len(ones) - NAMED:,} more" if len(ones) > NAMED else ""
        texts.append(f"{lines}{more}: {what}." + (f" {ones[0].advice}" if ones[0].advice else ""))
    rest = " To take over the lines that fit and leave out the others: --partly" if some_fit else ""
    return f"{path.name} was not imported, nothing was stored. {' '.join(texts)}{rest}"


def bytes_of(path: Path) -> Iterator[bytes]:
    """A file's bytes, in chunks; secrets of this process in it are masked, as in what is downloaded."""
    yield from mask_stream(_read(path))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
