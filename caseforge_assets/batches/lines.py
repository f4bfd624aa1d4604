"""Lines of batch files: request lines as they are written, result lines as they are read, one at a time.

Whatever bytes come, reading never fails: a line that can't be understood becomes an `UnreadableLine`. What a line
means for a request is decided in `outcomes`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import orjson

from caseforge_assets.batches.foreign import as_utf_8, foreign_line
from caseforge_assets.batches.records import Gathering, Record, out_of_cell, results_in
from caseforge_assets.batches.response_body import as_object, as_text, read_body, read_error
from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.tolerant_json import parse_tolerantly

MAX_LINE_BYTES = 64 * 1024 * 1024  # a bound for memory; real lines of 3 MB exist
MAX_EXCERPT_CHARACTERS = 200

_BOM = b"\xef\xbb\xbf"
_UNSEEN = (_BOM, "\xa0".encode(), "\u200b".encode(), "\ufffd".encode())  # the last is what is left of half a character at a file's end
_AROUND = bytes(range(0x21)) + b"\x7f"  # blanks and control characters: some writers put a record separator before each line (RFC 7464)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_REPLACED = "Characters that cannot be stored were replaced."
_APART = "The result did not stand on a line of its own."


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
        foreign: What the line is, if it is no result of chat completions or responses; empty where it is one.
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
    foreign: str = ""


@dataclass(frozen=True)
class UnreadableLine:
    """A line that belongs to no request as far as can be seen: its number, its beginning, what is wrong with it, and whether its file ends in it."""

    line_number: int
    excerpt: str
    reason: str
    is_cut: bool = False


_Came = tuple[bytes, ResultLine | UnreadableLine]


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
    recoded, encoding = as_utf_8(chunks)
    notes = (f"The file is encoded in {encoding}.",) if encoding else ()
    last = 0
    for raw, line in _as_they_stand(_split(recoded), notes):
        last = max(last + 1, line.line_number)  # each has a number of its own
        yield raw, line if line.line_number == last else replace(line, line_number=last)


def _as_they_stand(lines: Iterable[tuple[bytes, bool]], notes: tuple[str, ...]) -> Iterator[_Came]:
    gathering, ended = Gathering(), True
    for number, (raw, complete) in enumerate(lines, 1):
        stripped, ended = _without_unseen(raw), raw.endswith(b"\n")
        whole = _read_whole(number, stripped, notes) if complete and stripped and _may_be_whole(stripped, gathering) else None
        if not complete or whole:
            yield from _given_up(gathering, ended=True)
            too_long = UnreadableLine(number, _excerpt(stripped), f"the line is longer than {MAX_LINE_BYTES:,} bytes")
            yield from whole or [(stripped, too_long)]
        elif stripped or gathering.is_open:
            yield from _gathered(gathering, Record(number, raw), notes, ended)
            if gathering.size > MAX_LINE_BYTES:
                yield from _given_up(gathering, ended=True)
    yield from _given_up(gathering, ended)


def _may_be_whole(raw: bytes, gathering: Gathering) -> bool:
    return not gathering.is_open or (raw[:1] == b"{" and b'"custom_id"' in raw)


def _gathered(gathering: Gathering, line: Record, notes: tuple[str, ...], ended: bool) -> Iterator[_Came]:
    """Read the objects that end on a line, and say what is wrong with what else is there."""
    for record in gathering.feed(line.line_number, line.raw):
        whole = _read_whole(record.line_number, record.raw, (*notes, _APART)) if record.is_object else None
        yield from whole or [(record.raw, _not_json(record, ended))]


def _given_up(gathering: Gathering, ended: bool) -> Iterator[_Came]:
    """Say what is wrong with an object that was begun and never ended, once for each line that may have begun one."""
    held = gathering.give_up()
    begun = [record for place, record in enumerate(held) if not place or record.raw.startswith(b"{")]
    for record in begun:
        yield record.raw.strip(), _not_json(record, ended or record is not begun[-1])


def _not_json(record: Record, ended: bool) -> UnreadableLine:
    try:
        _parse(record.raw.strip())
        reason = "more than JSON stands there"
    except (ValueError, RecursionError) as error:
        reason = f"not JSON: {error}" if ended else f"not JSON, and without a line break: the file seems to be cut off ({error})"
    return UnreadableLine(record.line_number, _excerpt(record.raw.strip()), reason, is_cut=not ended)


def _read_whole(number: int, raw: bytes, notes: tuple[str, ...]) -> list[_Came] | None:
    """Read JSON that is a result, or holds several in a list, an object or a string; None where it is no JSON."""
    if raw.startswith(b'"{""'):
        raw, notes = out_of_cell(raw), (*notes, _APART)
    try:
        value, tolerated = _parse(raw)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and as_text(value.get("custom_id")) is not None:
        return [(raw, _read_value(number, raw, value, (*notes, *tolerated)))]
    several = results_in(value)
    if not several:
        return [(raw, _read_value(number, raw, value, (*notes, *tolerated)))]
    said = tuple(dict.fromkeys((*notes, *tolerated, _APART)))
    return [(one := json.dumps(result).encode(), _read_value(number, one, result, said)) for result in several]


def _without_unseen(raw: bytes) -> bytes:
    """Take off what stands around a line and nobody can see."""
    line = raw.strip(_AROUND)
    while line.startswith(_UNSEEN) or line.endswith(_UNSEEN):
        for unseen in _UNSEEN:
            line = line.removeprefix(unseen).removesuffix(unseen).strip(_AROUND)
    return line


def _split(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Split into lines with their line breaks; of a line that is too long only the beginning, marked as incomplete."""
    held = bytearray()
    complete = True
    for chunk in chunks:
        for part in _split_at_newlines(chunk):
            room = MAX_LINE_BYTES - len(held)
            complete = complete and len(part) <= room
            held += part[: max(room, 0)]
            if part.endswith(b"\n"):
                yield bytes(held), complete
                held.clear()
                complete = True
    if held:
        yield bytes(held), complete


def _split_at_newlines(chunk: bytes) -> list[bytes]:
    *whole, rest = chunk.split(b"\n")
    return [part + b"\n" for part in whole] + ([rest] if rest else [])


def _read_value(number: int, raw: bytes, value: object, notes: tuple[str, ...]) -> ResultLine | UnreadableLine:
    if not isinstance(value, dict):
        return UnreadableLine(number, _excerpt(raw), "not a JSON object")
    if (custom_id := as_text(value.get("custom_id"))) is None:
        return UnreadableLine(number, _excerpt(raw), f"no custom_id; it is {foreign_line(value) or 'a result without one'}")
    return _result_line(number, custom_id, value, notes)


def _parse(raw: bytes) -> tuple[object, tuple[str, ...]]:
    """Parse a line's JSON, and say what had to be tolerated in it."""
    try:
        return orjson.loads(raw), ()
    except orjson.JSONDecodeError:  # it is strict: about UTF-8, surrogates, NaN, control characters, depth
        text = raw.decode("utf-8", errors="replace")
        value, was_deep = parse_tolerantly(text)
    notes = [_REPLACED] if "\ufffd" in text and b"\xef\xbf\xbd" not in raw else []
    notes += ["Parts of the line that are nested too deeply were left out."] if was_deep else []
    return value, (*notes, *(["Control characters stood in the line as they are."] if _CONTROL.search(raw) else []))


def _result_line(number: int, custom_id: str, line: Mapping[str, object], tolerated: tuple[str, ...]) -> ResultLine:
    response = as_object(line.get("response"))
    body = read_body(response.get("body"))
    code, message = read_error(line.get("error"))
    text = replace_unstorable(body.text)
    notes = [*tolerated, *body.notes]
    if text != body.text and _REPLACED not in notes:
        notes.append(_REPLACED)
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
        foreign=foreign_line(line) or "",
    )


def _status(value: object) -> int | None:
    text = as_text(value) or ""
    return int(text) if text.isascii() and text.isdigit() and 100 <= int(text) <= 599 else None


def _excerpt(raw: bytes) -> str:
    return replace_unstorable(raw[: MAX_EXCERPT_CHARACTERS * 4].decode("utf-8", errors="replace"))[:MAX_EXCERPT_CHARACTERS]
