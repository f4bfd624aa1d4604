"""Deciding on use cases and keeping portfolios on the command line."""

from __future__ import annotations

import openpyxl
import pytest

from caseforge_assets_tests.cli.conftest import OpenCommandLine


@pytest.mark.slow
def test_use_cases_are_decided_on_and_kept_in_a_portfolio(command_line: OpenCommandLine) -> None:
    line = command_line()
    line.load_shop()
    line.run("generate", "--framework", "shop", "--nodes", "1.1.1", "--wait", "--yes")
    assert "say why" in line.run("decide", "1.1.1-UC01", "--status", "rejected", expected=2)
    assert "no current use case '9-UC01'" in line.run("decide", "1.1.1-UC01", "9-UC01", "--status", "live", expected=2)
    said = ["--status", "in-delivery", "--owner", "Ada", "--review", "2027-01-31", "--tag", "quick", "--comment", "Begin."]
    rows = line.json("decide", "1.1.1-UC01", "1.1.1-UC02", *said)
    assert [(row["uid"], row["status"], row["owner"], row["review_on"], row["tags"], row["revision"]) for row in rows] == [
        (uid, "in_delivery", "Ada", "2027-01-31", ["quick"], 1) for uid in ("1.1.1-UC01", "1.1.1-UC02")
    ]
    (row,) = line.json("decide", "1.1.1-UC02", "--no-review", "--no-tags")
    assert (row["status"], row["review_on"], row["tags"]) == ("in_delivery", None, [])
    assert "in delivery" in line.run("decide", "1.1.1-UC01")

    assert "portfolio make" in line.run("portfolio", "list")
    line.run("portfolio", "make", "Next year", "--description", "What we *do*.")
    assert "has a portfolio called Next year already" in line.run("portfolio", "make", "Next year", expected=2)
    assert "3 use cases are new" in line.run("portfolio", "add", "Next year", "1.1.1-UC01", "1.1.1-UC02", "1.1.1-UC03", "--note", "go")
    assert "0 use cases are new in Next year; 1 was in it already" in line.run("portfolio", "add", "1", "1.1.1-UC01")
    line.run("portfolio", "entry", "1", "1.1.1-UC03", "--to", "1", "--note", "")
    line.run("portfolio", "entry", "1", "#1", "--take", "1.1.1-UC04")
    line.run("portfolio", "remove", "1", "1.1.1-UC02")
    line.run("portfolio", "change", "1", "--shared", "--name", "This year")
    shown = line.json("portfolio", "show", "This year")
    assert [(item["uid"], item["note"], item["status"]) for item in shown["items"]] == [
        ("1.1.1-UC04", "", "idea"),
        ("1.1.1-UC01", "go", "in_delivery"),
    ]
    assert (shown["shared"], shown["sums"]["entries"], shown["sums"]["processes"]) == (True, 2, 1)
    assert "2 use cases, 1 process, value:" in " ".join(line.run("portfolio", "show", "1").split())
    assert "has no 1.1.1-UC02" in line.run("portfolio", "remove", "1", "1.1.1-UC02", expected=2)
    assert "--all" in line.run("portfolio", "remove", "1", expected=2)
    assert "everybody" in line.run("portfolio", "list")

    file = line.folder / "this-year.xlsx"
    assert "2 use cases of This year in" in line.run("portfolio", "export", "This year", str(file))
    assert "2 use cases in this-year.xlsx; 0 would change." in line.run("portfolio", "import", str(file))
    workbook = openpyxl.load_workbook(file)
    workbook["Decide"]["L2"] = "Shortlisted"
    workbook.save(file)
    assert "status: Idea → Shortlisted" in line.run("portfolio", "import", str(file), typed="n\n", expected=5)
    assert "Nobody answered" in line.run("portfolio", "import", str(file), expected=5)
    assert line.json("decide", "1.1.1-UC04")[0]["status"] == "idea"
    assert "1 use case was changed." in line.run("portfolio", "import", str(file), "--yes")
    assert line.json("decide", "1.1.1-UC04")[0]["status"] == "shortlisted"
    workbook["Decide"]["L2"] = "Perhaps"
    workbook.save(file)
    assert "L2: 'Perhaps' is no status" in line.run("portfolio", "import", str(file), "--yes", expected=2)
    assert "exclude each other" in line.run("portfolio", "import", str(file), "--overwrite", "--keep-theirs", expected=2)

    assert "This year is removed" in line.run("portfolio", "remove", "1", "--all")
    assert line.json("portfolio", "list") == []
    assert "no portfolio 'This year'" in line.run("portfolio", "show", "This year", expected=2)
