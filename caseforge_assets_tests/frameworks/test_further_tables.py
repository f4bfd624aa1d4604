"""Habits of people and programs around codes, parents, headers and rows: read where there is one reading, refused with the cause alone where there is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.files import workbook
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
SHOP = ["1 Sell", "  1.1 Win", "  1.2 Keep"]


def warned(result: ReadResult) -> str:
    return "\n".join(warning.message for warning in result.warnings)


@pytest.mark.parametrize(
    "codes",
    [
        ("'1", "'1.1", "'1.2"),
        ('="1"', '="1.1"', '="1.2"'),
        ("(1)", "(1.1)", "[1.2]"),
        ("1)", "1.1)", "1.2:"),
        ("1.", "1. 1", "1 . 2."),
        ("１", "１．１", "１．２"),
        ("1", "1,1", "1,2"),
        ("1", "1:1", "1:2"),
    ],
)
def test_codes_with_something_around_them(read: Read, codes: tuple[str, str, str]) -> None:
    assert (
        outline(read("code;name\n" + "".join(f"{code};{name}\n" for code, name in zip(codes, ("Sell", "Win", "Keep"), strict=True))))
        == SHOP
    )


def test_another_sign_for_dots_is_said_and_is_one_everywhere(read: Read) -> None:
    assert '"," where others have dots; 1,1 is read as 1.1' in warned(read("code;name\n1;Sell\n1,1;Win\n1,2;Keep\n"))
    assert outline(read("code;name;parent\n1;Sell;\n1,1;Win;1\n1,2;Keep;1\n1,2,1;Ask;1,2\n"))[-1] == "    1.2.1 Ask"
    assert "is not a code" in read("code;name\n1;Sell\n1,1;Win\n1.2;Keep\n").problems[0].message


def test_numbers_that_continue_nothing_have_one_cause(read: Read) -> None:
    rows = [("Code", "Title"), ("A", "Farm"), (1, "Crops"), (1.1, "Short"), (1.11, "Cereals"), (1.12, "Rice"), (2.1, "Wood")]
    message = only_problem(read(workbook({"N": rows}), "a.xlsx"))
    assert (
        "2 codes are kept as the numbers 1.11, 1.12, for which 1.1 and 1.10 are the same, and they do not continue the codes above."
        in message
    )


SECTIONS = "A,Farm\n01,Crops\n{0},Short\n02,Wood\nB,Mine\n05,Coal\n"


@pytest.mark.parametrize("below", ["01.1", "011"])
def test_numbers_stand_below_the_letter_above_them(read: Read, below: str) -> None:
    more = "" if "." in below else "012,Long\n013,Cut\n"
    result = read("code,name\n" + SECTIONS.format(below).replace("02,", f"{more}02,", 1))
    assert [line for line in outline(result) if "Long" not in line and "Cut" not in line] == [
        "A Farm",
        "  01 Crops",
        f"    {below} Short",
        "  02 Wood",
        "B Mine",
        "  05 Coal",
    ]


@pytest.mark.parametrize(
    "rows", ["B,Mine\n01,Crops\nA,Farm\n05,Coal\n", "A,Farm\nB,Mine\n01,Crops\n05,Coal\n", "A,Farm\n01,Crops\nB,Mine\n"]
)
def test_letters_and_numbers_in_another_order_are_not_guessed(read: Read, rows: str) -> None:
    assert all(not line.startswith(" ") for line in outline(read(f"code,name\n{rows}")))


@pytest.mark.parametrize("parent", ["1 Sell", "1 - Sell", "Sell (1)", "[1] Sell", "SELL", "Sell (https://wiki.example/Sell-789)"])
def test_parents_called_by_code_and_name(read: Read, parent: str) -> None:
    assert outline(read(f"code,name,parent\n1,Sell,\n7,Win,{parent}\n")) == ["1 Sell", "  7 Win"]
    assert outline(read("code,name,parent\nA1,Sell,\nB2,Win,a1\n")) == ["A1 Sell", "  B2 Win"]


def test_a_parent_that_may_be_several_is_not_called_missing(read: Read) -> None:
    message = only_problem(read("name,parent\nSell,\nBuy,\nReport,Sell\nReport,Buy\nDaily,Report\n"))
    assert 'The parent "Report" may be any of several: rows 4-5 are called so.' in message


def test_a_refused_table_says_the_cause_alone(read: Read) -> None:
    assert read("code,name\n1,Sell\n1,Win\n").warnings == ()


def test_levels_that_skip_one_or_stand_upside_down_are_refused(read: Read) -> None:
    message = only_problem(read("level,name\n1,Sell\n3,Win\n1,Buy\n2,Order\n"))
    assert message.endswith('If the column has something else than levels of the hierarchy, --map level="" leaves it out.')
    assert outline(read("level,name\n1,Sell\n3,Win\n1,Buy\n2,Order\n", columns={"level": ""}))[1] == "2 Win"
    assert read("level,name\n3,Ask\n2,Win\n1,Sell\n").problems[0].row == 2


def test_levels_that_say_otherwise_than_the_rest_are_warned_of(read: Read) -> None:
    assert "other levels than the rest of the table at 1 process (row 4)" in warned(read("code,name,level\n1,A,1\n1.1,B,2\n1.1.1,C,2\n"))
    assert "other levels" in warned(read("code,name,level,parent\n1,A,1,\n2,B,2,1\n3,C,3,1\n"))
    assert "other levels" not in warned(read("code,name,level\n1,A,1\n1.1,B,2\n1.1.1,C,3\n"))


def test_names_of_which_most_have_codes_are_warned_of(read: Read) -> None:
    result = read("name\n1 Sell\n1.1 Win\n1.2 Keep\nWithdrawn\n")
    assert outline(result)[0] == "1 1 Sell"
    assert 'Most names begin with a code, as "1", but not "Withdrawn" (row 5)' in warned(result)


def test_text_as_excel_saves_unicode(read: Read) -> None:
    table = "Code\tName\tBeschreibung\r\n1\tSell\tPrüfen\r\n1.1\tWin\td\r\n1.2\tKeep\td\r\n"
    assert outline(read(table.encode("utf-16"), "a.txt")) == SHOP
    assert outline(read(b"\xfe\xff" + table.encode("utf-16-be"), "a.txt")) == SHOP


@pytest.mark.parametrize("header", ["code,Title EN,Definition EN", "code,Name (de),Beschreibung (de)", "code,name_en,description_en", "ISCO-08 code,Title,Definition"])  # fmt: skip
def test_headers_with_a_language_or_a_classification(read: Read, header: str) -> None:
    result = read(f"{header}\n1,Sell,d\n1.1,Win,d\n1.2,Keep,d\n")
    assert outline(result) == SHOP
    assert result.warnings == ()


def test_the_second_of_two_header_rows_is_the_header(read: Read) -> None:
    rows = [("Process", None, "Owner"), ("Code", "Name", "Person"), ("1", "Sell", "Ann"), ("1.1", "Win", "Bob"), ("1.2", "Keep", "Bob")]
    assert outline(read(workbook({"P": rows}), "a.xlsx")) == SHOP


def test_other_sheets_with_the_same_columns_are_warned_of(read: Read) -> None:
    sheets = {
        "Sell": [("Code", "Name"), ("1", "Sell"), ("1.1", "Win"), ("1.2", "Keep")],
        "Buy": [("Code", "Name"), ("2", "Buy")],
        "Owners": [("Name",), ("Ann",)],
    }
    result = read(workbook(sheets), "a.xlsx")
    assert outline(result) == SHOP
    assert 'Another sheet has the same columns: "Buy". Only this one is read' in warned(result)


def test_headers_repeated_with_an_addition_and_notes_set_apart_are_skipped(read: Read) -> None:
    result = read("code,name,description\n1,Sell,d\nCODE,Name,Description (continued)\n1.1,Win,d\n1.2,Keep,d\n")
    assert outline(result) == SHOP
    assert "The header is repeated once (row 3)" in warned(result)
    apart = read("name,description\nSell,d\nWin,d\n\nConfidential,\n")
    assert outline(apart) == ["1 Sell", "2 Win"]
    assert 'The row "Confidential" stands below the table' in warned(apart)


def test_an_empty_column_of_codes_is_none(read: Read) -> None:
    assert outline(read("code,name\n,1 Sell\n,1.1 Win\n,1.2 Keep\n")) == SHOP


def test_tables_without_a_header_are_told_so(read: Read) -> None:
    assert "No row names the columns" in only_problem(read("1,Sell,d\n1.1,Win,d\n"))
    assert 'Only one column was found, and it begins with "Sell".' in only_problem(read("Sell\n  Win\n", "a.txt"))


def test_a_column_of_beginnings_that_is_not_called_codes_is_asked_for(read: Read) -> None:
    rows = "".join(f"{code},Name {code}\n" for code in ("1", "11", "111", "12", "2", "21", "211"))
    message = only_problem(read(f"Klass,Title\n{rows}"))
    assert 'The column "Klass" looks like the codes, but is not called so. Say that it is: --map code="Klass".' in message


def test_columns_for_each_level_are_proposed_where_names_repeat_themselves(read: Read) -> None:
    message = only_problem(read("Theme,Ability,Purpose\nSell,Win,d\nSell,Keep,d\nBuy,Order,d\n"))
    assert message.endswith('If each level has a column of its own: --map level1="Theme" --map level2="Ability".')
