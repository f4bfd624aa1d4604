"""quality and retry --quality-below, as a person types them."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine

NOT_APPROVED, BAD_INPUT = 5, 2
PREPARED = ("generate", "--yes", "--wait")


def spoil(line: CommandLine, code: str = "1.1.1") -> None:
    """A document that says hardly anything."""
    file = line.folder / "spoiled.md"
    file.write_text("## Overview\n\nNothing of that kind.\n")
    line.run("edit", code, "--file", str(file), "--anyway")


def test_nothing_made_and_nothing_loaded_are_said(command_line: OpenCommandLine) -> None:
    line = command_line()
    line.load_shop()
    assert "Nothing was made yet." in line.run("quality")
    assert "'9.9' is no target node" in line.run("quality", "--nodes", "9.9", expected=BAD_INPUT)


@pytest.mark.slow
def test_scores_with_their_parts(command_line: OpenCommandLine) -> None:
    line = command_line()
    line.load_shop()
    line.run(*PREPARED)
    spoil(line)
    said = line.run("quality")
    assert "6 contents, all of them simulated" in said
    assert "9 sections are missing" in said
    assert "Complexity aims at Low/Medium/High 20/60/20." in said
    found = line.json("quality", "--worst", "1")
    documents, use_cases = found["stages"]
    assert (found["measured_now"], documents["stage"], use_cases["stage"]) == (0, "process_details", "usecases")
    ((worst,), summary) = (documents["contents"], documents["summary"])
    assert (worst["code"], worst["edited"], summary["low"], summary["lowest"]) == ("1.1.1", True, 1, worst["score"])
    assert (worst["parts"]["sections"], worst["parts"]["kpis"]) == (10, None)
    assert set(use_cases["levels"]["all"]) == {"category", "complexity", "roi", "risk"}
    chosen = line.json("quality", "--nodes", "1.1.2,2.*", "--stage", "usecases")["stages"]
    assert [[content["code"] for content in stage["contents"]] for stage in chosen] == [["1.1.2", "2.1.1", "2.1.2", "2.1.3"]]
    assert "own_node" in line.run("quality", "--nodes", "1.1.1")


@pytest.mark.slow
def test_what_scores_too_little_is_asked_for_again_after_consent(command_line: OpenCommandLine) -> None:
    line = command_line("budget_usd = 100", bills=True)
    line.load_shop()
    line.run(*PREPARED)
    before = line.stats()["requests_accepted"]
    declined = line.run("retry", "--quality-below", "100", "--stage", "process_details", typed="n\n", expected=NOT_APPROVED)
    assert "Would be asked for again because they score less than 100" in declined
    assert "expected cost $" in declined
    assert "Declined: nothing was sent." in declined
    assert line.stats()["requests_accepted"] == before
    retried = line.json("retry", "--quality-below", "100", "--stage", "process_details", "--yes")["retried"]
    assert 1 <= retried <= 6
    assert line.stats()["requests_accepted"] == before + retried
    assert f"{retried} {'is' if retried == 1 else 'are'} asked for already." in line.run(
        "retry", "--quality-below", "100", "--stage", "process_details"
    )


@pytest.mark.slow
def test_a_limit_that_nothing_is_below_sends_nothing(command_line: OpenCommandLine) -> None:
    line = command_line()
    line.load_shop()
    line.run(*PREPARED)
    spoil(line)
    said = line.run("retry", "--quality-below", "20")
    assert "Nothing that could be asked for again scores less than 20." in said
    assert "1 that a person wrote is left as it is." in said
    refused = line.run("retry", "--quality-below", "20", "--max-tokens", "4000", expected=BAD_INPUT)
    assert "--quality-below is for answers that are good by their form" in refused
