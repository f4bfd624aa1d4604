"""How names and descriptions are written inside CaseForge, so that an invisible difference is none. Pure text functions."""

import re
import unicodedata

# Zero-width space, word joiner, byte order mark, soft hyphen: copied along from web pages and Word, never meant.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_LINE_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
# Controls (tab and line breaks are whitespace), lone surrogates, non-characters, and controls that reverse the reading direction.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def normalize_name(text: str) -> str:
    """Gives one line: NFC, no invisible characters, every run of whitespace (no-break spaces too) as one space."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFC", text).translate(_INVISIBLE).split())


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
