"""Reads a multipart upload straight into a file: a body of 200 MB is never in memory as a whole."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, create_form_parser
from starlette.requests import Request

from caseforge_assets.batch_server.api.errors import ApiError

LARGEST_FIELD_BYTES = 10_000
ENVELOPE_BYTES = 100_000
MOST_PARTS = 32
logging.getLogger("python_multipart").setLevel(logging.WARNING)


@dataclass
class Upload:
    """An upload as it came in: the fields by name, and the file, which lies in ``folder`` until somebody takes it."""

    folder: Path
    fields: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    def path(self) -> Path:
        """Says where the file is.

        Raises:
            ApiError: 400 without a file.
        """
        file = self._file()
        if file.in_memory:  # An empty one never came to the disk.
            file.flush_to_disk()
        file.finalize()
        return Path((file.actual_file_name or b"").decode())

    def filename(self) -> str:
        """Gives what its sender calls it."""
        return (self._file().file_name or b"upload").decode(errors="replace")

    def size_bytes(self) -> int:
        """Its size."""
        return self._file().size

    def _file(self) -> File:
        for file in self.files:
            if file.field_name == b"file":
                return file
        raise ApiError(400, "Missing required parameter: 'file'.", param="file", code="missing_required_parameter")


@contextmanager
def receiving(incoming_dir: Path) -> Iterator[Upload]:
    """An upload with a folder of its own, which is gone at the end with everything that nobody took."""
    with tempfile.TemporaryDirectory(dir=incoming_dir) as folder:
        upload = Upload(Path(folder))
        try:
            yield upload
        finally:
            for file in upload.files:
                file.close()


async def receive_upload(request: Request, upload: Upload, most_bytes: int) -> None:
    """Read the whole body.

    Args:
        request: The call.
        upload: Gets what comes in.
        most_bytes: Size of the largest file that is let through.

    Raises:
        ApiError: 400 if the body is no multipart form, 413 if it is too large.
    """
    try:
        parser = _parser(request, upload)
        received_bytes = 0
        async for chunk in request.stream():
            received_bytes += len(chunk)
            if received_bytes <= most_bytes + ENVELOPE_BYTES:  # The rest is let pass: who still sends does not read an answer.
                parser.write(chunk)
        if received_bytes > most_bytes + ENVELOPE_BYTES:
            raise ApiError(413, f"The file is too large: {most_bytes:,} bytes is the most.", code="file_too_large")
        parser.finalize()
    except FormParserError as error:
        raise ApiError(400, f"The upload can't be read as multipart/form-data: {error}") from error


def _parser(request: Request, upload: Upload) -> FormParser:
    def on_field(form_field: Field) -> None:
        if len(upload.fields) >= MOST_PARTS:
            raise ApiError(400, f"The upload has more than {MOST_PARTS} fields.")
        upload.fields[(form_field.field_name or b"").decode(errors="replace")] = (form_field.value or b"").decode(errors="replace")

    def on_file(file: File) -> None:
        upload.files.append(file)
        if len(upload.files) > MOST_PARTS:
            raise ApiError(400, f"The upload has more than {MOST_PARTS} files.")

    config = {
        "UPLOAD_DIR": str(upload.folder),
        "UPLOAD_DELETE_TMP": False,
        "MAX_MEMORY_FILE_SIZE": 0,
        "MAX_FIELD_SIZE": LARGEST_FIELD_BYTES,
    }
    headers = {name: request.headers.get(name, "").encode() for name in ("Content-Type", "Content-Length") if name in request.headers}
    if not headers.get("Content-Type", b"").startswith(b"multipart/form-data"):
        raise ApiError(400, "A file has to be uploaded as multipart/form-data.")
    return create_form_parser(headers, on_field, on_file, config=config)
