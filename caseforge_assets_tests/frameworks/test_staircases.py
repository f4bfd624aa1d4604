"""Columns that say together what one says elsewhere: codes by level, names that move to the right, texts of each level."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from openpyxl import Workbook

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.files import workbook
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
SHOP = ["1 Sell", "  1.1 Win", "    1.1.1 Ask", "2 Buy"]


@pytest.mark.parametrize(
    "table",
    [
        "Level 1,Level 2,Level 3,Name\n1,,,Sell\n,1.1,,Win\n,,1.1.1,Ask\n2,,,Buy\n",
        "Level 1,Level 2,Level 3,Name\n1,,,Sell\n1,1.1,,Win\n1,1.1,1.1.1,Ask\n2,,,Buy\n",
        "L1,L2,L3,Process Name\n1,0,0,Sell\n1,1,0,Win\n1,1,1,Ask\n2,0,0,Buy\n",
        "Ebene 1,Ebene 2,Ebene 3,Bezeichnung\n1,,,Sell\n1,1,,Win\n1,1,1,Ask\n2,,,Buy\n",
        "Area,Field,Topic,Title\n1,,,Sell\n,1.1,,Win\n,,1.1.1,Ask\n2,,,Buy\n",
        "Process,,,Description\nSell,,,d\n,Win,,d\n,,Ask,d\nBuy,,,d\n",
        "Code,Process,,\n1,Sell,,\n1.1,,Win,\n1.1.1,,,Ask\n2,Buy,,\n",
    ],
)
def test_codes_and_names_in_steps(read: Read, table: str) -> None:
    assert outline(read(table)) == SHOP


def test_groups_of_occupations_with_a_column_for_each_level_of_codes(read: Read) -> None:
    header = ("Major Group", "Minor Group", "Broad Occupation", "Detailed Occupation", "Title")
    rows = [
        ("11-0000", "", "", "", "Managing"),
        ("", "11-1000", "", "", "Leading"),
        ("", "", "11-1010", "", "Chiefs"),
        ("", "", "", "11-1011", "Chief"),
    ]
    result = read(workbook({"Codes": [header, *rows, ("13-0000", "", "", "", "Business")]}), "a.xlsx")
    assert outline(result) == ["11-0000 Managing", "  11-1000 Leading", "    11-1010 Chiefs", "      11-1011 Chief", "13-0000 Business"]


@pytest.mark.parametrize(
    "table",
    [
        "Name,Priority,Effort\nSell,1,\nBuy,,2\nMake,3,\n",
        "Name,2023,2024\nSell,10,\nBuy,,20\nMake,30,\n",
        "Name,,Text\nSell,ask Ann,d\nBuy,,d\nMake,,d\n",
    ],
)
def test_other_columns_that_are_filled_by_turns_are_no_levels(read: Read, table: str) -> None:
    assert outline(read(table)) == ["1 Sell", "2 Buy", "3 Make"]


def test_level_columns_of_numbers_that_give_no_codes_are_refused(read: Read) -> None:
    message = only_problem(read("L1,L2,Name\n1,1,Sell\n1,1,Win\n2,1,Buy\n"))
    assert 'The columns "L1", "L2" hold numbers, not names, and do not give each row a code of its own.' in message


@pytest.mark.parametrize(
    "header",
    ["Capability Level 1,Capability Level 2", "Process L1,Process L2", "Level 1 Capability,Level 2 Capability", "1st Level,2nd level", "Level One,Level Two", "Erste Ebene,Zweite Ebene", "Level I,Level II"],
)  # fmt: skip
def test_levels_among_other_words(read: Read, header: str) -> None:
    assert outline(read(f"{header},Definition\nSell,Win,d\nSell,Keep,d\n")) == ["1 Sell", "  1.1 Win", "  1.2 Keep"]


def test_codes_and_texts_of_each_level(read: Read) -> None:
    texts = read("Level 1,Level 1 Description,Level 2,Level 2 Description\nSell,selling,Win,winning\nSell,selling,Keep,keeping\n")
    assert texts.edition is not None
    assert [(node.name, node.description) for node in texts.edition.nodes] == [("Sell", "selling"), ("Win", "winning"), ("Keep", "keeping")]
    assert texts.warnings == ()
    framed = read("Capability L1 ID,Capability L1 Name,Capability L2 ID,Capability L2 Name\nS,Sell,S1,Win\nS,Sell,S2,Keep\n")
    assert outline(framed) == ["S Sell", "  S1 Win", "  S2 Keep"]


@pytest.mark.parametrize("nothing", ["-", "–", "n/a", "N/A", "none", "entfällt"])
def test_what_people_write_for_nothing_is_no_level(read: Read, nothing: str) -> None:
    assert outline(read(f"Level 1,Level 2,Level 3\nSell,Win,Ask\nBuy,{nothing},{nothing}\n")) == [
        "1 Sell",
        "  1.1 Win",
        "    1.1.1 Ask",
        "2 Buy",
    ]


def test_levels_of_something_else_beside_names_are_asked_for(read: Read) -> None:
    table = "Name,Level 1,Level 2\nSell,ad hoc,defined\nBuy,ad hoc,measured\n"
    message = only_problem(read(table))
    assert message.endswith('Say which are: --map name="Name", or --map level1="Level 1" --map level2="Level 2".')
    assert outline(read(table, columns={"name": "Name"})) == ["1 Sell", "2 Buy"]
    assert outline(read(table, columns={"level1": "Level 1", "level2": "Level 2"})) == ["1 ad hoc", "  1.1 defined", "  1.2 measured"]


def test_rows_that_are_grouped_in_a_workbook(read: Read) -> None:
    rows = [("Name", "Description"), *((name, "d") for name in ("Sell", "Win", "Ask", "Keep"))]

    def grouped(*levels: int, below: bool = False) -> bytes:
        def change(book: Workbook) -> None:
            sheet = book.worksheets[0]
            sheet.sheet_properties.outlinePr.summaryBelow = not below
            for row, level in enumerate(levels, 2):
                sheet.row_dimensions[row].outlineLevel = level

        return workbook({"P": rows}, change)

    tree = ["1 Sell", "  1.1 Win", "    1.1.1 Ask", "  1.2 Keep"]
    assert outline(read(grouped(0, 1, 2, 1), "a.xlsx")) == tree
    assert outline(read(grouped(0, 1, 1, 0, below=True), "a.xlsx"))[1:] == ["  1.1 Win", "  1.2 Ask", "2 Keep"]
    either = read(grouped(0, 1, 1, 0), "a.xlsx")
    assert outline(either) == ["1 Sell", "2 Win", "3 Ask", "4 Keep"]
    assert "Rows are grouped." in "".join(warning.message for warning in either.warnings)
    assert outline(read(grouped(0, 1, 1, 0), "a.xlsx", hierarchy="indent"))[1:] == ["  1.1 Win", "  1.2 Ask", "2 Keep"]
