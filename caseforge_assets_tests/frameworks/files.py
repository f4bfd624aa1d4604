"""Makes framework files for tests: good ones, and the parts that bad ones are made of. The real workbooks are found here, too."""

import io
import struct
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


def open_document(sheets: Mapping[str, str | Rows]) -> bytes:
    """Gives an OpenDocument spreadsheet; a sheet is its rows, or the XML of its rows."""
    tables = "".join(
        f'<table:table table:name="{name}">{rows if isinstance(rows, str) else "".join(map(_open_document_row, rows))}</table:table>'
        for name, rows in sheets.items()
    )
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text", "manifest")}
    spaces = " ".join(f'xmlns:{name}="{space}"' for name, space in names.items())
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", kind)
        entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {spaces}>{entry}</manifest:manifest>")
        body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    return buffer.getvalue()


def _open_document_row(row: Sequence[Any]) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        if cell is not None
        else "<table:table-cell/>"
        for cell in row
    )
    return f"<table:table-row>{cells}</table:table-row>"


def binary_workbook(sheets: Mapping[str, Rows]) -> bytes:
    """Gives a binary workbook (.xlsb) of texts; a text that begins with "=" is a formula whose last result is the rest."""
    buffer = io.BytesIO()
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.bin"/>'
        for number in range(1, len(sheets) + 1)
    )
    bundle = b"".join(
        _record(156, struct.pack("<II", 0, number) + _wide(f"rId{number}") + _wide(name)) for number, name in enumerate(sheets, 1)
    )
    with zipfile.ZipFile(buffer, "w") as archive:
        main = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.bin"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_LINKS}">{main}</Relationships>')
        archive.writestr("xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{_LINKS}">{links}</Relationships>')
        archive.writestr("xl/workbook.bin", _record(131) + _record(143) + bundle + _record(144) + _record(132))
        for number, rows in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{number}.bin", _binary_sheet(rows))
    return buffer.getvalue()


_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"


def _binary_sheet(rows: Rows) -> bytes:
    body = b""
    for number, row in enumerate(rows):
        body += _record(0, struct.pack("<I", number) + bytes(13))
        for column, cell in enumerate(row):
            if cell is not None:
                is_formula = str(cell).startswith("=")
                text = _wide(str(cell).removeprefix("="))
                body += _record(8 if is_formula else 6, struct.pack("<II", column, 0) + text + (bytes(10) if is_formula else b""))
    size = _record(148, struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, 20))
    return _record(129) + size + _record(145) + body + _record(146) + _record(130)


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: int, data: bytes = b"") -> bytes:
    """A record: its type and length with 7 bits a byte, and its data ([MS-XLSB] 2.1.4)."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(data)
    sizes = b""
    while True:
        sizes += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + sizes + data
