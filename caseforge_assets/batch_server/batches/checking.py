"""Reads and judges the input file of a new batch, and decides with the batch faults how it goes on."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from caseforge_assets.batch_server.batches.validation import HOSTED_MODEL, InputFile, read_input_file
from caseforge_assets.batch_server.faults.registry import Course
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.batches import BatchRecord, LineProblem

# What Azure says of a file with a byte order mark.
NO_DEPLOYMENT = (
    "Validation failed: A valid model deployment name couldn't be extracted from the input file. Please ensure that each row in the input file "
    "has a valid deployment name specified in the 'model' field, and that the deployment name is consistent across all rows."
)


def check_batch(serving: Serving, record: BatchRecord, stop: Callable[[], bool]) -> BatchRecord:
    """Validate a batch and count its requests as accepted, unless it is refused.

    Args:
        serving: The server.
        record: A batch that was not validated yet.
        stop: True when the server ends; the batch stays as it is then.

    Returns:
        The record as it is stored now.
    """
    found = _read_input(serving, record, stop)
    if stop():
        return record
    serving.requests.replace(record.number, [] if found.problems else found.lines)
    after = serving.batches.change(record.id, lambda before: _checked(serving, before, found))
    if after.problems:
        serving.requests.replace(record.number, [])
    return after


def _read_input(serving: Serving, record: BatchRecord, stop: Callable[[], bool]) -> InputFile:
    path = serving.input_path(record.id)
    if not path.exists():
        message = f"Cannot find file {record.input_file_id}, or organization org-local does not have access to it."
        return InputFile(problems=[LineProblem("invalid_request", message, param="file_id")])
    if serving.likeness.refuses_bom and _begins_with_bom(path):
        return InputFile(problems=[LineProblem("invalid_request", NO_DEPLOYMENT)])
    found = read_input_file(
        path, record.endpoint, most_requests=serving.limits.batch_requests, takes_model=_takes_model(serving), stop=stop
    )
    codes = serving.likeness.codes
    return replace(found, problems=[replace(problem, code=codes.get(problem.code, problem.code)) for problem in found.problems])


def _takes_model(serving: Serving) -> Callable[[str], bool]:
    """Gives the test for models that are taken: by a server that was told its models, one that has another behind it, or one with models of its own."""
    told = serving.options.answering
    if told:
        return told.__contains__
    any_model = serving.upstream is not None or not serving.likeness.only_openai_models
    return lambda model: any_model or bool(HOSTED_MODEL.match(model))


def _begins_with_bom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def _checked(serving: Serving, record: BatchRecord, found: InputFile) -> BatchRecord:
    course = _course(serving, record, found)
    refused = bool(course.problems)
    return replace(
        record,
        schedule=course.schedule,
        problems=course.problems,
        model=found.model,
        validated_at=serving.clock.now(),
        total=0 if refused else len(found.lines),
        input_tokens=0 if refused else found.input_tokens,
    )


def _course(serving: Serving, record: BatchRecord, found: InputFile) -> Course:
    course = Course(
        schedule=record.schedule,
        problems=tuple(found.problems),
        model=found.model or "",
        lines=[request.line for request in found.lines],
        input_tokens=found.input_tokens,
        tokens_under_way=sum(other.input_tokens for other in serving.batches.unfinished()),
        word_token_limit=serving.likeness.token_limit_message,
    )
    if found.problems:
        return course
    return serving.faults.on_batch(course, batch=record.number, custom_ids=[request.custom_id for request in found.lines])
