"""Masks texts: the values that this process was given as secrets, in whatever form a text has them, and what looks like a secret, whoever's it is.

A short value, or one that is a plain word, would mask half of all text, so known values are of two kinds:
- everywhere: 8 characters or more with something else than letters, or 16 and more. In messages, in what is stored, in answers of the provider.
- in messages alone, and there as a whole word: 6 characters or more. Shorter ones, and words that CaseForge itself says, are masked where their place gives
  them away (a URL, a header, `password=`) and not by value.

By shape: keys of known vendors, headers, passwords in URLs and settings, keys with their middle starred out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import Any

from caseforge_assets.redaction.forms import forms_of

MASK = "[secret]"
SHORTEST_EVERYWHERE, LONG_WORD, SHORTEST = 8, 16, 6
WHOLE_WORD_BELOW = 12  # a short value of letters and digits may be part of a longer number or name
OWN_WORDS = frozenset(
    {"caseforge", "dagster", "postgres", "postgresql", "openai", "provider", "password", "passwort"}
    | {"secret", "default", "project", "localhost", "example", "server", "simulated"}
)
_START = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf]))"  # an escape before a word is no part of it
_END = r"(?![^\W_])"
_LEFT_OUT = re.compile(r"\*{3,}|\.{3,}|…+|•{2,}|#{3,}|[xX]{4,}")  # what stands for the middle of a key
_STARS = re.compile(r"\*{3,}")
_SHOWN_PART, _LONGEST_PART = 3, 40
_LONGEST_STARRED = 160
_MASK = MASK.encode()
_NO_TEXTS = frozenset({int, float, bool, Decimal, type(None)})
_change = Lock()

_VALUE = r"[^\s\"',;}&]+"
_NAME = r"(?:[a-z0-9]{1,30}[-_]){0,4}"  # all is bounded: a text may be megabytes of one letter
_RULES = (
    re.compile(r"(?i)(?P<keep>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest|token)\s+)?)[^\s\"',}]+"),
    re.compile(r"(?i)(?P<keep>\bbearer\s+)[^\s\"',}]+"),
    re.compile(r"(?P<keep>\b[Bb]asic\s+)(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{8,}={0,2}"),
    re.compile(rf"(?i)(?P<keep>\b{_NAME}api[-_]?key[\"']?\s*[:=]\s*[\"']?){_VALUE}"),
    re.compile(r"(?P<keep>)\bsk-[A-Za-z0-9_\-*.]{4,}"),
    re.compile(r"(?P<keep>)\b(?:gsk_|hf_|ghp_|gho_|xai-|pplx-|glpat-|xox[abprs]-)[A-Za-z0-9_\-*.]{8,}"),
    re.compile(r"(?P<keep>)\bcaseforge_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),  # a token of our own
    re.compile(r"(?P<keep>)\b(?:AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,})"),
    re.compile(r"(?P<keep>)\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),  # a JSON Web Token
    re.compile(r"(?P<keep>://[^/\s:@]{0,200}:)\S{1,300}(?=@)"),  # to the last @: a password may hold / and @, whatever the standard says
)

# In a message these are secrets; in a program, a template or a document they may be anything.
_IN_MESSAGES = (
    re.compile(
        r"(?i)(?P<keep>\b[a-z0-9_-]{0,40}(?:password|passwd|passphrase|pwd)=)(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s\"',;}&]+)"
    ),
    re.compile(rf"(?i)(?P<keep>\b{_NAME}(?:password|passwd|passphrase|pwd|secret|token)[\"']\s*[:=]\s*[\"'])[^\"']+"),
    re.compile(rf"(?i)(?P<keep>\b{_NAME}(?:secret|token|signature|sig)=){_VALUE}"),
    re.compile(r"(?P<keep>)\b[A-Za-z0-9_-]{2,64}\*{4,}[A-Za-z0-9_-]{2,}"),  # a key as providers repeat it: abcd****wxyz
)


@dataclass(frozen=True)
class _Patterns:
    """Patterns that find known values; `probes` are looked for first, in small letters, because that is much faster."""

    probes: tuple[str, ...]
    text: re.Pattern[str]
    data: re.Pattern[bytes]
    longest: int

    @cached_property
    def byte_probes(self) -> tuple[bytes, ...]:
        return tuple(probe.encode(errors="replace") for probe in self.probes)


@dataclass(frozen=True)
class _Known:
    values: frozenset[str] = frozenset()
    everywhere: _Patterns | None = None
    in_messages: _Patterns | None = None


_known = _Known()


def know_secrets(values: Iterable[str]) -> None:
    """From now on these values are masked, beside those that are known already."""
    global _known  # noqa: PLW0603 - a process has its secrets, whoever asks
    with _change:
        new = frozenset(value for value in values if len(value) >= SHORTEST and value.lower() not in OWN_WORDS)
        if new <= _known.values:
            return
        every = _known.values | new
        _known = _Known(every, _compile([value for value in every if is_masked_everywhere(value)]), _compile(every))


def digest_of(secret: str) -> str:
    """Gives what tells secrets from each other, and gives none of them away: 64 bits of a hash."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def is_masked_everywhere(value: str) -> bool:
    """Tells whether a value is long and odd enough to be masked in all text, and not in messages alone."""
    if value.lower() in OWN_WORDS or len(value) < SHORTEST_EVERYWHERE:
        return False
    return not value.isalpha() or len(value) >= LONG_WORD or not (value.islower() or value.istitle() or value.isupper())


def mask_values(text: str) -> str:
    """The text with known values masked, as far as that does no harm to any text."""
    masked = _mask(text, _known.everywhere)
    return _mask_starred(masked) if _known.everywhere and "***" in masked else masked


def mask_message(text: str) -> str:
    """The same of a message, in which short values and plain words are masked, too, and what a provider shows of a key."""
    return _mask_starred(_mask(text, _known.in_messages)) if _known.values else text


def mask_bytes(data: bytes, *, same_length: bool = False) -> bytes:
    """The same of UTF-8 text as bytes.

    Args:
        same_length: the mask is made as long as what it hides, so that sizes and places stay what they were.
    """
    patterns = _known.everywhere
    if patterns is None:
        return data

    def hidden(found: bytes) -> bytes:
        return _MASK.ljust(len(found), b"*")[: len(found)] if same_length else _MASK

    low = data.lower()
    if any(probe in low for probe in patterns.byte_probes):
        data = patterns.data.sub(lambda match: hidden(match[0]), data)
    for start, end in reversed(_starred_keys(data.decode("latin-1"), _STARS) if b"***" in data else []):
        data = data[:start] + hidden(data[start:end]) + data[end:]
    return data


def mask_stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A file's chunks with known values masked, of the same length: a value that is divided between two chunks is found as well."""
    kept = b""
    for chunk in chunks:
        longest = max(_known.everywhere.longest, _LONGEST_STARRED) if _known.everywhere else 1
        masked = mask_bytes(kept + chunk, same_length=True)
        ready = max(len(masked) - longest + 1, 0)
        kept = masked[ready:]
        if ready:
            yield masked[:ready]
    if kept:
        yield kept


def mask_parts(value: Any) -> Any:
    """A value whose texts have known values masked, such as the parameters of a statement; the very same object where nothing is masked."""
    if isinstance(value, str):
        return mask_values(value)
    if isinstance(value, dict):
        hidden = {name: mask_parts(part) for name, part in value.items()}
        return hidden if any(hidden[name] is not item for name, item in value.items()) else value
    if isinstance(value, (list, tuple)):
        if _NO_TEXTS.issuperset(map(type, value)):  # some hundred ids, such as of what a search has found
            return value
        parts = [mask_parts(part) for part in value]
        return type(value)(parts) if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    return value


def redact(text: str) -> str:
    """The text without the secrets of this process, and without what looks like one."""
    return _mask_shapes(mask_message(text))


def redact_file(text: str) -> str:
    """The same of a file that must go on working, such as a template: known values, and what is a secret wherever it stands."""
    return _mask_shapes(mask_values(text), message=False)


def redact_object(value: Any) -> Any:
    """A JSON value with its texts redacted, the names of its fields as well; in ids, which are needed as they are, only known values are masked."""
    if isinstance(value, dict):
        return {redact(str(name)): _redact_field(str(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [redact_object(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _redact_field(name: str, value: Any) -> Any:
    return mask_values(value) if isinstance(value, str) and (name == "id" or name.endswith("_id")) else redact_object(value)


def _mask_shapes(text: str, *, message: bool = True) -> str:
    """The text without what looks like an API key, a token, or a password in a URL or header; of a message, in a setting as well."""
    for rule in (*_RULES, *(_IN_MESSAGES if message else ())):
        text = rule.sub(lambda match: match["keep"] + MASK, text)
    return text


def _mask(text: str, patterns: _Patterns | None) -> str:
    if patterns is None:
        return text
    low = text.lower()
    return patterns.text.sub(MASK, text) if any(probe in low for probe in patterns.probes) else text


def _mask_starred(text: str) -> str:
    parts, at = [], 0
    for start, end in _starred_keys(text, _LEFT_OUT):
        if start >= at:
            parts += [text[at:start], MASK]
            at = end
    return "".join([*parts, text[at:]]) if at else text


def _starred_keys(text: str, left_out: re.Pattern[str]) -> list[tuple[int, int]]:
    """Says where the first or last characters of a known key stand, the others left out."""
    found = []
    for match in left_out.finditer(text):
        before = text[max(match.start() - _LONGEST_PART, 0) : match.start()]
        after = text[match.end() : match.end() + _LONGEST_PART]
        head, tail = _shown(before, begins=True), _shown(after, begins=False)
        if head or tail:
            found.append((match.start() - head, match.end() + tail))
    return found


def _shown(part: str, *, begins: bool) -> int:
    """Counts how many characters beside what was left out are those that a known key begins or ends with."""
    words = part.split()
    if not words or (part[-1] if begins else part[0]).isspace():
        return 0
    word = words[-1] if begins else words[0]
    for size in range(len(word), _SHOWN_PART - 1, -1):
        shown = word[-size:] if begins else word[:size]
        if any(value.startswith(shown) if begins else value.endswith(shown) for value in _known.values):
            return size
    return 0


def _compile(values: Iterable[str]) -> _Patterns | None:
    found: dict[str, str] = {}  # a form, and the pattern that finds it
    for value in values:
        forms = forms_of(value)
        whole_word = not is_masked_everywhere(value) or (value.isalnum() and len(value) < WHOLE_WORD_BELOW)
        for form in forms.in_any_case:
            pattern = f"(?i:{re.escape(form)})"
            found[form] = f"{_START}{pattern}{_END}" if whole_word else pattern
        found |= {form: re.escape(form) for form in forms.exact}
    if not found:
        return None
    longest_first = "|".join(found[form] for form in sorted(found, key=lambda form: (-len(form), form)))
    probes = tuple(dict.fromkeys(form.lower() for form in found))
    size = max(len(form.encode(errors="replace")) for form in found)
    return _Patterns(probes, re.compile(longest_first), re.compile(_as_bytes(longest_first)), size)


def _as_bytes(pattern: str) -> bytes:
    return pattern.encode(errors="replace")
