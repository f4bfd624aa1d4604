"""Surrounds every call of the client: reads its answer as JSON or as a list to its end; says in words of our own what went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from caseforge_assets.batches.error_codes import says_stop
from caseforge_assets.batches.provider_kinds import SECONDS_PER_DAY, ListKind
from caseforge_assets.batches.provider_objects import read_batch, read_models
from caseforge_assets.batches.results.response_body import read_error
from caseforge_assets.openai_batch.errors import (
    ProviderError,
    ProviderFull,
    ProviderNotListing,
    ProviderRefused,
    ProviderUnclear,
    translate,
)
from caseforge_assets.openai_batch.pages import ReadPage, walk
from caseforge_assets.redaction import redact, redact_object

if TYPE_CHECKING:
    from openai._legacy_response import LegacyAPIResponse

NO_LISTS = frozenset({403, 404, 405, 410, 501})  # a provider, or a key, that has no lists; 401 is about everything
CLOCK_SLACK_S = 86_400.0  # how far our clock may be off; what a listing does not show counts as not there, and is paid for again
Entry = TypeVar("Entry")


def json_of(answer: LegacyAPIResponse[Any]) -> object:
    """The answer's body, as JSON: lenient with characters, because a batch with an odd one is one all the same.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(answer.content.decode("utf-8", errors="replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def batch_of(raw: object) -> dict[str, Any]:
    """A batch as `read_batch` gives it, without secrets that a provider repeats.

    Raises:
        UnreadableObject: it is none.
    """
    found: dict[str, Any] = redact_object(read_batch(raw))
    return found


def named(remote_id: str, batch: dict[str, Any], doing: str) -> dict[str, Any]:
    """The batch, if it is the one that was asked about: what is said of another would take its place.

    Raises:
        ProviderUnclear: it is another.
    """
    if batch["id"] != remote_id:
        raise ProviderUnclear(f"{doing}: the answer is about {batch['id']}")
    return batch


def models_of(answer: LegacyAPIResponse[Any]) -> dict[str, date | None]:
    """Any answer says that somebody is there; one that is no list of models names none."""
    try:
        return read_models(json_of(answer))
    except ValueError:
        return {}


def expires_after(days: Fraction | None) -> object:
    """Gives what a file's expiry is asked as."""
    from openai import omit

    return omit if days is None else {"anchor": "created_at", "seconds": int(days * SECONDS_PER_DAY)}


def listed(
    read_page: ReadPage, read: Callable[[object], Entry], created_after: datetime, doing: str, comes: ListKind = ListKind.cursor
) -> Iterator[Entry]:
    """The entries of a list.

    Raises:
        ProviderNotListing: also where this provider's list is known not to be all there is.
    """
    if comes is ListKind.none:
        raise ProviderNotListing(f"{doing}: this provider has no list ([provider])")
    try:
        with translated(doing):
            yield from walk(read_page, read, created_after.timestamp() - CLOCK_SLACK_S, doing)
    except ProviderError as error:
        cause = error.__cause__
        if error.status_code in NO_LISTS and not says_stop(*read_error(getattr(cause, "body", None))):
            raise ProviderNotListing(str(error)) from cause
        raise
    if comes is ListKind.unreliable:
        raise ProviderNotListing(f"{doing}: what this provider's list does not show may be there all the same ([provider])")


@contextmanager
def once(doing: str) -> Iterator[None]:
    """For the call that must not be repeated: what would be tried again elsewhere is a refusal, and a conflict may be about its own first try."""
    try:
        with translated(doing):
            yield
    except ProviderFull:
        raise
    except (ProviderRefused, ProviderUnclear) as error:
        if error.status_code in (409, 429):
            raise (ProviderUnclear if error.status_code == 409 else ProviderRefused)(str(error)) from error.__cause__
        raise


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Around a call: whatever goes wrong is raised as one of our own errors.

    Args:
        doing: the call in words.
    """
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
