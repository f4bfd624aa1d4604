"""Turns a journal into the output and error files of a batch that ends, and says what it came to."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from caseforge_assets.batch_server.batches.lifecycle import BatchStatus, requests_done
from caseforge_assets.batch_server.batches.result_lines import CANCELLED, EXPIRED, unanswered_line
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.batches import BatchRecord, Ending
from caseforge_assets.batch_server.state.files import sync_to_disk
from caseforge_assets.batch_server.state.journal import Journal
from caseforge_assets.batch_server.state.requests import RequestLine

UNANSWERED = {BatchStatus.EXPIRED: EXPIRED, BatchStatus.CANCELLED: CANCELLED}


def finish_batch(serving: Serving, record: BatchRecord, status: BatchStatus, at: float, journal: Journal | None) -> None:
    """Write the result files and end the batch, both in one transaction, so that it never ends twice.

    Args:
        serving: The server.
        record: The batch.
        status: The state it ends in.
        at: When, in Unix seconds of the server's clock.
        journal: Its answers; None if it was refused.
    """
    folder = serving.batch_dir(record.id)
    if journal is None:
        serving.batches.change(record.id, lambda before: replace(before, ending=Ending(status, at)))
    else:
        output, errors = folder / "output.jsonl", folder / "errors.jsonl"
        done = requests_done(record, at, len(journal))
        results = _write_results(record, status, journal, done, serving.requests.of_batch(record.number), output, errors)
        with serving.database.transaction():
            ending = _store_results(record, status, at, results, serving, output, errors)
            serving.requests.mark_answered(record.number, results.answered)
            serving.batches.change(record.id, lambda before: replace(before, ending=ending))
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class _Results:
    """The written results. ``answered`` are the lines of the input file that got an answer; ``uncounted`` of them came to no result."""

    usage: Counter[str]
    answered: list[int]
    failed: int = 0
    uncounted: int = 0


def _write_results(
    record: BatchRecord, status: BatchStatus, journal: Journal, done: int, requests: list[RequestLine], output: Path, errors: Path
) -> _Results:
    """Write both files, empty where nothing belongs in them.

    Args:
        record: The batch.
        status: The state it ends in.
        journal: Its answers.
        done: How many of them, in the journal's order, still came in time.
        requests: All its requests.
        output: File for good answers.
        errors: File for bad ones, and for requests that were not answered.
    """
    results = _Results(Counter(), [])
    with output.open("wb") as output_stream, errors.open("wb") as error_stream:
        for entry in journal.entries(done):
            _write(output_stream, entry.output)
            _write(error_stream, entry.errors)
            results.usage.update(entry.usage)
            results.answered.append(entry.line)
            results.failed += entry.failed
            results.uncounted += not entry.counted
        if status in UNANSWERED:
            answered = set(results.answered)
            missed = (request for request in requests if request.line not in answered)
            _write(error_stream, [unanswered_line(record.id, request.custom_id, UNANSWERED[status]) for request in missed])
    return results


def _write(stream: BinaryIO, texts: list[str]) -> None:
    for text in texts:
        stream.write(text.encode() + b"\n")


def _store_results(
    record: BatchRecord, status: BatchStatus, now: float, results: _Results, serving: Serving, output: Path, errors: Path
) -> Ending:
    """Hand over the files that are not empty to the file store and describe the ending."""
    return Ending(
        status=status,
        at=now,
        completed=len(results.answered) - results.failed - results.uncounted,
        failed=results.failed,
        output_file_id=_store_unless_empty(record, serving, output, "output", now),
        error_file_id=_store_unless_empty(record, serving, errors, "error", now, empty=serving.likeness.empty_error_file),
        usage=dict(results.usage),
    )


def _store_unless_empty(record: BatchRecord, serving: Serving, path: Path, kind: str, now: float, *, empty: bool = False) -> str | None:
    if path.stat().st_size == 0 and not empty:
        path.unlink()
        return None
    if serving.faults.change_files:
        path.write_bytes(serving.faults.on_file(path.read_bytes(), batch=record.number, kind=kind))
    sync_to_disk(path)
    # The id follows from the batch, so that doing it again after a crash leaves no second file behind.
    file_id = serving.likeness.file_id_of(hashlib.sha256(f"{record.id}|{kind}".encode()).hexdigest()[:24])
    kept_s = record.output_expires_s or serving.likeness.results_kept_s
    stored = serving.files.add(
        path,
        filename=f"{record.id}_{kind}.jsonl",
        purpose="batch_output",
        now=now,
        expires_at=now + kept_s if kept_s else None,
        file_id=file_id,
    )
    return stored.id
