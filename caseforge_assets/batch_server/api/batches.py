"""The endpoints under /v1/batches."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from caseforge_assets.batch_server.api.batch_json import batch_json
from caseforge_assets.batch_server.api.errors import ApiError, JsonResponse, json_object
from caseforge_assets.batch_server.api.files import checked_lifetime_s, serving_of
from caseforge_assets.batch_server.api.paging import ALL, page_json, read_limit, whole_json
from caseforge_assets.batch_server.batches.lifecycle import BatchStatus, status, usual_schedule
from caseforge_assets.batch_server.batches.runner import Runner
from caseforge_assets.batch_server.likeness import Likeness, Pages, window_s
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.batches import BatchRecord

FOR_EVER_S = 100 * 365 * 86_400.0
UNCANCELLABLE = (BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.EXPIRED, BatchStatus.CANCELLED)


def runner_of(request: Request) -> Runner:
    """Gives the runner of the batches of the server that a call came to."""
    runner: Runner = request.app.state.runner
    return runner


async def create_batch(request: Request) -> Response:
    """POST /v1/batches."""
    serving = serving_of(request)
    asked = await json_object(request)
    _check_create(asked, serving)
    likeness = serving.likeness
    batch_id = likeness.batch_id_of(secrets.token_hex(12))
    _keep_input(serving, asked["input_file_id"], batch_id)
    ends_after_s = window_s(asked["completion_window"]) if likeness.window_ends else FOR_EVER_S
    schedule = usual_schedule(serving.options.latency_s, window_s=ends_after_s, waits_for_upstream=serving.upstream is not None)
    record = serving.batches.add(
        lambda number: BatchRecord(
            number=number,
            id=batch_id,
            endpoint=asked["endpoint"],
            completion_window=asked["completion_window"],
            input_file_id=asked["input_file_id"],
            metadata=asked.get("metadata"),
            output_expires_s=_output_lifetime_s(asked.get("output_expires_after"), likeness),
            created_at=serving.clock.now(),
            schedule=schedule,
        )
    )
    runner_of(request).start(record.id)
    return JsonResponse(batch_json(record, record.created_at, (0, 0), serving.options))


def _check_create(asked: dict[str, Any], serving: Serving) -> None:
    for name in ("input_file_id", "endpoint", "completion_window"):
        if not isinstance(asked.get(name), str):
            raise ApiError(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    likeness = serving.likeness
    if asked["endpoint"] not in likeness.endpoints:
        message = f"Invalid value: '{asked['endpoint']}'. This local server answers {_listed(likeness.endpoints)} only."
        raise ApiError(400, message, param="endpoint", code="invalid_value")
    if asked["completion_window"] not in likeness.windows:
        message = f"Invalid value: '{asked['completion_window']}'. Value must be {_listed(likeness.windows)}."
        raise ApiError(400, message, param="completion_window", code="invalid_value")
    _check_metadata(asked.get("metadata"), serving.limits)
    _output_lifetime_s(asked.get("output_expires_after"), likeness)
    file = serving.files.get(asked["input_file_id"], serving.clock.now())
    if file is not None and file.purpose != "batch":
        message = f"Invalid file purpose '{file.purpose}': the input file of a batch has to be uploaded with purpose 'batch'."
        raise ApiError(400, message, param="input_file_id", code="invalid_file_purpose")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _check_metadata(metadata: object, limits: Limits) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise ApiError(400, "Invalid type for 'metadata': expected an object with string values.", param="metadata", code="invalid_type")
    if len(metadata) > limits.metadata_pairs:
        raise ApiError(400, f"Invalid 'metadata': at most {limits.metadata_pairs} pairs are allowed.", param="metadata")
    for key, value in metadata.items():
        if not isinstance(value, str):
            message = f"Invalid type for 'metadata.{key}': expected a string."
            raise ApiError(400, message, param=f"metadata.{key}", code="invalid_type")
        if len(key) > limits.metadata_key_chars or len(value) > limits.metadata_value_chars:
            message = f"Invalid 'metadata': keys have at most {limits.metadata_key_chars} characters, values {limits.metadata_value_chars}."
            raise ApiError(400, message, param="metadata", code="string_above_max_length")


def _output_lifetime_s(wanted: object, likeness: Likeness) -> int | None:
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise ApiError(
            400, "Invalid type for 'output_expires_after': expected an object.", param="output_expires_after", code="invalid_type"
        )
    return checked_lifetime_s(wanted.get("anchor"), wanted.get("seconds"), "output_expires_after", likeness)


def _keep_input(serving: Serving, file_id: str, batch_id: str) -> None:
    """Give the input file a second name that outlives its deletion. A file that isn't there is found missing in validation, as at OpenAI."""
    if serving.files.get(file_id, serving.clock.now()) is not None:
        _link_or_copy(serving.files.path(file_id), serving.input_path(batch_id))


def _link_or_copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    try:
        target.hardlink_to(source)
    except OSError:  # Not every file system has links.
        shutil.copyfile(source, target)


async def retrieve_batch(request: Request) -> Response:
    """GET /v1/batches/{batch_id}."""
    return _shown(request, _found(request, request.path_params["batch_id"]))


async def list_batches(request: Request) -> Response:
    """GET /v1/batches."""
    serving, runner = serving_of(request), runner_of(request)
    after = request.query_params.get("after")
    comes, now = serving.likeness.batch_list, serving.clock.now()
    page = serving.batches.page(
        after=_found(request, after) if after and comes is Pages.CURSOR else None,
        limit=ALL if comes is Pages.WHOLE else read_limit(request, usual=20, most=100),
    )
    entries = [batch_json(record, now, runner.answered(record, now), serving.options) for record in page.batches]
    if comes is Pages.WHOLE:
        return JsonResponse(whole_json(entries))
    return JsonResponse(page_json(entries, has_more=page.has_more or comes is Pages.STUCK))


async def cancel_batch(request: Request) -> Response:
    """POST /v1/batches/{batch_id}/cancel."""
    serving = serving_of(request)
    record = _found(request, request.path_params["batch_id"])
    now = serving.clock.now()
    state = status(record, now)
    if state in UNCANCELLABLE:
        raise ApiError(409, f"Cannot cancel a batch with status '{state}'.", code="batch_not_cancellable")
    record = serving.batches.change(
        record.id, lambda before: before if before.cancelling_at or before.ending else replace(before, cancelling_at=now)
    )
    runner_of(request).stop(record.id)
    return _shown(request, record)


def _found(request: Request, batch_id: str) -> BatchRecord:
    record = serving_of(request).batches.get(batch_id)
    if record is None:
        raise ApiError(404, f"No batch found with id '{batch_id}'.", param="batch_id")
    return record


def _shown(request: Request, record: BatchRecord) -> Response:
    serving = serving_of(request)
    now = serving.clock.now()
    return JsonResponse(batch_json(record, now, runner_of(request).answered(record, now), serving.options))
