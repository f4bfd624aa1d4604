"""The Batch API through the openai SDK: identify, upload, create, list, retrieve, cancel, download. Batches are plain dicts, as `read_batch` gives them.

Secrets that a provider repeats go no further than here: objects are handed out without them, and in files they are masked with as many characters.

The SDK repeats timed-out POSTs without an idempotency key, so `create` runs with its retries off: whether a
batch exists after an unclear answer is found out by listing, never by asking again.
"""

from __future__ import annotations

import json
import logging
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from caseforge_assets.batches.error_codes import says_stop
from caseforge_assets.batches.provider_kinds import KINDS, OPENAI, SECONDS_PER_DAY, ListKind, Metadata, ProviderKind
from caseforge_assets.batches.provider_objects import RemoteFile, read_batch, read_file, read_models
from caseforge_assets.batches.response_body import read_error
from caseforge_assets.openai_batch.errors import (
    ProviderError,
    ProviderFull,
    ProviderNotListing,
    ProviderRefused,
    ProviderUnclear,
    translate,
)
from caseforge_assets.openai_batch.pages import ReadPage, walk
from caseforge_assets.redaction import digest_of, know_secrets, mask_stream, redact, redact_object, without_login
from caseforge_assets.settings.secrets import secrets_in

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from openai._legacy_response import LegacyAPIResponse

SUBMISSION_KEY = "caseforge_submission"
SIMULATED_HEADER = "x-caseforge-simulated"
MODEL_FIELD = "{model}"  # stands in a field of an upload for the name that the lines have
LIST_LIMIT = 100  # OpenAI's maximum page
CONNECT_TIMEOUT_S = 10.0  # a network that answers nothing is noticed after four tries of this
DOWNLOAD_CHUNK_BYTES = 1 << 18
NO_LISTS = frozenset({403, 404, 405, 410, 501})  # a provider, or a key, that has no lists; 401 is about everything
CLOCK_SLACK_S = 86_400.0  # how far our clock may be off; what a listing does not show counts as not there, and is paid for again
Entry = TypeVar("Entry")
log = logging.getLogger(__name__)


def import_sdk() -> None:
    """Imports the SDK, which takes half a second, so that the first client need not."""
    import openai  # noqa: F401


@dataclass(frozen=True)
class ProviderIdentity:
    """Where batches go: base URL, account (organization/project, never the key), and whether its answers are simulated.

    `model_ends` are the days of models' ends that it announces, by the models' names.
    """

    base_url: str
    account: str
    simulated: bool
    model_ends: Mapping[str, date] = field(default_factory=dict)


class BatchClient:
    """One account at one provider."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        account: str = "default",
        timeout_s: float = 60.0,
        upload_timeout_s: float = 600.0,
        kind: ProviderKind = KINDS[OPENAI],
    ) -> None:
        import openai  # not at the top, here and below: Dagster's code location and most commands load without the SDK

        from caseforge_assets.openai_batch.connection import Key, make_http_client

        know_secrets(secrets_in({"OPENAI_API_KEY": api_key, "OPENAI_BASE_URL": base_url}))
        self.base_url = without_login(base_url)  # for the store and for people; the SDK alone is given user and password
        self.account, self.kind = account, kind
        self.key_digest = digest_of(api_key)
        connect_s = min(CONNECT_TIMEOUT_S, timeout_s)
        self._upload_timeout = openai.Timeout(upload_timeout_s, connect=connect_s)
        http = make_http_client(_certificates(), Key(kind.key_header, api_key, base_url))
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
        ends = {name: end for name, end in _models_of(answer).items() if end is not None}
        return ProviderIdentity(self.base_url, self.account, simulated, ends)

    def probe(self) -> None:
        """Whether the provider is there, asked once.

        Raises:
            ProviderError: it is not, or it refuses the key.
        """
        with _translated("reaching the provider"):
            self._sdk.with_options(max_retries=0).models.with_raw_response.list()

    def models(self) -> dict[str, date | None]:
        """The models that the provider lists for this account, with the day of their end where it announces one."""
        with _translated("listing the models"):
            return read_models(_json(self._sdk.models.with_raw_response.list()))

    def upload(self, path: Path, file_name: str, model: str = "") -> str:
        """Uploads a batch input under a name that `find_file` can look up; returns the file id.

        Args:
            model: as the file's lines have it.
        """
        with _translated("uploading the batch file"), path.open("rb") as file:
            sdk = self._sdk.with_options(timeout=self._upload_timeout)
            fields = {name: value.replace(MODEL_FIELD, model) for name, value in self.kind.upload_fields.items()}
            answer = sdk.files.with_raw_response.create(
                file=(file_name, file, "application/jsonl"),
                purpose=self.kind.file_purpose,  # type: ignore[arg-type]
                expires_after=_expires_after(self.kind.file_expiry_days),  # type: ignore[arg-type]
                extra_body=fields or None,
            )
            return read_file(_json(answer)).id

    def find_file(self, file_name: str, created_after: datetime) -> str | None:
        """The id of the newest uploaded file of this name, looking back no further than `created_after`.

        Where files are not listed, there is none: uploading once more costs nothing.
        """
        from openai import omit

        def read_page(after: str | None) -> object:
            if self.kind.file_list is ListKind.whole:
                return _json(self._sdk.files.with_raw_response.list(extra_query=self.kind.list_fields))
            asked = self._sdk.files.with_raw_response
            purpose = self.kind.file_purpose
            return _json(
                asked.list(purpose=purpose, order="desc", limit=LIST_LIMIT, after=after or omit, extra_query=self.kind.list_fields)
            )

        try:
            for file in _listed(read_page, read_file, created_after, "looking for an uploaded file", self.kind.file_list):
                if file.name == file_name:
                    return file.id
        except ProviderNotListing as error:
            log.info("%s; it is uploaded", error)
        return None

    def create(self, input_file_id: str, endpoint: str, submission_id: str) -> dict[str, Any]:
        """Creates the batch, once: this is the call that costs money.

        Whatever it raises, the batch may exist: a proxy may refuse what its provider has accepted.

        Raises:
            ProviderUnclear: nobody knows.
            ProviderError: it was refused, by the provider or by what stands before it.
        """
        from openai import omit

        with _once("creating the batch"):
            answer = self._sdk.with_options(max_retries=0).batches.with_raw_response.create(
                input_file_id=input_file_id,
                endpoint=endpoint,  # type: ignore[arg-type]
                completion_window=self.kind.completion_window,  # type: ignore[arg-type]
                metadata=omit if self.kind.metadata is Metadata.not_sent else {SUBMISSION_KEY: submission_id},
                output_expires_after=_expires_after(self.kind.output_expiry_days),  # type: ignore[arg-type]
            )
            return _batch(_json(answer))

    def list_batches(self, created_after: datetime) -> Iterator[dict[str, Any]]:
        """All batches, newest first, back to `created_after` (less a day for differing clocks).

        Raises:
            ProviderNotListing: there is no list, or, after what could be read of it, it is not whole.
        """
        from openai import omit

        def read_page(after: str | None) -> object:
            if self.kind.batch_list is ListKind.whole:
                return _json(self._sdk.batches.with_raw_response.list(extra_query=self.kind.list_fields))
            asked = self._sdk.batches.with_raw_response
            return _json(asked.list(limit=LIST_LIMIT, after=after or omit, extra_query=self.kind.list_fields))

        return _listed(read_page, _batch, created_after, "listing the batches", self.kind.batch_list)

    def retrieve(self, remote_id: str) -> dict[str, Any]:
        """One batch.

        Raises:
            ProviderNotFound: the provider does not know it.
            ProviderUnclear: nothing came, or not this batch.
        """
        doing = f"looking at batch {remote_id}"
        with _translated(doing):
            return _named(remote_id, _batch(_json(self._sdk.batches.with_raw_response.retrieve(remote_id))), doing)

    def cancel(self, remote_id: str) -> dict[str, Any]:
        """Asks the provider to stop a batch; what it answered by then stays available.

        Raises:
            ProviderRefused: it is already over.
            ProviderUnclear: nothing came, or not this batch.
        """
        doing = f"cancelling batch {remote_id}"
        with _translated(doing):
            return _named(remote_id, _batch(_json(self._sdk.batches.with_raw_response.cancel(remote_id))), doing)

    def file(self, file_id: str) -> RemoteFile:
        """What the provider says of a file.

        Raises:
            ProviderNotFound: the provider does not know it.
        """
        with _translated(f"looking at file {file_id}"):
            return read_file(_json(self._sdk.files.with_raw_response.retrieve(file_id)))

    def download(self, file_id: str) -> Iterator[bytes]:
        """The bytes of a file, in chunks; a secret in it is masked with as many characters, so that its size is what the provider says.

        Raises:
            ProviderNotFound: the file is gone (outputs are deleted 30 days after completion).
            ProviderUnclear: the connection broke, or fewer bytes came than announced.
        """
        yield from mask_stream(self._received(file_id))

    def _received(self, file_id: str) -> Iterator[bytes]:
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


def _json(answer: LegacyAPIResponse[Any]) -> object:
    """The answer's body, as JSON: lenient with characters, because a batch with an odd one is one all the same.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(answer.content.decode("utf-8", errors="replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _batch(raw: object) -> dict[str, Any]:
    found: dict[str, Any] = redact_object(read_batch(raw))
    return found


def _named(remote_id: str, batch: dict[str, Any], doing: str) -> dict[str, Any]:
    """The batch, if it is the one that was asked about: what is said of another would take its place.

    Raises:
        ProviderUnclear: it is another.
    """
    if batch["id"] != remote_id:
        raise ProviderUnclear(f"{doing}: the answer is about {batch['id']}")
    return batch


def _models_of(answer: LegacyAPIResponse[Any]) -> dict[str, date | None]:
    """Any answer says that somebody is there; one that is no list of models names none."""
    try:
        return read_models(_json(answer))
    except ValueError:
        return {}


def _expires_after(days: Fraction | None) -> object:
    """What a file's expiry is asked as."""
    from openai import omit

    return omit if days is None else {"anchor": "created_at", "seconds": int(days * SECONDS_PER_DAY)}


def _listed(
    read_page: ReadPage, read: Callable[[object], Entry], created_after: datetime, doing: str, comes: ListKind = ListKind.cursor
) -> Iterator[Entry]:
    """The entries of a list.

    Raises:
        ProviderNotListing: also where this provider's list is known not to be all there is.
    """
    if comes is ListKind.none:
        raise ProviderNotListing(f"{doing}: this provider has no list ([provider])")
    try:
        with _translated(doing):
            yield from walk(read_page, read, created_after.timestamp() - CLOCK_SLACK_S, doing)
    except ProviderError as error:
        cause = error.__cause__
        if error.status_code in NO_LISTS and not says_stop(*read_error(getattr(cause, "body", None))):
            raise ProviderNotListing(str(error)) from cause
        raise
    if comes is ListKind.unreliable:
        raise ProviderNotListing(f"{doing}: what this provider's list does not show may be there all the same ([provider])")


@contextmanager
def _once(doing: str) -> Iterator[None]:
    """For the call that must not be repeated: what would be tried again elsewhere is a refusal, and a conflict may be about its own first try."""
    try:
        with _translated(doing):
            yield
    except ProviderFull:
        raise
    except (ProviderRefused, ProviderUnclear) as error:
        if error.status_code in (409, 429):
            raise (ProviderUnclear if error.status_code == 409 else ProviderRefused)(str(error)) from error.__cause__
        raise


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        raise translate(error, doing) from error
    except OSError as error:
        raise ProviderUnclear(f"{doing}: {redact(str(error))}") from error
    except ValueError as error:
        raise ProviderUnclear(f"{doing}: the answer is not that of a Batch API ({redact(str(error))}); check OPENAI_BASE_URL") from error
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2"):
            raise ProviderUnclear(f"{doing}: the connection broke ({type(error).__name__})") from error
        raise
