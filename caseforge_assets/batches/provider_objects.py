"""Reads what a provider says of a batch or a file: clean, of known types, and no larger than it need be.

Nothing here fails on a field. A value that is not what it should be is read where that is certain (a number in quotes, a list where an object
that holds it belongs) and is None otherwise, so that whoever reads a batch finds what OpenAI documents, or nothing. What remains can be stored:
PostgreSQL refuses NUL and lone surrogates, and a number that no datetime can hold.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from caseforge_assets.batches.results.response_body import MAX_UNIX_SECONDS, as_object, as_text, read_error
from caseforge_assets.batches.states import RemoteStatus, remote_status

MAX_ID_CHARACTERS = 1_000  # LiteLLM's are base64 of several hundred
MAX_TEXT_CHARACTERS = 1_000
MAX_ERRORS = 2_000  # of a failed batch; what the others name is pending again, and named when it comes again
MAX_METADATA = 64  # OpenAI allows 16 pairs
MAX_COUNT = 10**9
NOT_A_BATCH = frozenset({"list", "file", "model", "error"})

_TIMES = (
    "created_at",
    "in_progress_at",
    "expires_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
)
_FILES = ("input_file_id", "output_file_id", "error_file_id")
_TEXTS = ("endpoint", "model", "completion_window")
_USAGE = ("input_tokens", "output_tokens", "total_tokens")


class UnreadableObject(ValueError):
    """An answer from which it cannot even be told what it is about."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at the provider; what it does not say is None."""

    id: str
    name: str | None
    size_bytes: int | None
    created_at: int | None


def read_batch(raw: object) -> dict[str, Any]:
    """Read a batch object; it has all of OpenAI's fields, None where nothing of use came.

    Args:
        raw: What came, as JSON.

    Returns:
        Ids and texts as text, times in Unix seconds, `request_counts` with whole numbers, `errors.data` with code, message, line and param.

    Raises:
        UnreadableObject: It has no id, or is something else than a batch.
    """
    found = as_object(raw)
    if "id" not in found and as_object(found.get("job")):  # Together's answer to a creation
        found = as_object(found["job"])
    identity = _id(found.get("id"))
    if identity is None or found.get("object") in NOT_A_BATCH:
        raise UnreadableObject("no batch in it")
    return {
        "id": identity,
        "object": "batch",
        "status": _text(found.get("status")),
        **{name: _text(found.get(name)) for name in _TEXTS},
        **{name: _id(found.get(name)) for name in _FILES},
        **{name: unix_seconds(found.get(name)) for name in _TIMES},
        "request_counts": _counts(found.get("request_counts")),
        "errors": _errors(found.get("errors")),
        "usage": _usage(found.get("usage")),
        "metadata": _metadata(found.get("metadata")),
    }


def read_file(raw: object) -> RemoteFile:
    """Read a file object.

    Args:
        raw: What came, as JSON.

    Raises:
        UnreadableObject: It has no id, or is something else than a file.
    """
    found = as_object(raw)
    identity = _id(found.get("id"))
    if identity is None or found.get("object") not in (None, "file"):
        raise UnreadableObject("no file in it")
    return RemoteFile(identity, _text(found.get("filename")), whole_number(found.get("bytes")), unix_seconds(found.get("created_at")))


def read_models(raw: object) -> dict[str, date | None]:
    """The models of a list, with the day announced for their end (OpenAI's `shutdown_date`, YYYY-MM-DD); what has no id is left out.

    Args:
        raw: What came, as JSON.
    """
    entries = as_object(raw).get("data")
    models = [as_object(entry) for entry in entries] if isinstance(entries, list) else []
    return {name: _day(model.get("shutdown_date")) for model in models if (name := _id(model.get("id")))}


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat((as_text(value) or "")[:10])
    except ValueError:
        return None


def error_entries(errors: object) -> list[object]:
    """The entries of a batch's `errors`, in whatever form they come: OpenAI's `{data: […]}`, a list, one entry alone, or a text.

    Args:
        errors: The value of `errors`.
    """
    if isinstance(errors, Mapping):
        data = errors.get("data")
        errors = errors if not data and read_error(errors) != (None, None) else data
    if errors is None or errors in ("", [], {}):
        return []
    return errors[:MAX_ERRORS] if isinstance(errors, list) else [errors]


def what_is_odd(batch: Mapping[str, Any]) -> str:
    """Says for people why a batch cannot be judged yet; empty where its status is a known one.

    Args:
        batch: As `read_batch` gives it.
    """
    status = batch.get("status")
    if remote_status(status) is not RemoteStatus.unrecognized:
        return ""
    return f"its provider gives it a status that is not known ({status or 'none'}); it is looked at again"


def unix_seconds(value: object) -> int | None:
    """Seconds since 1970 that a datetime can hold; None for anything else.

    Args:
        value: Any JSON value; a number in quotes counts, and so does a time as text (Azure's REST examples, Together).
    """
    number = _number(value)
    if number is None and isinstance(value, str):
        number = _seconds_of_text(value)
    return int(number) if number is not None and 0 < number <= MAX_UNIX_SECONDS else None


def _seconds_of_text(value: str) -> float | None:
    """Seconds of a time in ISO 8601, such as `2024-07-19T17:13:57.2491382+00:00`; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(value.strip()[:40])
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def whole_number(value: object) -> int | None:
    """A count; None for anything else.

    Args:
        value: Any JSON value; a number in quotes counts.
    """
    number = _number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) < 32:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**15:
        return None
    return float(value) if math.isfinite(value) else None


def _text(value: object) -> str | None:
    text = as_text(value)
    return text[:MAX_TEXT_CHARACTERS] if text else None


def _id(value: object) -> str | None:
    """A longer one is not cut: it would be another's."""
    text = as_text(value)
    return text if text and len(text) <= MAX_ID_CHARACTERS else None


def _counts(value: object) -> dict[str, int] | None:
    found = _numbers(value, ("total", "completed", "failed"))
    return {name: count for name, count in found.items() if count <= MAX_COUNT} if found else None


def _numbers(value: object, names: tuple[str, ...]) -> dict[str, int] | None:
    raw = as_object(value)
    return {name: number for name in names if (number := whole_number(raw.get(name))) is not None} or None


def _usage(value: object) -> dict[str, int] | None:
    """The sums over all answers, with what of the input came from the prompt cache beside them."""
    cached = _numbers(as_object(value).get("input_tokens_details"), ("cached_tokens",))
    counted = _numbers(value, _USAGE)
    return {**counted, **(cached or {})} if counted else None


def _errors(value: object) -> dict[str, Any] | None:
    entries = [_error(entry) for entry in error_entries(value)]
    return {"object": "list", "data": entries} if entries else None


def _error(entry: object) -> dict[str, Any]:
    code, message = read_error(entry) if isinstance(entry, Mapping | str) else (None, as_text(entry))
    raw = as_object(entry)
    line = whole_number(raw.get("line"))
    return {"code": _text(code), "message": _text(message), "line": line or None, "param": _text(raw.get("param"))}


def _metadata(value: object) -> dict[str, str] | None:
    pairs = list(as_object(value).items())[:MAX_METADATA]
    return {str(_text(key)): text for key, found in pairs if (text := _text(found)) is not None} or None
