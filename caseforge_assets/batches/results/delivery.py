"""Judges whether the files of a finished batch are complete, by what its provider says: its counts, and the sizes of its files.

A download that succeeded says nothing by itself: it may be a proxy's page, or the beginning of the file. What was answered is paid
for, so nothing of it may count as missing while somebody can still bring it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from caseforge_assets.batches.error_codes import outcome_of_error
from caseforge_assets.batches.results.lines import ResultLine, read_raw_lines
from caseforge_assets.batches.results.outcomes import has_answer
from caseforge_assets.batches.results.response_body import as_object
from caseforge_assets.batches.states import RemoteStatus
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.wording import counted

_NOT_REACHED = (Outcome.expired, Outcome.cancelled)


class Part(StrEnum):
    """The kinds of result lines: the request was answered, it failed, or its turn did not come."""

    answered = "answered"
    failed = "failed"
    not_reached = "not_reached"


class Delivery(StrEnum):
    """The judgement on the files as they are.

    `whole`: every request has its line, and as an answer where that many are counted. `settled`: some have none, and by the batch's status or by counts and sizes that agree none
    will come. `awaited`: some have none, nobody says that they were answered, and they count as missing when the grace period is
    over. `owed`: the provider says that there is more, by its counts or by its files; a person decides if it does not come.
    """

    whole = "whole"
    settled = "settled"
    awaited = "awaited"
    owed = "owed"


@dataclass(frozen=True)
class Brought:
    """The content of one file: requests of the batch by what their lines say, and whether it ends within a line."""

    parts: Mapping[str, Part]
    is_cut: bool


@dataclass(frozen=True)
class ResultFile:
    """An output or error file that a provider names.

    Attributes:
        role: `output` or `error`.
        brought: What was fetched of it; None where it could not be had.
        trouble: Why it could not be had.
        size_bytes: Of what was fetched.
        stated_bytes: What the provider says of its size; None where it says nothing that can be believed.
        fetched_before: Whether the same bytes came earlier.
    """

    role: str
    brought: Brought | None
    trouble: str = ""
    size_bytes: int = 0
    stated_bytes: int | None = None
    fetched_before: bool = False

    def stating(self, stated_bytes: int | None) -> ResultFile:
        """The same with what the provider says of its size; nothing for a file that holds something is not believed.

        Args:
            stated_bytes: The file object's `bytes`, if known.
        """
        believed = stated_bytes if stated_bytes or not self.size_bytes else None
        return replace(self, stated_bytes=believed)


@dataclass(frozen=True)
class Counts:
    """A provider's request_counts; None where it gives no number."""

    total: int | None
    completed: int | None
    failed: int | None


def read_counts(remote: Mapping[str, object]) -> Counts:
    """Read the counts of a batch object, whatever stands in their place.

    Args:
        remote: The batch object.
    """
    raw = as_object(remote.get("request_counts"))
    return Counts(*(_number(raw.get(name)) for name in ("total", "completed", "failed")))


def count_results(chunks: Iterable[bytes], asked: Collection[str]) -> Brought:
    """Read a result file for what its lines are about; of several lines for a request the best counts.

    Args:
        chunks: The file's bytes.
        asked: The custom ids of the batch. Other lines, and those that hold no result, are passed over.
    """
    parts: dict[str, Part] = {}
    is_cut = False
    for _, line in read_raw_lines(chunks):
        if isinstance(line, ResultLine):
            part = _part(line)
            if line.custom_id in asked and part and parts.get(line.custom_id) is not Part.answered:
                parts[line.custom_id] = part
        else:
            is_cut = line.is_cut
    return Brought(parts, is_cut)


def pick_results(files: Sequence[Iterable[bytes]], asked: Collection[str], answered: Collection[str]) -> Iterator[bytes]:
    """Pick the first result line for each request out of several files, as the bytes of a file of their own.

    Args:
        files: Their bytes.
        asked: The custom ids of the batch.
        answered: Those that one of the files has an answer for: their other lines are left out.
    """
    done: set[str] = set()
    for chunks in files:
        for raw, line in read_raw_lines(chunks):
            if not isinstance(line, ResultLine) or line.custom_id in done or line.custom_id not in asked:
                continue
            part = _part(line)
            if part is Part.answered or (part and line.custom_id not in answered):
                done.add(line.custom_id)
                yield raw + b"\n"


def judge_delivery(status: RemoteStatus, counts: Counts, requests: int, files: Sequence[ResultFile]) -> Delivery:
    """Decide what may be made of a batch's files.

    Args:
        status: The batch's status, a final one.
        counts: What its provider counts.
        requests: How many requests it was sent with.
        files: The files that its provider names.
    """
    parts = _parts(files)
    if len(parts) >= requests:
        return _judge_lines_of_all(counts, requests, parts, files)
    if _count_missing(counts, parts) > 0:
        return Delivery.owed
    output = next((file for file in files if file.role == "output"), None)
    if not _says_all(counts, requests, output) and output is not None and _is_provably_short(output):
        return Delivery.owed
    is_as_stated = all(_is_as_stated(file) for file in files)
    if status is RemoteStatus.completed:
        is_proved = bool(files) and is_as_stated and _adds_up(counts, requests, parts)
    else:
        is_proved = is_as_stated or _says_all(counts, requests, output)
    return Delivery.settled if is_proved else Delivery.awaited


def can_be_taken(delivery: Delivery, files: Sequence[ResultFile], *, grace_is_over: bool) -> bool:
    """Say whether requests without a line may get the outcome of their batch now.

    Args:
        delivery: What was decided.
        files: The files.
        grace_is_over: Whether nobody waits for files any more.
    """
    if delivery is not Delivery.awaited:
        return delivery is not Delivery.owed
    steady = all(file.stated_bytes is not None or file.fetched_before or file.brought is None for file in files)
    return grace_is_over and steady


def describe_shortfall(counts: Counts, requests: int, files: Sequence[ResultFile]) -> str:
    """Say what is wrong with a batch's files, for people.

    Args:
        counts: What its provider counts.
        requests: How many requests it was sent with.
        files: The files that its provider names.
    """
    parts = _parts(files)
    is_of_all = len(parts) >= requests
    lacking = f"there is no line for {requests - len(parts):,} of its {counted(requests, 'request')}"
    missing = _count_missing(counts, parts)
    if is_of_all and not counts.completed:
        errors = _errors_for_answers(files)
        lacking = (
            f"its output file has errors for {errors:,} of its {counted(requests, 'request')}, and nothing says how many were answered"
        )
    elif missing or is_of_all:
        brought = _count(parts, Part.answered)
        lacking = f"its provider counts {counts.completed:,} of {counted(requests, 'request')} as completed, and {counted(brought, 'answer')} came"
    if not any(file.role == "output" for file in files) and (missing or not files):
        return f"{lacking}: no output file is named"
    details = [detail for file in files if (detail := _describe(file))]
    return f"{lacking}: {', '.join(details)}" if details else lacking


def _judge_lines_of_all(counts: Counts, requests: int, parts: Mapping[str, Part], files: Sequence[ResultFile]) -> Delivery:
    """Errors where more answers are counted, or where nobody counts and answers are expected, may be a proxy's.

    Some servers count errors as completed, or write them into the output file, and their files have the size that they state.
    """
    if counts.completed:
        is_counted = counts.completed <= _count(parts, Part.answered)
    else:
        is_counted = _adds_up(counts, requests, parts) or not _errors_for_answers(files)
    if is_counted or all(_is_as_stated(file) for file in files):
        return Delivery.whole
    contradicted = any(file.stated_bytes is not None and file.stated_bytes != file.size_bytes for file in files)
    return Delivery.owed if contradicted else Delivery.awaited


def _part(line: ResultLine) -> Part | None:
    """Gives the kind of a line; None for one that holds no result, such as a shell without answer and error."""
    if has_answer(line):
        came = line.text or line.refusal or line.finish_reason or line.usage
        return Part.answered if came else None
    if line.status_code is None and not line.error_code and not line.error_message:
        return None
    outcome = outcome_of_error(line.status_code, line.error_code, line.error_message)
    return Part.not_reached if outcome in _NOT_REACHED else Part.failed


def _errors_for_answers(files: Sequence[ResultFile]) -> int:
    """Counts the requests that an output file has an error for, where other providers have answers only."""
    output = [file.brought for file in files if file.role == "output" and file.brought]
    return sum(_count(brought.parts, Part.failed) for brought in output)


def _parts(files: Sequence[ResultFile]) -> dict[str, Part]:
    """Gives the kind of line of each request in all files together; an answer in any of them counts."""
    found: dict[str, Part] = {}
    for file in files:
        for name, part in (file.brought.parts if file.brought else {}).items():
            if found.get(name) is not Part.answered:
                found[name] = part
    return found


def _count(parts: Mapping[str, Part], which: Part) -> int:
    return sum(part is which for part in parts.values())


def _count_missing(counts: Counts, parts: Mapping[str, Part]) -> int:
    """Counts the requests that are completed by the provider's count and have no line here. Some servers count lines with an error as completed."""
    errors_counted = max(_count(parts, Part.failed) - (counts.failed or 0), 0)
    return max((counts.completed or 0) - _count(parts, Part.answered) - errors_counted, 0)


def _says_all(counts: Counts, requests: int, output: ResultFile | None) -> bool:
    """Tells whether the counts can be believed that nothing else was answered; zeros beside an output file cannot."""
    return counts.total == requests and counts.completed is not None and (counts.completed > 0 or output is None)


def _adds_up(counts: Counts, requests: int, parts: Mapping[str, Part]) -> bool:
    """Tells whether the provider counts exactly what came, and says so of as many requests as it was sent."""
    came = _count(parts, Part.answered) + _count(parts, Part.failed)
    return counts.total == requests and came > 0 and (counts.completed or 0) + (counts.failed or 0) == came


def _is_provably_short(output: ResultFile) -> bool:
    """Tells whether what was fetched cannot be the output file that the provider has."""
    if output.brought is None:
        return True
    if output.stated_bytes is not None:
        return output.stated_bytes != output.size_bytes
    return output.brought.is_cut or not output.brought.parts


def _is_as_stated(file: ResultFile) -> bool:
    return file.brought is not None and file.stated_bytes == file.size_bytes


def _describe(file: ResultFile) -> str:
    if file.brought is None:
        return f"its {file.role} file cannot be had ({file.trouble})"
    if file.stated_bytes is not None and file.stated_bytes != file.size_bytes:
        return f"{file.size_bytes:,} of the {file.stated_bytes:,} bytes of its {file.role} file came"
    if file.role == "output" and not file.brought.parts:
        return f"what came as its {file.role} file holds no result ({file.size_bytes:,} bytes)"
    return f"its {file.role} file ends within a line" if file.brought.is_cut else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
