"""export: current documents and candidates of a selection as files for readers, of whichever kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from caseforge_assets.commands.exporting.export_deck import export_deck
from caseforge_assets.commands.exporting.export_diagrams import export_diagrams
from caseforge_assets.commands.exporting.export_pages import Heading, write_pages
from caseforge_assets.commands.exporting.export_texts import export_text, export_word
from caseforge_assets.commands.exporting.export_workbook import export_workbook
from caseforge_assets.commands.exporting.write_file import write_file, write_text
from caseforge_assets.commands.gathering.choose_contents import Selection, choose_contents, say_selection
from caseforge_assets.commands.gathering.read_contents import CANDIDATES, SURPLUS, ReadContents, Rows, read_contents
from caseforge_assets.handing_on.sheets.tables import write_csv, write_parquet
from caseforge_assets.safe_text import json_text
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import exports

MANY_ROWS = 500  # what is written sooner than a process starts, is written here


@dataclass(frozen=True)
class Exported:
    """The numbers of documents and candidates written, and of things left out, by reason.

    `others`: of the items of a project's own stages, how many of each name. `surplus` of the candidates are beyond as many as were asked for.
    `said`: what else is to be known of the file, a sentence each.
    """

    documents: int
    candidates: int
    others: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    surplus: int = 0
    said: tuple[str, ...] = ()


def export_contents(
    connection: Connection, stages: Stages, key: str, target: Path, kind: str, selection: Selection | None = None, *, quietly: bool = False
) -> Exported:
    """Writes the current contents of a framework, each with where it is from.

    Args:
        target: a folder for `markdown`; a file for all other kinds (`handing_on/kinds.py`). A CSV or Parquet file holds the candidates; the
            documents stand beside it in NAME-documents, what a stage of one's own brought in a file of its own, and what all
            attempts cost, those that are not in the export too, in NAME-costs.
        quietly: at background priority, for a process that answers others meanwhile.

    Raises:
        ValueError: a folder that exists already and was not written by an export, so that nothing is overwritten; or the selection
            makes no sense, such as a category that no candidate has, or cannot be shown so, such as a diagram of a document without steps.
        LookupError: no node is called so, or the framework has not been loaded.
    """
    selection = selection or Selection()
    chosen = choose_contents(connection, stages, key, selection)
    read = read_contents(connection, stages, key, selection, chosen, quietly=quietly)
    said = WRITERS[kind](connection, read, target)
    others = {name: len(rows) for name, rows in read.tables.items() if name != CANDIDATES}
    surplus = sum(bool(row.get(SURPLUS)) for row in read.candidates)
    return Exported(len(read.documents), len(read.candidates), others, chosen.left_out, surplus, tuple(said))


def _pages(_: Connection, read: ReadContents, target: Path) -> list[str]:
    about = say_selection(read.selection, read.chosen.left_out)
    headings = {code: Heading(code, node.name, node.parent_code) for code, node in read.nodes.items()}
    write_pages(target, read.key, {stage.key: read.shown(stage) for stage in read.stages}, headings, about)
    return []


def _tables(write: Callable[[BinaryIO, Rows], None]) -> Callable[[Connection, ReadContents, Path], list[str]]:
    def write_all(connection: Connection, read: ReadContents, target: Path) -> list[str]:
        costs = exports.costs(connection, read.key, read.chosen.content_ids)
        others = {f"-{name}": rows for name, rows in read.tables.items() if name != CANDIDATES}
        for name, rows in {"": read.candidates, "-documents": read.documents, **others, "-costs": costs}.items():
            beside = target.with_name(f"{target.stem}{name}{target.suffix}")
            write_file(beside, write, rows, quietly=read.quietly and len(rows) > MANY_ROWS)
        return []

    return write_all


def _lines(_: Connection, read: ReadContents, target: Path) -> list[str]:
    records = [("document", row) for row in read.documents] + [("candidate", row) for row in read.candidates]
    records += [(name, row) for name, rows in read.tables.items() if name != CANDIDATES for row in rows]
    write_text(target, (json_text(json.dumps({"record": name, **row}, default=str, ensure_ascii=False)) + "\n" for name, row in records))
    return []


# By kind: from a connection, what was read, and where to, to what is to be said of it.
WRITERS: Mapping[str, Callable[[Connection, ReadContents, Path], list[str]]] = {
    "markdown": _pages,
    "csv": _tables(write_csv),
    "parquet": _tables(write_parquet),
    "jsonl": _lines,
    "xlsx": export_workbook,
    "docx": export_word,
    "md": export_text,
    "pptx": export_deck,
    "bpmn": export_diagrams,
}
