"""The endpoints under /v1/files."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from caseforge_assets.batch_server.api.errors import ApiError, JsonResponse
from caseforge_assets.batch_server.api.paging import ALL, page_json, read_ascending, read_limit, whole_json
from caseforge_assets.batch_server.api.upload import Upload, receive_upload, receiving
from caseforge_assets.batch_server.likeness import Likeness, Pages
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.files import StoredFile, sync_to_disk

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
RESULTS = "batch_output"
# LiteLLM's own words, when it does not know whose file it is.
UNMANAGED = (
    "The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable. "
    "(Managed files: say in target_model_names which models the file is for.)"
)


def serving_of(request: Request) -> Serving:
    """The server that a call came to."""
    serving: Serving = request.app.state.serving
    return serving


async def upload_file(request: Request) -> Response:
    """POST /v1/files."""
    serving = serving_of(request)
    with receiving(serving.incoming_dir) as upload:
        await receive_upload(request, upload, serving.limits.file_bytes)
        purpose = _purpose(upload)
        path = upload.path()
        if purpose == "batch":
            _check_batch_file(upload, serving.limits)
        if serving.options.managed_files and not upload.fields.get("target_model_names"):
            raise ApiError(500, UNMANAGED)
        sync_to_disk(path)
        now = serving.clock.now()
        lifetime_s = _lifetime_s(upload, purpose, serving.likeness)
        _check_room(serving, now, expires=lifetime_s is not None)
        stored = serving.files.add(
            path,
            file_id=serving.likeness.file_id_of(secrets.token_hex(12)),
            filename=upload.filename(),
            purpose=purpose,
            now=now,
            expires_at=now + lifetime_s if lifetime_s is not None else None,
        )
    return JsonResponse(file_json(stored, serving.likeness))


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


def _check_room(serving: Serving, now: float, *, expires: bool) -> None:
    """As Azure words it: its files are counted apart by whether they expire."""
    limits = serving.limits
    most = limits.files_with_expiry if expires else limits.files_without_expiry
    if most is not None and serving.files.count_kept(now, expiring=expires) >= most:
        kind = "with" if expires else "without"
        raise ApiError(400, f"The quota for files {kind} expiry is reached. The maximum is {most}.", code="quotaExceeded")


def _lifetime_s(upload: Upload, purpose: str, likeness: Likeness) -> int | None:
    anchor, seconds = upload.fields.get("expires_after[anchor]"), upload.fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return likeness.inputs_kept_s if purpose == "batch" else None
    return checked_lifetime_s(anchor, int(seconds) if seconds and seconds.isdecimal() else None, "expires_after", likeness)


def checked_lifetime_s(anchor: object, seconds: object, param: str, likeness: Likeness) -> int | None:
    """The seconds after which a file expires; None for never.

    Raises:
        ApiError: 400 unless it is as long after creation as the imitated provider allows.
    """
    allowed_s = likeness.lifetimes_s
    if allowed_s is None:
        return likeness.inputs_kept_s
    if anchor != "created_at":
        raise ApiError(400, f"Invalid value for '{param}.anchor': expected 'created_at'.", param=f"{param}.anchor")
    if not isinstance(seconds, int) or seconds not in allowed_s:
        raise ApiError(400, f"Invalid value for '{param}.seconds': expected {allowed_s[0]} to {allowed_s[-1]}.", param=f"{param}.seconds")
    return seconds


async def list_files(request: Request) -> Response:
    """GET /v1/files."""
    serving = serving_of(request)
    now, likeness = serving.clock.now(), serving.likeness
    if likeness.file_list is Pages.WHOLE:
        every = serving.files.page(now=now, after=None, limit=ALL, ascending=False)
        return JsonResponse(whole_json([file_json(file, likeness) for file in every.files]))
    after = request.query_params.get("after")
    page = serving.files.page(
        now=now,
        after=_found(serving, after) if after else None,
        limit=read_limit(request, usual=10_000, most=10_000),
        purpose=request.query_params.get("purpose"),
        without=None if likeness.lists_results else RESULTS,
        ascending=read_ascending(request),
    )
    return JsonResponse(page_json([file_json(file, likeness) for file in page.files], has_more=page.has_more))


async def retrieve_file(request: Request) -> Response:
    """GET /v1/files/{file_id}."""
    serving = serving_of(request)
    return JsonResponse(file_json(_found(serving, request.path_params["file_id"]), serving.likeness))


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


def file_json(file: StoredFile, likeness: Likeness) -> dict[str, Any]:
    """A file as the API shows it."""
    shown = {
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
    return {name: value for name, value in shown.items() if name not in likeness.hides_of_files}
