"""The sheet to decide on, read back: what each row is of, and what people wrote into it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from caseforge_assets.curation.statuses import status_from, tags_from
from caseforge_assets.handing_on.sheets.decision_columns import (
    EDITABLE,
    HIDDEN,
    REVIEW,
    SHEET,
    STATUS,
    TAGS,
    cell_text,
    digest,
    shown_status,
)
from caseforge_assets.handing_on.sheets.tables import cell_address

UID = "UID"
_LARGEST_NUMBER = 2**63 - 1  # of a row in the store


@dataclass(frozen=True)
class ReadRow:
    """A row of the sheet.

    Attributes:
        number: Its number there.
        candidate_id: The use case, as it was when the sheet was written.
        written: By field, what stands there now, as it is compared.
        as_exported: By field, the digest of what stood there when it was written.
        addresses: By field, the cell's address.
    """

    number: int
    framework: str
    uid: str
    candidate_id: int
    superseded: bool
    portfolio: int | None
    written: Mapping[str, str]
    as_exported: Mapping[str, str]
    addresses: Mapping[str, str]

    @property
    def changed(self) -> dict[str, str]:
        """Gives what somebody changed in the sheet."""
        return {name: text for name, text in self.written.items() if digest(text) != self.as_exported[name]}


@dataclass
class ReadSheet:
    """All rows, and what is wrong with cells, each with its address."""

    rows: list[ReadRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_decisions(table: Sequence[Sequence[object]]) -> ReadSheet:
    """Reads the cells of the sheet, its header first.

    Raises:
        ValueError: columns are missing, without which rows cannot be told.
    """
    names = [str(cell).strip() for cell in table[0]] if table else []
    if missing := [name for name in (UID, STATUS, HIDDEN) if name not in names]:
        raise ValueError(
            f"sheet {SHEET}: the columns {', '.join(missing)} are missing from its first row; export it again, and leave its columns as they are"
        )
    read = ReadSheet()
    seen: dict[int, int] = {}
    for number, cells in enumerate(table[1:], 2):
        by_name = dict(zip(names, cells, strict=False))
        if not any(cell_text(cell) for cell in cells):
            continue
        row = _row(number, by_name, names, read.problems)
        if row is None:
            continue
        if row.candidate_id in seen:
            read.problems.append(f"{cell_address(names, UID, number)}: {row.uid} stands in row {seen[row.candidate_id]}, too")
            continue
        seen[row.candidate_id] = number
        read.rows.append(row)
    return read


def _row(number: int, cells: Mapping[str, object], names: Sequence[str], problems: list[str]) -> ReadRow | None:
    uid, where = cell_text(cells[UID]), cell_address(names, UID, number)
    known = _known(cells.get(HIDDEN))
    if known is None:
        problems.append(f"{where}: {uid or 'this row'} did not come from an export; new use cases cannot be written into the sheet")
        return None
    if known["uid"] != uid:
        problems.append(
            f"{where}: the row is that of {known['uid']}, and says {uid or 'nothing'}; was only a part of the columns sorted or moved?"
        )
        return None
    written, addresses = {}, {}
    for name, of in EDITABLE.items():
        if name not in names or of not in known["fields"]:
            continue
        addresses[of] = cell_address(names, name, number)
        try:
            written[of] = _AS_COMPARED.get(name, cell_text)(cells.get(name))
        except ValueError as error:
            problems.append(f"{addresses[of]}: {error}")
    portfolio = known["portfolio"]
    return ReadRow(number, known["framework"], uid, known["candidate"], known["superseded"], portfolio, written, known["fields"], addresses)


def _known(cell: object) -> dict[str, Any] | None:
    """Gives what a row knows of itself; None where the cell holds something else, whatever somebody wrote into it."""
    try:
        known = json.loads(str(cell))
    except (ValueError, RecursionError):
        return None
    return known if isinstance(known, dict) and _is_ours(known) else None


def _is_ours(known: Mapping[str, Any]) -> bool:
    fields = known.get("fields")
    return (
        isinstance(known.get("framework"), str)
        and isinstance(known.get("uid"), str)
        and _is_number(known.get("candidate"))
        and isinstance(known.get("superseded"), bool)
        and "portfolio" in known
        and (known["portfolio"] is None or _is_number(known["portfolio"]))
        and isinstance(fields, dict)
        and EDITABLE[STATUS] in fields
        and all(isinstance(value, str) for value in fields.values())
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_NUMBER


def _status(cell: object) -> str:
    text = cell_text(cell)
    if not text:
        raise ValueError("the status is blank; a use case on which nothing was decided is an idea")
    return shown_status(status_from(text))


def _review(cell: object) -> str:
    text = cell_text(cell)
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is no date; write one such as 2027-01-31") from None


def _tags(cell: object) -> str:
    return ", ".join(tags_from(re.split(r"[,;\n]", cell_text(cell))))


_AS_COMPARED: Mapping[str, Callable[[object], str]] = {
    STATUS: _status,
    REVIEW: _review,
    TAGS: _tags,
    "Owner": lambda cell: " ".join(cell_text(cell).split()),
}
