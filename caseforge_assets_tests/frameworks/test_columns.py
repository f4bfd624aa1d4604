"""Columns are known by the words of the field and by words that a person gives; where they cannot be told, that is said."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.files import workbook
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
TREE = ["1 Sell", "  1.1 Win"]


@pytest.mark.parametrize(
    "header",
    [
        "code,name,description",
        "Process Code;Process Name;Process Description",
        "processCode,ProcessName,processDescription",
        "PROCESS_CODE\tPROCESS_NAME\tPROCESS_DESCRIPTION",
        "Nummer;Bezeichnung;Beschreibung",
        "Kennung;Prozess;Erläuterung",
        "Nr.;Prozessname;Kurzbeschreibung",
        "Prozess-Nr.;Geschäftsprozess;Prozessbeschreibung",
        "Kürzel|Titel|Dokumentation",
        "2022 NAICS US   Code,2022 NAICS US Title,Definition",
        "WBS,Activity,Purpose",
        "Notation,Preferred Label,Scope note",
    ],
)
def test_words_of_the_field_in_english_and_german(read: Read, header: str) -> None:
    delimiter = next(sign for sign in ";\t|," if sign in header)
    rows = [["1", "Sell", "Sells."], ["1.1", "Win", "Wins."]]
    result = read("\n".join([header, *(delimiter.join(row) for row in rows)]))
    assert outline(result) == TREE
    assert result.warnings == ()
    assert result.edition is not None
    assert [node.description for node in result.edition.nodes] == ["Sells.", "Wins."]


@pytest.mark.parametrize(
    "parent",
    [
        "parentId",
        "ParentID",
        "parentCode",
        "PARENTCODE",
        "parent_process_id",
        "Parent Process",
        "Übergeordnete ID",
        "Elternprozess",
        "Gehört zu",
    ],
)
@pytest.mark.parametrize("own", ["id", "ProcessId", "PCFID", "elementID", "UUID"])
def test_a_parent_is_a_parent_however_its_words_are_joined(read: Read, parent: str, own: str) -> None:
    result = read(f"{own},name,description,{parent}\n10,Sell,x,\n20,Win,x,10\n")
    assert outline(result) == ["10 Sell", "  20 Win"]


def test_a_person_says_which_column_is_which(read: Read) -> None:
    table = "Practice ID,Practice,Maturity,What it is for\nP1,Incidents,3,Gets it working.\nP1.1,Triage,2,Sorts.\n"
    result = read(table, columns={"code": "Practice ID", "name": "practice", "description": "What it is for"})
    assert outline(result) == ["P1 Incidents", "  P1.1 Triage"]
    assert result.edition is not None
    assert result.edition.nodes[1].description == "Sorts."
    assert result.edition.reading[0] == 'Columns: code "Practice ID", name "Practice", description "What it is for".'


def test_a_column_that_a_person_names_is_nothing_else(read: Read) -> None:
    result = read("code,title,description\n1,x,Sell\n1.1,y,Win\n", columns={"name": "description", "description": ""})
    assert outline(result) == TREE
    assert result.edition is not None
    assert [node.description for node in result.edition.nodes] == ["", ""]
    assert "no column of descriptions" in result.warnings[0].message


def test_a_column_that_is_not_there_is_said_with_those_that_are(read: Read) -> None:
    message = only_problem(read("code,name\n1,Sell\n", columns={"description": "Purpose"}))
    assert message == (
        'a.csv, row 1, column "Purpose": There is no column "Purpose", which is to be the description (--map or caseforge.toml). Columns found: "code", "name".'
    )


def test_of_two_columns_with_one_name_a_person_may_choose(read: Read) -> None:
    table = "code,name,name,description\n1,x,Sell,a\n1.1,y,Win,b\n"
    assert '--map name="name#2" is the second' in only_problem(read(table))
    assert outline(read(table, columns={"name": "name#2"})) == TREE


SIDE_BY_SIDE = (
    "ISO Code,ISO Title,NIST Code,NIST Title,CIS Code,CIS Title\n"
    "5,Controls,GV,Govern,1,Inventory\n5.1,Policies,GV.OC,Context,1.1,Assets\n5.2,Roles,GV.RM,Risk,,\n5.3,Duties,,,,\n"
)


def test_of_frameworks_side_by_side_one_is_chosen(read: Read) -> None:
    messages = [problem.message for problem in read(SIDE_BY_SIDE).problems]
    assert len(messages) == 1
    assert 'Several columns may be the code: "ISO Code", "NIST Code"; the name: "ISO Title", "NIST Title".' in messages[0]
    assert messages[0].endswith('Say which is meant: --map code="ISO Code" --map name="ISO Title".')
    again = only_problem(read("Code,Name,,Code,Name\n1,A,,X,B\n1.1,AA,,X.1,BB\n"))
    assert again.endswith(
        'These columns ("Code", "Name") stand in the sheet twice. Rename or delete some of them, or say which is meant: --map code="Code#2" --map name="Name#2" is the second.'
    )
    chosen = read(SIDE_BY_SIDE, columns={"code": "NIST Code", "name": "NIST Title"})
    assert outline(chosen) == ["GV Govern", "  GV.OC Context", "  GV.RM Risk"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_unknown_headers_are_listed_one_by_one_with_what_to_say(read: Read, delimiter: str) -> None:
    table = "\n".join(delimiter.join(row) for row in [("kod", "nazwa", "opis"), ("1", "Sprzedaż", '"a, b; c"'), ("1.1", "Zakup", "d")])
    message = only_problem(read(table))
    assert 'Columns found: "kod", "nazwa", "opis".' in message
    hint = shlex.split(message.rpartition("Say which it is: ")[2].rstrip("."))
    said = dict(word.split("=", 1) for word in hint if "=" in word)
    assert said == {"code": "kod", "name": "nazwa"}
    assert outline(read(table, columns=said)) == ["1 Sprzedaż", "  1.1 Zakup"]


def test_codes_of_unknown_name_are_not_left_away_in_silence(read: Read) -> None:
    table = "kod,name,description\n1,Sell,x\n1.1,Win,y\n"
    assert 'The column "kod" looks like the codes, but is not called so. Say that it is: --map code="kod".' in only_problem(read(table))
    assert outline(read(table, columns={"code": "kod"})) == TREE
    assert outline(read(table, columns={"code": ""})) == ["1 Sell", "2 Win"]


def test_only_what_is_missing_is_named_and_nothing_that_follows_from_it(read: Read) -> None:
    rows = "".join(f"{number},x{number},y\n" for number in range(300))
    result = read(f"id,nazwa,zadania\n{rows}")
    assert 'The column "Name" is missing' in only_problem(result)


def test_the_sheet_that_fits_best_is_the_one_that_is_spoken_of(read: Read) -> None:
    cover = [("Our processes",), ("Owner", "Process office"), ("Version", "2")]
    missing = workbook({"Cover": cover, "Processes": [("Code", "Nom", "Description"), ("1", "Sell", "x")], "Lists": [("a",), ("b",)]})
    assert [(problem.sheet, problem.column) for problem in read(missing, "a.xlsx").problems] == [("Processes", "Name")]
    without_texts = workbook({"Cover": cover, "Processes": [("Code", "Name"), ("1", "Sell"), ("1.1", "Win")]})
    result = read(without_texts, "a.xlsx")
    assert outline(result) == TREE
    assert [(warning.sheet, "no column of descriptions" in warning.message) for warning in result.warnings] == [("Processes", True)]


def test_a_title_above_unknown_headers_is_not_taken_for_them(read: Read) -> None:
    assert 'Columns found: "kod", "nazwa".' in only_problem(read("Procesy 2026,\n,\nkod,nazwa\n1,x\n"))


def test_owners_go_down_to_who_has_none(read: Read) -> None:
    result = read("Code;Name;Verantwortlich\n1;Orders;Ada\n1.1;Check;\n1.2;Ship;Bob\n1.2.1;Pack;\n2;Service;\n")
    assert result.edition is not None
    assert [(node.code, node.owner) for node in result.edition.nodes] == [
        ("1", "Ada"),
        ("1.1", "Ada"),
        ("1.2", "Bob"),
        ("1.2.1", "Bob"),
        ("2", ""),
    ]


@pytest.mark.parametrize(
    "header", ["owner", "Process Owner", "Responsible", "Accountable", "Prozessverantwortlicher", "Eigner", "Zuständig"]
)
def test_words_for_owners(read: Read, header: str) -> None:
    result = read(f"code,name,{header}\n1,Sell,Ada\n")
    assert result.edition is not None
    assert result.edition.nodes[0].owner == "Ada"
