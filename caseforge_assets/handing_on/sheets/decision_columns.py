"""The sheet on which managers decide: its columns, and how what was decided stands in its cells.

What people may change is compared by how it looks in a cell, so that a program that opens and saves the sheet changes nothing. Each row knows, in a hidden column, which
use case it is and how that stood when the sheet was written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.handing_on.records import Decided, Idea
from caseforge_assets.safe_text import one_line, spreadsheet_cell

SHEET = "Decide"
HIDDEN = "as exported"
NOTE = "Note"
STATUS, REVIEW, TAGS = "Status", "Review on", "Tags"
# What people may change, by the name of its column.
EDITABLE: Mapping[str, str] = {
    "Status": "status",
    "Reason": "reason",
    "Owner": "owner",
    "Review on": "review_on",
    "Tags": "tags",
    NOTE: "note",
}
_DIGEST = 12


@dataclass(frozen=True)
class Column:
    """A column: its name, its width in characters, and what stands in it."""

    name: str
    width: float
    value: Callable[[Idea], object]


def columns(*, with_note: bool) -> list[Column]:
    """All columns that are shown, in their order.

    Args:
        with_note: whether the use cases are those of a portfolio, which has a note on each.
    """
    shown = [
        Column("UID", 12, lambda idea: idea.uid),
        Column("Title", 26, lambda idea: one_line(idea.title)),
        Column("Process", 20, lambda idea: one_line(f"{idea.code} {idea.process}")),
        Column("Level 1", 14, lambda idea: one_line(idea.above[0]) if idea.above else ""),
        Column("Level 2", 14, lambda idea: one_line(idea.above[1]) if len(idea.above) > 1 else ""),
        Column("Category", 11.5, lambda idea: idea.category),
        Column("Value", 8, lambda idea: idea.levels.get("roi", "")),
        Column("Effort", 8, lambda idea: idea.levels.get("complexity", "")),
        Column("Risk", 8, lambda idea: idea.levels.get("risk", "")),
        Column("Priority", 8.5, lambda idea: idea.priority),
        Column("Impact", 40, lambda idea: idea.texts.get("Impact", "")),
        Column("Status", 12, lambda idea: shown_status(idea.decided.status)),
        Column("Reason", 16, lambda idea: idea.decided.reason),
        Column("Owner", 12, lambda idea: idea.decided.owner),
        Column("Review on", 11, lambda idea: idea.decided.review_on),
        Column("Tags", 12, lambda idea: ", ".join(idea.decided.tags)),
        Column(NOTE, 20, lambda idea: idea.decided.note),
        Column("Written by", 12, lambda idea: idea.source.writer + ("; superseded" if idea.superseded else "")),
        Column("Cost", 10, lambda idea: idea.source.cost),
    ]
    return [column for column in shown if with_note or column.name != NOTE]


def shown_status(status: str) -> str:
    """A status as it stands in a cell."""
    return UseCaseStatus(status).words.capitalize()


def exported_as(idea: Idea, portfolio: int | None) -> str:
    """Gives what a row knows of itself: which use case it is, and how each thing that may be changed stood."""
    fields = digests(idea.decided)
    if portfolio is None:
        del fields["note"]
    known = {
        "framework": idea.framework,
        "uid": idea.uid,
        "candidate": idea.candidate_id,
        "superseded": idea.superseded,
        "portfolio": portfolio,
        "fields": fields,
    }
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))


def digests(decided: Decided) -> dict[str, str]:
    """By field, a short digest of how it looks in a cell."""
    return {field: digest(text) for field, text in in_cells(decided).items()}


def in_cells(decided: Decided) -> dict[str, str]:
    """By field, how it looks in a cell, as it is compared."""
    values: Mapping[str, object] = {
        "status": shown_status(decided.status),
        "reason": spreadsheet_cell(decided.reason),
        "owner": spreadsheet_cell(decided.owner),
        "review_on": decided.review_on,
        "tags": spreadsheet_cell(", ".join(decided.tags)),
        "note": spreadsheet_cell(decided.note),
    }
    return {field: cell_text(value) for field, value in values.items()}


def cell_text(value: object) -> str:
    """A cell as it is compared: whatever program saved it, and however it ends lines; without the apostrophe before what a spreadsheet would compute."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    lines = re.split(r"\r\n|\r|\n", str(value).replace("_x000D_", ""))
    text = "\n".join(line.rstrip() for line in lines).strip()
    return text[1:] if text.startswith("'") and spreadsheet_cell(text[1:]) == text else text


def digest(text: str) -> str:
    """A text, as short as it can be to be told from others."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
