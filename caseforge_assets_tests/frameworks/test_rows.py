"""Rows that are processes are told from others, cells from what is none, and nodes are the same by what they say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.files import workbook
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
TREE = ["1 Sales", "  1.1 Win", "  1.2 Take orders"]
TABLE = "code,name,description\n1,Sales,\n1.1,Win,Finds\n1.2,Take orders,Takes\n"


@pytest.mark.parametrize(
    "footer",
    [
        "Source: Process office 2026,,\n",
        "\nSource: Process office 2026,,\n",
        ",,\n,Stand: 12.01.2026,\n",
        "© 2026 Process office,,\n",
        ",,\nDraft of the working group,,\nnot for sale,,\n",
        "\n,,Printed by Eve\n",
        "Total,,2\n",
    ],
)
def test_notes_below_the_table_are_skipped_with_a_warning(read: Read, footer: str) -> None:
    result = read(TABLE + footer)
    assert outline(result) == TREE
    assert [warning.message for warning in result.warnings if "stands below the table and is no process; it is skipped" in warning.message]


def test_a_last_row_that_lacks_its_code_is_not_a_note(read: Read) -> None:
    assert "Every process needs a code" in only_problem(read(f"{TABLE},Keep,Keeps\n"))
    assert "Every process needs a code" in only_problem(read(f"{TABLE},Keep,\n"))


def test_headers_that_are_repeated_are_skipped_with_a_warning(read: Read) -> None:
    result = read("code,name,description\n1,Sales,\n1.1,Win,Finds\nCode,Name,Description\n1.2,Take orders,Takes\ncode,name,description\n")
    assert outline(result) == TREE
    assert [warning.message for warning in result.warnings if warning.row == 4] == [
        "a.csv, row 4: The header is repeated 2 times (rows 4, 6); this is skipped."
    ]


def test_rows_with_more_cells_than_headers_are_refused_once_with_their_numbers(read: Read) -> None:
    rows = "1,a,Sell, Finds, wins, keeps\n1.1,b,Win,x\n1.2,c,Keep,y, z\n1.3,d,Call,w,,,\n"
    message = only_problem(read(f"code,id,name,description\n{rows}"))
    assert message == (
        "a.csv, row 2: The row has 6 cells, the header 4. So it is in 1 more (row 4). "
        "A text that has the delimiter in it has to stand in quotation marks."
    )


def test_notes_beside_a_table_in_excel_do_no_harm(read: Read) -> None:
    rows = [("Code", "Name"), ("1", "Sales", None, "ask Eve"), ("1.1", "Win")]
    assert outline(read(workbook({"P": rows}), "a.xlsx")) == ["1 Sales", "  1.1 Win"]


@pytest.mark.parametrize(
    "date",
    [
        "01.Jan",
        "1-Jan",
        "Nov-12",
        "01. Mrz",
        "2-Mär",
        "Jan 01",
        "1. Okt",
        "Dez 12",
        "2001-01-01",
        "2001-01-01 00:00:00",
        "01.01.2001",
        "1/2/2003",
        "02-janv.",
        "ene-01",
    ],
)
def test_codes_that_became_dates_are_refused_with_the_reason(read: Read, date: str) -> None:
    message = only_problem(read(f"code,name,description\n1,Sell,x\n1.3,Win,x\n{date},Keep,x\n"))
    assert f'row 4, column "code": The code "{date}" looks like a date, into which Excel may have turned it' in message


def test_many_dates_have_one_cause(read: Read) -> None:
    message = only_problem(read("code,name\n1,Sell\n" + "".join(f"0{number}.Jan,N{number}\n" for number in range(1, 9)) + "1.1.1,Deep\n"))
    assert '8 codes look like dates ("01.Jan", "02.Jan", "03.Jan", …)' in message


@pytest.mark.parametrize("code", ["MAR-1", "SEP-01", "DEC-12", "1.2.3", "2001", "A-2001", "jan", "1.1.20", "2024.1"])
def test_codes_that_are_no_dates(read: Read, code: str) -> None:
    result = read(f"code,name\n{code},Sell\n", hierarchy="prefix")
    assert outline(result) == [f"{code} Sell"]


def test_a_year_is_a_step_where_the_steps_above_it_are_there(read: Read) -> None:
    assert outline(read("code,name\n1,A\n1.1,B\n1.1.2001,C\n"))[2] == "    1.1.2001 C"


def test_dots_behind_codes_are_left_away(read: Read) -> None:
    assert outline(read("code,name,parent\n1.,Sales,\n1.1.,Win,1.\n1.2.,Take orders,1\n")) == TREE
    assert outline(read("code,name\n1.,Sales\n1.1.,Win\n1.2.,Take orders\n")) == TREE


INVISIBLE = ["\u200e", "\u200f", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u180e", "\u034f", "\u2063", "\u206a"]


@pytest.mark.parametrize("mark", INVISIBLE, ids=[f"U+{ord(mark):04X}" for mark in INVISIBLE])
def test_what_cannot_be_seen_makes_no_difference(read: Read, mark: str) -> None:
    plain = read("code,id,name,parent\n1,a,Sell é,\n1.1,,Win,1\n").edition
    marked = read(f"code,id,name,parent\n1{mark},{mark}a,Se{mark}ll é{mark},\n{mark}1.1,,W{mark}in,1{mark}\n").edition
    assert plain is not None
    assert marked is not None
    assert marked.nodes == plain.nodes


@pytest.mark.parametrize("mark", ["\u200c", "\u200d", "\ufe0f", "\u3164", "\U000e0020"])
def test_what_shapes_letters_stays_but_makes_no_other_node(read: Read, mark: str) -> None:
    plain, marked = (read(f"code,name\n1,S{sign}ell\n1.1,Win\n").edition for sign in ("", mark))
    assert plain is not None
    assert marked is not None
    assert [node.identity for node in marked.nodes] == [node.identity for node in plain.nodes]
    assert mark in marked.nodes[0].name


def test_an_only_child_may_be_called_like_its_parent(read: Read) -> None:
    result = read("code,name\n1,Repair\n1.1,Repair\n2,Sell\n2.1,Win\n2.2,Keep\n")
    assert outline(result)[:2] == ["1 Repair", "  1.1 Repair"]
    assert any(
        "1 process is the only one below another of the same name (row 3); both are read" in warning.message for warning in result.warnings
    )


def test_the_same_fault_in_many_rows_is_said_once(read: Read) -> None:
    rows = "".join(f"{number},\n" for number in range(1, 40))
    message = only_problem(read(f"code,name\n{rows}"))
    assert message == 'a.csv, row 2, column "name": The cell is empty. Every process needs a name. So it is in 39 rows (rows 2-40).'


def test_a_table_of_markdown(read: Read) -> None:
    assert outline(read("| code | name |\n|------|:-----|\n| 1 | Sales |\n| 1.1 | Win |\n| 1.2 | Take orders |\n", "a.txt")) == TREE
