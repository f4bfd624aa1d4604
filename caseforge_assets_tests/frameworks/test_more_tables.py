"""More members of the kinds of tables that people have: read as they are meant, or refused with what helps."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from datetime import UTC

import pytest

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.files import workbook
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
HEADER = "code,name,description\n"


@pytest.mark.parametrize(
    "dates",
    [("01.01.26", "02.01.26"), ("1/1", "1/2"), ("01.sty", "02.lut"), ("01.янв", "02.фев"), ("1月1日", "1月2日"), ("1-Oca", "1-Şub")],
)
def test_more_dates_in_place_of_codes_are_named_as_such(read: Read, dates: tuple[str, str]) -> None:
    message = only_problem(read(f"{HEADER}1,Sell,d\n{dates[0]},Win,d\n{dates[1]},Keep,d\n"))
    assert f'2 codes look like dates ("{dates[0]}", "{dates[1]}")' in message
    assert outline(read(f"{HEADER}01,A,d\n01.01,B,d\n01.01.26,C,d\n")) == ["01 A", "  01.01 B", "    01.01.26 C"]


def test_numbers_of_days_in_place_of_codes_are_named_as_such(read: Read) -> None:
    message = only_problem(read(f"{HEADER}1,Sell,d\n45292,Win,d\n45293,Keep,d\n1.3,Call,d\n1.4,Ask,d\n2.1.1,Deep,d\n1.5,More,d\n"))
    assert '2 codes look like dates ("45292", "45293")' in message
    assert outline(read(f"{HEADER}44511,A,d\n44512,B,d\n")) == ["44511 A", "44512 B"]
    assert outline(read(f"{HEADER}45292,A,d\n45292.1,B,d\n")) == ["45292 A", "  45292.1 B"]


def test_a_code_that_stands_twice_may_be_the_one_that_is_missing(read: Read) -> None:
    assert only_problem(read(f"{HEADER}1,Sell,d\n1,Keep,d\n2.1,Call,d\n")).endswith(
        'The code "1" stands in row 2 already. Every code may be used once; was 1.10 shortened to 1.1?'
    )
    other = read(f"{HEADER}1,Sell,d\n1.1,Win,d\n1.1,Keep,d\n2.1,Call,d\n")
    assert ['The code "1.1" stands' in other.problems[0].message, 'The parent "2" is not' in other.problems[1].message] == [True, True]


def test_numbers_of_parts_beside_plain_ones_are_a_hierarchy(read: Read) -> None:
    assert only_problem(read(f"{HEADER}1,Sell,d\n2.1,Call,d\n")).endswith('The parent "2" is not in the file.')


def test_letters_before_a_number_are_the_parent(read: Read) -> None:
    assert outline(read(f"{HEADER}EDM,Govern,d\nEDM01,Set up,d\nEDM01.01,Look,d\n")) == [
        "EDM Govern",
        "  EDM01 Set up",
        "    EDM01.01 Look",
    ]
    assert outline(read(f"{HEADER}A,Farm,d\nA01,Crops,d\nA01.1,Rice,d\nB,Mine,d\n")) == [
        "A Farm",
        "  A01 Crops",
        "    A01.1 Rice",
        "B Mine",
    ]


def test_sections_that_nothing_is_below_are_warned_of(read: Read) -> None:
    result = read(f"{HEADER}A,Farm,d\nB,Mine,d\n01,Crops,d\n01.1,Rice,d\n05,Coal,d\n")
    assert "Nothing is below A, B, and 2 numbers are on the top level" in "".join(warning.message for warning in result.warnings)


@pytest.mark.parametrize("header", ["idParent", "fatherId", "id_of_parent", "code of parent", "motherCode"])
def test_more_words_for_parents(read: Read, header: str) -> None:
    assert outline(read(f"id,name,description,{header}\n10,Sell,d,\n20,Win,d,10\n")) == ["10 Sell", "  20 Win"]


@pytest.mark.parametrize(("code", "name"), [("ID Number", "Element"), ("Lfd. Nr.", "Node"), ("serial number", "Item")])
def test_more_words_for_codes_and_names(read: Read, code: str, name: str) -> None:
    assert outline(read(f"{code},{name},description\n1,Sell,d\n1.1,Win,d\n")) == ["1 Sell", "  1.1 Win"]


def test_levels_in_other_languages(read: Read) -> None:
    for word in ("Niveau", "Nivel", "Livello"):
        assert outline(read(f"{word} 1,{word} 2,Description\nSell,Win,d\nSell,Keep,d\n")) == ["1 Sell", "  1.1 Win", "  1.2 Keep"]


def test_the_delimiter_is_the_one_that_most_rows_agree_on(read: Read) -> None:
    message = only_problem(read("kod;nazwa;opis\n1;A, B, C;b, c, d, e\n1.1;C;d\n"))
    assert 'Columns found: "kod", "nazwa", "opis".' in message
    assert '--map name="nazwa"' in message


@pytest.mark.parametrize("header", ["code^name^text", "code:name:text", "code name text"])
def test_another_delimiter_is_named_as_the_cause(read: Read, header: str) -> None:
    message = only_problem(read(f"{header}\n1{header[4]}Sell{header[4]}d\n"))
    assert f'Only one column was found: "{header}". Separate the cells by commas, semicolons, tabs or upright strokes.' in message


def test_a_column_of_unknown_name_is_proposed_before_the_descriptions(read: Read) -> None:
    message = only_problem(read("code,nazwa,description\n1,Sprzedaż,d\n1.1,Oferta,d\n"))
    assert message.endswith('Say which it is: --map name="nazwa".')


@pytest.mark.parametrize("footer", ["Total,2,", "Grand total,2,", "Summe,2 ,"])
def test_a_row_of_totals_is_no_process(read: Read, footer: str) -> None:
    result = read(f"{HEADER}1,Sell,d\n1.1,Win,d\n{footer}\n")
    assert outline(result) == ["1 Sell", "  1.1 Win"]
    assert "stands below the table and is no process" in "".join(warning.message for warning in result.warnings)


def test_objects_by_their_codes_are_read(read: Read) -> None:
    by_code = {"1": {"name": "Sell", "description": "d"}, "1.1": {"name": "Win", "description": "d"}}
    assert outline(read(json.dumps(by_code), "a.json")) == ["1 Sell", "  1.1 Win"]


def test_a_key_twice_in_json_is_read_only_where_it_has_one_reading(read: Read) -> None:
    same = '[{"code": "1", "name": "Sell", "name": "Sell"}, {"code": "1.1", "name": "Win"}]'
    assert outline(read(same, "a.json")) == ["1 Sell", "  1.1 Win"]
    message = only_problem(read(same.replace('"Sell", ', '"Keep", ', 1), "a.json"))
    assert message.removeprefix("a.json: ").startswith(
        'The object with code: "1", name: "Keep", name: "Sell" has the key "name" more than once, with different values.'
    )
    lines = read('{"code": "1", "name": "Sell"}\n{"code": "1.1", "code": "1.2", "name": "Win"}\n', "a.jsonl")
    assert [(problem.row, "more than once" in problem.message) for problem in lines.problems] == [(2, True)]
    children = '[{"code": "1", "name": "A", "children": [{"code": "1.1", "name": "B"}], "children": [{"code": "1.2", "name": "C"}]}]'
    assert 'has the key "children" more than once' in only_problem(read(children, "a.json"))


def test_cells_of_dates_in_place_of_codes_have_one_cause(read: Read) -> None:
    rows = [(datetime.datetime(2026, 1, day, tzinfo=UTC).replace(tzinfo=None), f"Name {day}") for day in range(1, 9)]
    message = only_problem(read(workbook({"N": [("Code", "Name"), ("1", "Sell"), *rows]}), "a.xlsx"))
    assert '8 codes look like dates ("2026-01-01", "2026-01-02", "2026-01-03", …), into which Excel may have turned them' in message


NACE = (
    "Order;Level;Code;Parent;Description;This item includes;This item also includes;Rulings\n"
    "1;1;A;;AGRICULTURE;Plants and animals, also where they are only kept.;;\n2;2;01;A;Crops;All of them.;;\n3;3;01.1;01;Cereals;Wheat and rye.;Rice;\n"
)


def test_a_classification_with_what_its_items_include(read: Read) -> None:
    assert only_problem(read(NACE)).endswith('Say which it is: --map name="Description".')
    result = read(NACE, columns={"name": "Description"})
    assert outline(result) == ["A AGRICULTURE", "  01 Crops", "    01.1 Cereals"]
    assert result.edition is not None
    assert [node.description for node in result.edition.nodes][1:] == ["All of them.", "Wheat and rye."]


def test_digits_behind_a_dot_are_levels_where_they_do_not_count(read: Read) -> None:
    nace = "01,Crops\n01.1,Short\n01.11,Cereals\n01.12,Rice\n01.2,Long\n01.21,Grapes\n"
    assert outline(read(f"code,name\n{nace}")) == [
        "01 Crops",
        "  01.1 Short",
        "    01.11 Cereals",
        "    01.12 Rice",
        "  01.2 Long",
        "    01.21 Grapes",
    ]
    assert outline(read(f"code,name\n{nace}", hierarchy="dotted"))[3] == "  01.12 Rice"
    counted_on = "1,Sell\n" + "".join(f"1.{number},Name {number}\n" for number in range(1, 14))
    assert outline(read(f"code,name\n{counted_on}"))[-1] == "  1.13 Name 13"
    by_text = "1,Sell\n" + "".join(f"1.{number},Name {number}\n" for number in sorted(map(str, range(1, 14))))
    assert outline(read(f"code,name\n{by_text}"))[3] == "  1.11 Name 11"


def test_the_mark_of_a_footnote_behind_many_names_is_left_out(read: Read) -> None:
    result = read("Code,Title\n11,Farming and WoodsT\n111,Crop Work T\n1111,Oil (not all)T\n31-33,Making Things\n311,Food\n")
    assert outline(result) == ["11 Farming and Woods", "  111 Crop Work", "    1111 Oil (not all)", "31-33 Making Things", "  311 Food"]
    assert '3 names end with "T", as with the mark of a footnote; it is left out.' in "".join(
        warning.message for warning in result.warnings
    )
    names = "1,Plan A\n2,Plan B\n3,Vitamin C\n4,Type T\n5,Group T\n"
    assert outline(read(f"code,name\n{names}"))[3:] == ["4 Type T", "5 Group T"]


@pytest.mark.parametrize("mark", [".", "-", ">", "*", "•", "..", "+ "])
def test_marks_before_names_say_how_deep_they_lie(read: Read, mark: str) -> None:
    table = f"Process\nSell\n{mark}Win\n{mark}{mark}Ask\n{mark}Keep\nBuy\n"
    assert outline(read(table)) == ["1 Sell", "  1.1 Win", "    1.1.1 Ask", "  1.2 Keep", "2 Buy"]


def test_only_texts_are_proposed_as_descriptions(read: Read) -> None:
    warnings = "".join(warning.message for warning in read("Seq. No.,code,name,colour\n1,1,Sell,red\n2,1.1,Win,blue\n").warnings)
    assert "There is no column of descriptions; names alone say what the processes are." in warnings
    assert "--map description" not in warnings
    longer = read("code,name,Remarks of ours\n1,Sell,What is sold to others\n1.1,Win,How others are won\n").warnings
    assert '--map description="Remarks of ours"' in "".join(warning.message for warning in longer)
