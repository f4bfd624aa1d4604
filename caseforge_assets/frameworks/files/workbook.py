"""Worksheets of an Excel workbook become sheets: values by calamine, what calamine does not tell from the sheet's XML.

calamine shows a formula's last result as if it were a value, and an error as an empty cell, and it makes room for every
cell up to the last one. So the XML is looked through first, by patterns over its bytes: for size, formulas, errors, hidden rows.
"""

import io
import re
from collections.abc import Sequence

from caseforge_assets.frameworks.files.package import Package, SheetPart
from caseforge_assets.frameworks.files.sheets import Flaw, Sheet
from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import Limits
from caseforge_assets.wording import counted

# A tag with more attributes than this is not seen by the patterns below, and refused because _FILLED_CELL sees it.
_ATTRIBUTES = rb"[^<>]{0,500}?"
_R = rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']"""
_FILLED_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s>])(?:[^<>]*[^<>/])?>")
_FILLED_CELL_REF = re.compile(rb"<(?:\w+:)?c\s" + _ATTRIBUTES + _R + rb"(?:[^<>]{0,500}[^<>/])?>")
_FORMULA = re.compile(rb"<(?:\w+:)?c\s" + _ATTRIBUTES + _R + rb"[^<>]{0,500}>\s*<(?:\w+:)?f(?=[\s/>])([^<>]*)>")
_FORMULA_RANGE = re.compile(rb"""\bref=["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']""")
_SPILLING = re.compile(rb"""\bt=["'](?:array|dataTable)["']""")
_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\s(?=" + _ATTRIBUTES + rb"""\bt=["']e["'])""" + _ATTRIBUTES + _R)
_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\s(?=[^<>]{0,500}?\bhidden=["'](?:1|true)["'])[^<>]{0,500}?\br=["']([0-9]{1,7})["']""")
_ROW = re.compile(rb"<(?:\w+:)?row\s([^<>]{0,500})>")
_ROW_NUMBER = re.compile(rb"""\br=["']([0-9]{1,7})["']""")
_GROUPED = re.compile(rb"""\boutlineLevel=["']([1-7])["']""")
_GROUPS_ARE_BELOW = re.compile(rb"""<(?:\w+:)?outlinePr\b[^<>]*\bsummaryBelow=["'](?:0|false)["']""")
# Formats of cells (18.8.10 of ECMA-376 part 1): each with an alignment inside, or without.
_CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs\b[^<>]*>(.*?)</(?:\w+:)?cellXfs>", re.DOTALL)
_FORMAT = re.compile(rb"<(?:\w+:)?xf\b(?:[^<>]*/>|[^<>]*>.*?</(?:\w+:)?xf>)", re.DOTALL)
_INDENT = re.compile(rb"""<(?:\w+:)?alignment\b[^<>]*\bindent=["']([0-9]{1,3})["']""")
_POSITION = re.compile(_R)
_STYLE = re.compile(rb"""\bs=["']([0-9]{1,5})["']""")


def read_sheets(package: Package, parts: Sequence[SheetPart], limits: Limits) -> list[Sheet]:
    """Reads worksheets with their values, formulas, errors, hidden rows and merged cells.

    Raises:
        FileRefusedError: A sheet is above the limits, or damaged.
    """
    from python_calamine import CalamineError, load_workbook

    sheet_xml = {part.part: package.read(part.part) for part in parts}
    for part in parts:
        _refuse_large(sheet_xml[part.part], part.name, limits)
    try:
        workbook = load_workbook(io.BytesIO(package.reduced(sheet_xml)))
        grids = [workbook.get_sheet_by_name(part.name) for part in parts]
        indented = _indented_styles(package)
        return [
            Sheet(
                name=part.name,
                rows=grid.to_python(skip_empty_area=False),
                flaws=_flaws(sheet_xml[part.part], grid.total_height),
                hidden_rows=tuple(int(row) - 1 for row in _HIDDEN_ROW.findall(sheet_xml[part.part])),
                merged=_covered(grid.merged_cell_ranges or []),
                indents=_indents(sheet_xml[part.part], indented),
                groups=_groups(sheet_xml[part.part]),
                groups_are_below=_GROUPS_ARE_BELOW.search(sheet_xml[part.part]) is not None,
            )
            for part, grid in zip(parts, grids, strict=True)
        ]
    except (CalamineError, ValueError, OSError) as error:
        raise FileRefusedError(f"The workbook is damaged ({error}). Open it in Excel, let Excel repair it, and save it again.") from None


def _refuse_large(xml: bytes, sheet: str, limits: Limits) -> None:
    cells = _FILLED_CELL_REF.findall(xml)
    if len(cells) != len(_FILLED_CELL.findall(xml)):
        raise FileRefusedError("The sheet does not say where its cells stand. Open the file in Excel and save it again.", sheet=sheet)
    if not cells:
        return
    last_row = max(int(row) for _, row in cells)
    last_column = max(map(_column_number, {letters for letters, _ in cells}))
    if last_row > limits.max_rows:
        raise FileRefusedError(
            f"The sheet has values down to row {last_row:,}; up to {counted(limits.max_rows, 'row is', 'rows are')} read. "
            "Delete what stands below the table, or split the file.",
            sheet=sheet,
        )
    if last_row * last_column > limits.max_cells:
        raise FileRefusedError(
            f"The sheet has values down to row {last_row:,} and over {last_column:,} columns, too many to read. "
            "Delete what stands beside the table.",
            sheet=sheet,
        )


def _flaws(xml: bytes, last_row: int) -> dict[tuple[int, int], Flaw]:
    flaws = {_position(column, row): Flaw.ERROR for column, row in _ERROR_CELL.findall(xml)}
    for column, row, attributes in _FORMULA.findall(xml):
        flaws[_position(column, row)] = Flaw.FORMULA
        spill = _FORMULA_RANGE.search(attributes) if _SPILLING.search(attributes) else None
        if spill:
            flaws.update(dict.fromkeys(_block(*spill.groups(), last_row=last_row), Flaw.FORMULA))
    return flaws


def _block(first_column: bytes, first_row: bytes, last_column: bytes, end_row: bytes, *, last_row: int) -> list[tuple[int, int]]:
    """Positions of a block, no further down than the sheet goes."""
    rows = range(int(first_row) - 1, min(int(end_row), last_row))
    columns = range(_column_number(first_column) - 1, min(_column_number(last_column), _column_number(first_column) + 100))
    return [(row, column) for row in rows for column in columns]


def _indented_styles(package: Package) -> dict[bytes, int]:
    """Gives the numbers of the cell formats that indent, with how far they do."""
    part = next((name for name in package.part_names if name.casefold() == "xl/styles.xml"), None)
    formats = _CELL_FORMATS.search(package.read(part)) if part else None
    found = [_INDENT.search(style) for style in _FORMAT.findall(formats[1])] if formats else []
    return {str(number).encode(): int(match[1]) for number, match in enumerate(found) if match and match[1] != b"0"}


def _indents(xml: bytes, indented: dict[bytes, int]) -> dict[tuple[int, int], int]:
    if not indented:
        return {}
    cells = ((_POSITION.search(tag), _STYLE.search(tag)) for tag in _FILLED_CELL.findall(xml))
    return {_position(*at.groups()): indented[style[1]] for at, style in cells if at and style and style[1] in indented}


def _groups(xml: bytes) -> dict[int, int]:
    rows = ((_ROW_NUMBER.search(tag), _GROUPED.search(tag)) for tag in _ROW.findall(xml)) if b"outlineLevel" in xml else ()
    return {int(number[1]) - 1: int(level[1]) for number, level in rows if number and level}


def _covered(blocks: list[tuple[tuple[int, int], tuple[int, int]]]) -> dict[tuple[int, int], int]:
    """Cells under merged blocks, of blocks of a size that people make."""
    covered = {}
    for (top, left), (bottom, right) in blocks:
        if (bottom - top + 1) * (right - left + 1) <= 10_000:
            covered.update({(row, column): top for row in range(top, bottom + 1) for column in range(left, right + 1)})
            del covered[top, left]
    return covered


def _position(column: bytes, row: bytes) -> tuple[int, int]:
    return int(row) - 1, _column_number(column) - 1


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
