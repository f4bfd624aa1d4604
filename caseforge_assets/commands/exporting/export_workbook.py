"""A workbook for managers: a sheet to decide on, one of the documents, and behind them everything with where it is from."""

from __future__ import annotations

from pathlib import Path

from caseforge_assets.commands.exporting.write_file import write_file
from caseforge_assets.commands.gathering.make_book import make_book
from caseforge_assets.commands.gathering.make_ideas import make_ideas
from caseforge_assets.commands.gathering.read_contents import CANDIDATES, ReadContents, Rows
from caseforge_assets.handing_on.sheets.decision_sheet import Managed, cut_cells
from caseforge_assets.handing_on.sheets.tables import Workbook, write_workbook
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import exports
from caseforge_assets.wording import counted


def export_workbook(connection: Connection, read: ReadContents, target: Path) -> list[str]:
    """Writes it. The sheets `documents`, `candidates` and `costs` are for programs, and have the columns that they always had."""
    ideas = make_ideas(connection, read)
    managed = Managed(make_book(read, documents_only=True), ideas)
    others = {name: rows for name, rows in read.tables.items() if name != CANDIDATES}
    costs = exports.costs(connection, read.key, read.chosen.content_ids)
    sheets: dict[str, Rows] = {CANDIDATES: read.candidates, "documents": read.documents, **others, "costs": costs}
    write_file(target, write_workbook, Workbook(managed, sheets), quietly=read.quietly)
    cut = sum(cut_cells([list(row.values()) for row in rows]) for rows in sheets.values())
    if not cut:
        return []
    longer = counted(cut, "text is longer than a cell can be, and ends", "texts are longer than a cell can be, and end")
    return [f"{longer} in “… (cut off)” there; Word, markdown and JSON Lines have all of it."]
