"""Hierarchies are recognized where they are plain, said by a person where they are not, refused where they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openpyxl.styles import Alignment

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.files import workbook
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
SHOP = ["1 Sales", "  1.1 Win", "    1.1.1 Advertise", "    1.1.2 Visit", "2 Service", "  2.1 Repair"]


def hierarchy_said(result: ReadResult) -> str:
    assert result.edition is not None
    return next((text.split(":")[0] for text in result.edition.reading if text.startswith("Hierarchy")), "")


FILLED_DOWN = "Sales,Win,Advertise,Places ads.\nSales,Win,Visit,Goes.\nService,Repair,,Repairs.\n"
OUTLINE = "Sales,,,\n,Win,,\n,,Advertise,Places ads.\n,,Visit,Goes.\nService,,,\n,Repair,,Repairs.\n"
FIRST_ONLY = "Sales,Win,Advertise,Places ads.\n,,Visit,Goes.\nService,Repair,,Repairs.\n"


@pytest.mark.parametrize("rows", [FILLED_DOWN, OUTLINE, FIRST_ONLY], ids=["filled down", "outline", "first only"])
@pytest.mark.parametrize(
    "header",
    [
        "Level 1,Level 2,Level 3,Description",
        "L1,L2,L3,Purpose",
        "Ebene 1,Ebene 2,Ebene 3,Beschreibung",
        "Level 1 Name,Level 2 Name,Level 3 Name,Description",
        "Business Area,Business Domain,Service Domain,Role Definition",
        "Hauptprozess,Teilprozess,Prozessschritt,Beschreibung",
        "Category,Process Group,Process,Description",
        "Function,Category,Subcategory,Description",
    ],
)
def test_a_column_for_each_level(read: Read, header: str, rows: str) -> None:
    result = read(f"{header}\n{rows}")
    assert outline(result) == SHOP
    assert hierarchy_said(result) == "Hierarchy levels"
    assert result.edition is not None
    assert [node.description for node in result.edition.nodes if node.is_leaf] == ["Places ads.", "Goes.", "Repairs."]
    assert result.edition.nodes[2].identity == "Sales › Win › Advertise"


def test_levels_of_other_names_are_said(read: Read) -> None:
    table = f"Umbrella,Theme,Topic,Info\n{FILLED_DOWN}"
    assert "--map name=" in only_problem(read(table))
    result = read(table, columns={"level1": "Umbrella", "level2": "Theme", "level3": "Topic", "description": "Info"})
    assert outline(result) == SHOP


def test_levels_with_codes_of_their_own(read: Read) -> None:
    table = "L1 Code,L1 Name,L2 Code,L2 Name\nS,Sales,S-1,Win\nS,Sales,S-2,Keep\nR,Service,R-1,Repair\n"
    assert outline(read(table)) == ["S Sales", "  S-1 Win", "  S-2 Keep", "R Service", "  R-1 Repair"]


def test_codes_of_rows_count_where_every_name_has_a_row(read: Read) -> None:
    table = "Code,Level 1,Level 2,Description\nA,Sales,,\nA.7,,Win,x\nB,Service,,\n"
    assert outline(read(table)) == ["A Sales", "  A.7 Win", "B Service"]
    repeated = read("Code,Level 1,Level 2\nA,Sales,Win\nA,Sales,Keep\n")
    assert outline(repeated) == ["1 Sales", "  1.1 Win", "  1.2 Keep"]
    assert "codes are made from the levels instead" in [warning.message for warning in repeated.warnings][-1]


def test_ids_stay_with_levels(read: Read) -> None:
    result = read(
        "Title,Task ID,Task\nChief,8823,Direct\nChief,8824,Confer\nNurse,100,Care\n", columns={"level1": "Title", "level2": "Task"}
    )
    assert outline(result) == ["1 Chief", "  1.1 Direct", "  1.2 Confer", "2 Nurse", "  2.1 Care"]
    assert result.edition is not None
    assert [node.stable_id for node in result.edition.nodes] == [None, "8823", "8824", None, "100"]


@pytest.mark.parametrize(
    ("rows", "row", "message"),
    [
        ("Sales,,Advertise,x\n", 2, 'Level 2 is empty between "Sales" and "Advertise"'),
        (",Win,,x\n", 2, "begins on level 2, but no row above has a name on level 1"),
        ("Sales,,,\n,,Visit,x\n", 3, "begins on level 3, but no row above has a name on level 2"),
        ("Sales,Win,,x\nSales,Win,,y\n", 3, 'The process "Win" stands under the same parent in row 2 already'),
        ("Sales,,,x\n,,,lost\nService,Repair,,y\n", 3, "has no name on any level"),
    ],
)
def test_levels_that_cannot_be_told_are_refused_with_the_row(read: Read, rows: str, row: int, message: str) -> None:
    result = read(f"Level 1,Level 2,Level 3,Description\n{rows}")
    assert message in only_problem(result)
    assert result.problems[0].row == row


@pytest.mark.parametrize("blanks", ["  ", "    ", "\t", "\u00a0\u00a0"])
def test_indented_names(read: Read, blanks: str) -> None:
    rows = [(0, "Sales"), (1, "Win"), (2, "Advertise"), (2, "Visit"), (0, "Service"), (1, "Repair")]
    result = read("name,description\n" + "".join(f"{blanks * depth}{name},x\n" for depth, name in rows))
    assert outline(result) == SHOP
    assert hierarchy_said(result) == "Hierarchy indent"


def test_names_that_excel_indents(read: Read) -> None:
    names = [(0, "Sales"), (1, "Win"), (2, "Advertise"), (2, "Visit"), (0, "Service"), (1, "Repair")]

    def indent(book: Any) -> None:
        for row, (depth, _) in enumerate(names, 2):
            book["P"].cell(row, 1).alignment = Alignment(indent=depth)

    assert outline(read(workbook({"P": [("Name", "Description"), *((name, "x") for _, name in names)]}, indent), "a.xlsx")) == SHOP


def test_a_slip_of_a_blank_is_no_indentation(read: Read) -> None:
    assert outline(read("name,description\nSell,x\n Win,y\n")) == ["1 Sell", "2 Win"]
    assert outline(read("name,description\nSell,x\n Win,y\n", hierarchy="indent")) == ["1 Sell", "  1.1 Win"]


def test_indentation_that_lines_up_with_nothing_is_refused(read: Read) -> None:
    message = only_problem(read("name,description\nSell,x\n      Win,y\n   Keep,z\n", hierarchy="indent"))
    assert "row 4" in message
    assert "lines up with none further up" in message


NAICS = [
    ("11", "Agriculture"),
    ("111", "Crops"),
    ("1111", "Oilseed"),
    ("11111", "Soybean"),
    ("111110", "Soybean"),
    ("31-33", "Manufacturing"),
    ("311", "Food"),
    ("3111", "Animal Food"),
    ("321", "Wood"),
    ("44-45", "Retail"),
    ("455", "General"),
]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_codes_that_begin_with_their_parents(read: Read, kind: str) -> None:
    header = ("Seq. No.", "2022 NAICS US   Code", "2022 NAICS US Title")
    rows = [header, *((number, code, name) for number, (code, name) in enumerate(NAICS, 1))]
    if kind == "csv":
        result = read("\n".join(",".join(map(str, row)) for row in rows))
    else:
        typed = [(number, int(code) if str(code).isdecimal() else code, name) for number, code, name in rows]
        result = read(workbook({"Codes": typed}), "a.xlsx")
    assert outline(result) == [
        "11 Agriculture",
        "  111 Crops",
        "    1111 Oilseed",
        "      11111 Soybean",
        "        111110 Soybean",
        "31-33 Manufacturing",
        "  311 Food",
        "    3111 Animal Food",
        "  321 Wood",
        "44-45 Retail",
        "  455 General",
    ]
    assert hierarchy_said(result) == "Hierarchy prefix"
    assert "1 process is the only one below another of the same name" in "".join(warning.message for warning in result.warnings)


def test_numbers_that_only_count_on_are_no_beginnings(read: Read) -> None:
    result = read("no,name,description\n" + "".join(f"{number},N{number},x\n" for number in range(1, 131)))
    assert {line[0] for line in outline(result)} != {" "}
    assert all(not line.startswith(" ") for line in outline(result))
    assert "--hierarchy and --map say how" in result.warnings[0].message
    forced = read("no,name,description\n1,A,x\n10,B,x\n2,C,x\n", hierarchy="prefix")
    assert outline(forced) == ["1 A", "  10 B", "2 C"]


def test_a_part_before_a_hyphen_is_a_parent_where_it_is_a_code(read: Read) -> None:
    rows = "GV,Govern\nGV.OC,Context\nGV.OC-01,Mission\nGV.OC-02,Stakeholders\nGV.RM-01,Appetite\n"
    result = read(f"code,name\n{rows}")
    assert "GV.RM-01" not in only_problem(read("code,name\nGV,Govern\nXX.RM-01,Appetite\nGV.1,x\n"))
    assert outline(result)[2:] == ["    GV.OC-01 Mission", "    GV.OC-02 Stakeholders", "  GV.RM-01 Appetite"]


@pytest.mark.parametrize(
    ("levels", "header"),
    [
        ("1,2,3,3,1,2", "Level"),
        ("L1,L2,L3,L3,L1,L2", "Ebene"),
        ("0,1,2,2,0,1", "Depth"),
        ("Level 1,Level 2,Level 3,Level 3,Level 1,Level 2", "Hierarchy Level"),
    ],
)
def test_a_column_of_level_numbers(read: Read, levels: str, header: str) -> None:
    names = ["Sales", "Win", "Advertise", "Visit", "Service", "Repair"]
    result = read(f"{header},name\n" + "".join(f"{level},{name}\n" for level, name in zip(levels.split(","), names, strict=True)))
    assert outline(result) == SHOP
    assert hierarchy_said(result) == "Hierarchy levels"


def test_levels_that_do_not_count_as_a_tree_say_nothing_by_themselves(read: Read) -> None:
    table = "code,name,level\nA,Sell,3\nB,Win,1\nC,Keep,5\n"
    assert outline(read(table)) == ["A Sell", "B Win", "C Keep"]
    assert "no process above is on the level before" in read(table, hierarchy="levels").problems[0].message


def test_parents_by_name_id_or_code_and_what_programs_write_for_none(read: Read) -> None:
    assert outline(read("name,parent\nSell,\nWin,Sell\nAdvertise,win\n")) == ["1 Sell", "  1.1 Win", "    1.1.1 Advertise"]
    for none in ("0", "-1", "NULL", "None", "-", "n/a"):
        assert outline(read(f"id,name,parent_id\n10,Sell,{none}\n20,Win,10\n")) == ["10 Sell", "  20 Win"]
    guids = "{1f-0},Sell,\n{1f-1},Win,{1f-0}\n"
    made = read(f"id,name,parent id\n{guids}")
    assert outline(made) == ["1 Sell", "  1.1 Win"]
    assert made.edition is not None
    assert [node.stable_id for node in made.edition.nodes] == ["{1f-0}", "{1f-1}"]


def test_one_missing_parent_is_one_problem_however_many_name_it(read: Read) -> None:
    rows = "".join(f"2.{number},N{number},x\n" for number in range(1, 60))
    message = only_problem(read(f"code,name,description\n1,A,x\n1.1,B,x\n{rows}"))
    assert 'The parent "2" is not in the file. 59 processes name it, also in rows 5-62.' in message


def test_children_of_an_unreadable_code_are_not_complained_of(read: Read) -> None:
    rows = [("Code", "Name"), ("=1+0", "Sell"), ("1.1", "Win"), ("2", "Keep"), ("2.1", "Call")]
    result = read(workbook({"P": rows}), "a.xlsx")
    assert "holds a formula" in only_problem(result)


def test_a_hierarchy_that_a_person_asks_for_counts_before_what_is_plain(read: Read) -> None:
    table = "code,name,parent\n1,Sell,\n1.1,Win,\n2,Keep,1\n"
    assert outline(read(table)) == ["1 Sell", "1.1 Win", "  2 Keep"]
    assert outline(read(table, hierarchy="dotted")) == ["1 Sell", "  1.1 Win", "2 Keep"]


@pytest.mark.parametrize(
    ("table", "hierarchy", "message"),
    [
        ("name\nSell\nWin\n", "dotted", "--hierarchy dotted needs a column of codes"),
        ("name\nSell\nWin\n", "prefix", "--hierarchy prefix needs a column of codes"),
        ("code,name\n1,Sell\n2,Win\n", "parent", "needs a column that names each process's parent"),
        ("code,name\n1,Sell\n2,Win\n", "levels", "needs a column of names for each level"),
        ("code,name\n1,Sell\n2,Win\n", "indent", "all of them begin at the same place"),
    ],
)
def test_what_a_hierarchy_lacks_is_said_with_what_would_give_it(read: Read, table: str, hierarchy: str, message: str) -> None:
    assert message in only_problem(read(table, hierarchy=hierarchy))


def test_a_column_that_repeats_itself_is_no_code_and_said_once(read: Read) -> None:
    rows = "".join(f"11-{number // 30}.00\tOccupation {number // 30}\tTask {number}\n" for number in range(300))
    result = read(f"O*NET-SOC Code\tTitle\tTask\n{rows}", "tasks.txt")
    message = only_problem(result)
    assert "290 of 300 rows have a value here that stands above already" in message
    assert '--map level1="Title" --map level2="Task"; if another column is meant' in message
    read_right = read(f"O*NET-SOC Code\tTitle\tTask\n{rows}", "tasks.txt", columns={"level1": "Title", "level2": "Task"})
    assert len(outline(read_right)) == 310


@pytest.mark.parametrize(
    "names",
    [
        ["1 Sales", "1.1 Win", "1.1.1 Advertise", "1.1.2 Visit", "2 Service", "2.1 Repair"],
        ["1. Sales", "1.1. Win", "1.1.1. Advertise", "1.1.2. Visit", "2. Service", "2.1. Repair"],
        ["1: Sales", "1.1: Win", "1.1.1: Advertise", "1.1.2: Visit", "2: Service", "2.1: Repair"],
        ["1) Sales", "1.1 - Win", "1.1.1 – Advertise", "1.1.2 - Visit", "2) Service", "2.1 Repair"],
        ["Sales (1)", "Win (1.1)", "Advertise (1.1.1)", "Visit (1.1.2)", "Service (2)", "Repair (2.1)"],
    ],
)
def test_codes_that_stand_in_the_names(read: Read, names: list[str]) -> None:
    result = read("Prozess,Beschreibung\n" + "".join(f"{name},x\n" for name in names))
    assert outline(result) == SHOP
    assert result.edition is not None
    assert "The codes are those that stand in the names." in result.edition.reading


def test_names_stay_whole_where_not_all_have_a_code(read: Read) -> None:
    assert outline(read("name\n3 Way Match\nPay\n")) == ["1 3 Way Match", "2 Pay"]
    assert outline(read("name\nSell (now)\nSell (now)s\n")) == ["1 Sell (now)", "2 Sell (now)s"]
    assert outline(read("name\n1 Sell\n2 Pay\n", columns={"code": ""})) == ["1 1 Sell", "2 2 Pay"]


NIST = [
    ("NIST Cybersecurity Framework 2.0",),
    (),
    ("Function", "Category", "Subcategory", "Informative References"),
    ("GOVERN (GV): Strategy is established", None, None, "CRI Profile"),
    (None, "Organizational Context (GV.OC): Circumstances are understood", None, None),
    (None, None, "GV.OC-01: The mission is understood", "CSF 1"),
    (None, None, "GV.OC-02: Stakeholders are understood", None),
    ("IDENTIFY (ID): Risks are understood", None, None, None),
    (None, "Asset Management (ID.AM): Assets are managed", None, None),
    (None, None, "ID.AM-01: Inventories are kept", None),
]


def test_a_control_framework_on_the_second_sheet(read: Read) -> None:
    result = read(workbook({"Read me": [("Version", "2.0"), ("Name", "CSF")], "CSF": NIST}), "a.xlsx")
    assert outline(result) == [
        "GV GOVERN",
        "  GV.OC Organizational Context",
        "    GV.OC-01 The mission is understood",
        "    GV.OC-02 Stakeholders are understood",
        "ID IDENTIFY",
        "  ID.AM Asset Management",
        "    ID.AM-01 Inventories are kept",
    ]
    assert result.edition is not None
    assert result.edition.nodes[0].description == "Strategy is established"


def test_a_classification_whose_names_are_called_descriptions(read: Read) -> None:
    table = "Order;Level;Code;Parent;Description\n398481;1;A;;AGRICULTURE\n398482;2;01;A;Crops\n398483;3;01.1;01;Cereals\n"
    assert '--map name="Description"' in only_problem(read(table))
    assert outline(read(table, columns={"name": "Description"})) == ["A AGRICULTURE", "  01 Crops", "    01.1 Cereals"]


def test_levels_say_more_than_dots_where_both_agree(read: Read) -> None:
    table = "Level,ID,Process\n1,sP,Plan\n2,sP1,Chain\n3,sP1.1,Identify\n2,sP2,Source\n"
    assert outline(read(table)) == ["sP Plan", "  sP1 Chain", "    sP1.1 Identify", "  sP2 Source"]
    disagreeing = "Level,ID,Process\n1,a,Plan\n2,b,Chain\n3,a.1,Identify\n"
    assert hierarchy_said(read(disagreeing)) == "Hierarchy dotted"


def test_a_column_of_something_else_than_codes_is_one_problem(read: Read) -> None:
    rows = "".join(f"{number}!,Name {number}\n" for number in range(40))
    message = only_problem(read(f"number,name\n{rows}"))
    assert '40 of 40 values here are not codes ("0!", "1!", "2!", …)' in message
    assert message.endswith('--map code="".')
    assert len(outline(read(f"number,name\n{rows}", columns={"code": ""}))) == 40


CSF = (
    "Function,Category,Subcategory,Examples\n"
    "Govern (GV): Risk is governed,,,\n,Context (GV.OC): It is known,,\n,,GV.OC-01: The mission is understood,Ex1\n,,GV.OC-02: [Withdrawn: see GV],\n"
    ",,GV.OC-03: [Withdrawn: see GV],\nGovern (GV),,,\n"
    "Identify (ID): Risks are known,,,\n,Assets (ID.AM): They are managed,,\n,,ID.AM-01: Lists are kept,Ex1\nIdentify (ID),,,\n"
)


def test_rows_that_only_name_again_what_ends_there_are_no_processes(read: Read) -> None:
    result = read(CSF)
    assert outline(result) == [
        "GV Govern",
        "  GV.OC Context",
        "    GV.OC-01 The mission is understood",
        "    GV.OC-02 GV.OC-02: [Withdrawn: see GV]",
        "    GV.OC-03 GV.OC-03: [Withdrawn: see GV]",
        "ID Identify",
        "  ID.AM Assets",
        "    ID.AM-01 Lists are kept",
    ]
    assert "2 rows only name again what ends there (rows 7, 11); this is skipped." in "".join(
        warning.message for warning in result.warnings
    )
    german = read(CSF.replace("Function,Category,Subcategory", "Funktion,Kategorie,Unterkategorie"))
    assert outline(german) == outline(result)


def test_a_group_whose_name_begins_another_ones_stays(read: Read) -> None:
    rows = "Function,Category,Subcategory\nSell: all of it,,\n,Win,\n,,Ask\nSell,,\n,Keep,\n"
    assert outline(read(rows)) == ["1 Sell: all of it", "  1.1 Win", "    1.1.1 Ask", "2 Sell", "  2.1 Keep"]
