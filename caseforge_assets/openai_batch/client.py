"""The Batch API through the openai SDK: identify, upload, create, list, retrieve, cancel, download. Objects are plain dicts.

The SDK repeats timed-out POSTs without an idempotency key, so `create` runs with its retries off: whether a
batch exists after an unclear answer is found out by listing, never by asking again.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from caseforge_assets.openai_batch.errors import ProviderError, ProviderNotFound, ProviderRefused, ProviderUnclear, translate

if TYPE_CHECKING:
    import ssl

    from openai.types import Batch

SUBMISSION_KEY = "caseforge_submission"
SIMULATED_HEADER = "x-caseforge-simulated"
COMPLETION_WINDOW: Literal["24h"] = "24h"  # the only window OpenAI offers
LIST_LIMIT = 100  # OpenAI's maximum page
CONNECT_TIMEOUT_S = 10.0  # a network that answers nothing is noticed after four tries of this
DOWNLOAD_CHUNK_BYTES = 1 << 18
NOTHING_WAS_MADE = frozenset({400, 413, 422, 429})  # 409 may be about a lock that another try of the same call holds
CLOCK_SLACK_S = 86_400.0  # how far our clock may be off; what a listing does not show counts as not there, and is paid for again


def import_sdk() -> None:
    """Imports the SDK, which takes half a second, so that the first client need not."""
    import openai  # noqa: F401


@dataclass(frozen=True)
class ProviderIdentity:
    """Where batches go: base URL, account (organization/project, never the key), and whether its answers are simulated."""

    base_url: str
    account: str
    simulated: bool


class BatchClient:
    """One account at one provider."""

    def __init__(
        self, base_url: str, api_key: str, account: str = "default", timeout_s: float = 60.0, upload_timeout_s: float = 600.0
    ) -> None:
        import openai  # not at the top, here and below: Dagster's code location and most commands load without the SDK

        self.base_url = base_url
        self.account = account
        connect_s = min(CONNECT_TIMEOUT_S, timeout_s)
        self._upload_timeout = openai.Timeout(upload_timeout_s, connect=connect_s)
        http = openai.DefaultHttpxClient(verify=_certificates())
        weakref.finalize(self, http.close)
        timeout = openai.Timeout(timeout_s, connect=connect_s)
        self._sdk = openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=3, http_client=http)

    def identify(self) -> ProviderIdentity:
        """Asks the provider who it is; it is simulated only if it says so itself.

        Raises:
            ProviderError: no answer, or the key is refused.
        """
        with _translated("reaching the provider"):
            answer = self._sdk.models.with_raw_response.list()
        simulated = answer.headers.get(SIMULATED_HEADER, "").lower() == "true"
        return ProviderIdentity(self.base_url, self.account, simulated)

    def models(self) -> frozenset[str]:
        """Names of the models that the provider lists for this account."""
        with _translated("listing the models"):
            return frozenset(model.id for model in self._sdk.models.list())

    def upload(self, path: Path, file_name: str) -> str:
        """Uploads a batch input under a name that `find_file` can look up; returns the file id."""
        with _translated("uploading the batch file"), path.open("rb") as file:
            sdk = self._sdk.with_options(timeout=self._upload_timeout)
            return sdk.files.create(file=(file_name, file, "application/jsonl"), purpose="batch").id

    def find_file(self, file_name: str, created_after: datetime) -> str | None:
        """The id of the newest uploaded file of this name, looking back no further than `created_after`."""
        with _translated("looking for an uploaded file"):
            for file in self._sdk.files.list(purpose="batch", order="desc", limit=LIST_LIMIT):
                if file.created_at < created_after.timestamp() - CLOCK_SLACK_S:
                    return None
                if file.filename == file_name:
                    return file.id
        return None

    def create(self, input_file_id: str, endpoint: str, submission_id: str) -> dict[str, Any]:
        """Creates the batch, once: this is the call that costs money.

        Raises:
            ProviderUnclear: it may or may not exist now.
            ProviderError: it was refused and does not exist.
        """
        with _unless_refused("creating the batch"):
            batch = self._sdk.with_options(max_retries=0).batches.create(
                input_file_id=input_file_id,
                endpoint=endpoint,  # type: ignore[arg-type]
                completion_window=COMPLETION_WINDOW,
                metadata={SUBMISSION_KEY: submission_id},
            )
            return _batch_object(batch)

    def list_batches(self, created_after: datetime) -> Iterator[dict[str, Any]]:
        """All batches, newest first, back to `created_after` (less a day for differing clocks)."""
        with _translated("listing the batches"):
            for batch in self._sdk.batches.list(limit=LIST_LIMIT):
                if batch.created_at < created_after.timestamp() - CLOCK_SLACK_S:
                    return
                yield batch.to_dict(mode="json")

    def retrieve(self, remote_id: str) -> dict[str, Any]:
        """One batch.

        Raises:
            ProviderNotFound: the provider does not know it.
        """
        with _translated(f"looking at batch {remote_id}"):
            return _batch_object(self._sdk.batches.retrieve(remote_id))

    def cancel(self, remote_id: str) -> dict[str, Any]:
        """Asks the provider to stop a batch; what it answered by then stays available.

        Raises:
            ProviderRefused: it is already over.
        """
        with _translated(f"cancelling batch {remote_id}"):
            return _batch_object(self._sdk.batches.cancel(remote_id))

    def download(self, file_id: str) -> Iterator[bytes]:
        """The bytes of a file, in chunks.

        Raises:
            ProviderNotFound: the file is gone (outputs are deleted 30 days after completion).
            ProviderUnclear: the connection broke, or fewer bytes came than announced.
        """
        with _translated(f"downloading file {file_id}"), self._sdk.files.with_streaming_response.content(file_id) as answer:
            announced, received = answer.headers.get("content-length"), 0
            plain = "content-encoding" not in answer.headers
            for chunk in answer.iter_bytes(DOWNLOAD_CHUNK_BYTES):
                received += len(chunk)
                yield chunk
            if plain and announced is not None and received != int(announced):
                raise ProviderUnclear(f"downloading file {file_id}: {received:,} of {announced} bytes arrived")


@cache
def _certificates() -> ssl.SSLContext:
    """Read once in a process: that takes longer than most calls, and sensors make a client at every tick."""
    import httpx2

    return httpx2.create_ssl_context()


def _batch_object(batch: Batch) -> dict[str, Any]:
    """The batch as a dict; an answer that lacks what every batch has may come from a proxy and says nothing about the batch."""
    found = batch.to_dict(mode="json")
    if not all(found.get(name) for name in ("id", "status", "created_at")):
        raise ValueError("no batch in it")
    return found


@contextmanager
def _unless_refused(doing: str) -> Iterator[None]:
    """For a call that must not be repeated: only a refusal that cannot come after it took effect is one."""
    import openai

    try:
        with _translated(doing):
            yield
    except (ProviderRefused, ProviderUnclear) as error:
        cause = error.__cause__
        if isinstance(cause, openai.APIStatusError):
            kind = ProviderRefused if cause.status_code in NOTHING_WAS_MADE else ProviderUnclear
            raise kind(str(error)) from cause
        raise


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        raise translate(error, doing) from error
    except (ProviderError, ProviderNotFound):
        raise
    except OSError as error:
        raise ProviderUnclear(f"{doing}: {error}") from error
    except (ValueError, AttributeError) as error:  # the SDK hands out whatever text came in place of the object
        raise ProviderUnclear(f"{doing}: the answer is not that of a Batch API; check OPENAI_BASE_URL") from error
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2"):
            raise ProviderUnclear(f"{doing}: the connection broke ({type(error).__name__})") from error
        raise
