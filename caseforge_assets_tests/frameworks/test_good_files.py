"""Files as people and programs make them, with all the harmless oddities of Excel and CSV."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.frameworks import Edition, Node, ReadResult, read_framework, sample_path, select_targets
from caseforge_assets_tests.frameworks.files import (
    APQC_HEADER,
    APQC_ROWS,
    TABLE_ROWS,
    apqc,
    apqc_row,
    csv_text,
    part_of,
    table,
    with_parts,
    workbook,
)

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., ReadResult]:
    def read_bytes(data: bytes, file_name: str = "a.xlsx") -> ReadResult:
        path = tmp_path / file_name
        path.write_bytes(data)
        return read_framework(path)

    return read_bytes


def good(result: ReadResult) -> Edition:
    assert result.problems == ()
    assert result.edition is not None
    return result.edition


def brief(nodes: tuple[Node, ...]) -> list[tuple[str, str | None, int, str | None, bool]]:
    return [(node.code, node.stable_id, node.level, node.parent_code, node.is_leaf) for node in nodes]


TABLE_BRIEF = [("1", "a", 1, None, False), ("1.1", "b", 2, "1", True), ("1.2", "c", 2, "1", True)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_dialects(read: Callable[..., ReadResult], delimiter: str, encoding: str, line_end: str):
    rows = [("Hierarchy-ID", "Stable ID", "PROCESS NAME", "definition"), *TABLE_ROWS]
    text = line_end.join(delimiter.join(row) for row in rows)
    edition = good(read(text.encode(encoding), "a.csv"))
    assert edition.kind == "table"
    assert brief(edition.nodes) == TABLE_BRIEF


def test_workbook_with_plain_table_among_other_sheets(read: Callable[..., ReadResult]):
    rows = [("Our processes",), (), ("Code", "ID", "Name", "Description"), *TABLE_ROWS]
    assert brief(good(read(workbook({"Read me": [("Hello",)], "List": rows}))).nodes) == TABLE_BRIEF


def test_problem_rows_count_titles_blank_lines_and_line_breaks_as_excel_does(read: Callable[..., ReadResult]):
    text = b'sep=;\n\ncode;id;name;description\n1;a;Sell;"two\nlines"\n\n2;b;;x\n'
    assert [(problem.row, problem.column) for problem in read(text, "a.csv").problems] == [(6, "name")]
    rows = [(), ("Title",), ("Code", "Name", "Description"), (), ("1", None, "x")]
    assert [(problem.row, problem.column) for problem in read(workbook({"S": rows})).problems] == [(5, "Name")]


def test_parent_column_in_any_order_by_code_or_by_id(read: Callable[..., ReadResult]):
    expected = [("leaf", "3", 3, "mid", True), ("mid", "2", 2, "top", False), ("top", "1", 1, None, False)]
    by_code = csv_text("leaf,3,L,x,mid", "mid,2,M,x,top", "top,1,T,x,", header="code,id,name,description,parent")
    by_id = csv_text("leaf,3,L,x,2", "mid,2,M,x,1", "top,1,T,x,", header="code,id,name,description,parent id")
    assert brief(good(read(by_code, "a.csv")).nodes) == brief(good(read(by_id, "a.csv")).nodes) == expected


def test_parent_id_means_the_id_where_a_code_is_the_same(read: Callable[..., ReadResult]):
    rows = ("1,2,A,x,", "2,1,B,x,", "3,3,C,x,1")
    by_id = good(read(csv_text(*rows, header="code,id,name,description,parent id"), "a.csv"))
    by_code = good(read(csv_text(*rows, header="code,id,name,description,parent"), "a.csv"))
    assert (by_id.nodes[2].parent_code, by_code.nodes[2].parent_code) == ("2", "1")


def test_lone_id_column_is_the_code(read: Callable[..., ReadResult]):
    nodes = good(read(csv_text("1,Sell,x,", "2,Find,x,1", header="id,name,description,parent_id"), "a.csv")).nodes
    assert brief(nodes) == [("1", None, 1, None, False), ("2", None, 2, "1", True)]
    assert [node.identity for node in nodes] == ["Sell", "Sell › Find"]


def test_codes_kept_as_numbers_are_told_apart_by_their_order(read: Callable[..., ReadResult]):
    rows = [(1, "A", "x"), *((float(f"1.{number}"), f"N{number}", "x") for number in range(1, 12)), (2, "B", "x"), (2.1, "C", "x")]
    result = read(table(*rows, header=("Code", "Name", "Description")))
    assert [node.code for node in good(result).nodes] == ["1", *(f"1.{number}" for number in range(1, 12)), "2", "2.1"]
    assert "12 codes are kept as numbers" in result.warnings[0].message
    pcf = read(apqc(apqc_row(1, 1, "A"), apqc_row(2, 1.1, "B"), apqc_row(3, "1.1.1", "C")))
    assert brief(good(pcf).nodes) == [("1.0", "1", 1, None, False), ("1.1", "2", 2, "1.0", False), ("1.1.1", "3", 3, "1.1", True)]


def test_number_in_parent_column_is_taken_where_only_one_code_fits(read: Callable[..., ReadResult]):
    rows = [("1", "A", "x", None), ("1.10", "B", "x", 1), ("c", "C", "x", 1.1)]
    nodes = good(read(table(*rows, header=("Code", "Name", "Description", "Parent")))).nodes
    assert [node.parent_code for node in nodes] == [None, "1", "1.10"]


def test_texts_are_normalized_and_paragraphs_stay(read: Callable[..., ReadResult]):
    name = "  Se\u200bll\u00a0 to\n cafe\u0301s "
    text = "First\u202fline. \r\nSecond line.\n \n\n\nNew  paragraph [10039].\n"
    node = good(read(table(("1", "a", name, text)))).nodes[0]
    assert node.name == "Sell to cafés"
    assert node.description == "First line.\nSecond line.\n\nNew paragraph [10039]."


def test_values_that_look_like_nothing_or_numbers_are_texts(read: Callable[..., ReadResult]):
    nodes = good(read(table(("1", 1.0, "NA", "None"), ("2", 2.5, 2024, True)))).nodes
    assert [(node.stable_id, node.name, node.description) for node in nodes] == [("1", "NA", "None"), ("2.5", "2024", "TRUE")]


def test_blank_rows_hidden_rows_and_formulas_elsewhere_do_no_harm(read: Callable[..., ReadResult]):
    def change(book: Any) -> None:
        sheet = book["Combined"]
        sheet["C40"] = " \u00a0"
        sheet["D3"] = "=1+1"
        sheet["H9"] = "=SUM(D2:D5)"
        sheet.row_dimensions[4].hidden = True

    result = read(workbook({"Combined": [APQC_HEADER, *APQC_ROWS]}, change))
    assert len(good(result).nodes) == 4
    assert [(warning.row, "hidden in Excel" in warning.message) for warning in result.warnings] == [(4, True)]


def test_header_and_sheet_names_vary(read: Callable[..., ReadResult]):
    header = ("pcf id", "HIERARCHY ID", " Name ", "Difference Index", "Change Details", "Metrics Available?", "element description")
    data = workbook({"COMBINED ": [header, *APQC_ROWS]})
    assert [node.code for node in good(read(data)).nodes] == ["1.0", "1.1", "1.1.1", "1.1.2"]


def test_six_levels(read: Callable[..., ReadResult]):
    rows = [
        apqc_row(number, code, f"N{number}")
        for number, code in enumerate(("10.0", "10.1", "10.1.1", "10.1.1.1", "10.1.1.1.10", "10.1.1.1.10.2"))
    ]
    assert [node.level for node in good(read(apqc(*rows))).nodes] == [1, 2, 3, 4, 5, 6]


def test_glossary_fills_missing_descriptions(read: Callable[..., ReadResult]):
    glossary = [
        ("Process Element ID", "Hierarchy ID", "Process element", "Definition"),
        (10001, None, "Root", "The root."),
        (10003, "1.1", "Look around", "From the glossary."),
        (10004, "1.1.1", "Look left", "Not needed."),
    ]
    rows = [(10002, "1.0", "Plan", None), (10003, "1.1", "Look around", None), (10004, "1.1.1", "Look left", "Own text.")]
    result = read(workbook({"Combined": [("PCF ID", "Hierarchy ID", "Name", "Element Description"), *rows], "Glossary terms": glossary}))
    assert [node.description for node in good(result).nodes] == ["", "From the glossary.", "Own text."]
    assert [(warning.row, "1 of 3 processes has no description: 1.0." in warning.message) for warning in result.warnings] == [(2, True)]


def test_metrics_join_by_id_else_by_code_and_strays_are_warned_of(read: Callable[..., ReadResult]):
    metrics = [
        ("Process Element ID", "Hierarchy ID", "Metric Category", "Metric ID", "Metric name", "Formula", "Units"),
        (10004, "9.9", "Cycle Time", 7, "Days", "a - b", "days"),
        (None, "1.1.2", None, 8, "Share", None, None),
        (99999, "1.1.2", None, 9, "Stray", None, None),
    ]
    result = read(apqc(Metrics=metrics))
    kpis = {
        node.code: [(kpi.name, kpi.formula, kpi.units, kpi.category, kpi.metric_id) for kpi in node.kpis] for node in good(result).nodes
    }
    assert kpis == {
        "1.0": [],
        "1.1": [],
        "1.1.1": [("Days", "a - b", "days", "Cycle Time", "7")],
        "1.1.2": [("Share", None, None, None, "8")],
    }
    assert [(warning.sheet, warning.row) for warning in result.warnings] == [("Metrics", 4)]


def test_side_sheet_that_cannot_be_used_is_left_out_with_a_warning(read: Callable[..., ReadResult]):
    result = read(apqc(Metrics=[("something", "else")]))
    assert len(good(result).nodes) == 4
    assert "it is left out" in result.warnings[0].message


@pytest.mark.parametrize(
    ("file_name", "version"),
    [("PCF Retail Version 7.2.1.xlsx", "7.2.1"), ("cross-industry-v7.4.xlsx", "7.4"), ("processes_v3.xlsx", "3"), ("covid19.xlsx", None)],
)
def test_version_from_the_file_name(read: Callable[..., ReadResult], file_name: str, version: str | None):
    assert good(read(apqc(), file_name)).version == version


def test_title_and_version_from_cells_of_the_introduction(read: Callable[..., ReadResult]):
    introduction = [
        ("COMPARED TO BANKING PROCESS CLASSIFICATION FRAMEWORK VERSION 6.1",),
        ("BANKING PROCESS CLASSIFICATION FRAMEWORK",),
        ("Version number 7.0.5",),
    ]
    edition = good(read(apqc(Introduction=introduction), "pcf-v1.xlsx"))
    assert (edition.title, edition.version) == ("Banking Process Classification Framework", "7.0.5")


def test_xml_with_namespace_prefixes(read: Callable[..., ReadResult]):
    sheet = part_of(apqc(), SHEET)
    prefixed = (
        sheet.replace(b"</", b"</x:")
        .replace(b"<", b"<x:")
        .replace(b"<x:/x:", b"</x:")
        .replace(b"<worksheet xmlns=", b"<worksheet xmlns:x=")
    )
    prefixed = prefixed.replace(b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x=")
    assert len(good(read(with_parts(apqc(), {SHEET: prefixed}))).nodes) == 4
    formula = prefixed.replace(
        b'<x:c r="C4" t="inlineStr"><x:is><x:t>Look left</x:t></x:is>', b'<x:c r="C4" t="str"><x:f>A1</x:f><x:v>Look left</x:v>'
    )
    assert formula != prefixed
    assert [problem.row for problem in read(with_parts(apqc(), {SHEET: formula})).problems] == [4]


def test_missing_ids_and_flat_codes_are_warned_of(read: Callable[..., ReadResult]):
    mixed = read(csv_text("1,a,Sell,x", "1.1,,Find,x"), "a.csv")
    assert [node.identity for node in good(mixed).nodes] == ["a", "Sell › Find"]
    assert [(warning.row, warning.column) for warning in mixed.warnings] == [(3, "id")]
    flat = read(csv_text("A-1,a,Sell,x", "A-2,b,Find,x"), "a.csv")
    assert "All processes are on the top level" in flat.warnings[0].message


def test_the_sample_is_complete():
    result = read_framework(sample_path())
    nodes = good(result).nodes
    assert result.warnings == ()
    assert len(select_targets(nodes)) == 60
    assert {node.level for node in nodes} == {1, 2, 3, 4}
    assert all(node.description.endswith(".") and node.stable_id for node in nodes)
    assert len({node.name for node in nodes}) == len(nodes)


def test_reading_does_not_import_slow_packages():
    script = (
        "import sys; from caseforge_assets.frameworks import read_framework, sample_path; read_framework(sample_path());"
        "print([name for name in ('pandas', 'dagster', 'openpyxl', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
