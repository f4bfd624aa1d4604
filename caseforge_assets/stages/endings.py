"""Tells a text that was cut from one that was finished, by its end."""

import re

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.word_lists import has_words, word_list

_OPEN_MARKS = (",", ";", ":", "(", "[", "–", "—", "/", "&", "+")
_CLOSING = (".", "!", "?", "…", ")", "]", "|", "`", '"', "”", "*", "_", ":", "%", "。")
_LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_LINES_LOOKED_AT = 12
_LAST_LINES = 24


def looks_cut(text: str, lines: list[str], language: str = ENGLISH) -> bool:
    """Say whether a Markdown text looks as if its end were missing.

    That is so with an open code block or table row, with a word or mark after which something has to come, and with a last line that
    ends without a full stop where the lines of its kind before it have one.

    Args:
        text: The text.
        lines: The same in lines.
        language: Tag of its language; words tell nothing where it has no lists of words.
    """
    said = [line.rstrip() for line in lines[-_LAST_LINES:] if line.strip()]
    if not said:
        return False
    last = said[-1]
    if text.count("```") % 2 or last.endswith(_OPEN_MARKS) or last.lstrip().startswith("#"):
        return True
    if last.lstrip().startswith("|"):
        return not last.endswith("|")
    if last.endswith(_CLOSING):
        return False
    open_ends = word_list("unfinished_ends", language) if has_words(language) else frozenset[str]()
    return last.rpartition(" ")[2].lower() in open_ends or _others_are_closed(said, last)


def _others_are_closed(said: list[str], last: str) -> bool:
    kind = bool(_LIST_MARK.match(last))
    alike = [line for line in said[-_LINES_LOOKED_AT - 1 : -1] if bool(_LIST_MARK.match(line)) is kind and not line.startswith(("#", "|"))]
    return sum(line.endswith(_CLOSING) for line in alike) > 0.75 * len(alike)
