"""The endpoints under /v1/files."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from caseforge_assets.batch_server.api.errors import ApiError, JsonResponse
from caseforge_assets.batch_server.api.paging import page_json, read_ascending, read_limit
from caseforge_assets.batch_server.api.upload import Upload, receive_upload, receiving
from caseforge_assets.batch_server.options import Limits
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.files import StoredFile, sync_to_disk

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
EXPIRES_S = range(3_600, 2_592_001)
BATCH_INPUTS_KEPT_S = 2_592_000


def serving_of(request: Request) -> Serving:
    """The server that a call came to."""
    serving: Serving = request.app.state.serving
    return serving


async def upload_file(request: Request) -> Response:
    """POST /v1/files."""
    serving = serving_of(request)
    with receiving(serving.incoming_dir) as upload:
        await receive_upload(request, upload, serving.options.limits.file_bytes)
        purpose = _purpose(upload)
        path = upload.path()
        if purpose == "batch":
            _check_batch_file(upload, serving.options.limits)
        sync_to_disk(path)
        now = serving.clock.now()
        lifetime_s = _lifetime_s(upload, purpose)
        expires_at = now + lifetime_s if lifetime_s is not None else None
        stored = serving.files.add(path, filename=upload.filename(), purpose=purpose, now=now, expires_at=expires_at)
    return JsonResponse(file_json(stored))


def _purpose(upload: Upload) -> str:
    purpose = upload.fields.get("purpose")
    if purpose is None:
        raise ApiError(400, "Missing required parameter: 'purpose'.", param="purpose", code="missing_required_parameter")
    if purpose not in PURPOSES:
        raise ApiError(400, f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'", param="purpose")
    return purpose


def _check_batch_file(upload: Upload, limits: Limits) -> None:
    if not upload.filename().lower().endswith(".jsonl"):
        raise ApiError(400, f"Invalid file format for Batch API. Must be .jsonl, not '{upload.filename()}'.", param="file")
    if upload.size_bytes() > limits.batch_file_bytes:
        raise ApiError(
            400, f"The batch input file is too large: {limits.batch_file_bytes:,} bytes is the most.", param="file", code="file_too_large"
        )


def _lifetime_s(upload: Upload, purpose: str) -> int | None:
    anchor, seconds = upload.fields.get("expires_after[anchor]"), upload.fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return BATCH_INPUTS_KEPT_S if purpose == "batch" else None
    return checked_lifetime_s(anchor, int(seconds) if seconds and seconds.isdecimal() else None, "expires_after")


def checked_lifetime_s(anchor: object, seconds: object, param: str) -> int:
    """The seconds after which a file expires.

    Raises:
        ApiError: 400 unless it is between an hour and 30 days after creation.
    """
    if anchor != "created_at":
        raise ApiError(400, f"Invalid value for '{param}.anchor': expected 'created_at'.", param=f"{param}.anchor")
    if not isinstance(seconds, int) or seconds not in EXPIRES_S:
        raise ApiError(400, f"Invalid value for '{param}.seconds': expected {EXPIRES_S[0]} to {EXPIRES_S[-1]}.", param=f"{param}.seconds")
    return seconds


async def list_files(request: Request) -> Response:
    """GET /v1/files."""
    serving = serving_of(request)
    after = request.query_params.get("after")
    page = serving.files.page(
        now=serving.clock.now(),
        after=_found(serving, after) if after else None,
        limit=read_limit(request, usual=10_000, most=10_000),
        purpose=request.query_params.get("purpose"),
        ascending=read_ascending(request),
    )
    return JsonResponse(page_json([file_json(file) for file in page.files], has_more=page.has_more))


async def retrieve_file(request: Request) -> Response:
    """GET /v1/files/{file_id}."""
    return JsonResponse(file_json(_found(serving_of(request), request.path_params["file_id"])))


async def file_content(request: Request) -> Response:
    """GET /v1/files/{file_id}/content."""
    serving = serving_of(request)
    file = _found(serving, request.path_params["file_id"])
    return FileResponse(serving.files.path(file.id), media_type="application/octet-stream", filename=file.filename)


async def delete_file(request: Request) -> Response:
    """DELETE /v1/files/{file_id}."""
    serving = serving_of(request)
    file = _found(serving, request.path_params["file_id"])
    serving.files.remove(file.id)
    return JsonResponse({"id": file.id, "object": "file", "deleted": True})


def _found(serving: Serving, file_id: str) -> StoredFile:
    file = serving.files.get(file_id, serving.clock.now())
    if file is None:
        raise ApiError(404, f"No such File object: {file_id}", param="id")
    return file


def file_json(file: StoredFile) -> dict[str, Any]:
    """A file as the API shows it."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size_bytes,
        "created_at": int(file.created_at),
        "expires_at": int(file.expires_at) if file.expires_at is not None else None,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }
