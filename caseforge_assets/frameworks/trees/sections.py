"""Letters that stand above numbers without being in them: the sections of NACE, ISIC and the like. A, 01, 011, 02, B, 05."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.frameworks.trees.parents import Parents
from caseforge_assets.wording import counted


def below_sections(table: Table, entries: Sequence[Entry], parents: Parents) -> Parents:
    """Puts numbers of the top level below the letter that stands above them, where the file goes from letter to letter and from number to number.

    Where it does not, letters without anything below them are warned of: the codes do not say which number belongs to which.
    """
    above = set(parents)
    roots = [(entry, position) for position, (entry, parent) in enumerate(zip(entries, parents, strict=True)) if parent is None]
    letters = [(entry, position) for entry, position in roots if entry.code.isalpha() and position not in above]
    numbers = [entry for entry, _ in roots if entry.code.isdecimal()]
    if not letters or not numbers:
        return parents
    if _go_on([entry.code for entry, _ in roots], len(letters), len(numbers)):
        section: int | None = None
        of_sections = list(parents)
        for entry, position in roots:
            section = position if entry.code.isalpha() else section
            of_sections[position] = None if entry.code.isalpha() else section
        return of_sections
    shown = ", ".join(entry.code for entry, _ in letters[:5]) + ("" if len(letters) <= 5 else ", …")
    table.warn(
        f"Nothing is below {shown}, and {counted(len(numbers), 'number is', 'numbers are')} on the top level: the codes do not say which number belongs "
        'to which letter. A parent column does (--map parent="HEADER").',
        letters[0][0].row,
        Column.CODE,
    )
    return parents


def _go_on(codes: Sequence[str], letters: int, numbers: int) -> bool:
    """Tells whether single letters and numbers of one length both go on in their order, each letter with numbers behind it."""
    sections = [code for code in codes if code.isalpha()]
    divisions = [int(code) for code in codes if code.isdecimal()]
    return (
        len(codes) == letters + numbers
        and letters > 1
        and codes[0].isalpha()
        and codes[-1].isdecimal()
        and all(len(code) == 1 for code in sections)
        and len({len(code) for code in codes if code.isdecimal()}) == 1
        and not any(code.isalpha() and following.isalpha() for code, following in pairwise(codes))
        and all(code < following for code, following in pairwise(sections))
        and all(number < following for number, following in pairwise(divisions))
    )
