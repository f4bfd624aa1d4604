"""Names that have their codes in them, where a table has no column of codes: "1.1 Win customers", "GV.OC-01: Mission", "Govern (GV): What it is"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from caseforge_assets.frameworks.tables.codes import code_trouble, without_trailing_dots
from caseforge_assets.frameworks.tables.entries import Entry

_IN_FRONT = re.compile(r"(\S+?)[:)]?(?: +[-–—:])? +(\S.*)")
_BEHIND = re.compile(r"([^()]*[^() ]) *\(([^() ]+)\)(?: *[:–—-] *(.*))?")


def with_codes_of_names(entries: Sequence[Entry]) -> list[Entry]:
    """Takes the codes out of the names, if every name has one of its own; else the names stay as they are.

    A code in front of a name has a digit in it. What follows a code in brackets describes the process, where its row does not.
    """
    split = [_split(entry) for entry in entries]
    found = [entry for entry in split if entry is not None]
    if len(found) < len(entries) or len({entry.code for entry in found}) < len(found):
        return list(entries)
    return found


def _split(entry: Entry) -> Entry | None:
    front = _IN_FRONT.fullmatch(entry.name)
    code = without_trailing_dots(front[1]) if front else ""
    if front and any(char.isdigit() for char in code) and not code_trouble(code):
        return replace(entry, code=code, name=front[2])
    behind = _BEHIND.fullmatch(entry.name)
    if behind and not code_trouble(behind[2]):
        return replace(entry, code=behind[2], name=behind[1], description=entry.description or behind[3] or "")
    return None
