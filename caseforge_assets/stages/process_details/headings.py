"""Headings of a Markdown text as people read them, and the text beneath each. Knows Markdown, not what a good document is."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from caseforge_assets.stages.process_details.heading_forms import Line, rewritten, strong_line, weak_lines
from caseforge_assets.stages.process_details.sections import BUILT_IN, MAX_HEADING_CHARACTERS, Sections

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")
_FENCE_STARTS = {"```", "~~~"}
_WORD = re.compile(r"[^\W_]+")
_LONGEST_PLACEHOLDER_WORDS = 3
_PLACEHOLDERS = {"n a", "na", "none", "tbd", "to be determined", "to be defined", "todo", "to do", "not applicable", "to be added"}


@dataclass(frozen=True)
class Heading:
    """A heading: its line, the section that it means, if any, and whether it means that wherever in a document it stands."""

    at: Line
    section: str | None
    is_sure: bool = True

    @property
    def line(self) -> int:
        """The number of its line."""
        return self.at.number

    @property
    def level(self) -> int:
        """1 to 6, or more for lines that stand where a heading would."""
        return self.at.level

    @property
    def text(self) -> str:
        """Its text, as it is written."""
        return self.at.text


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
    Lines that are headings only by what they say (plain ones, items of a list) count where no other form names the sections.

    Args:
        text: A Markdown document.
        sections: Those that it may have.
    """
    lines, strong = _parsed(text, sections)
    found = _find(lines, strong)
    if len(found) < len(sections.entries):
        weak = (_find(lines, headings) for headings in _weak_headings(lines, sections, {heading.line for heading in strong}))
        found = next((one for one in weak if len(one) == len(sections.entries) and all(section.filled for section in one)), found)
    return tuple(sorted(found, key=lambda section: section.heading.line))


def count_repeated(text: str, sections: Sections = BUILT_IN) -> int:
    """Count how often a section begins that has begun before: more than none in a text that holds drafts.

    Args:
        text: A Markdown document.
        sections: Those that it may have.
    """
    headings, level = _without_title(_parsed(text, sections)[1])
    begun = Counter(heading.section for heading in headings if heading.section and heading.level == level)
    return sum(begun.values()) - len(begun)


def first_heading(lines: list[str]) -> int | None:
    """Give the place of the first line that is a heading by its form, whatever it says; None where there is none."""
    return next((number for number, line in _outside_code(lines) if line.strip() and strong_line(lines, number)), None)


def headings_in(lines: list[str]) -> list[Line]:
    """Give every line that is a heading by its form, whatever it says; those inside code blocks are none."""
    return [at for number, line in _outside_code(lines) if line.strip() and (at := strong_line(lines, number))]


def shown_as_headings(text: str, sections: Sections = BUILT_IN) -> str:
    """Give a text in which headings that Markdown would show as bare marks (HTML, LaTeX, wikis) are Markdown's.

    Args:
        text: A document.
        sections: Those that it may have.
    """
    lines, headings = _parsed(text, sections)
    odd = {heading.line: heading.at for heading in headings if not heading.at.is_shown}
    if not odd:
        return text
    below = {number + 1 for number, at in odd.items() if at.lines > 1}
    kept = ((number, line) for number, line in enumerate(lines) if number not in below)
    return "\n".join(part for number, line in kept for part in (rewritten(odd[number]) if number in odd else [line]))


@lru_cache(maxsize=2)
def _parsed(text: str, sections: Sections) -> tuple[list[str], list[Heading]]:
    lines = text.splitlines()
    return lines, list(_headings(lines, sections))


def _find(lines: list[str], every_heading: list[Heading]) -> list[FoundSection]:
    headings, level = _without_title(every_heading)
    beginnings = _beginnings(headings, level)
    by_name: dict[str, FoundSection] = {}
    for place, heading in enumerate(headings):
        if heading.section and heading.line in beginnings:
            before = by_name.get(heading.section)
            if before is None or not before.filled or (heading.is_sure and not before.heading.is_sure):
                filled = _is_filled(lines, headings, place, beginnings)
                if before is None or filled:
                    by_name[heading.section] = FoundSection(heading.section, heading, filled)
    return list(by_name.values())


def _headings(lines: list[str], sections: Sections) -> Iterator[Heading]:
    for number, _ in _outside_code(lines):
        at = strong_line(lines, number)
        if at is None:
            continue
        section = sections.meant(at.text)
        loosely = None if section else sections.meant_in_place(at.text)
        if section or loosely or not at.needs_name:  # "#hashtag" is a heading only if it names a section
            yield Heading(at, section or loosely, is_sure=section is not None)


def _weak_headings(lines: list[str], sections: Sections, strong: set[int]) -> Iterator[list[Heading]]:
    """Lists of headings of one form each, for the forms that are headings only if all sections stand so."""
    by_level: dict[int, list[Heading]] = {}
    for number, line in _outside_code(lines):
        if number not in strong and line.strip() and (len(line) <= MAX_HEADING_CHARACTERS or "**" in line or "__" in line or "<" in line):
            for at in weak_lines(lines, number):
                if section := sections.named(at.text):
                    by_level.setdefault(at.level, []).append(Heading(at, section))
    yield from by_level.values()


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
    return {
        heading.line
        for heading in headings
        if heading.section and (heading.level == level or (heading.is_sure and heading.section not in there))
    }


def _is_filled(lines: list[str], headings: list[Heading], place: int, beginnings: set[int]) -> bool:
    """Say whether there is text beneath a heading: words that are neither headings themselves nor a placeholder."""
    words: list[str] = _WORD.findall(headings[place].at.rest)
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
