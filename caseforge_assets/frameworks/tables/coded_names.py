"""Names that have their codes in them, where a table has no column of codes: "1.1 Win customers", "GV.OC-01: Mission", "Govern (GV): What it is"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from caseforge_assets.frameworks.problems import quoted, row_list
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.code_texts import plain_code
from caseforge_assets.frameworks.tables.codes import code_trouble
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.entries import Entry

_IN_FRONT = re.compile(r"(\S+?)[:)]?(?: +[-–—:])? +(\S.*)")
_REMARK = re.compile(r"\[[^\[\]]*\]")
_LEAST_CODED = 3
_MOSTLY = 0.7
_BEHIND = re.compile(r"([^()]*[^() ]) *\(([^() ]+)\)(?: *[:–—-] *(.*))?")


def with_codes_of_names(table: Table, entries: Sequence[Entry]) -> list[Entry]:
    """Takes the codes out of the names, if every name has one of its own; else the names stay as they are, with a warning where most have one.

    A code in front of a name has a digit in it; it stays before what is only a remark ("GV.OC-06: [Withdrawn]"), of which several are alike. What follows a code in
    brackets describes the process, where its row does not.
    """
    split = [_split(entry) for entry in entries]
    found = [entry for entry in split if entry is not None]
    without = [entry for entry, other in zip(entries, split, strict=True) if other is None]
    has_own = len({entry.code for entry in found}) == len(found)
    if not without and has_own:
        return found
    if has_own and len(found) >= max(_LEAST_CODED, _MOSTLY * len(entries)):
        rows = row_list(table.sheet.row_number(entry.row) for entry in without)
        table.warn(
            f"Most names begin with a code, as {quoted(found[0].code)}, but not {quoted(without[0].name, 30)} ({rows}); so the codes stay in the names, "
            "and others are made. Give each name a code, or delete the rows that have none.",
            without[0].row,
            Column.NAME,
        )
    return list(entries)


def _split(entry: Entry) -> Entry | None:
    front = _IN_FRONT.fullmatch(entry.name)
    code = plain_code(front[1]) if front else ""
    if front and any(char.isdigit() for char in code) and not code_trouble(code):
        return replace(entry, code=code, name=entry.name if _REMARK.fullmatch(front[2]) else front[2])
    behind = _BEHIND.fullmatch(entry.name)
    if behind and not code_trouble(behind[2]):
        return replace(entry, code=behind[2], name=behind[1], description=entry.description or behind[3] or "")
    return None
