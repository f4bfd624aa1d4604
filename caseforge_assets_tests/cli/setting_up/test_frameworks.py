"""load and frameworks: what a person sees of a file, and what a script gets."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import ANY

import pytest

from caseforge_assets.frameworks import sample_path
from caseforge_assets_tests.cli.conftest import COMMENT, OpenCommandLine
from caseforge_assets_tests.workbench import SHOP, write_table

KEYS = ["framework", "version", "nodes", "targets", "levels", "without_description", "kpis", "problems", "warnings"]
BAD = (("1", "a", "Sell", ""), ("1.1", "b", "Win", ""), ("1.1", "c", "Win again", ""), ("2.1", "d", "Orphan", ""))


def test_load_stores_a_framework_adds_its_entry_and_says_so(command_line: OpenCommandLine) -> None:
    cli = command_line()
    said = cli.load_shop("--title", "A shop")
    assert "10 nodes, 6 targets" in said
    assert "Added [frameworks.shop] to caseforge.toml." in said
    assert cli.configuration().startswith(COMMENT)
    assert cli.json("frameworks") == [
        {"framework": "shop", "title": "A shop", "edition": ANY, "targets": 6, "source": "shop.csv", "language": None, "templates": None}
    ]


def test_loading_again_says_that_nothing_has_changed(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    before = cli.configuration()
    assert "is loaded already; nothing has changed" in cli.load_shop()
    assert cli.configuration() == before


@pytest.mark.slow
def test_a_language_on_the_command_line_is_kept_and_makes_stale_what_is_in_another(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1")
    said = cli.load_shop("--language", "DE")
    assert "Its texts are asked for in German (de) from now on; what is in another language is stale." in said
    assert 'language = "de"' in cli.configuration()
    assert "German (de)" in cli.run("frameworks")
    assert [part["states"] for part in cli.json("plan", "--nodes", "1.1.1")["stages"]] == [{"stale": 1}, {"stale": 1}]
    assert "the language: that of the template → German (de)" in cli.run("plan", "--why", "1.1.1")
    assert "from that of the template to German (de)" in " ".join(cli.run("stale", expected=3).replace("│", " ").split())
    cli.load_shop("--language", "usecases=fr")
    assert [part["states"] for part in cli.json("plan", "--nodes", "1.1.1")["stages"]] == [{"done": 1}, {"stale": 1}]
    assert 'write "de" for German' in cli.run(
        "load", str(cli.folder / "shop.csv"), "--framework", "shop", "--language", "german", expected=2
    )


def test_a_selector_on_the_command_line_is_kept(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop("--targets", "2.*")
    assert 'targets = "2.*"' in cli.configuration()
    assert cli.json("load", str(cli.folder / "shop.csv"), "--framework", "shop")["targets"] == 3


def test_a_selector_that_was_edited_by_hand_takes_effect_at_the_next_load(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    path = cli.folder / "caseforge.toml"
    path.write_text(cli.configuration().replace('targets = "leaf"', 'targets = ["1.1.1", "2.*"]  # for a start'))
    loaded = cli.json("load", str(cli.folder / "shop.csv"), "--framework", "shop")
    assert (loaded["changed"], loaded["targets"], len(loaded["difference"]["gone"])) == (True, 4, 2)
    assert "# for a start" in cli.configuration()


def test_check_prints_exactly_what_scripts_were_promised(command_line: OpenCommandLine) -> None:
    cli = command_line()
    found = cli.json("load", str(sample_path()), "--check", "--framework", "sample")
    assert list(found) == KEYS
    assert (found["framework"], found["targets"], sum(found["levels"].values())) == ("sample", 60, found["nodes"])
    assert (found["problems"], found["without_description"]) == ([], 0)
    assert cli.json("frameworks") == []
    assert "sample" not in cli.configuration()


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_check_needs_neither_an_entry_nor_a_key(command_line: OpenCommandLine, arguments: tuple[str, ...]) -> None:
    assert command_line().run("load", str(sample_path()), "--check", *arguments)


def test_problems_have_their_place_and_exit_code_2(command_line: OpenCommandLine) -> None:
    cli = command_line()
    bad = write_table(cli.folder / "bad.csv", BAD)
    found = cli.json("load", str(bad), "--check", expected=2)
    assert list(found) == KEYS
    assert [(problem["row"], set(problem)) for problem in found["problems"]] == [
        (row, {"sheet", "row", "column", "message"}) for row in (4, 5)
    ]
    said = cli.run("load", str(bad), "--check", expected=2)
    assert "bad.csv" in said
    assert "1.1" in said


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a workbook", b"\x00\x01", b"code,name\n1\n"])
def test_a_refused_file_changes_nothing(command_line: OpenCommandLine, content: bytes) -> None:
    cli = command_line()
    cli.load_shop()
    before, entries = cli.configuration(), cli.json("frameworks")
    for name in ("bad.csv", "bad.xlsx"):
        (cli.folder / name).write_bytes(content)
        cli.run("load", str(cli.folder / name), "--framework", "shop", expected=2)
        cli.run("load", str(cli.folder / name), "--framework", "new", expected=2)
    assert (cli.configuration(), cli.json("frameworks")) == (before, entries)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--framework", "Shop"), "use lower-case letters"),
        (("--framework", "shop", "--targets", "9.*"), 'There is no node "9"'),
        ((), "--framework KEY"),
    ],
)
def test_wrong_words_change_nothing(command_line: OpenCommandLine, arguments: tuple[str, ...], said: str) -> None:
    cli = command_line()
    before = cli.configuration()
    assert said in cli.run("load", str(write_table(cli.folder / "shop.csv")), *arguments, expected=2)
    assert cli.configuration() == before
    assert cli.json("frameworks") == []


def test_a_file_that_is_not_there_is_named(command_line: OpenCommandLine) -> None:
    cli = command_line()
    assert "nowhere.xlsx" in cli.run("load", "nowhere.xlsx", "--framework", "shop", expected=2)
    assert "nowhere.xlsx" in cli.json("load", "nowhere.xlsx", "--check", expected=2)["problems"][0]["message"]


def test_a_project_without_caseforge_toml_gets_one(command_line: OpenCommandLine) -> None:
    cli = command_line()
    Path(cli.folder / "caseforge.toml").unlink()
    cli.load_shop()
    assert cli.configuration().startswith("[frameworks.shop]")


def test_without_a_file_the_declared_source_is_loaded(command_line: OpenCommandLine) -> None:
    cli = command_line('[frameworks.shop]\ntitle = "Shop"\nsource = "tables/shop.csv"\ntargets = "1.*"')
    (cli.folder / "tables").mkdir()
    write_table(cli.folder / "tables" / "shop.csv")
    before = cli.configuration()
    assert "shop: edition" in cli.run("load")
    assert cli.json("frameworks") == [
        {
            "framework": "shop",
            "title": "Shop",
            "edition": ANY,
            "targets": 3,
            "source": "tables/shop.csv",
            "language": None,
            "templates": None,
        }
    ]
    assert cli.configuration() == before
    (cli.folder / "tables" / "shop.csv").unlink()
    assert "shop.csv" in cli.run("load", "--framework", "shop", expected=2)


def test_without_a_file_it_has_to_be_clear_which_framework_is_meant(command_line: OpenCommandLine) -> None:
    cli = command_line()
    assert "no framework is declared yet" in cli.run("load", expected=2)
    assert "'bank' is not in caseforge.toml" in cli.run("load", "--framework", "bank", expected=2)


POLISH = "kod;nazwa;opis;osoba\n1;Sprzedaz;;Ada\n1.1;Zakup;Kupuje.;\n1.2;Druk;Drukuje.;Bob\n"


def test_what_is_said_of_a_table_is_remembered_and_serves_the_next_load(command_line: OpenCommandLine) -> None:
    cli = command_line()
    file = cli.folder / "procesy.csv"
    file.write_text(POLISH)
    refused = cli.run("load", str(file), "--framework", "pl", expected=2)
    assert '--map code="kod" --map name="nazwa"' in refused
    assert "frameworks" not in cli.configuration()
    said = cli.run("load", str(file), "--framework", "pl", "--map", "code=kod", "--map", "name=nazwa", "--hierarchy", "dotted")
    assert "Hierarchy dotted: the dots in the codes say which process belongs to which." in said
    assert "There is no column of descriptions" in said.replace("\n", " ")
    assert 'hierarchy = "dotted"' in cli.configuration()
    assert 'map = {code = "kod", name = "nazwa"}' in cli.configuration()
    assert cli.json("load", "--framework", "pl", "--map", "description=opis", "--map", "owner=osoba")["changed"]
    assert 'map = {code = "kod", name = "nazwa", description = "opis", owner = "osoba"}' in cli.configuration()
    assert not cli.json("load", "--framework", "pl")["changed"]
    assert "2 of them get content" in cli.run("config", "check", expected=0).replace("\n", " ")
    assert "Owner: Bob" in cli.run("show", "1.2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--map", "code"), "--map code: say what the column is and how it is called"),
        (("--map", "cod=x"), "there is no 'cod'; a table has code, id, name"),
        (("--hierarchy", "deep"), "'deep' is not one of"),
    ],
)
def test_what_cannot_be_said_of_a_table(command_line: OpenCommandLine, arguments: tuple[str, ...], message: str) -> None:
    cli = command_line()
    (cli.folder / "a.csv").write_text(POLISH)
    assert message in cli.run("load", str(cli.folder / "a.csv"), "--check", *arguments, expected=2)


def test_contents_are_chosen_by_the_owners_of_their_processes(command_line: OpenCommandLine) -> None:
    cli = command_line()
    file = cli.folder / "t.csv"
    file.write_text("code,name,description,owner\n1,Sell,,Ada\n1.1,Win,Finds.,\n1.2,Keep,Keeps.,Bob\n1.3,Call,Calls.,\n")
    cli.run("load", str(file), "--framework", "t")
    cli.run("generate", "--framework", "t", "--yes", "--wait")
    assert "1 document and" in cli.run("export", str(cli.folder / "bob.jsonl"), "--owner", "Bob")
    assert "2 documents and" in cli.run("export", str(cli.folder / "ada.jsonl"), "--owner", "Ada")
    assert '"owner": "Bob"' in (cli.folder / "bob.jsonl").read_text()
    cli.run("load", "--framework", "t", "--map", "owner=")
    assert "0 documents and 0 candidates" in cli.run("export", str(cli.folder / "none.jsonl"), "--owner", "Bob")


def test_contents_of_a_framework_with_an_owner_are_its_owners(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    path = cli.folder / "caseforge.toml"
    path.write_text(cli.configuration().replace('source = "shop.csv"', 'source = "shop.csv"\nowner = "Eve"'))
    cli.run("load", "--framework", "shop")
    cli.run("generate", "--framework", "shop", "--nodes", "1.1.1", "--yes", "--wait")
    assert "1 document and" in cli.run("export", str(cli.folder / "eve.jsonl"), "--owner", "Eve")


@pytest.mark.parametrize("name", ["foo.doc", "foo.pdf", "foo.ppt", "foo.json", "foo.xls", "foo.v2"])
def test_nothing_is_exported_under_an_ending_that_it_is_not(command_line: OpenCommandLine, name: str) -> None:
    cli = command_line()
    cli.load_shop()
    said = " ".join(cli.run("export", str(cli.folder / name), expected=2).split())
    assert (
        f"{name}: nothing is written as .{name.partition('.')[2]}. A file ends in .xlsx, .docx, .pptx, .bpmn, .md, .csv, .parquet, .jsonl"
        in said
    )
    assert not (cli.folder / name).exists()


def test_a_folder_may_be_called_anything_where_it_is_asked_for(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    for name, options in {"foo.doc": ("--format", "markdown"), "2026.11": (), "out": ()}.items():
        cli.run("export", str(cli.folder / name), *options)
        assert (cli.folder / name / "index.md").exists()
    cli.run("export", str(cli.folder / "foo.doc"))
    cli.run("export", str(cli.folder / "OUT.CSV"))
    assert (cli.folder / "OUT.CSV").is_file()


ANOTHER = (("9", "x", "Bake", ""), ("9.1", "y", "Mix", "Mixes."), ("9.2", "j", "Heat", "Heats."))


def test_another_frameworks_file_is_asked_about_before_it_takes_the_place_of_one(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    before = cli.configuration()
    other = write_table(cli.folder / "bakery.csv", ANOTHER)
    for typed in ("n\n", ""):
        said = " ".join(cli.run("load", str(other), "--framework", "shop", expected=5, typed=typed).split())
        assert "bakery.csv has only 1 of the 10 nodes of 'shop' (10%); 9 would go out of it" in said
        assert f"caseforge load {other} --framework OTHER_KEY" in said
        assert cli.configuration() == before
        assert cli.json("frameworks")[0]["targets"] == 6
    assert cli.json("load", str(other), "--framework", "shop", "--dry-run")["targets"] == 2
    assert "9 would go out of it" in cli.run("load", str(other), "--framework", "shop", "--dry-run")
    assert "2 targets" in cli.run("load", str(other), "--framework", "shop", typed="y\n")
    assert "6 targets" in cli.run("load", str(cli.folder / "shop.csv"), "--framework", "shop", "--yes")


def test_an_edition_in_which_a_few_nodes_go_is_not_asked_about(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "5 targets" in cli.run("load", str(write_table(cli.folder / "shop.csv", SHOP[:-1])), "--framework", "shop")
    assert "3 targets" in cli.run("load", str(write_table(cli.folder / "shop.csv", SHOP[:5])), "--framework", "shop")


@pytest.mark.slow
def test_a_framework_is_taken_out_and_comes_back_with_all_that_was_made_for_it(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--framework", "shop", "--nodes", "1.1.1", "--yes", "--wait")
    before = cli.configuration()
    for typed in ("n\n", ""):
        assert "Take it out?" in cli.run("frameworks", "remove", "shop", expected=5, typed=typed)
        assert cli.configuration() == before
    said = cli.run("frameworks", "remove", "shop", typed="y\n")
    assert "2 contents stay in the store" in " ".join(said.split())
    assert "frameworks.shop" not in cli.configuration()
    assert cli.configuration().startswith(COMMENT)
    assert cli.json("frameworks") == []
    assert "not in caseforge.toml" in cli.run("plan", "--framework", "shop", expected=2)
    assert "1 document and" in cli.run("export", str(cli.folder / "old.jsonl"), "--retired", "--framework", "shop")
    assert "1 document and" in cli.run("export", str(cli.folder / "old.csv"), "--retired", "--framework", "shop", "--nodes", "1.*")
    assert "Not in the current edition" in cli.run("show", "1.1.1", "--framework", "shop")
    assert "was taken out already" in cli.run("frameworks", "remove", "shop", "--yes")
    assert "taken" in cli.run("plans", "list", "--all")
    cli.load_shop()
    assert "taken" not in cli.run("plans", "list", "--all")
    assert "1 document and" in cli.run("export", str(cli.folder / "new.jsonl"), "--framework", "shop", "--nodes", "1.1.1")
    assert "Nothing new to send: everything is there and fresh" in cli.run("plan", "--framework", "shop", "--nodes", "1.1.1")


def test_only_what_is_known_can_be_taken_out(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "framework 'other' is not in caseforge.toml" in cli.run("frameworks", "remove", "other", "--yes", expected=2)
    assert cli.json("frameworks", "remove", "shop", "--yes") == {
        "framework": "shop",
        "was_loaded": True,
        "was_declared": True,
        "contents": 0,
        "under_way": 0,
    }
