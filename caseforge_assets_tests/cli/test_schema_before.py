"""A rolling upgrade: the main ways of this version on the schema of the version before, and then with its own."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import Engine

from caseforge_assets.store.database.engine import HEAD, find_revision, open_store
from caseforge_assets.store.database.revisions import Fit, fit_of
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.older_schema import take_back


@pytest.fixture
def before(dagster_database_url: str) -> str:
    """Makes the schema, and takes its newest migration back; gives the revision."""
    store: Engine = open_store(dagster_database_url)
    take_back(store)
    store.dispose()
    return find_revision(dagster_database_url) or ""


def test_the_main_ways_on_the_schema_before_and_after_it_is_migrated(command_line: OpenCommandLine, before: str) -> None:
    cli = command_line()
    url = os.environ["CASEFORGE_POSTGRES_URL"]
    if fit_of(before) is not Fit.before:
        assert "caseforge db migrate" in cli.run("status", expected=6)
    else:
        cli.load_shop()
        cli.run("generate", "--yes", "--wait")
        assert {stage["done"] for stage in cli.json("status")["frameworks"][0]["stages"].values()} == {6}
        cli.run("show", "1.1.1")
        cli.run("export", str(cli.folder / "out"), "--framework", "shop")
        assert "works with" in cli.run("config", "check", "--connect")
        assert "caseforge db migrate" in cli.run("verify", expected=6)
        assert find_revision(url) == before
    assert cli.json("db", "migrate") == {"before": before, "now": HEAD}
    assert "up to date" in cli.run("db", "migrate")
    if fit_of(before) is Fit.before:
        cli.run("flush")  # every command journals
        cli.run("verify")
    cli.load_shop("--targets", "2.*")
    cli.run("generate", "--yes", "--wait")
    assert "its tables are up to date" in cli.run("config", "check", "--connect")
