"""From a file to an edition or to everything that is wrong with it: the order of the steps, and which of them a kind of file takes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from caseforge_assets.frameworks import apqc
from caseforge_assets.frameworks.files.binary_workbook import read_binary_workbook
from caseforge_assets.frameworks.files.json_records import read_json_records
from caseforge_assets.frameworks.files.package import Package, PackageKind, SheetPart
from caseforge_assets.frameworks.files.sheets import Sheet
from caseforge_assets.frameworks.files.source import SourceKind, read_source, source_kind
from caseforge_assets.frameworks.files.workbook import read_sheets
from caseforge_assets.frameworks.framework_table import find_table, is_readable, judged_table, refuse_unsaid_codes, warn_of_missing_columns
from caseforge_assets.frameworks.problems import FileRefusedError, Findings, quoted
from caseforge_assets.frameworks.reading_words import reading_in_words
from caseforge_assets.frameworks.records import Edition, Kpi, Limits, Node, ReadResult, TableForm
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.coded_names import with_codes_of_names
from caseforge_assets.frameworks.tables.columns import Column, find_header
from caseforge_assets.frameworks.tables.delimited import read_delimited
from caseforge_assets.frameworks.tables.entries import Entry, read_entries
from caseforge_assets.frameworks.tables.marked_names import with_depths_of_groups, with_depths_of_marks, without_footnotes
from caseforge_assets.frameworks.tables.rows import process_rows
from caseforge_assets.frameworks.tables.staircases import with_one_column
from caseforge_assets.frameworks.trees.hierarchy import Arranged, Hierarchy, arrange
from caseforge_assets.frameworks.trees.levels import level_columns, read_levels
from caseforge_assets.frameworks.trees.paths import by_paths
from caseforge_assets.frameworks.trees.tree import build_nodes
from caseforge_assets.wording import counted

_APQC_COLUMNS = {Column.ID: "PCF ID", Column.CODE: "Hierarchy ID", Column.NAME: "Name"}
# Sheets by which an official workbook is known even if its main sheet is gone.
_APQC_SHEET = re.compile(r"glossary.*|metrics|\d{1,2}\.0", re.IGNORECASE)
_MAX_TABLE_SHEETS = 20
DEFAULT_LIMITS = Limits()
AS_RECOGNIZED = TableForm()


def read_framework(path: Path, limits: Limits = DEFAULT_LIMITS, form: TableForm = AS_RECOGNIZED) -> ReadResult:
    """Reads and judges a framework file: an official APQC PCF workbook, or a table as a workbook, CSV or JSON file.

    Nothing is raised for what is wrong with a file: all problems of its rows are found in one pass and listed.

    Args:
        path: The file. Messages show its name without the folder.
        limits: How large it may be.
        form: What a person says of the table's columns and hierarchy.

    Returns:
        The edition, with warnings; or the problems alone.
    """
    findings = Findings(path.name)
    edition = None
    try:
        edition = _read_edition(path, form, limits, findings)
    except FileRefusedError as error:
        findings.refuse(error.what, sheet=error.sheet, row=error.row, column=error.column)
    problems = findings.problems(limits.max_listed)
    return ReadResult(None if problems else edition, problems, () if problems else findings.warnings(limits.max_listed))


def read_exported_sheet(path: Path, name: str, limits: Limits) -> list[list[object]] | None:
    """Reads one sheet of a workbook that was exported and comes back, or a table of text, which is that sheet: its cells, row by row; None where there is no such sheet.

    Args:
        path: The file. Messages show its name without the folder.
        name: Of the sheet.
        limits: How large it may be.

    Raises:
        ValueError: It is none, damaged, or larger; the text says which.
    """
    try:
        data = read_source(path, limits)
        kind = source_kind(data, path.suffix)
        if kind is SourceKind.TEXT:
            return [list[object](row) for row in read_delimited(data, limits).rows]
        package = Package(data, limits) if kind is SourceKind.PACKAGE else None
        if package is not None and package.kind is PackageKind.EXCEL:
            sheets = read_sheets(package, [part for part in package.sheets() if part.name == name][:1], limits)
        else:
            sheets = [] if kind is SourceKind.JSON else read_binary_workbook(data, package, limits, Findings(path.name))
    except FileRefusedError as error:
        raise ValueError(f"{path.name} cannot be read as an exported table: {error.what}") from None
    found = next((sheet for sheet in sheets if sheet.name == name), None)
    return None if found is None else [list[object](row) for row in found.rows]


def _read_edition(path: Path, form: TableForm, limits: Limits, findings: Findings) -> Edition:
    data = read_source(path, limits)
    version, sha256 = apqc.version_in_file_name(path.stem), hashlib.sha256(data).hexdigest()
    package = None
    if source_kind(data, path.suffix) is SourceKind.PACKAGE:
        package = Package(data, limits)
        parts = package.sheets() if package.kind is PackageKind.EXCEL else ()
        combined = _named(parts, "combined")
        if combined:
            nodes, title, own_version = _read_apqc(package, combined, parts, form, limits, findings)
            return Edition(title, own_version or version, nodes, sha256, "apqc")
        _refuse_gutted_apqc(parts)
    table = with_one_column(find_table(_sheets(data, path, package, limits, findings), form, findings))
    arranged = _arranged(table, form) if is_readable(table) else Arranged((), [], None)
    nodes = _nodes(table, arranged, {}, limits)
    return Edition(None, version, nodes, sha256, "table", not arranged.has_codes, reading_in_words(table, arranged))


def _sheets(data: bytes, path: Path, package: Package | None, limits: Limits, findings: Findings) -> Sequence[Sheet]:
    """The sheets of a file that has plain tables; a file without sheets is one."""
    kind = source_kind(data, path.suffix)
    if package is not None and package.kind is PackageKind.EXCEL:
        return read_sheets(package, [part for part in package.sheets() if not part.is_hidden][:_MAX_TABLE_SHEETS], limits)
    if package is not None or kind is SourceKind.OLD_WORKBOOK:
        return read_binary_workbook(data, package, limits, findings)[:_MAX_TABLE_SHEETS]
    if kind is SourceKind.JSON:
        return [read_json_records(data, limits)]
    return [read_delimited(data, limits)]


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
    package: Package, combined: SheetPart, parts: Sequence[SheetPart], form: TableForm, limits: Limits, findings: Findings
) -> tuple[tuple[Node, ...], str | None, str | None]:
    chosen = {"combined": combined} | {
        name: part for name in ("glossary", "metrics", "introduction", "about") if (part := _named(parts, name)) is not None
    }
    sheets = dict(zip(chosen, read_sheets(package, list(chosen.values()), limits), strict=True))
    table = judged_table(sheets["combined"], find_header(sheets["combined"], form.columns), _APQC_COLUMNS, findings)
    entries: list[Entry] = []
    if not table.header.absent and table.header.columns.keys() >= _APQC_COLUMNS.keys():
        entries = read_entries(table, _filled(table, process_rows(table)), categories_end_in_zero=True)
    glossary = _side_table(sheets.get("glossary"), Column.DESCRIPTION, findings)
    if glossary:
        entries = apqc.with_glossary(entries, glossary)
    metrics = _side_table(sheets.get("metrics"), Column.METRIC_NAME, findings)
    kpis = apqc.read_kpis(entries, metrics) if metrics else {}
    introduction = [
        cell for name in ("introduction", "about") if name in sheets for row in sheets[name].rows for cell in row if isinstance(cell, str)
    ]
    nodes = _nodes(table, arrange(table, entries, Hierarchy.DOTTED), kpis, limits) if entries else ()
    return (nodes, *apqc.title_and_version(package, introduction))


def _side_table(sheet: Sheet | None, needed: Column, findings: Findings) -> Table | None:
    """A sheet that adds to the main one; left out with a warning if it cannot be used."""
    if sheet is None:
        return None
    header = find_header(sheet)
    if needed not in header.columns or header.columns.keys().isdisjoint({Column.ID, Column.CODE}):
        findings.warn(f'The sheet has no columns "{needed}" and "PCF ID" or "Hierarchy ID"; it is left out.', sheet=sheet.name)
        return None
    return Table(sheet, header, findings)


def _filled(table: Table, rows: list[int]) -> list[int]:
    if not rows:
        row = table.sheet.row_number(table.header.row)
        raise FileRefusedError("There are no rows below the header.", sheet=table.sheet.name, row=row)
    return rows


def _arranged(table: Table, form: TableForm) -> Arranged:
    asked = Hierarchy(form.hierarchy) if form.hierarchy else None
    rows = _filled(table, process_rows(table))
    warn_of_missing_columns(table)
    levels = level_columns(table.header)
    takes_codes = Column.CODE not in table.header.columns and "code" not in form.columns
    if levels and asked in (None, Hierarchy.LEVELS):
        arranged = read_levels(table, rows, levels)
        is_coded = arranged.has_codes or not takes_codes
        return arranged if is_coded else replace(arranged, entries=with_codes_of_names(table, arranged.entries))
    entries = with_depths_of_marks(without_footnotes(table, read_entries(table, rows, categories_end_in_zero=False)))
    entries = with_depths_of_groups(table, entries, is_asked=asked is Hierarchy.INDENT)
    by_path = by_paths(table, entries, asked)
    if by_path is not None:
        return replace(by_path, entries=with_codes_of_names(table, by_path.entries)) if takes_codes else by_path
    arranged = arrange(table, with_codes_of_names(table, entries) if takes_codes else entries, asked)
    if arranged.hierarchy is None and "code" not in form.columns:
        refuse_unsaid_codes(table)
    return arranged


def _nodes(table: Table, arranged: Arranged, kpis: dict[int, list[Kpi]], limits: Limits) -> tuple[Node, ...]:
    nodes = build_nodes(table, arranged, kpis, limits)
    own = arranged.entries
    without_id = [entry for entry in own if entry.stable_id is None]
    if Column.ID in table.header.columns and without_id:
        table.warn(
            f"{counted(len(without_id), 'process has', 'processes have')} no id; they are known by their names only.",
            without_id[0].row,
            Column.ID,
        )
    undescribed = [position for position, entry in enumerate(own) if not entry.description]
    if undescribed and (Column.DESCRIPTION in table.header.columns or len(undescribed) < len(own)):
        shown = ", ".join(_shown(own, nodes, position) for position in undescribed[:5]) + (", …" if len(undescribed) > 5 else "")
        first = own[undescribed[0]].row
        table.warn(
            f"{len(undescribed):,} of {counted(len(own), 'process', 'processes')} {'has' if len(undescribed) == 1 else 'have'} no description: {shown}.",
            first,
            Column.DESCRIPTION,
        )
    return nodes


def _shown(entries: Sequence[Entry], nodes: Sequence[Node], position: int) -> str:
    return entries[position].code or (nodes[position].code if nodes else quoted(entries[position].name, 30))
