"""Makes framework files for tests: good ones, and the parts that bad ones are made of. The real workbooks are found here, too."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

Rows = Sequence[Sequence[Any]]
APQC_HEADER = ("PCF ID", "Hierarchy ID", "Name", "Difference Index", "Change details", "Metrics available?", "Element Description")
TABLE_HEADER = ("Code", "ID", "Name", "Description")
TABLE_ROWS = (("1", "a", "Sell", "Selling."), ("1.1", "b", "Find customers", "Finding them."), ("1.2", "c", "Close deals", "Closing."))


def real_workbook(name: str) -> Path:
    """Gives one of the official workbooks that lie beside the checkout; skips the test where they are absent."""
    path = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "apqc" / name
    if not path.exists():
        pytest.skip(f"needs the official PCF workbook {name} in shared/data/apqc beside the checkout")
    return path


def apqc_row(pcf_id: Any, code: Any, name: Any, description: Any = "Something is done.") -> tuple[Any, ...]:
    """Gives a row of sheet "Combined"."""
    return (pcf_id, code, name, 0, None, "N", description)


APQC_ROWS = (
    apqc_row(10002, "1.0", "Plan"),
    apqc_row(10003, "1.1", "Look around"),
    apqc_row(10004, "1.1.1", "Look left"),
    apqc_row(10005, "1.1.2", "Look right"),
)


def workbook(sheets: Mapping[str, Rows], change: Callable[[Workbook], None] | None = None) -> bytes:
    """Gives an Excel workbook with these sheets, after a last change by hand."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def apqc(*rows: Sequence[Any], header: Sequence[str] = APQC_HEADER, **sheets: Rows) -> bytes:
    """Gives a small workbook in the form of the official ones."""
    return workbook({"Combined": [header, *(rows or APQC_ROWS)], **sheets})


def table(*rows: Sequence[Any], header: Sequence[str] = TABLE_HEADER) -> bytes:
    """Gives a workbook with a plain table."""
    return workbook({"Processes": [header, *(rows or TABLE_ROWS)]})


def csv_text(*lines: str, header: str = "code,id,name,description") -> bytes:
    """Gives a CSV file."""
    return "\n".join([header, *lines, ""]).encode()


def with_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Gives a workbook with some of its parts replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return buffer.getvalue()


def part_of(data: bytes, name: str) -> bytes:
    """Gives a part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
