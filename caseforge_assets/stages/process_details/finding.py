"""Finds the sections of a document: at once where they stand as they were asked for, otherwise by a closer look at all that may be a heading."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, pairwise

from caseforge_assets.stages.process_details.heading_forms import MAY_NEED_A_LOOK, Line
from caseforge_assets.stages.process_details.headings import FoundSection, Heading, search_sections
from caseforge_assets.stages.process_details.sections import BUILT_IN, SECTION_LEVEL, Sections
from caseforge_assets.stages.texts.characters import INVISIBLE
from caseforge_assets.stages.texts.stand_ins import LONGEST_CHARACTERS

_MARK = f"{'#' * SECTION_LEVEL} "
_LINES_LOOKED_AT = 5  # of a section
_SAYS_SOMETHING = re.compile(r"[\W_]*(?:[^\W_]+[\W_]+){3}[^\W_]")  # more words than a placeholder has


def find_sections(text: str, sections: Sections = BUILT_IN) -> tuple[FoundSection, ...]:
    """Find the known sections in a text, in the text's order.

    Args:
        text: A Markdown document.
        sections: Those that it may have.
    """
    return sections_as_asked(text, sections) or search_sections(text, sections)


@lru_cache(maxsize=8)  # an answer is judged, then measured
def sections_as_asked(text: str, sections: Sections) -> tuple[FoundSection, ...]:
    """Find the sections of a document that has them as they were asked for.

    That is so where it begins with the heading of the first, all stand in their order and have text, and nothing else in it may be a
    heading but those of parts, below the level of the sections. Then `search_sections` finds the same.

    Args:
        text: A Markdown document.
        sections: Those that it has to have.

    Returns:
        All of them; none where the document has to be looked at more closely.
    """
    if not text.startswith(_MARK) or MAY_NEED_A_LOOK.search(text):
        return ()
    lines = text.split("\n")
    headings = [number for number, line in enumerate(lines) if line.startswith(_MARK)]
    names = [sections.as_asked.get(lines[number]) for number in headings]
    if names != [entry.name for entry in sections.entries] or len(names) < 2:
        return ()
    if lines != text.splitlines() or INVISIBLE.search(text):
        return ()
    if not all(_is_filled(lines[start + 1 : end]) for start, end in pairwise([*headings, len(lines)])):
        return ()
    found = zip(headings, sections.entries, strict=True)
    return tuple(FoundSection(entry.name, _heading(number, lines[number], entry.name), filled=True) for number, entry in found)


def _is_filled(lines: Sequence[str]) -> bool:
    """Tell whether a section has a text for certain, by its first lines: words, and more than stand for a text that is missing."""
    said = list(islice(filter(str.strip, lines), _LINES_LOOKED_AT))
    has_words = any(_SAYS_SOMETHING.match(line) for line in said if not line.startswith("#"))
    return has_words and (len(said) > 1 or len(said[0]) > LONGEST_CHARACTERS)


def _heading(number: int, line: str, section: str) -> Heading:
    return Heading(Line(number, SECTION_LEVEL, line.removeprefix(_MARK), needs_name=False), section)
