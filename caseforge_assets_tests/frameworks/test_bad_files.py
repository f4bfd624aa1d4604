"""Every kind of bad file is refused, and the message says what is wrong, where, and what to do."""

import datetime
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from caseforge_assets.frameworks import Limits, read_framework
from caseforge_assets_tests.frameworks.files import (
    APQC_HEADER,
    APQC_ROWS,
    apqc,
    apqc_row,
    csv_text,
    part_of,
    table,
    with_parts,
    workbook,
)

COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
SHEET = "xl/worksheets/sheet1.xml"


class Bad(NamedTuple):
    """A bad file and the first problem that has to be listed for it."""

    title: str
    file_name: str
    data: Callable[[], bytes]
    message: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


def changed(change: Callable[[Any], None]) -> Callable[[], bytes]:
    """A small official workbook after a change to its sheet "Combined"."""
    return lambda: workbook({"Combined": [APQC_HEADER, *APQC_ROWS]}, lambda book: change(book["Combined"]))


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def without_sheet_part() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(apqc())) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name != SHEET:
                new.writestr(name, old.read(name))
    return buffer.getvalue()


def zip_bomb() -> bytes:
    return with_parts(apqc(), {"xl/media/image1.png": bytes(30 * 1024 * 1024)})


def understated_part() -> bytes:
    """A sheet that is larger than the zip directory says, with a checksum to match, so that size limits would not see it."""
    sheet = part_of(apqc(), SHEET)
    data = bytearray(with_parts(apqc(), {SHEET: sheet}))
    directory = data.index(b"PK\x01\x02")
    while data[directory + 46 : directory + 46 + len(SHEET)] != SHEET.encode():
        directory = data.index(b"PK\x01\x02", directory + 4)
    struct.pack_into("<I", data, directory + 16, zlib.crc32(sheet[:101]))
    struct.pack_into("<I", data, directory + 24, 100)
    return bytes(data)


def entity_bomb() -> bytes:
    xml = part_of(apqc(), "xl/workbook.xml").replace(b"<workbook ", b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">]><workbook ', 1)
    return with_parts(apqc(), {"xl/workbook.xml": xml})


def far_cell(sheet: Any) -> None:
    sheet["XFD1"] = "far"
    sheet["A40000"] = "down"


def set_error(sheet: Any) -> None:
    sheet["C3"] = "#N/A"
    sheet["C3"].data_type = "e"


def cached_formula() -> bytes:
    """A formula with its last result beside it, as Excel saves it."""
    sheet = part_of(apqc(), SHEET)
    start = sheet.index(b'<c r="C4"')
    end = sheet.index(b"</c>", start)
    cell = b'<c r="C4" t="str"><f>CONCATENATE("Look"," left")</f><v>Look left</v>'
    return with_parts(apqc(), {SHEET: sheet[:start] + cell + sheet[end:]})


def merged_names(sheet: Any) -> None:
    sheet.merge_cells("C4:C5")


BAD_FILES = [
    # the file itself
    Bad("empty file", "a.xlsx", lambda: b"", "The file is empty (0 bytes)"),
    Bad("blank text", "a.csv", lambda: b"\xef\xbb\xbf \n\n", "holds nothing but blanks"),
    Bad("text named as workbook", "a.xlsx", lambda: b"code,name\n1,x\n", "not an Excel workbook, though its name ends in .xlsx"),
    Bad("web page named as workbook", "a.xlsx", lambda: b"<html><table><tr><td>1</td></tr></table></html>", "not an Excel workbook"),
    Bad("workbook named as text", "a.csv", apqc, "an Office file, but its name ends in .csv"),
    Bad("other file type", "a.pdf", lambda: b"%PDF-1.7", "Files ending in .pdf are not read"),
    Bad("no file type", "framework", lambda: b"code,name,description\n", "Files ending in no file type are not read"),
    Bad("old Excel, damaged", "a.xls", lambda: COMPOUND_FILE, "The workbook is damaged"),
    Bad("old Excel named as text", "a.csv", lambda: COMPOUND_FILE, "an Office file, but its name ends in .csv"),
    Bad("encrypted", "a.xlsx", lambda: COMPOUND_FILE + "EncryptedPackage".encode("utf-16-le"), "The workbook is encrypted"),
    Bad("binary workbook, damaged", "a.xlsx", lambda: zipped(xl__workbook_bin=b"", **{"xl/workbook.bin": b""}), "The workbook is damaged"),
    Bad("OpenDocument text", "a.ods", lambda: zipped(mimetype=b"application/vnd.oasis.opendocument.text", **{"content.xml": b"<x/>"}), "no spreadsheet"),
    Bad("Word document", "a.xlsx", lambda: zipped(word__document=b"<w/>"), "some other zip archive or Office file"),
    Bad("cut off", "a.xlsx", lambda: apqc()[:2000], "not an Excel workbook, or it is damaged"),
    Bad("sheet part gone", "a.xlsx", without_sheet_part, "The workbook is damaged"),
    Bad("workbook directory is no XML", "a.xlsx", lambda: with_parts(apqc(), {"xl/workbook.xml": b"<workbook"}), "The workbook is damaged"),
    Bad("UTF-16 XML", "a.xlsx", lambda: with_parts(apqc(), {SHEET: "<worksheet/>".encode("utf-16")}), "The workbook is damaged"),
    Bad("XML entities", "a.xlsx", entity_bomb, "The workbook is damaged"),
    Bad("zip bomb", "a.xlsx", zip_bomb, "times its size: that is no ordinary workbook"),
    Bad("size understated", "a.xlsx", understated_part, "The workbook is damaged. Open it"),
    Bad("cells over a million columns", "a.xlsx", changed(far_cell), "too many to read", "Combined"),
    # sheets and columns
    Bad("nothing in it", "a.xlsx", lambda: workbook({"Sheet1": []}), "no cell has a value"),
    Bad("sheet Combined gone", "a.xlsx", lambda: workbook({"1.0": [["x"]], "Glossary terms": [["y"]]}), 'The sheet "Combined" is missing', "Combined"),
    Bad(
        "PCF column gone",
        "a.xlsx",
        lambda: apqc(header=[title.replace("Hierarchy ID", "Place") for title in APQC_HEADER]),
        'The column "Hierarchy ID" is missing. Columns found: "PCF ID", "Place"',
        "Combined",
        1,
        "Hierarchy ID",
    ),
    Bad("table column gone", "a.csv", lambda: b"code;nom\n1;x\n", 'The column "Name" is missing. Columns found: "code", "nom". Say which it is: --map name="nom"', None, 1, "Name"),
    Bad("column twice", "a.csv", lambda: csv_text("1,a,b,c", header="code,name,name,description"), "stands in the sheet twice", None, 1, "name"),
    Bad("no rows", "a.csv", csv_text, "There are no rows below the header", None, 1),
    Bad("no rows in workbook", "a.xlsx", lambda: workbook({"Combined": [APQC_HEADER]}), "no rows below the header", "Combined", 1),
    # codes and ids
    Bad("code empty", "a.csv", lambda: csv_text("1,a,Sell,x", ",b,Buy,y"), "Every process needs a code", None, 3, "code"),
    Bad("not a code", "a.csv", lambda: csv_text("1,a,Sell,x", "one two,b,Buy,y"), '"one two" is not a code', None, 3, "code"),
    Bad("code with empty step", "a.csv", lambda: csv_text("1,a,Sell,x", "1...2,b,Buy,y"), '"1...2" is not a code', None, 3, "code"),
    Bad("code with comma", "a.csv", lambda: csv_text("1,a,Sell,x", '"1,2",b,Buy,y'), '"1,2" is not a code', None, 3, "code"),
    Bad("code too long", "a.csv", lambda: csv_text(f"{'1.' * 40}1,a,Sell,x"), "is not a code", None, 2, "code"),
    Bad("code twice", "a.xlsx", lambda: apqc(*APQC_ROWS, apqc_row(1, "1.1.2", "Again")), "stands in row 5 already", "Combined", 6, "Hierarchy ID"),
    Bad("id twice", "a.xlsx", lambda: apqc(*APQC_ROWS, apqc_row(10004, "1.2", "Again")), 'id "10004" stands in row 4', "Combined", 6, "PCF ID"),
    Bad("1 beside 1.0", "a.csv", lambda: csv_text("1,a,Sell,x", "1.0,b,Buy,y"), '"1.0" and "1" (row 2) are the same place', None, 3, "code"),
    Bad("1.10 kept as number", "a.xlsx", lambda: table(("1", "a", "A", "x"), (1.3, "b", "B", "x")), "the number 1.3", "Processes", 3, "Code"),
    Bad("1.10 shortened in CSV", "a.csv", lambda: csv_text("1,a,A,x", "1.1,b,B,x", "1.1,c,C,x"), "was 1.10 shortened to 1.1?", None, 4, "code"),
    Bad("negative code", "a.xlsx", lambda: table((-1, "a", "A", "x")), "the number -1", "Processes", 2, "Code"),
    Bad("code as date", "a.xlsx", changed(lambda sheet: sheet.__setitem__("B4", datetime.date(2024, 2, 1))), 'The code "2024-02-01" looks like a date', "Combined", 4, "Hierarchy ID"),
    Bad("id too precise", "a.xlsx", changed(lambda sheet: sheet.__setitem__("A4", 12345678901234567)), "too long: Excel keeps only 15 digits", "Combined", 4, "PCF ID"),
    Bad("id too long", "a.csv", lambda: csv_text(f"1,{'x' * 200},Sell,x"), "longer than 128 characters", None, 2, "id"),
    # names and texts
    Bad("name empty", "a.xlsx", changed(lambda sheet: sheet.__setitem__("C4", " \xa0 ")), "Every process needs a name", "Combined", 4, "Name"),
    Bad("name in merged block", "a.xlsx", changed(merged_names), "merged block that begins in row 4", "Combined", 5, "Name"),
    Bad("name too long", "a.csv", lambda: csv_text(f"1,a,{'word ' * 200},x"), "longer than 500 characters", None, 2, "name"),
    Bad("same name twice without ids", "a.csv", lambda: csv_text("1,A,x", "2,A,y", header="code,name,description"), "same parent in row 2", None, 3, "name"),
    Bad("control character", "a.csv", lambda: csv_text("1,a,Se\x07ll,x"), r'"Se\u0007ll" contains a control character (U+0007)', None, 2, "name"),
    Bad("reversing character", "a.csv", lambda: csv_text("1,a,Sell,x\u202ey"), "(U+202E)", None, 2, "description"),
    Bad("escaped control character", "a.xlsx", changed(lambda sheet: sheet.__setitem__("C4", "Look_x0007_left")), "(U+0007)", "Combined", 4, "Name"),
    # formulas and errors
    Bad("formula as name", "a.xlsx", changed(lambda sheet: sheet.__setitem__("C4", '=A1&"x"')), "The cell holds a formula", "Combined", 4, "Name"),
    Bad("formula with result", "a.xlsx", cached_formula, "The cell holds a formula", "Combined", 4, "Name"),
    Bad("formula as description", "a.xlsx", changed(lambda sheet: sheet.__setitem__("G2", "=TODAY()")), "a formula", "Combined", 2, "Element Description"),
    Bad("formula as code", "a.xlsx", changed(lambda sheet: sheet.__setitem__("B6", "=B5")), "a formula", "Combined", 6, "Hierarchy ID"),
    Bad("array formula", "a.xlsx", changed(lambda sheet: sheet.__setitem__("C3", ArrayFormula("C3:C5", "=A1:A3"))), "a formula", "Combined", 3, "Name"),
    Bad("formula in CSV", "a.csv", lambda: csv_text('=1+1,a,Sell,x'), "a formula", None, 2, "code"),
    Bad("error as name", "a.xlsx", changed(set_error), "Excel error such as #N/A", "Combined", 3, "Name"),
    # the tree
    Bad("parent missing", "a.xlsx", lambda: apqc(*APQC_ROWS, apqc_row(1, "2.1.1", "Lost")), 'parent "2.1" is not in the file', "Combined", 6, "Hierarchy ID"),
    Bad("category missing", "a.xlsx", lambda: apqc(apqc_row(1, "2.1", "Lost")), 'parent "2.0" is not in the file', "Combined", 2, "Hierarchy ID"),
    Bad("stated parent missing", "a.csv", lambda: csv_text("a,A,x,", "b,B,y,c", header="code,name,description,parent"), 'parent "c" is not', None, 3, "parent"),
    Bad("own parent", "a.csv", lambda: csv_text("a,A,x,a", header="code,name,description,parent"), "in a circle: a → a", None, 2, "parent"),
    Bad("cycle", "a.csv", lambda: csv_text("a,A,x,c", "b,B,y,a", "c,C,z,b", header="code,name,description,parent"), "a → c → b → a", None, 2, "parent"),
    Bad("ambiguous parent", "a.xlsx", lambda: table(("1.1", "A", "x", None), ("1.10", "B", "x", None), ("c", "C", "x", 1.1), header=("Code", "Name", "Description", "Parent")), "may mean 1.1 or 1.10", "Processes", 4, "Parent"),
    Bad("too deep", "a.csv", lambda: csv_text(*(f"{'.'.join('1' * number)},{number},N,x" for number in range(1, 15))), "on level 13; up to 12", None, 14, "code"),
    # text files
    Bad("Windows-1252", "a.csv", lambda: "code,name,description\n1,Verkäufe,x\n".encode("cp1252"), "not UTF-8 text (byte 0xE4 in line 2)", None, 2),
    Bad("damaged UTF-16", "a.csv", lambda: "code,name".encode("utf-16")[:-1], "damaged UTF-16 text"),
    Bad("zero bytes", "a.csv", lambda: b"code,name\x00", "not a text file"),
    Bad("open quote", "a.csv", lambda: csv_text("1,a,Sell,x", '2,b,"Buy,y'), "quotation mark that is not closed", None, 3),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.title)
def test_bad_file_is_refused_with_place(bad: Bad, tmp_path: Path):
    path = tmp_path / bad.file_name
    path.write_bytes(bad.data())
    result = read_framework(path)
    assert result.edition is None
    first = result.problems[0]
    assert bad.message in first.message
    assert (first.sheet, first.row, first.column) == (bad.sheet, bad.row, bad.column)
    places = [
        f'sheet "{bad.sheet}"' if bad.sheet else "",
        f"row {bad.row}" if bad.row else "",
        f'column "{bad.column}"' if bad.column else "",
    ]
    assert first.message.startswith(", ".join(filter(None, [bad.file_name, *places])) + ": ")
    assert str(tmp_path) not in first.message


def test_file_that_is_not_there_and_folder(tmp_path: Path):
    assert read_framework(tmp_path / "gone.xlsx").problems[0].message == "gone.xlsx: There is no such file."
    assert "This is a folder" in read_framework(tmp_path).problems[0].message


def test_pipe_is_refused_instead_of_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert "not an ordinary file" in read_framework(tmp_path / "pipe.csv").problems[0].message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv_text("1,a,Sell,x"))
    path.chmod(stat.S_IWUSR)
    assert "cannot be read (Permission denied)" in read_framework(path).problems[0].message


@pytest.mark.parametrize(
    ("limits", "file_name", "data", "message"),
    [
        (Limits(max_file_bytes=100), "a.xlsx", apqc(), "The file is larger than"),
        (Limits(max_unpacked_bytes=1000), "a.xlsx", apqc(), "Unpacked, the workbook would take"),
        (Limits(max_rows=4), "a.xlsx", apqc(), "The sheet has values down to row 5; up to 4 rows are read"),
        (Limits(max_rows=3), "a.csv", csv_text("1,a,A,x", "2,b,B,x", "3,c,C,x"), "more than 3 rows"),
        (Limits(max_levels=2), "a.xlsx", apqc(), "on level 3; up to 2 levels"),
    ],
)
def test_limits(limits: Limits, file_name: str, data: bytes, message: str, tmp_path: Path):
    path = tmp_path / file_name
    path.write_bytes(data)
    assert read_framework(path).edition is not None
    assert message in read_framework(path, limits).problems[0].message


def test_all_problems_are_found_in_one_pass(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv_text("1,a,,x", "1.1,b,B,x", "1.1,c,C,x", "3.1,d,D,x", "??,e,E,x", "1.2,a,F,x"))
    problems = read_framework(path).problems
    assert [(problem.row, problem.column) for problem in problems] == [(2, "name"), (4, "code"), (5, "code"), (6, "code"), (7, "id")]


def test_long_lists_of_problems_are_bounded_and_counted(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv_text(*(f"{1 + number // 2},{number},N,x" for number in range(2000))))
    problems = read_framework(path).problems
    assert len(problems) == 201
    assert problems[-1].message == "a.csv: and 800 more problems, not listed."


def test_cells_that_an_array_formula_fills_are_formulas_too(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(changed(lambda sheet: sheet.__setitem__("C3", ArrayFormula("C3:C4", "=A1:A2")))())
    assert [(problem.row, "holds a formula" in problem.message) for problem in read_framework(path).problems] == [(3, True), (4, True)]


def test_bad_metrics_and_glossary_cells_are_refused_too(tmp_path: Path):
    glossary = [("Process Element ID", "Hierarchy ID", "Process element", "Definition"), (10002, "1.0", "Plan", "=1+1")]
    metrics = [("Process Element ID", "Metric name", "Formula", "Units"), (10002, "Share\x01".replace("\x01", "_x0001_"), "a/b", "percent")]
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"Combined": [APQC_HEADER, *APQC_ROWS], "Glossary terms": glossary, "Metrics": metrics}))
    assert {(problem.sheet, problem.row, problem.column) for problem in read_framework(path).problems} == {
        ("Glossary terms", 2, "Definition"),
        ("Metrics", 2, "Metric name"),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    suffix=st.sampled_from([".xlsx", ".csv"]),
)
def test_damaged_bytes_never_raise(cuts: list[tuple[float, bytes]], suffix: str, tmp_path: Path):
    data = bytearray(apqc() if suffix == ".xlsx" else csv_text("1,a,Sell,x", "1.1,b,Buy,y"))
    for place, replacement in cuts:
        start = int(place * (len(data) - 1))
        data[start : start + len(replacement)] = replacement
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    result = read_framework(path)
    assert (result.edition is None) == bool(result.problems)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    part=st.sampled_from([SHEET, "xl/workbook.xml", "xl/styles.xml"]),
)
def test_damaged_parts_never_raise(cuts: list[tuple[float, bytes]], part: str, tmp_path: Path):
    whole = apqc()
    xml = bytearray(part_of(whole, part))
    for place, replacement in cuts:
        start = int(place * (len(xml) - 1))
        xml[start : start + len(replacement)] = replacement
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_parts(whole, {part: bytes(xml)}))
    result = read_framework(path)
    assert (result.edition is None) == bool(result.problems)
