"""edit, plan --why, and what is found of nodes and candidates that an edition left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from caseforge_assets.artifacts import ArtifactsUnavailable
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.commands.journaling import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.store.database.engine import Engine
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.workbench import SHOP, renamed, write_table


@pytest.mark.slow
def test_an_exported_page_is_edited_and_taken_back(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--wait")
    folder = cli.folder / "out"
    cli.run("export", str(folder))
    page = folder / "process_details" / "1.1.1_c.md"
    page.write_text(page.read_text(encoding="utf-8").replace("## Overview", "## Overview\n\nSeen by a person.", 1), encoding="utf-8")
    assert "Kept as content" in cli.run("edit", "1.1.1", "--file", str(page), "--by", "Ada")
    shown = cli.json("show", "1.1.1")["contents"][0]
    assert (shown["edited"], shown["generated_by"], "Seen by a person." in shown["body"]) == (True, "edited by Ada", True)
    assert "edited by Ada" in cli.run("show", "1.1.1")
    assert "Nothing was changed" in cli.run("edit", "1.1.1", "--file", str(text_file(cli.folder, shown["body"])))
    assert cli.json("stale", expected=3)


def test_what_is_kept_is_in_the_journal_before_it_is_said(
    command_line: OpenCommandLine, empty_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = with_document(command_line())
    lost: list[str] = []

    def lose_the_database(session: Session, **_: object) -> None:
        restore(empty_store, session.folder)
        with empty_store.connect() as connection:
            lost.extend(connection.scalars(text("select body from caseforge.content where is_current and edited_after is not null")))

    monkeypatch.setattr(Session, "mirror", lose_the_database)
    cli.run("edit", "1.1.1", "--anyway", "--file", str(text_file(cli.folder, "Mine.")))
    assert lost == ["Mine."]


def test_an_edit_that_cannot_be_journaled_says_so(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = with_document(command_line())

    def full(*_: object) -> int:
        raise ArtifactsUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(write_journal, "write_journal", full)
        said = cli.run("edit", "1.1.1", "--anyway", "--file", str(text_file(cli.folder, "Mine.")))
    assert "Not journaled yet, the next command does it: the disk is full" in said
    assert "in the database alone until the journal can be written. What" in " ".join(said.split())
    assert cli.json("show", "1.1.1")["contents"][0]["body"] == "Mine."


@pytest.mark.slow
def test_another_answer_takes_its_place_only_where_the_node_is_named(command_line: OpenCommandLine) -> None:
    cli = with_document(command_line())
    cli.run("edit", "1.1.1", "--anyway", "--file", str(text_file(cli.folder, "Mine.")))
    for named in ((), ("--nodes", "1.1.*"), ("--select", "unfinished")):
        cli.run("generate", "--stage", "process_details", "--regenerate", "--wait", *named)
        assert cli.json("show", "1.1.1")["contents"][0]["body"] == "Mine."
    said = cli.run("plan", "--stage", "process_details", "--regenerate", "--nodes", "1.1.*")
    assert "1 was written by a person and stays; one is replaced with --regenerate and --nodes" in said
    cli.run("generate", "--stage", "process_details", "--regenerate", "--wait", "--nodes", "1.1.1,2.*")
    assert cli.json("show", "1.1.1")["contents"][0]["body"] != "Mine."


def with_document(cli: CommandLine) -> CommandLine:
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details", "--wait")
    return cli


def text_file(folder: Path, words: str) -> Path:
    path = folder / "same.md"
    path.write_text(words, encoding="utf-8")
    return path


def test_one_node_is_edited_at_a_time(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "means 3 nodes; name one" in cli.run("edit", "1.*", expected=2)


@pytest.mark.slow
def test_why_says_which_input_differs_how_and_since_when(command_line: OpenCommandLine) -> None:
    cli = command_line('reuse = "exact"')
    cli.load_shop()
    cli.run("generate", "--wait")
    assert [stage["state"] for stage in cli.json("plan", "--why", "1.1.1")] == ["done", "done"]
    cli.run("load", str(write_table(cli.folder / "shop.csv", renamed("1.1", "Win riders"))), "--framework", "shop")
    document, use_cases = cli.json("plan", "--why", "1.1.1")
    assert document["state"] == use_cases["state"] == "stale"
    assert document["differences"] == ["what the model is told of the node"]
    assert "-- Name" not in document["diff"]
    assert "Win customers" in document["diff"]
    assert "Win riders" in document["diff"]
    assert document["since"]
    said = cli.run("plan", "--why", "1.1.1")
    assert "its request would be another one now" in said
    assert [stage["state"] for stage in cli.json("plan", "--why", "2.1.1")] == ["done", "done"]
    assert "means 3 nodes" in cli.run("plan", "--why", "1.*", expected=2)


def test_why_names_settings_that_differ(command_line: OpenCommandLine) -> None:
    cli = command_line('when_model_changes = "regenerate"')
    cli.load_shop()
    cli.run("generate", "--wait")
    (cli.folder / "caseforge.toml").write_text(cli.configuration() + '\n[stages.process_details]\nmodel = "gpt-6.1-terra"\n')
    document, use_cases = cli.json("plan", "--why", "1.1.1")
    assert (document["state"], document["differences"], document["since"]) == ("stale", ["model: gpt-6.1-sol → gpt-6.1-terra"], None)
    assert use_cases["state"] == "done"


@pytest.mark.slow
def test_what_an_edition_left_behind_is_found(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--wait")
    new = [("2.1.9", *row[1:]) if row[1] == "j" else row for row in SHOP if row[1] != "i"]
    loaded = cli.run("load", str(write_table(cli.folder / "shop.csv", new)), "--framework", "shop")
    assert "Both editions have 5 targets; 1 of them moved" in loaded
    gone = cli.json("show", "2.1.2")
    assert (gone["node"]["retired"], gone["node"]["name"], len(gone["candidates"]) >= 6) == (True, "Mend", True)
    assert "Not in the current edition" in cli.run("show", "2.1.2")
    by_old_uid = cli.json("show", "2.1.3-UC01")
    assert by_old_uid["node"]["code"] == "2.1.9"
    assert by_old_uid["candidates"][0]["former_uids"] == ["2.1.3-UC01"]
    assert by_old_uid["candidates"][0]["candidate_uid"] == "2.1.9-UC01"
    assert cli.run("export", str(cli.folder / "old"), "--retired").startswith("1 document and ")
    assert cli.run("export", str(cli.folder / "now")).startswith("5 documents and ")
    assert "(2.1.2_i" not in (cli.folder / "now" / "index.md").read_text()
