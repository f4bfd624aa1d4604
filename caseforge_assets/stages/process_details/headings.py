"""Headings of a Markdown text as people read them, and the text beneath each. Knows Markdown, not what a good document is."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from caseforge_assets.stages.process_details.sections import BUILT_IN, Sections

BOLD_LEVEL = 7
"""The level of a line in bold that stands where a heading would: below all real ones."""

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")
_FENCE_STARTS = {"```", "~~~"}
_HEADING = re.compile(r"^ {0,3}(#{1,6})(\s*)(.*)$")
_BOLD_LINE = re.compile(r"^\s*(?:\d+[.)]\s*)?(\*\*|__)[^*_]+\1:?\s*$|^\s*(\*\*|__)\d+[.)]\s*[^*_]+\2:?\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
_WORD = re.compile(r"[^\W_]+")
_LONGEST_PLACEHOLDER_WORDS = 3
_PLACEHOLDERS = {"n a", "na", "none", "tbd", "to be determined", "to be defined", "todo", "to do", "not applicable", "to be added"}


@dataclass(frozen=True)
class Heading:
    """A heading: the number of its line, its level (1 to 6, or BOLD_LEVEL), its text, and the section it means, if any."""

    line: int
    level: int
    text: str
    section: str | None


@dataclass(frozen=True)
class FoundSection:
    """A section as found: its name, its heading, and whether there is text beneath."""

    name: str
    heading: Heading
    filled: bool


@lru_cache(maxsize=8)  # an answer is judged, then measured
def find_sections(text: str, sections: Sections = BUILT_IN) -> tuple[FoundSection, ...]:
    """Find the known sections in a text, in the text's order.

    Headings inside code blocks do not count. Where a section's name appears more than once, the heading at the level of the
    other sections counts, and of several such the first with text beneath. A title at level 1 above the sections is ignored.

    Args:
        text: A Markdown document.
        sections: Those that it may have.
    """
    lines = text.splitlines()
    headings, level = _without_title(list(_headings(lines, sections)))
    beginnings = _beginnings(headings, level)
    by_name: dict[str, FoundSection] = {}
    for place, heading in enumerate(headings):
        if heading.section and heading.line in beginnings:
            before = by_name.get(heading.section)
            if before is None or not before.filled:
                filled = _is_filled(lines, headings, place, beginnings)
                if before is None or filled:
                    by_name[heading.section] = FoundSection(heading.section, heading, filled)
    return tuple(sorted(by_name.values(), key=lambda found: found.heading.line))


def unwrapped(text: str) -> str | None:
    """Give the inside of a text that as a whole stands in a code block, or None.

    Args:
        text: An answer; models sometimes put a whole document between two fences.
    """
    lines = text.strip().splitlines()
    if len(lines) < 3 or not _FENCE.match(lines[0]) or not _FENCE.match(lines[-1]):
        return None
    return "\n".join(lines[1:-1]).strip()


def _headings(lines: list[str], sections: Sections) -> Iterator[Heading]:
    for number, line in _outside_code(lines):
        start = line.lstrip()[:1]
        if start == "#" and (found := _HEADING.match(line)):
            text = found[3].rstrip().rstrip("#").rstrip()
            section = sections.meant(text)
            if found[2] or section:  # "#hashtag" is a heading only if it names a section
                yield Heading(number, len(found[1]), text, section)
        elif (start in "*_" or start.isdigit()) and _BOLD_LINE.match(line) and (section := sections.meant(line)):
            yield Heading(number, BOLD_LEVEL, line.strip(), section)
        elif (level := _underlined(lines, number)) and (section := sections.meant(line)):
            yield Heading(number, level, line.strip(), section)


def _underlined(lines: list[str], number: int) -> int | None:
    """Give the level of a heading that has a line of = or - beneath it."""
    below = lines[number + 1] if number + 1 < len(lines) else ""
    if below.lstrip()[:1] not in {"=", "-"} or not _UNDERLINE.match(below):
        return None
    return 1 if "=" in below else 2


def _outside_code(lines: list[str]) -> Iterator[tuple[int, str]]:
    fence = ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line) if line.lstrip()[:3] in _FENCE_STARTS else None
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        elif not fence:
            yield number, line


def _without_title(headings: list[Heading]) -> tuple[list[Heading], int]:
    """Drop a title that stands above the level of the sections; give the rest and that level."""
    named = Counter(level for level, _ in {(heading.level, heading.section) for heading in headings if heading.section})
    level = min(named, key=lambda candidate: (-named[candidate], candidate), default=2)
    has_title = bool(headings) and headings[0].level == 1 and level > 1
    return headings[has_title:], level


def _beginnings(headings: list[Heading], level: int) -> set[int]:
    """Choose the lines that begin a section: headings at the sections' level, and others whose name is not found there."""
    there = {heading.section for heading in headings if heading.level == level}
    return {heading.line for heading in headings if heading.section and (heading.level == level or heading.section not in there)}


def _is_filled(lines: list[str], headings: list[Heading], place: int, beginnings: set[int]) -> bool:
    """Say whether there is text beneath a heading: words that are neither headings themselves nor a placeholder."""
    words: list[str] = []
    start = headings[place].line + 1
    for following in map(headings.__getitem__, range(place + 1, len(headings))):
        if following.line in beginnings or following.level <= headings[place].level:
            return _says_something(words, lines[start : following.line])
        words += _WORD.findall(" ".join(lines[start : following.line]))
        start = following.line + 1
    return _says_something(words, lines[start:])


def _says_something(words: list[str], lines: list[str]) -> bool:
    for line in lines:
        words += [found[0] for found in islice(_WORD.finditer(line), _LONGEST_PLACEHOLDER_WORDS + 1)]
        if len(words) > _LONGEST_PLACEHOLDER_WORDS:
            return True
    return bool(words) and " ".join(words).casefold() not in _PLACEHOLDERS
