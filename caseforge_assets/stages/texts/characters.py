"""Characters that nobody can see, that look like others, or that lay out nothing: what is to be overlooked when a text is read. Models and servers do send them."""

import re

LOOKALIKES = str.maketrans("АВЕЅІЈКМНОРСТУХаеѕіјорсухԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxdABEZHIKMNOPTYXo")
"""Letters of other scripts that look like Latin ones, with these; for words that have Latin ones, too."""

_OTHER_BREAKS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Control characters that break no line, soft hyphens, joiners, marks and overrides of direction, fillers (U+2800 is a blank of Braille), variation selectors, byte order marks, tags: https://unicode.org/reports/tr44/#Default_Ignorable_Code_Point
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
SEEN = re.compile(rf"[^\s{INVISIBLE.pattern[1:]}")
"""A character that somebody can see; a text without one says nothing."""

_LONGEST_TAIL_STEP = 2_000  # a pattern for the end of a text is slow in the midst of a long one
_LONGEST_ESCAPE = 10  # "&nbsp;" and the like may be cut in two where a step begins
_BLANK_END = re.compile(
    rf"(?:{INVISIBLE.pattern}|\s|\\[nrtfbv]|\\u(?:00[01][0-9a-f]|00a0|2000|200[0-9a-f]|20[26][0-9a-f]|2800|3000|feff)|&nbsp;|&#160;|<br\s*/?>)+\Z",
    re.IGNORECASE,
)
COLOUR_BEGINS = "\x1b"
_COLOUR = rf"{COLOUR_BEGINS}\[[\d;]*m"  # of terminals
_UNSEEN_END = re.compile(rf"(?:{_COLOUR}|{INVISIBLE.pattern}|\s)+\Z")
# What servers make of a byte order mark that they read in another encoding, and of what cannot be stored, is no text either.
_UNSEEN = rf"(?:{_COLOUR}|{INVISIBLE.pattern}|[\ufffc\ufffd]|ï»¿|ÿþ)"
_INVISIBLE_START = re.compile(rf"(?:{_UNSEEN}|\s)*{_UNSEEN}")
_LONG_BLANKS = 500  # characters of blanks and line breaks, one after the other; what has more of them is not laid out but out of order
HAS_LONG_BLANKS = re.compile(rf"\s{{{_LONG_BLANKS}}}")
_BLANKS = re.compile(r"\s+")


def with_plain_breaks(text: str) -> str:
    """Give a text whose line breaks are all the same: Markdown knows none of those that are separators of lines, pages and records."""
    return _BREAK.sub("\n", text) if any(mark in text for mark in _OTHER_BREAKS) else text


def visible(text: str) -> str:
    """Leave out every character that nobody can see; for comparing, not for storing: some scripts and emoji need them."""
    return text if text.isascii() and text.isprintable() else INVISIBLE.sub("", text)


def without_colours(text: str) -> str:
    """Leave out what sets the colours of a terminal."""
    return re.sub(_COLOUR, "", text) if COLOUR_BEGINS in text else text


def without_long_blanks(text: str) -> str:
    """Shorten blanks and line breaks of which there are some hundred before a word: patterns that look for what stands behind blanks begin anew at each of them."""
    said = text.rstrip()
    if HAS_LONG_BLANKS.search(said) is None:
        return text
    return (
        _BLANKS.sub(lambda found: found[0] if len(found[0]) < _LONG_BLANKS else "\n\n" if "\n" in found[0] else " ", said)
        + text[len(said) :]
    )


def without_blank_end(text: str) -> str:
    """Leave out blanks, line breaks and what nobody can see at the end, also where they are written as escapes."""
    tail = text[-_LONGEST_TAIL_STEP:]
    while (begun := _BLANK_END.search(tail)) is not None:
        text = text[: len(text) - len(tail) + begun.start()]
        if begun.start() > _LONGEST_ESCAPE:
            break
        tail = text[-_LONGEST_TAIL_STEP:]
    return text


def visible_end(text: str) -> str:
    """Leave out what nobody can see behind the last character that is seen."""
    if text[-1:].isascii() and text[-1:].isprintable() and COLOUR_BEGINS not in text[-12:]:
        return text
    tail = text[-_LONGEST_TAIL_STEP:]
    ended = _UNSEEN_END.search(tail)
    return text[: len(text) - len(tail) + ended.start()] if ended and ended.start() else text


def visible_start(text: str) -> str:
    """Leave out what nobody can see before the first character that is seen."""
    begun = _INVISIBLE_START.match(text)
    return text[begun.end() :] if begun else text
