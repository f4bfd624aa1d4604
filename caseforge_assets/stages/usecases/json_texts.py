r"""JSON as models write it: values with text around them, escapes that JSON does not know, other quotes, keys that stand there twice. Only what has one reading is read.

`\'` and `\_` are the character itself wherever they are known, `\xe9` is é, and `\u{1F600}` is that character; what could also be half of a UTF-8 sequence, or a character of another
code page, has two readings and stays as it is. Of a key that stands twice in one object a reader of JSON takes the last and says nothing; what was found of such
stands in the object itself, under keys that no answer has, because a reader of JSON has no other place for it.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.texts.characters import visible

ESCAPES_READ = "Escapes that JSON does not know were read."
CONTROLS_READ = "Control characters stood in texts as they are."
MOST_TRIES = 200
CONTESTED = "\x00contested"
REPEATED = "\x00repeated"
MARKS = frozenset({CONTESTED, REPEATED})

_BRACKET = re.compile(r"[{\[]")
_ESCAPE = re.compile(
    r"\\(?:([\"\\/bfnrt]|u[0-9a-fA-F]{4})|((?:x[0-9a-fA-F]{2})(?:\\x[0-9a-fA-F]{2})*)|(['_*#&%$~|<>(){}\[\]!?.,:;=+@^-]|`|[¡-©«-´¶-¹»-¿‐-⁞₠-⃀←-⇿])"
    r"|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8}))"
)
_MARGIN = re.compile(r"\s*(>|\+|#|//|\d+\s*[:|.)])[ \t]?")
_QUOTE_ENTITIES = ("&quot;", "&#34;", "&#x22;")
_STRING = r'"(?:[^"\\]|\\.)*"'
_HIDDEN_BETWEEN = re.compile(rf"{_STRING}|[^\t\n\r -~]+", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_CURLY_QUOTES = str.maketrans(dict.fromkeys("“”„‟〝〞＂", '"'))


@dataclass(frozen=True)
class Found:
    """A JSON value in a text, and where it stands there."""

    value: object
    start: int
    end: int


def spellings(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give a text as it is, and then in the spellings that JSON may have meant, each with what it takes for granted.

    Args:
        text: A text that is not JSON as it stands.
    """
    yield text, ()
    if (bare := _without_margin(text)) is not None:
        yield bare, ("Marks or numbers at the beginning of each line were left out.",)
    plain, notes = read_escapes(text)
    yield plain, notes or (CONTROLS_READ,)
    bare = _HIDDEN_BETWEEN.sub(lambda found: found[0] if found[0][0] == '"' else _blank(found[0]), plain)
    if bare != plain:
        yield bare, (*notes, "Characters between the parts of the JSON that nobody can see were left out.")
    if '"' not in plain:
        if any(entity in text for entity in _QUOTE_ENTITIES):
            yield read_escapes(html.unescape(text))[0], (*notes, "The JSON was written with the entities of HTML.")
        if "“" in plain or "”" in plain:
            yield plain.translate(_CURLY_QUOTES), (*notes, "The JSON was written with typographic quotes.")
    elif text.count('\\"') > 10 and (whole := _unescaped(text)) is not None:
        yield whole, ("The JSON was escaped once more than it should be.",)


def _without_margin(text: str) -> str | None:
    """Take off what stands before every line: the mark of a quotation, a comment or an addition, or its number; None where some line has none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or lines[0].lstrip()[:1] in "{[":
        return None
    margins = [_MARGIN.match(line) for line in lines]
    if not all(margins) or len({re.sub(r"\d+", "0", margin[1]) for margin in margins if margin}) > 1:
        return None
    return "\n".join(line[margin.end() :] for line, margin in zip(lines, margins, strict=True) if margin)


def values_in(text: str) -> list[Found]:
    """Find the JSON objects and lists that stand in a text one after the other, whatever is between them.

    Args:
        text: Any text. Control characters within strings are taken as they are.
    """
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=read_pairs)
    found: list[Found] = []
    place, tries = 0, 0
    while tries < MOST_TRIES and (opened := _BRACKET.search(text, place)) is not None:
        try:
            value, place = decoder.raw_decode(text, opened.start())
        except (ValueError, RecursionError):
            place, tries = opened.end(), tries + 1
        else:
            found.append(Found(value, opened.start(), place))
    return found


def read_escapes(text: str) -> tuple[str, tuple[str, ...]]:
    """Replace escapes that JSON does not know and that have one reading.

    Args:
        text: JSON, or what should be.
    """
    plain = _ESCAPE.sub(_known_escape, text) if "\\" in text else text
    return plain, (ESCAPES_READ,) if plain != text else ()


def has_controls(text: str) -> bool:
    """Tell whether a string of JSON has control characters that should have been escaped."""
    return _CONTROL.search(text) is not None


def _known_escape(found: re.Match[str]) -> str:
    if found[1]:
        return found[0]
    if found[3]:
        return found[3]
    if code := found[4] or found[5]:
        number = int(code, 16)
        return json.dumps(chr(number))[1:-1] if 0x20 <= number <= sys.maxunicode and not 0xD800 <= number < 0xE000 else found[0]
    raw = bytes.fromhex(found[2].replace("\\", "").replace("x", ""))
    if any(byte < 0x20 or 0x7F <= byte < 0xA0 for byte in raw) or (not raw.isascii() and _is_utf_8(raw)):
        return found[0]
    return json.dumps(raw.decode("latin-1"))[1:-1]


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _blank(text: str) -> str:
    """Leave out of a text what nobody can see, and make odd blanks plain ones."""
    return "".join(" " if character.isspace() else character for character in visible(text))


def _unescaped(text: str) -> str | None:
    try:
        whole = json.loads(f'"{text.strip()}"', strict=False)
    except (ValueError, RecursionError):
        return None
    return whole if isinstance(whole, str) else None


def read_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of its pairs, as an `object_pairs_hook`.

    A key that stands there several times with one value, or with one and empty ones, has that value. One with different values has none.

    Args:
        pairs: All keys with their values, in their order.
    """
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    for name in [name for name in value if sum(other == name for other, _ in pairs) > 1]:
        filled = {canonical_json(part): part for other, part in pairs if other == name and part not in (None, "", [], {})}
        if len(filled) > 1:
            del value[name]
            value[CONTESTED] = [*_names(value, CONTESTED), name]
        else:
            value[name] = next(iter(filled.values()), value[name])
            value[REPEATED] = [*_names(value, REPEATED), name]
    return value


def contested_names(value: Mapping[str, object]) -> list[str]:
    """Give the keys of an object that stood there with different values, so that none of these was taken."""
    return _names(value, CONTESTED)


def repeated_names(value: Mapping[str, object]) -> list[str]:
    """Give the keys of an object that stood there several times with one value."""
    return _names(value, REPEATED)


def _names(value: Mapping[str, object], mark: str) -> list[str]:
    names = value.get(mark, [])
    return [str(name) for name in names] if isinstance(names, list) else []
