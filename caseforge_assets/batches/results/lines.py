"""Lines of batch files: request lines as they are written, result lines as they are read, one at a time.

Whatever bytes come, reading never fails: a line that can't be understood becomes an `UnreadableLine`. A file as Batch APIs write it, in UTF-8 and
with an object a line, is read here; from its first line on that is otherwise, `records` finds what is in it. What a line means for a request is
decided in `outcomes`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import orjson

from caseforge_assets.batches.results.foreign import as_utf_8, foreign_line
from caseforge_assets.batches.results.records import BLANKS, REPLACED, Line, Record, find_records
from caseforge_assets.batches.results.response_body import as_object, as_text, read_body, read_error
from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.canonical import canonical_json

MAX_LINE_BYTES = 64 * 1024 * 1024  # a bound for memory; real lines of 3 MB exist
MAX_EXCERPT_CHARACTERS = 200


@dataclass(frozen=True)
class ResultLine:
    """One line of an output or error file.

    Attributes:
        custom_id: The request's name in the batch.
        status_code: The response's HTTP status; None where there was no response.
        request_id: The provider's id of the request.
        error_code: The error's code, from the line or from the response's body.
        error_message: Its message, as the provider worded it.
        model: The model that answered.
        response_id: The id of the chat completion.
        created: When it was made, in Unix seconds.
        text: The answer; empty where there is none. NUL and lone surrogates in it are replaced.
        refusal: The model's refusal, if it refused.
        finish_reason: Why the answer ended.
        usage: The usage object as it came.
        line_number: The line's place in its file; the first is 1.
        notes: What was tolerated.
    """

    custom_id: str
    status_code: int | None
    request_id: str | None
    error_code: str | None
    error_message: str | None
    model: str | None
    response_id: str | None
    created: int | None
    text: str
    refusal: str | None
    finish_reason: str | None
    usage: Mapping[str, object] | None
    line_number: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnreadableLine:
    """A line that belongs to no request as far as can be seen: its number, its beginning, what is wrong with it, and whether its file ends in it."""

    line_number: int
    excerpt: str
    reason: str
    is_cut: bool = False


def request_line(custom_id: str, url: str, body: Mapping[str, object] | str) -> bytes:
    """Write a request as a line of a batch input file, with its line break.

    The line is ASCII, so that no reader can take a character of a text for a line break. Lone surrogates are replaced:
    one bad line would fail the whole batch.

    Args:
        custom_id: The request's name in the batch.
        url: The endpoint's path, such as `/v1/chat/completions`.
        body: The request's body, or its canonical JSON.
    """
    text = body if isinstance(body, str) else canonical_json(body)
    if "\\ud" in text:  # an escaped surrogate, possibly without its other half
        text = canonical_json(json.loads(replace_unstorable(json.dumps(json.loads(text), ensure_ascii=False))))
    return f'{{"custom_id":{json.dumps(custom_id)},"method":"POST","url":{json.dumps(url)},"body":{text}}}\n'.encode("ascii")


def read_lines(chunks: Iterable[bytes]) -> Iterator[ResultLine | UnreadableLine]:
    """Read the result lines of an output or error file, however it is cut into chunks.

    Blank lines are skipped; UTF-16 and UTF-32, CRLF, byte order marks, control characters, NUL, lone surrogates, parts that are nested too
    deeply and bodies that are strings are tolerated; arrays, objects over many lines and several on one line, too.

    Args:
        chunks: The file's bytes. No more than one line or object and one chunk are held at a time.

    Yields:
        A record for each line that is not blank, in the file's order.
    """
    for _, line in read_raw_lines(chunks):
        yield line


def read_raw_lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, ResultLine | UnreadableLine]]:
    """Read the same with the bytes of each line: without what surrounds it, and without its line break.

    Args:
        chunks: The file's bytes. Lines of a file in another encoding are given in UTF-8.
    """
    rest = iter(chunks)
    start = next(rest, b"")
    whole = chain([start], rest)
    if not start.startswith(b'{"'):
        recoded, encoding = as_utf_8(whole)
        notes = (f"The file is encoded in {encoding}.",) if encoding else ()
        yield from _read_records(_split(recoded), notes)
        return
    lines = _split(whole)
    for line in lines:
        raw = line.raw.strip(BLANKS)
        result = _read_plainly(line.number, raw) if line.is_complete else None
        if result is not None:
            yield raw, result
        elif raw or not line.is_complete:
            yield from _read_records(chain([line], lines))


def _read_plainly(number: int, raw: bytes) -> ResultLine | None:
    """Read a line that is one result and nothing else; None where it is otherwise."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    custom_id = as_text(value.get("custom_id")) if isinstance(value, dict) else None
    return None if custom_id is None else _result_line(number, custom_id, value, ())


def _read_records(lines: Iterable[Line], notes: tuple[str, ...] = ()) -> Iterator[tuple[bytes, ResultLine | UnreadableLine]]:
    last = 0
    for record in find_records(lines, notes, MAX_LINE_BYTES):
        last = max(last + 1, record.line_number)  # each has a number of its own
        yield record.raw, _read_record(last, record)


def _read_record(number: int, record: Record) -> ResultLine | UnreadableLine:
    value = record.value
    if record.problem:
        return UnreadableLine(number, _excerpt(record.raw.strip()), record.problem, record.is_cut)
    if not isinstance(value, dict):
        return UnreadableLine(number, _excerpt(record.raw), "not a JSON object")
    if (custom_id := as_text(value.get("custom_id"))) is None:
        return UnreadableLine(number, _excerpt(record.raw), f"no custom_id; it is {foreign_line(value) or 'a result without one'}")
    return _result_line(number, custom_id, value, record.notes)


def _split(chunks: Iterable[bytes]) -> Iterator[Line]:
    """Split into lines with their line breaks; of a line that is too long only the beginning, marked as incomplete."""
    number, held, is_complete = 1, bytearray(), True
    for chunk in chunks:
        for part in _split_at_newlines(chunk):
            room = MAX_LINE_BYTES - len(held)
            is_complete = is_complete and len(part) <= room
            held += part[: max(room, 0)]
            if part.endswith(b"\n"):
                yield Line(number, bytes(held), is_complete)
                number, is_complete = number + 1, True
                held.clear()
    if held:
        yield Line(number, bytes(held), is_complete)


def _split_at_newlines(chunk: bytes) -> list[bytes]:
    *whole, rest = chunk.split(b"\n")
    return [part + b"\n" for part in whole] + ([rest] if rest else [])


def _result_line(number: int, custom_id: str, line: Mapping[str, object], tolerated: tuple[str, ...]) -> ResultLine:
    response = as_object(line.get("response"))
    body = read_body(response.get("body"))
    code, message = read_error(line.get("error"))
    text = replace_unstorable(body.text)
    notes = [*tolerated, *body.notes]
    if text != body.text and REPLACED not in notes:
        notes.append(REPLACED)
    return ResultLine(
        custom_id=custom_id,
        status_code=_status(response.get("status_code")),
        request_id=as_text(response.get("request_id")),
        error_code=code or body.error_code,
        error_message=message or body.error_message,
        model=body.model,
        response_id=body.response_id,
        created=body.created,
        text=text,
        refusal=body.refusal,
        finish_reason=body.finish_reason,
        usage=body.usage,
        line_number=number,
        notes=tuple(notes),
    )


def _status(value: object) -> int | None:
    text = as_text(value) or ""
    return int(text) if text.isascii() and text.isdigit() and 100 <= int(text) <= 599 else None


def _excerpt(raw: bytes) -> str:
    return replace_unstorable(raw[: MAX_EXCERPT_CHARACTERS * 4].decode("utf-8", errors="replace"))[:MAX_EXCERPT_CHARACTERS]
