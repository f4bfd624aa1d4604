"""Writes names and descriptions in one form, so that an invisible difference is none. Pure text functions."""

import re
import unicodedata

# What has no width and no meaning of its own: copied along from web pages, Word and right-to-left texts, never meant. Zero-width space, marks of direction,
# word joiner and invisible operators, byte order mark, soft hyphen, combining grapheme joiner, Arabic letter mark, Mongolian vowel separator.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u034f\u061c\u180e\u206a\u206b\u206c\u206d\u206e\u206f")
)
# What changes at most how its neighbours are drawn: joiners, variation selectors, fillers, tags. It stays in texts and makes no node another one.
_UNSEEN = re.compile("[\u200c\u200d\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]")
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
# Controls (tab and line breaks are whitespace), lone surrogates, non-characters, and controls that reverse the reading direction.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def normalize_name(text: str) -> str:
    """Gives one line: NFC, no invisible characters, every run of whitespace (no-break spaces too) as one space."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFC", text).translate(_INVISIBLE).split())


def identifying(name: str) -> str:
    """Gives a normalized name without all that cannot be seen, to tell whether two are the same."""
    return name if name.isascii() else " ".join(_UNSEEN.sub("", name).split())


def normalize_description(text: str) -> str:
    """Gives lines that are normalized like names; line breaks stay, several blank lines become one."""
    paragraphs: list[str] = []
    for line in map(normalize_name, _LINE_BREAK.split(text)):
        if line or (paragraphs and paragraphs[-1]):
            paragraphs.append(line)
    return "\n".join(paragraphs).strip()


def control_character(text: str) -> str | None:
    """Names the first control character in a text, as "U+0007"; None without one. Tabs and line breaks are not meant."""
    found = _CONTROL.search(text)
    return f"U+{ord(found.group()):04X}" if found else None
