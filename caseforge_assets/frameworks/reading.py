"""From a file to an edition or to everything that is wrong with it: which sheets are used, and the order of the steps."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from caseforge_assets.frameworks import apqc
from caseforge_assets.frameworks.cells import Table
from caseforge_assets.frameworks.columns import Column, Header, find_header
from caseforge_assets.frameworks.delimited import read_delimited
from caseforge_assets.frameworks.entries import Entry, read_entries
from caseforge_assets.frameworks.package import Package, SheetPart
from caseforge_assets.frameworks.problems import FileRefusedError, Findings, quoted
from caseforge_assets.frameworks.records import Edition, Kpi, Limits, Node, ReadResult
from caseforge_assets.frameworks.sheets import Sheet
from caseforge_assets.frameworks.source import SourceKind, read_source, source_kind
from caseforge_assets.frameworks.tree import build_nodes
from caseforge_assets.frameworks.workbook import read_sheets

_APQC_COLUMNS = {Column.ID: "PCF ID", Column.CODE: "Hierarchy ID", Column.NAME: "Name"}
_TABLE_COLUMNS = {Column.CODE: "Code", Column.NAME: "Name", Column.DESCRIPTION: "Description"}
# Sheets by which an official workbook is known even if its main sheet is gone.
_APQC_SHEET = re.compile(r"glossary.*|metrics|\d{1,2}\.0", re.IGNORECASE)
_MAX_TABLE_SHEETS = 20
DEFAULT_LIMITS = Limits()


def read_framework(path: Path, limits: Limits = DEFAULT_LIMITS) -> ReadResult:
    """Reads and judges a framework file: an official APQC PCF workbook, or a table as an Excel workbook or CSV file.

    Nothing is raised for what is wrong with a file: all problems of its rows are found in one pass and listed.

    Args:
        path: The file. Messages show its name without the folder.
        limits: How large it may be.

    Returns:
        The edition, or problems; and warnings.
    """
    findings = Findings(path.name)
    edition = None
    try:
        edition = _read_edition(path, limits, findings)
    except FileRefusedError as error:
        findings.refuse(error.what, sheet=error.sheet, row=error.row, column=error.column)
    problems = findings.problems(limits.max_listed)
    return ReadResult(None if problems else edition, problems, findings.warnings(limits.max_listed))


def _read_edition(path: Path, limits: Limits, findings: Findings) -> Edition:
    data = read_source(path, limits)
    title = version = None
    kind: Literal["apqc", "table"] = "table"
    if source_kind(data, path.suffix) is SourceKind.TEXT:
        nodes = _table_nodes([read_delimited(data, limits)], limits, findings)
    else:
        package = Package(data, limits)
        parts = package.sheets()
        combined = _named(parts, "combined")
        if combined:
            kind = "apqc"
            nodes, title, version = _read_apqc(package, combined, parts, limits, findings)
        else:
            _refuse_gutted_apqc(parts)
            visible = [part for part in parts if not part.is_hidden][:_MAX_TABLE_SHEETS]
            nodes = _table_nodes(read_sheets(package, visible, limits), limits, findings)
    version = version or apqc.version_in_file_name(path.stem)
    return Edition(title, version, nodes, hashlib.sha256(data).hexdigest(), kind)


def _named(parts: Sequence[SheetPart], beginning: str) -> SheetPart | None:
    """The sheet of that name, else the first whose name begins with it."""
    names = [(part.name.strip().casefold(), part) for part in parts]
    exact = next((part for name, part in names if name == beginning), None)
    return exact or next((part for name, part in names if name.startswith(f"{beginning} ")), None)


def _refuse_gutted_apqc(parts: Sequence[SheetPart]) -> None:
    if any(_APQC_SHEET.fullmatch(part.name.strip()) for part in parts):
        shown = ", ".join(quoted(part.name, 30) for part in parts[:8])
        raise FileRefusedError(
            f'The sheet "Combined" is missing, in which PCF workbooks keep all processes. Sheets found: {shown}.', sheet="Combined"
        )


def _read_apqc(
    package: Package, combined: SheetPart, parts: Sequence[SheetPart], limits: Limits, findings: Findings
) -> tuple[tuple[Node, ...], str | None, str | None]:
    chosen = {"combined": combined} | {
        name: part for name in ("glossary", "metrics", "introduction", "about") if (part := _named(parts, name)) is not None
    }
    sheets = dict(zip(chosen, read_sheets(package, list(chosen.values()), limits), strict=True))
    table = _table(sheets["combined"], _APQC_COLUMNS, findings)
    entries = _entries(table, categories_end_in_zero=True)
    glossary = _side_table(sheets.get("glossary"), Column.DESCRIPTION, findings)
    if glossary:
        entries = apqc.with_glossary(entries, glossary)
    metrics = _side_table(sheets.get("metrics"), Column.METRIC_NAME, findings)
    kpis = apqc.read_kpis(entries, metrics) if metrics else {}
    introduction = [
        cell for name in ("introduction", "about") if name in sheets for row in sheets[name].rows for cell in row if isinstance(cell, str)
    ]
    return (_nodes(table, entries, kpis, limits), *apqc.title_and_version(package, introduction))


def _side_table(sheet: Sheet | None, needed: Column, findings: Findings) -> Table | None:
    """A sheet that adds to the main one; left out with a warning if it cannot be used."""
    if sheet is None:
        return None
    header = find_header(sheet)
    if needed not in header.columns or header.columns.keys().isdisjoint({Column.ID, Column.CODE}):
        findings.warn(f'The sheet has no columns "{needed}" and "PCF ID" or "Hierarchy ID"; it is left out.', sheet=sheet.name)
        return None
    return Table(sheet, header, findings)


def _table_nodes(sheets: Sequence[Sheet], limits: Limits, findings: Findings) -> tuple[Node, ...]:
    filled = [sheet for sheet in sheets if find_header(sheet).found]
    if not filled:
        raise FileRefusedError("The file is empty: no cell has a value.")
    sheet = next((sheet for sheet in filled if not _missing(_table_header(sheet), _TABLE_COLUMNS)), filled[0])
    table = _table(sheet, _TABLE_COLUMNS, findings, _table_header(sheet))
    entries = _entries(table, categories_end_in_zero=False)
    return _nodes(table, entries, {}, limits)


def _table_header(sheet: Sheet) -> Header:
    """The header of a plain table, where a lone "ID" is the code."""
    header = find_header(sheet)
    if Column.CODE in header.columns or Column.ID not in header.columns:
        return header
    renamed = {Column.ID: Column.CODE, Column.PARENT_ID: Column.PARENT}
    return Header(
        header.row,
        {renamed.get(column, column): place for column, place in header.columns.items()},
        {renamed.get(column, column): title for column, title in header.titles.items()},
        frozenset(renamed.get(column, column) for column in header.repeated),
        header.found,
    )


def _missing(header: Header, needed: dict[Column, str]) -> list[str]:
    return [title for column, title in needed.items() if column not in header.columns]


def _table(sheet: Sheet, needed: dict[Column, str], findings: Findings, header: Header | None = None) -> Table:
    header = header or find_header(sheet)
    row = header.row + 1 if header.found else None
    found = ", ".join(quoted(title, 30) for title in header.found[:12]) or "none"
    for title in _missing(header, needed):
        findings.refuse(f'The column "{title}" is missing. Columns found: {found}.', sheet=sheet.name, row=row, column=title)
    for column in sorted(header.repeated):
        findings.refuse(
            "The column stands in the sheet twice. Rename or delete one of them.", sheet=sheet.name, row=row, column=header.title(column)
        )
    return Table(sheet, header, findings)


def _entries(table: Table, *, categories_end_in_zero: bool) -> list[Entry]:
    if Column.CODE not in table.header.columns:
        return []
    entries = read_entries(table, categories_end_in_zero=categories_end_in_zero)
    if not entries and not any(table.filled_rows(tuple(Column))):
        raise FileRefusedError("There are no rows below the header.", sheet=table.sheet.name, row=table.header.row + 1)
    return entries


def _nodes(table: Table, entries: Sequence[Entry], kpis: dict[int, list[Kpi]], limits: Limits) -> tuple[Node, ...]:
    without_id = [entry for entry in entries if entry.stable_id is None]
    if Column.ID in table.header.columns and without_id:
        table.warn(f"{len(without_id):,} processes have no id; they are known by their names only.", without_id[0].row, Column.ID)
    undescribed = [entry for entry in entries if not entry.description]
    if undescribed:
        shown = ", ".join(entry.code for entry in undescribed[:5]) + (", …" if len(undescribed) > 5 else "")
        table.warn(
            f"{len(undescribed):,} of {len(entries):,} processes have no description: {shown}.", undescribed[0].row, Column.DESCRIPTION
        )
    return build_nodes(table, entries, kpis, limits)
