"""Frameworks that are declared in the database, because caseforge.toml cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.configuring.declare_framework import Place, declaring_place
from caseforge_assets.commands.configuring.read_settings import read_settings
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.settings import ConfigurationError, load_settings
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets.store.editions.declarations import all_declarations
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.workbench import write_table

BY_HAND = '\n[frameworks.shop]\ntitle = "The shop, by hand"\nsource = "shop.csv"\nbudget_usd = 12.50\n'


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """caseforge.toml cannot be written, as in a ConfigMap: root may write to everything else."""
    access = os.access

    def refused(path: str | Path, mode: int, **options: bool) -> bool:
        return not (mode & os.W_OK and Path(path).name == "caseforge.toml") and access(path, mode, **options)

    monkeypatch.setattr(os, "access", refused)


def origin(cli: CommandLine, key: str) -> str:
    return next(str(row["origin"]) for row in cli.json("config", "show")["values"] if row["key"] == f"frameworks.shop.{key}")


@pytest.mark.usefixtures("mounted")
def test_a_load_declares_in_the_database_what_the_file_cannot_be_told(command_line: OpenCommandLine, empty_store: Engine) -> None:
    cli = command_line()
    before = cli.configuration()
    assert "Added [frameworks.shop] to the database." in cli.load_shop("--title", "A shop", "--language", "de")
    assert cli.configuration() == before
    (listed,) = cli.json("frameworks")
    assert (listed["title"], listed["targets"], listed["language"]) == ("A shop", 6, "de")
    assert listed["source"].startswith("artifacts:workbooks/")
    assert origin(cli, "title").startswith("database (declared by ")
    (cli.folder / "shop.csv").unlink()  # the host that it lay on is gone
    assert "nothing has changed" in cli.run("load")
    assert cli.json("config", "check", "--connect")["in_order"]

    folder = ArtifactFolder(load_settings(cli.folder).artifacts)
    restored = restore(empty_store, folder)
    assert restored.rows["framework_declaration"] == 1
    with empty_store.connect() as connection:
        assert (all_declarations(connection)["shop"].entry or {})["language"] == "de"


@pytest.mark.usefixtures("mounted")
def test_whoever_speaks_last_counts_a_load_or_the_file(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop("--title", "A shop")
    path = cli.folder / "caseforge.toml"
    path.write_text(cli.configuration() + BY_HAND)  # a new ConfigMap
    (listed,) = cli.json("frameworks")
    assert (listed["title"], listed["source"]) == ("The shop, by hand", "shop.csv")
    assert origin(cli, "budget_usd").startswith("caseforge.toml, line ")

    cli.load_shop("--targets", "2.*")  # of what the file says, only what a load says is another
    settings = read_settings(cli.folder)
    entry = settings.framework("shop")
    assert (entry.title, entry.targets, str(entry.budget_usd)) == ("The shop, by hand", "2.*", "12.5")
    assert origin(cli, "targets").startswith("database")

    cli.run("frameworks", "remove", "shop", "--yes")
    assert cli.json("frameworks") == []
    path.write_text(cli.configuration().replace("by hand", "again"))
    assert [row["title"] for row in cli.json("frameworks")] == ["The shop, again"]


def test_a_file_that_can_be_written_takes_back_what_the_database_declares(
    command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_DECLARE_IN", "database")
    assert "to the database" in cli.load_shop()
    monkeypatch.delenv("CASEFORGE_DECLARE_IN")
    cli.load_shop("--targets", "2.*")
    assert origin(cli, "targets").startswith("caseforge.toml, line ")
    store = open_store(os.environ["CASEFORGE_POSTGRES_URL"])
    with store.connect() as connection:
        assert all_declarations(connection) == {}
    store.dispose()


@pytest.mark.usefixtures("mounted")
def test_the_embedded_database_declares_nothing_and_nothing_is_loaded_then(project: Path, store: Engine) -> None:
    (project / "caseforge.toml").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot be written here.*CASEFORGE_POSTGRES_URL"):
        declaring_place(store, load_settings(project))


def test_the_database_is_named_where_both_would_do(project: Path, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://nobody@db.example.com/x")
    assert declaring_place(store, load_settings(project)) is Place.file
    assert declaring_place(store, load_settings(project, {"declare_in": "database"})) is Place.database


@pytest.mark.parametrize("trusted", [True, False])
def test_a_journal_has_the_newest_declaration_and_one_of_others_declares_nothing(
    command_line: OpenCommandLine, empty_store: Engine, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_DECLARE_IN", "database")
    cli.load_shop()
    cli.run("load", str(write_table(cli.folder / "shop.csv")), "--framework", "shop", "--targets", "1.*")
    settings = read_settings(cli.folder)
    folder, store = ArtifactFolder(settings.artifacts), open_store(os.environ["CASEFORGE_POSTGRES_URL"])
    write_journal(store, folder)
    store.dispose()
    restore(empty_store, folder, lets_in=trusted)
    with empty_store.connect() as connection:
        assert {key: (declaration.entry or {})["targets"] for key, declaration in all_declarations(connection).items()} == (
            {"shop": "1.*"} if trusted else {}
        )
