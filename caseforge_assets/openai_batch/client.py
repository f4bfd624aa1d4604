"""The Batch API through the openai SDK: identify, upload, create, list, retrieve, cancel, download. Batches are plain dicts, as `read_batch` gives them.

Secrets that a provider repeats go no further than here: objects are handed out without them, and in files they are masked with as many characters.

The SDK repeats timed-out POSTs without an idempotency key, so `create` runs with its retries off: whether a
batch exists after an unclear answer is found out by listing, never by asking again.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseforge_assets.batches.provider_kinds import KINDS, OPENAI, ListKind, Metadata, ProviderKind
from caseforge_assets.batches.provider_objects import RemoteFile, read_file, read_models
from caseforge_assets.batches.results.response_body import ResponseBody, read_body
from caseforge_assets.openai_batch.calls import batch_of, expires_after, json_of, listed, models_of, named, once, translated
from caseforge_assets.openai_batch.errors import ProviderNotListing, ProviderStopped, ProviderUnclear
from caseforge_assets.openai_batch.tokens import Tokens
from caseforge_assets.redaction import digest_of, know_secrets, mask_stream, without_login
from caseforge_assets.settings.secrets import secrets_in

if TYPE_CHECKING:
    import ssl

SUBMISSION_KEY = "caseforge_submission"
SIMULATED_HEADER = "x-caseforge-simulated"
MODEL_FIELD = "{model}"  # stands in a field of an upload for the name that the lines have
EMBED_TIMEOUT_S = 15.0  # somebody waits for an answer
LIST_LIMIT = 100  # OpenAI's maximum page
CONNECT_TIMEOUT_S = 10.0  # a network that answers nothing is noticed after four tries of this
UNAUTHORIZED = 401
DOWNLOAD_CHUNK_BYTES = 1 << 18
log = logging.getLogger(__name__)


def import_sdk() -> None:
    """Imports the SDK, which takes half a second, so that the first client need not."""
    import openai  # noqa: F401


@dataclass(frozen=True)
class ProviderIdentity:
    """The provider of batches: base URL, account (organization/project, never the key), and whether its answers are simulated.

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
        api_key: str | Tokens,
        account: str = "default",
        timeout_s: float = 60.0,
        upload_timeout_s: float = 600.0,
        kind: ProviderKind = KINDS[OPENAI],
    ) -> None:
        import openai  # not at the top, here and below: Dagster's code location and most commands load without the SDK

        from caseforge_assets.openai_batch.connection import Key, make_http_client

        self._tokens = api_key if isinstance(api_key, Tokens) else None
        key = api_key if isinstance(api_key, str) else ""
        know_secrets(secrets_in({"OPENAI_API_KEY": key, "OPENAI_BASE_URL": base_url}))
        self.base_url = without_login(base_url)  # for the store and for people; the SDK alone is given user and password
        self.account, self.kind = account, kind
        self.key_digest = digest_of(key or str(self._tokens))
        connect_s = min(CONNECT_TIMEOUT_S, timeout_s)
        self._upload_timeout = openai.Timeout(upload_timeout_s, connect=connect_s)
        http = make_http_client(_certificates(), self._tokens or Key(kind.key_header, key, base_url))
        weakref.finalize(self, http.close)
        timeout = openai.Timeout(timeout_s, connect=connect_s)
        self._sdk = openai.OpenAI(
            base_url=base_url, api_key=self._tokens.current if self._tokens else key, timeout=timeout, max_retries=3, http_client=http
        )

    def identify(self) -> ProviderIdentity:
        """Asks the provider who it is; it is simulated only if it says so itself.

        Raises:
            ProviderError: no answer, or the key is refused.
        """
        with translated("reaching the provider"):
            answer = self._sdk.models.with_raw_response.list()
        simulated = answer.headers.get(SIMULATED_HEADER, "").lower() == "true"
        ends = {name: end for name, end in models_of(answer).items() if end is not None}
        return ProviderIdentity(self.base_url, self.account, simulated, ends)

    def probe(self) -> None:
        """Asks the provider once for anything, to learn whether it is there.

        Raises:
            ProviderError: it is not, or it refuses the key.
        """
        with translated("reaching the provider"):
            self._sdk.with_options(max_retries=0).models.with_raw_response.list()

    def models(self) -> dict[str, date | None]:
        """The models that the provider lists for this account, with the day of their end where it announces one."""
        with translated("listing the models"):
            return read_models(json_of(self._sdk.models.with_raw_response.list()))

    def upload(self, path: Path, file_name: str, model: str = "") -> str:
        """Uploads a batch input under a name that `find_file` can look up; returns the file id.

        Args:
            model: as the file's lines have it.
        """
        with translated("uploading the batch file"), path.open("rb") as file:
            sdk = self._sdk.with_options(timeout=self._upload_timeout)
            fields = {name: value.replace(MODEL_FIELD, model) for name, value in self.kind.upload_fields.items()}
            answer = sdk.files.with_raw_response.create(
                file=(file_name, file, "application/jsonl"),
                purpose=self.kind.file_purpose,  # type: ignore[arg-type]
                expires_after=expires_after(self.kind.file_expiry_days),  # type: ignore[arg-type]
                extra_body=fields or None,
            )
            return read_file(json_of(answer)).id

    def find_file(self, file_name: str, created_after: datetime) -> str | None:
        """The id of the newest uploaded file of this name, looking back no further than `created_after`.

        Where files are not listed, there is none: uploading once more costs nothing.
        """
        from openai import omit

        def read_page(after: str | None) -> object:
            if self.kind.file_list is ListKind.whole:
                return json_of(self._sdk.files.with_raw_response.list(extra_query=self.kind.list_fields))
            asked = self._sdk.files.with_raw_response
            purpose = self.kind.file_purpose
            return json_of(
                asked.list(purpose=purpose, order="desc", limit=LIST_LIMIT, after=after or omit, extra_query=self.kind.list_fields)
            )

        try:
            for file in listed(read_page, read_file, created_after, "looking for an uploaded file", self.kind.file_list):
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

        with self._renewing(), once("creating the batch"):
            answer = self._sdk.with_options(max_retries=0).batches.with_raw_response.create(
                input_file_id=input_file_id,
                endpoint=endpoint,  # type: ignore[arg-type]
                completion_window=self.kind.completion_window,  # type: ignore[arg-type]
                metadata=omit if self.kind.metadata is Metadata.not_sent else {SUBMISSION_KEY: submission_id},
                output_expires_after=expires_after(self.kind.output_expiry_days),  # type: ignore[arg-type]
            )
            return batch_of(json_of(answer))

    @contextmanager
    def _renewing(self) -> Iterator[None]:
        """For the call that is not sent again with a renewed token: whether it was refused for a token that had ended, which is seen by another call's being refused, too.

        Raises:
            ProviderUnclear: it was.
        """
        try:
            yield
        except ProviderStopped as error:
            sent = getattr(getattr(error.__cause__, "request", None), "headers", {}).get("authorization")
            if self._tokens is None or error.status_code != UNAUTHORIZED or sent is None or self._is_taken(sent):
                raise
            raise ProviderUnclear(f"{error}; the token had ended, and is renewed") from error.__cause__

    def _is_taken(self, authorization: str) -> bool:
        from caseforge_assets.openai_batch.connection import AS_IT_IS

        try:
            with translated("asking about a token"):
                self._sdk.models.with_raw_response.list(extra_headers={"Authorization": authorization, AS_IT_IS: "true"})
        except ProviderStopped as error:
            return error.status_code != UNAUTHORIZED
        return True

    def list_batches(self, created_after: datetime) -> Iterator[dict[str, Any]]:
        """All batches, newest first, back to `created_after` (less a day for differing clocks).

        Raises:
            ProviderNotListing: there is no list, or, after what could be read of it, it is not whole.
        """
        from openai import omit

        def read_page(after: str | None) -> object:
            if self.kind.batch_list is ListKind.whole:
                return json_of(self._sdk.batches.with_raw_response.list(extra_query=self.kind.list_fields))
            asked = self._sdk.batches.with_raw_response
            return json_of(asked.list(limit=LIST_LIMIT, after=after or omit, extra_query=self.kind.list_fields))

        return listed(read_page, batch_of, created_after, "listing the batches", self.kind.batch_list)

    def retrieve(self, remote_id: str) -> dict[str, Any]:
        """One batch.

        Raises:
            ProviderNotFound: the provider does not know it.
            ProviderUnclear: nothing came, or not this batch.
        """
        doing = f"looking at batch {remote_id}"
        with translated(doing):
            return named(remote_id, batch_of(json_of(self._sdk.batches.with_raw_response.retrieve(remote_id))), doing)

    def cancel(self, remote_id: str) -> dict[str, Any]:
        """Asks the provider to stop a batch; what it answered by then stays available.

        Raises:
            ProviderRefused: it is already over.
            ProviderUnclear: nothing came, or not this batch.
        """
        doing = f"cancelling batch {remote_id}"
        with translated(doing):
            return named(remote_id, batch_of(json_of(self._sdk.batches.with_raw_response.cancel(remote_id))), doing)

    def embed(self, words: str, model: str, dimensions: int | None) -> ResponseBody:
        """Turns a text into a vector at once, asked for once: a second call would be paid for, too.

        Raises:
            ProviderUnclear: no answer; whether it is billed is not known.
            ProviderError: it was refused.
        """
        from openai import omit

        asked = self._sdk.with_options(max_retries=0, timeout=EMBED_TIMEOUT_S).embeddings.with_raw_response
        with translated("turning the words into a vector"):
            answer = asked.create(input=[words], model=model, dimensions=dimensions or omit, encoding_format="base64")
            return read_body(json_of(answer))

    def file(self, file_id: str) -> RemoteFile:
        """Gives what the provider says of a file.

        Raises:
            ProviderNotFound: the provider does not know it.
        """
        with translated(f"looking at file {file_id}"):
            return read_file(json_of(self._sdk.files.with_raw_response.retrieve(file_id)))

    def download(self, file_id: str) -> Iterator[bytes]:
        """The bytes of a file, in chunks; a secret in it is masked with as many characters, so that its size is what the provider says.

        Raises:
            ProviderNotFound: the file is gone (outputs are deleted 30 days after completion).
            ProviderUnclear: the connection broke, or fewer bytes came than announced.
        """
        yield from mask_stream(self._received(file_id))

    def _received(self, file_id: str) -> Iterator[bytes]:
        with translated(f"downloading file {file_id}"), self._sdk.files.with_streaming_response.content(file_id) as answer:
            yield from answer.iter_bytes(DOWNLOAD_CHUNK_BYTES)  # fewer than announced are an error of the connection


@cache
def _certificates() -> ssl.SSLContext:
    """Read once in a process: that takes longer than most calls, and sensors make a client at every tick."""
    import httpx2

    return httpx2.create_ssl_context()
