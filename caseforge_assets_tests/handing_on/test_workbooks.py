"""The workbook that managers decide in: readable, printable, safe; and what programs read beside it."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pandas

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.handing_on.records import Decided
from caseforge_assets.handing_on.sheets.decision_columns import HIDDEN, cell_text, digests, in_cells
from caseforge_assets.handing_on.sheets.decision_sheet import Managed
from caseforge_assets.handing_on.sheets.tables import Workbook, write_parquet, write_workbook
from caseforge_assets.safe_text import MAX_CELL_CHARACTERS
from caseforge_assets_tests.handing_on.samples import HOSTILE, MADE_AT, book, idea, source

DECIDED = Decided("in_delivery", "=1+1", "Ada", date(2027, 1, 31), ("pilot", "2027"), "-2")


def opened(*ideas: Any, portfolio: int | None = None, **sheets: Any) -> Any:
    file = io.BytesIO()
    write_workbook(file, Workbook(Managed(book(), ideas, portfolio), sheets))
    return openpyxl.load_workbook(file)


def rows(sheet: Any) -> list[dict[str, Any]]:
    head, *others = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in others]


def test_the_sheet_to_decide_on() -> None:
    workbook = opened(idea(1, decided=DECIDED), idea(2), portfolio=7)
    sheet = workbook["Decide"]
    first, second = rows(sheet)
    assert {
        name: first[name] for name in ("UID", "Process", "Level 1", "Level 2", "Category", "Value", "Effort", "Risk", "Priority", "Impact")
    } == {
        "UID": "2.1.1-UC01",
        "Process": "2.1.1 Take in bicycles",
        "Level 1": "2 Repair",
        "Level 2": "2.1 Run the workshop",
        "Category": "automation",
        "Value": "High",
        "Effort": "Low",
        "Risk": "Medium",
        "Priority": 89,
        "Impact": "Less waiting.",
    }
    assert (first["Status"], first["Reason"], first["Owner"], first["Tags"], first["Note"]) == (
        "In delivery",
        "'=1+1",
        "Ada",
        "pilot, 2027",
        "'-2",
    )
    assert first["Review on"].date() == date(2027, 1, 31)
    assert (second["Status"], second["Owner"], second["Note"]) == ("Idea", None, None)
    assert '"uid":"2.1.1-UC01","candidate":1,"superseded":false,"portfolio":7' in first[HIDDEN]
    assert "Note" not in rows(opened(idea(1))["Decide"])[0]


def test_it_can_be_filtered_filled_in_and_printed() -> None:
    sheet = opened(idea(1, source=source(simulated=True)), idea(2))["Decide"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:R3"
    listed, dated = sheet.data_validations.dataValidation
    assert listed.formula1.strip('"').split(",") == [status.words.capitalize() for status in UseCaseStatus]
    assert (str(listed.sqref), str(dated.sqref), dated.type) == ("L2:L3", "O2:O3", "date")
    assert sheet.column_dimensions["S"].hidden
    assert sheet["B2"].alignment.wrap_text
    setup = sheet.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToHeight) == ("landscape", 9, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert sheet.oddHeader.right.text == "SIMULATED"


def test_documents_and_technical_sheets() -> None:
    kept = [{"candidate_uid": "2.1.1-UC01", "title": "Idea 1", "cost_usd": Decimal("0.00123"), "answered_at": MADE_AT, "simulated": False}]
    workbook = opened(idea(1), candidates=kept, documents=[])
    assert workbook.sheetnames == ["Decide", "Processes", "candidates", "documents"]
    documents = rows(workbook["Processes"])
    assert [row["Code"] for row in documents] == ["2.1.1", "2.1.2"]
    assert (documents[0]["Level 1"], documents[0]["Level 2"]) == ("2 Repair", "2.1 Run the workshop")
    assert documents[0]["In brief"].startswith("Takes in bicycles and notes what is wrong.")
    assert (documents[0]["Use cases"], documents[0]["Quality"]) == (1, 83)
    assert rows(workbook["candidates"])[0]["cost_usd"] == 0.00123


def test_no_cell_is_computed_or_too_long() -> None:
    bad = [HOSTILE, "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "\t=1", "x" * 40_000]
    workbook = opened(
        *(
            idea(number, title=text, process=text, texts={"Impact": text}, decided=Decided(owner=text, tags=(text,)))
            for number, text in enumerate(bad)
        )
    )
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert all(len(str(cell.value)) <= MAX_CELL_CHARACTERS for cell in cells)
    assert any(str(cell.value).endswith("… (cut off)") for cell in cells)


def test_a_cell_is_the_same_whatever_program_saved_it() -> None:
    texts = {
        None: "",
        " a \r\n b  ": "a\n b",
        "'=1": "=1",
        "'quoted'": "'quoted'",
        12.0: "12",
        date(2027, 1, 31): "2027-01-31",
        "x_x000D_\ny": "x\ny",
    }
    assert {value: cell_text(value) for value in texts} == texts
    assert in_cells(DECIDED)["reason"] == "=1+1"
    assert digests(DECIDED) != digests(Decided())


def test_parquet_keeps_types() -> None:
    file = io.BytesIO()
    kept = [
        {
            "uid": "a",
            "cost_usd": Decimal("0.00123"),
            "answered_at": MADE_AT,
            "simulated": True,
            "level": 3,
            "fields": {"a": [1]},
            "none": None,
        }
    ]
    write_parquet(file, [*kept, {**kept[0], "level": None, "cost_usd": Decimal("12.5")}])
    frame = pandas.read_parquet(file)
    assert frame["answered_at"][0] == MADE_AT
    assert list(frame["cost_usd"]) == [Decimal("0.00123"), Decimal("12.5")]
    assert (frame["level"][0], frame["simulated"][0], frame["fields"][0]) == (3, True, '{"a": [1]}')
    empty = io.BytesIO()
    write_parquet(empty, [])
    assert pandas.read_parquet(empty).empty
