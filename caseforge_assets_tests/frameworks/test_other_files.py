"""Workbooks other than Excel's newer ones, JSON, and packages whose parts are named otherwise."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseforge_assets.frameworks import ReadResult, read_framework
from caseforge_assets_tests.frameworks.files import TABLE_HEADER, TABLE_ROWS, binary_workbook, open_document, part_of, table, with_parts
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
TREE = ["1 Sell", "  1.1 Find customers", "  1.2 Close deals"]
SHEETS = {"Notes": [("About",)], "Processes": [("Our processes",), TABLE_HEADER, *TABLE_ROWS]}
OLD_WORKBOOK = Path(__file__).parents[1] / "data" / "processes.xls"
CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'


@pytest.mark.parametrize("name", ["a.ods", "a.xlsb", "a.xls", "a.xlsx"])
@pytest.mark.parametrize("kind", ["ods", "xlsb", "xls"])
def test_workbooks_of_other_programs_are_known_by_what_they_are(read: Read, kind: str, name: str) -> None:
    data = {"ods": lambda: open_document(SHEETS), "xlsb": lambda: binary_workbook(SHEETS), "xls": OLD_WORKBOOK.read_bytes}[kind]()
    result = read(data, name)
    assert outline(result) == TREE
    assert result.edition is not None
    assert [node.description for node in result.edition.nodes] == ["Selling.", "Finding them.", "Closing."]
    assert [warning.message for warning in result.warnings] == (
        [f"{name}: An old workbook (.xls) does not tell which cells hold formulas or errors; what was calculated last is read."]
        if kind == "xls"
        else []
    )


def test_formulas_are_refused_in_them_too(read: Read) -> None:
    binary = read(binary_workbook({"P": [("Code", "Name"), ("1", "Sell"), ("1.1", "=Win")]}), "a.xlsb")
    assert [(problem.row, problem.column) for problem in binary.problems] == [(3, "Name")]
    rows = "".join(
        f"<table:table-row>{''.join(cells)}</table:table-row>"
        for cells in [
            (CELL.format("", "Code"), CELL.format("", "Name")),
            (CELL.format("", "1"), CELL.format(' table:formula="of:=A1"', "Sell")),
        ]
    )
    document = read(open_document({"P": rows}), "a.ods")
    assert [(problem.row, problem.column) for problem in document.problems] == [(2, "Name")]


def test_sheets_that_would_fill_the_memory_are_refused_before_they_are_read(read: Read) -> None:
    cells = CELL.format(' table:number-columns-repeated="16000"', "x")
    rows = f'<table:table-row table:number-rows-repeated="1000000">{cells}</table:table-row>'
    assert "down to row 1,000,000 and over 16,000 columns, too many to read" in only_problem(read(open_document({"P": rows}), "a.ods"))
    far = [("Code", "Name"), *([()] * 40_000), [*[None] * 9_999, "far"]]
    assert "too many to read" in only_problem(read(binary_workbook({"P": far}), "a.xlsb"))


def test_blank_rows_that_libreoffice_repeats_to_the_end_do_no_harm(read: Read) -> None:
    names = "".join(f"<table:table-row>{CELL.format('', text)}</table:table-row>" for text in ("Name", "Sell", "Win"))
    end = (
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert outline(read(open_document({"P": names + end}), "a.ods")) == ["1 Sell", "2 Win"]


RECORDS = [
    {"code": "1", "name": "Sell", "description": None},
    {"code": "1.1", "name": "Find customers", "description": ["Finds", "them"], "extra": {"a": 1}},
    {"code": "1.2", "name": "Close deals"},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(RECORDS)),
        ("a.json", "\ufeff" + json.dumps({"version": 2, "processes": RECORDS}, indent=2)),
        ("a.jsonl", "\n".join(map(json.dumps, RECORDS)) + "\n"),
        ("a.ndjson", "\n\n".join(map(json.dumps, RECORDS))),
        ("a.json", "\n".join(map(json.dumps, RECORDS))),
    ],
)
def test_json_and_json_lines(read: Read, name: str, text: str) -> None:
    result = read(text, name)
    assert outline(result) == TREE
    assert result.edition is not None
    assert result.edition.nodes[1].description == "Finds\nthem"


def test_numbers_in_json_stay_as_they_are_written(read: Read) -> None:
    codes = [f"1.{number}" for number in range(1, 11)]
    text = "[" + ",".join(f'{{"code": {code}, "name": "N{code}"}}' for code in ["1", *codes]) + "]"
    assert [line.strip().split(" ")[0] for line in outline(read(text, "a.json"))] == ["1", *codes]


def test_objects_inside_others_are_below_them(read: Read) -> None:
    tree = {
        "name": "Sales",
        "children": [{"name": "Win", "steps": [{"name": "Advertise"}, {"name": "Visit"}]}, {"name": "Keep", "children": []}],
    }
    assert outline(read(json.dumps([tree, {"name": "Service"}]), "a.json")) == [
        "1 Sales",
        "  1.1 Win",
        "    1.1.1 Advertise",
        "    1.1.2 Visit",
        "  1.2 Keep",
        "2 Service",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "The file is not JSON"),
        ("a.json", "3", "neither a list nor an object"),
        ("a.json", '[{"name": "x"}, 3]', "row 2: The list holds something that is not an object"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.jsonl", '{"name": "x"}\n{"name": \n', "row 2: The line is not JSON"),
        ("a.jsonl", '{"name": "x"}\n\n{"name": "", "description": "y"}\n{"name": "z"}\n', 'row 3, column "name": The cell is empty'),
        ("a.json", '[{"title": 3}, {"title": null, "description": "x"}]', 'row 2, column "title": The cell is empty'),
        ("a.json", "[]", "no cell has a value"),
    ],
)
def test_bad_json_is_refused_with_the_place(read: Read, name: str, text: str, message: str) -> None:
    assert message in only_problem(read(text, name))


def test_json_that_is_not_utf8(read: Read) -> None:
    assert "not UTF-8 text" in only_problem(read(json.dumps(RECORDS).encode("utf-16"), "a.json"))


def renamed(data: bytes, name_of: Callable[[str], str], change: Callable[[str], str] = str) -> bytes:
    """A workbook with its parts under other names, and its links changed to match."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            info = zipfile.ZipInfo("x")
            info.filename = name_of(name)
            new.writestr(info, change(part.decode()).encode() if name.endswith(".rels") else part)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name_of",
    [lambda name: name.replace("/", "\\"), lambda name: f"./{name}", lambda name: f"/{name}", lambda name: name.replace("xl/", "xl/./")],
    ids=["backslash", "dot", "slash", "dot inside"],
)
def test_parts_that_are_named_otherwise_are_found(read: Read, name_of: Callable[[str], str]) -> None:
    assert outline(read(renamed(table(), name_of), "a.xlsx")) == TREE


def test_links_with_backslashes_lead_to_their_parts(read: Read) -> None:
    assert outline(read(renamed(table(), str, lambda xml: xml.replace("/xl/worksheets/", "worksheets\\")), "a.xlsx")) == TREE


def test_the_workbook_may_be_another_part(read: Read) -> None:
    def other(name: str) -> str:
        return name.replace("workbook.xml", "workbook2.xml")

    assert outline(read(renamed(table(), other, other), "a.xlsx")) == TREE
    elsewhere = renamed(table(), lambda name: name.replace("xl/", "data/"), lambda xml: xml.replace("xl/", "data/"))
    assert "Open it in Excel and save it again" in only_problem(read(elsewhere, "a.xlsx"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    kind=st.sampled_from([("a.xlsb", "xl/worksheets/sheet2.bin"), ("a.xlsb", "xl/workbook.bin"), ("a.ods", "content.xml"), ("a.xls", "")]),
)
def test_damaged_parts_never_raise(cuts: list[tuple[float, bytes]], kind: tuple[str, str], tmp_path: Path) -> None:
    name, part = kind
    whole: Any = {"a.xlsb": lambda: binary_workbook(SHEETS), "a.ods": lambda: open_document(SHEETS), "a.xls": OLD_WORKBOOK.read_bytes}[
        name
    ]()
    data = bytearray(part_of(whole, part) if part else whole)
    for place, replacement in cuts:
        start = int(place * (len(data) - 1))
        data[start : start + len(replacement)] = replacement
    path = tmp_path / name
    path.write_bytes(with_parts(whole, {part: bytes(data)}) if part else data)
    result = read_framework(path)
    assert (result.edition is None) == bool(result.problems)
