"""dagster prune: says what would go, asks, removes; ages that make no sense are refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from caseforge_assets.store.database.engine import open_store
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine

AGED = (
    "update event_logs set timestamp = timestamp - interval '100 days'",
    "update caseforge.outbox set created_at = created_at - interval '100 days', flushed_at = flushed_at - interval '100 days'",
)


def with_history(cli: CommandLine, url: str) -> CommandLine:
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait")
    for _ in range(2):
        cli.run("generate", "--nodes", "1.1.1", "--regenerate", "--wait")
    store = open_store(url)
    with store.begin() as connection:
        for statement in AGED:
            connection.execute(text(statement))
    store.dispose()
    return cli


def rows(said: dict[str, Any], when: str) -> dict[str, int]:
    return {size["table"]: size["rows"] for size in said[when]}


@pytest.mark.slow
def test_prune_says_what_goes_and_the_sizes_asks_and_removes(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = with_history(command_line(), dagster_database_url)
    told = cli.json("dagster", "prune", "--older-than", "90d", "--dry-run")
    assert told["before"] == told["after"]
    assert told["removed"]["events"] > 0
    assert f"{told['removed']['events']:,} events" in cli.run("dagster", "prune", "--older-than", "90d", "--dry-run")
    said = cli.run("dagster", "prune", "--older-than", "90d", typed="n\n", expected=5)
    assert f"{told['removed']['events']:,} events" in said
    assert "nothing was removed" in said
    assert rows(cli.json("dagster", "prune", "--older-than", "90d", "--dry-run"), "before") == rows(told, "before")
    done = cli.json("dagster", "prune", "--older-than", "90d", "--yes")
    assert done["removed"] == told["removed"]
    assert rows(done, "before")["event_logs"] - rows(done, "after")["event_logs"] == done["removed"]["events"]
    assert "0 runs, 0 events, 0 check evaluations, 0 outbox rows may go" in cli.run("dagster", "prune", "--older-than", "12w")


@pytest.mark.slow
def test_a_yes_that_is_typed_is_enough(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = with_history(command_line(), dagster_database_url)
    said = cli.run("dagster", "prune", "--older-than", "90d", typed="y\n")
    assert " removed." in said
    assert "→" in said
    assert "event_logs" in said


@pytest.mark.parametrize(
    ("age", "why"), [("90", "90d"), ("d", "90d"), ("-1d", "90d"), ("1.5d", "90d"), ("90 days", "90d"), ("0h", "too short")]
)
def test_an_age_that_makes_no_sense_is_refused(command_line: OpenCommandLine, age: str, why: str) -> None:
    said = command_line().run("dagster", "prune", "--older-than", age, expected=2)
    assert repr(age) in said
    assert why in said
