"""The use cases in a specification: which heading is whose, and which of its parts are there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets.stages.process_details.heading_forms import Line
from caseforge_assets.stages.process_details.heading_text import plain_heading
from caseforge_assets.stages.process_details.headings import FoundSection, headings_in
from caseforge_assets.stages.texts.misspelt import name_meant
from caseforge_assets.stages.usecase_specs.outline import CASES, Outline

LEAST_OF_A_TITLE = 0.6  # of a title's characters, from which on a heading that is a part of it means it


@dataclass(frozen=True)
class FoundCase:
    """A use case as found.

    Attributes:
        title: Its title: the one that was asked for, or where none was, its heading.
        text: What stands beneath its heading, up to the next use case.
        parts: Those of its parts that are there.
    """

    title: str
    text: str
    parts: tuple[FoundSection, ...]

    def filled(self) -> set[str]:
        """Names of its parts that have text."""
        return {part.name for part in self.parts if part.filled}


def find_cases(body: str, outline: Outline, titles: Sequence[str] = ()) -> tuple[FoundCase, ...]:
    """Find the use cases in a specification, in its order.

    Args:
        body: The specification.
        outline: Its headings.
        titles: Those that are looked for; without any, each heading beneath the section's that names no part is one.
    """
    lines = _lines_of_cases(body, outline)
    headings = headings_in(lines)
    starts = sorted((at.number, title) for title, at in (_meant(headings, titles) if titles else _unnamed(headings, outline)))
    ends = [*(number for number, _ in starts), len(lines)][1:]
    texts = (("\n".join(lines[start + 1 : end]), title) for (start, title), end in zip(starts, ends, strict=True))
    return tuple(FoundCase(title, text, find_sections(text, outline.parts)) for text, title in texts)


def _lines_of_cases(body: str, outline: Outline) -> list[str]:
    """The lines of the section that holds the use cases, without its heading."""
    lines, found = body.splitlines(), find_sections(body, outline.sections)
    ends = [*(section.heading.at.number for section in found), len(lines)]
    for section, (start, end) in zip(found, pairwise(ends), strict=True):
        if section.name == CASES:
            return lines[start + 1 : end]
    return []


def _meant(headings: Sequence[Line], titles: Sequence[str]) -> Iterator[tuple[str, Line]]:
    """Each title with its heading: where they say the same, where one holds the other, where a small mistake is between them. No heading is two titles'."""
    left = {at.number: (at, _plain(at.text)) for at in headings}
    for same in (_is_same, _holds):
        for title in list(titles):
            found = next((at for at, said in left.values() if same(said, _plain(title))), None)
            if found is not None:
                del left[found.number]
                titles = [other for other in titles if other is not title]
                yield title, found
    names = {_plain(title): title for title in titles}
    for at, said in left.values():
        meant = name_meant(said, names) if names else None
        if meant is not None and meant in titles:
            titles = [other for other in titles if other != meant]
            yield meant, at


def _unnamed(headings: Sequence[Line], outline: Outline) -> Iterator[tuple[str, Line]]:
    real = [at for at in headings if not at.needs_name]
    level = min((at.level for at in real), default=0)
    highest = [at for at in real if at.level == level]
    parts = {outline.parts.meant(at.text) for at in highest}
    return iter([]) if None not in parts and len(parts) == len(highest) > 1 else ((at.text, at) for at in highest)


def _plain(text: str) -> str:
    return plain_heading(text) or text.strip().casefold()


def _is_same(heading: str, title: str) -> bool:
    return heading == title


def _holds(heading: str, title: str) -> bool:
    return title in heading or (heading in title and len(heading) >= LEAST_OF_A_TITLE * len(title))
