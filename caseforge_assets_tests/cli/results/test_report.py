"""report: trends and errors of the last days."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import OpenCommandLine


@pytest.mark.slow
def test_report_shows_what_came_back_and_the_most_frequent_error(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["truncate:batch=1,match=-1-1-[12]-r", "http_500:batch=1,match=-2-1-1-r"])
    assert "Nothing came back yet." in cli.run("report")
    cli.load_shop()
    cli.run("generate", "--stage", "process_details", "--wait", expected=3)
    found = cli.json("report", "--since", "30d", "--framework", "shop")
    (week,) = found["periods"]
    assert (week["stage"], week["attempts"], week["good"]) == ("process_details", 6, 3)
    assert [(error["outcome"], error["count"]) for error in found["errors"]] == [("truncated_reasoning", 2), ("server_error", 1)]
    said = cli.run("report")
    for words in ("50.0%", "reasoning used all N tokens", "66.7%", "1.1.1"):
        assert words in said
    assert "'yesterday' is not a number of days" in cli.run("report", "--since", "yesterday", expected=2)
    assert "is not in caseforge.toml" in cli.run("report", "--framework", "other", expected=2)
