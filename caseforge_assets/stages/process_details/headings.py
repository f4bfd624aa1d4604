"""Headings of a Markdown text as people read them, and the text beneath each. Knows Markdown, not what a good document is."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

from caseforge_assets.stages.process_details.heading_forms import Line, is_rule_of_title, rewritten, strong_line, weak_lines
from caseforge_assets.stages.process_details.sections import BUILT_IN, MAX_HEADING_CHARACTERS, Sections
from caseforge_assets.stages.texts.stand_ins import LONGEST_CHARACTERS, OPENINGS, SHORT_CHARACTERS, is_stand_in

_FENCE = re.compile(r"^\s*(`{3,}(?=[^`]*$)|~{3,}(?!.*\S~{0,2}\s+~{3,}\s*$))(.*)$")  # "~~~ Overview ~~~" is a heading of a kind
_FENCE_STARTS = {"```", "~~~"}
_RUN_IN_MARKS = ("**", "__", "<", ": ")
_WORD = re.compile(r"[^\W_]+")
_LONGEST_PLACEHOLDER_WORDS = 3
_PLACEHOLDERS = {"n a", "na", "none", "tbd", "to be determined", "to be defined", "todo", "to do", "not applicable", "to be added"}


@dataclass(frozen=True)
class Heading:
    """A heading: its line, the section that it means, if any, whether it means that wherever in a document it stands, and whether it is misspelt."""

    at: Line
    section: str | None
    is_sure: bool = True
    is_misspelt: bool = False


@dataclass(frozen=True)
class FoundSection:
    """A section as found: its name, its heading, and whether there is text beneath."""

    name: str
    heading: Heading
    filled: bool


@lru_cache(maxsize=8)  # an answer is judged, then measured
def search_sections(text: str, sections: Sections) -> tuple[FoundSection, ...]:
    """Find the known sections in a text by looking at everything that may be a heading, in the text's order.

    Headings inside code blocks do not count. Where a section's name appears more than once, the heading at the level of the
    other sections counts, and of several such the first with text beneath. A title at level 1 above the sections is ignored.
    Lines that are headings only by what they say (plain ones, items of a list) count where no other form names the sections. A
    heading with a small mistake in it counts for a section that is absent otherwise, where that section has to stand.

    Args:
        text: A Markdown document.
        sections: Those that it may have.
    """
    lines, strong = _parsed(text, sections)
    found = _find(lines, strong)
    if len(found) < len(sections.entries):
        found = _find_misspelt(lines, sections, found)
    if len(found) < len(sections.entries):
        weak = (_find(lines, headings) for headings in _weak_headings(lines, sections, {heading.at.number for heading in strong}))
        whole = (written for written in weak if len(written) == len(sections.entries) and all(section.filled for section in written))
        found = next((written for written in whole if _hold(written, found)), found)
    return tuple(sorted(found, key=lambda section: section.heading.at.number))


def _find_misspelt(lines: list[str], sections: Sections, found: list[FoundSection]) -> list[FoundSection]:
    """Find also what is named with a small mistake: sections that are absent, each once, in their order among the others."""
    absent = {section.name for section in sections.entries} - {section.name for section in found}
    headings = list(_headings(lines, sections, absent))
    times = Counter(heading.section for heading in headings if heading.is_misspelt)
    once = [heading for heading in headings if not heading.is_misspelt or times[heading.section] == 1]
    with_them = sorted(_find(lines, once), key=lambda section: section.heading.at.number)
    order = {section.name: place for place, section in enumerate(sections.entries)}
    places = [-1, *(order[section.name] for section in with_them), len(order)]
    wrong = [
        section.heading
        for section, before, place, after in zip(with_them, places, places[1:], places[2:], strict=False)
        if section.heading.is_misspelt and not before < place < after
    ]
    return with_them if not wrong else _find(lines, [heading for heading in once if heading not in wrong])


def _hold(outer: list[FoundSection], inner: list[FoundSection]) -> bool:
    """Tell whether sections stand within others, so that these are no mere list of what follows or went before."""
    starts = [section.heading.at.number for section in outer]
    return all(min(starts) < section.heading.at.number for section in inner) and any(
        section.heading.at.number < max(starts) for section in inner or outer
    )


def count_repeated(text: str, sections: Sections = BUILT_IN) -> int:
    """Count how often a section begins that has begun before: more than none in a text that holds drafts.

    Args:
        text: A Markdown document.
        sections: Those that it may have.
    """
    headings, level = _without_title(_parsed(text, sections)[1])
    begun = Counter(heading.section for heading in headings if heading.section and heading.at.level == level)
    return sum(begun.values()) - len(begun)


def first_heading(lines: list[str]) -> int | None:
    """Give the place of the first line that is a heading by its form, whatever it says; None where there is none."""
    return next((number for number, line in outside_code(lines) if line.strip() and strong_line(lines, number)), None)


def headings_in(lines: list[str]) -> list[Line]:
    """Give every line that is a heading by its form, whatever it says; those inside code blocks are none."""
    return [at for number, line in outside_code(lines) if line.strip() and (at := strong_line(lines, number))]


def without_doubled(text: str) -> str:
    """Leave out headings that stand once more directly below.

    Args:
        text: A Markdown document.
    """
    lines = text.splitlines()
    headings = headings_in(lines)
    doubled = {
        line.number
        for line, following in pairwise(headings)
        if line.text == following.text and not any(said.strip() for said in lines[line.number + line.lines : following.number])
    }
    return "\n".join(line for number, line in enumerate(lines) if number not in doubled) if doubled else text


def shown_as_headings(text: str, sections: Sections = BUILT_IN) -> str:
    """Give a text in which headings that Markdown would show as bare marks (HTML, LaTeX, wikis) are Markdown's.

    Args:
        text: A document.
        sections: Those that it may have.
    """
    lines, headings = _parsed(text, sections)
    begun = (section.heading for section in search_sections(text, sections))
    odd = {heading.at.number: heading.at for heading in (*headings, *begun) if not heading.at.is_shown}
    if not odd:
        return text
    drawn = {number + 1 for number, at in odd.items() if at.lines > 1} | {number - 1 for number, at in odd.items() if at.is_overlined}
    kept = ((number, line) for number, line in enumerate(lines) if number not in drawn)
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
        if heading.section and heading.at.number in beginnings:
            before = by_name.get(heading.section)
            if before is None or not before.filled or (heading.is_sure and not before.heading.is_sure):
                filled = _is_filled(lines, headings, place, beginnings)
                if before is None or filled:
                    by_name[heading.section] = FoundSection(heading.section, heading, filled)
    return list(by_name.values())


def _headings(lines: list[str], sections: Sections, absent: Collection[str] = ()) -> Iterator[Heading]:
    """Give all headings; one that names no section is taken for one that is absent if it does so but for a small mistake."""
    for number, line in outside_code(lines):
        at = strong_line(lines, number) if line else None
        if at is None:
            continue
        section = sections.meant(at.text)
        loosely = None if section else sections.meant_in_place(at.text)
        misspelt = sections.misspelt(at.text) if absent and not (section or loosely) else None
        if misspelt in absent:
            yield Heading(at, misspelt, is_sure=False, is_misspelt=True)
        elif section or loosely or not at.needs_name:  # "#hashtag" is a heading only if it names a section
            yield Heading(at, section or loosely, is_sure=section is not None)


def _weak_headings(lines: list[str], sections: Sections, strong: set[int]) -> Iterator[list[Heading]]:
    """Lists of headings of one form each, for the forms that are headings only if all sections stand so."""
    by_level: dict[int, list[Heading]] = {}
    for number, line in outside_code(lines):
        if number not in strong and line.strip() and (len(line) <= MAX_HEADING_CHARACTERS or any(mark in line for mark in _RUN_IN_MARKS)):
            for at in weak_lines(lines, number):
                if section := sections.named(at.text):
                    by_level.setdefault(at.level, []).append(Heading(at, section))
    yield from by_level.values()


def outside_code(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Give the lines that are no code, with their places."""
    fence = ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line) if line.lstrip()[:3] in _FENCE_STARTS and (fence or not is_rule_of_title(lines, number)) else None
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        elif not fence:
            yield number, line


def _without_title(headings: list[Heading]) -> tuple[list[Heading], int]:
    """Drop a title that stands above the level of the sections; give the rest and that level."""
    named = Counter(level for level, _ in {(heading.at.level, heading.section) for heading in headings if heading.section})
    level = min(named, key=lambda candidate: (-named[candidate], candidate), default=2)
    has_title = bool(headings) and headings[0].at.level == 1 and level > 1
    return headings[has_title:], level


def _beginnings(headings: list[Heading], level: int) -> set[int]:
    """Choose the lines that begin a section: headings at the sections' level, and others whose name is not found there."""
    there = {heading.section for heading in headings if heading.at.level == level}
    return {
        heading.at.number
        for heading in headings
        if heading.section and (heading.at.level == level or (heading.is_sure and heading.section not in there))
    }


def _is_filled(lines: list[str], headings: list[Heading], place: int, beginnings: set[int]) -> bool:
    """Say whether there is text beneath a heading: words that are neither headings themselves nor a placeholder."""
    words: list[str] = _WORD.findall(headings[place].at.rest)
    if not words and _is_stand_in(lines, headings[place].at, beginnings):
        return False
    start = headings[place].at.number + 1
    for following in map(headings.__getitem__, range(place + 1, len(headings))):
        if following.at.number in beginnings or following.at.level <= headings[place].at.level:
            return _says_something(words, lines[start : following.at.number])
        words += _WORD.findall(" ".join(lines[start : following.at.number]))
        start = following.at.number + 1
    return _says_something(words, lines[start:])


def _is_stand_in(lines: list[str], heading: Line, beginnings: set[int]) -> bool:
    """Tell whether the only line beneath a heading just stands for a text."""
    only = ""
    for number in range(heading.number + heading.lines, len(lines)):
        if number in beginnings:
            break
        if lines[number].strip():
            if only or len(lines[number]) > LONGEST_CHARACTERS:
                return False
            only = lines[number]
    return bool(only) and (len(only) <= SHORT_CHARACTERS or only.lstrip().startswith(OPENINGS)) and is_stand_in(only)


def _says_something(words: list[str], lines: list[str]) -> bool:
    for line in lines:
        words += [found[0] for found in islice(_WORD.finditer(line), _LONGEST_PLACEHOLDER_WORDS + 1)]
        if len(words) > _LONGEST_PLACEHOLDER_WORDS:
            return True
    return bool(words) and " ".join(words).casefold() not in _PLACEHOLDERS
