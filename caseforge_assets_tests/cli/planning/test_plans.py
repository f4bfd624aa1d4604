"""plans: listed, shown, cancelled, declined, raised; and a limit that is too low."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine

pytestmark = pytest.mark.slow


def billed(command_line: OpenCommandLine) -> CommandLine:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    return cli


def test_a_limit_below_its_cost_is_refused_before_anything_is_stored(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    said = cli.run("generate", "--nodes", "1.1.1", "--yes", "--max-cost-usd", "0.01", expected=5)
    assert "the limit of this plan ($0.01) would be overdrawn by $" in said
    assert cli.json("plans", "list", "--all") == []
    assert "No plan was made yet" in cli.run("plans")
    cli.run("generate", "--nodes", "1.1.2", "--yes")
    assert cli.stats()["requests_accepted"] == 1
    kept = cli.json("plan", "--keep", "--nodes", "1.1.3")["plan"]
    assert "would be overdrawn" in cli.run("approve", str(kept), "--max-cost-usd", "0.01", expected=5)
    assert cli.json("plans", "show", str(kept))["state"] == "draft"


def test_plans_are_listed_with_what_is_open_and_shown_with_who_decided(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    cli.run("generate", "--nodes", "1.1.1", "--yes", "--stage", "process_details", "--wait")
    kept = cli.json("plan", "--keep", "--nodes", "1.1.2")["plan"]
    (one,) = cli.json("plans", "list")
    assert (one["plan"], one["state"], one["to_send"], one["follow"]) == (kept, "draft", 1, 1)
    assert one["expected_cost_usd"] == pytest.approx(one["to_send_cost_usd"] + one["follow_cost_usd"])
    assert len(cli.json("plans", "list", "--all")) == 2
    cli.run("approve", str(kept), "--max-cost-usd", "1", "--by", "Ada")
    shown = cli.json("plans", "show", str(kept))
    assert [(change["change"], change["by"], change["max_cost_usd"]) for change in shown["changes"]] == [("approved", "Ada", 1)]
    assert "approved by Ada, limit $1.00" in cli.run("plans", "show", str(kept))
    assert "there is no plan 99" in cli.run("plans", "show", "99", expected=2)


def test_a_plan_is_raised_cancelled_or_declined_by_name(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    approved, draft = (str(cli.json("plan", "--keep", "--nodes", code)["plan"]) for code in ("1.1.1", "1.1.2"))
    cli.run("approve", approved, "--max-cost-usd", "1")
    assert "name a higher one" in cli.run("plans", "raise", approved, "--max-cost-usd", "0.5", expected=5)
    assert "say either" in cli.run("plans", "raise", approved, expected=2)
    assert "may spend $2.00 now; it was $1.00" in cli.run("plans", "raise", approved, "--max-cost-usd", "2", "--by", "Bea")
    assert "has no limit now" in cli.run("plans", "raise", approved, "--no-limit")
    assert f"caseforge plans cancel {approved}" in cli.run("plans", "decline", approved, expected=2)
    assert f"caseforge plans decline {draft}" in cli.run("plans", "cancel", draft, expected=2)
    assert "is declined" in cli.run("plans", "decline", draft)
    assert "1 request is not sent" in cli.run("plans", "cancel", approved)
    cli.run("submit", "--yes", "--wait")
    assert cli.stats()["requests_accepted"] == 0
    assert [plan["state"] for plan in cli.json("plans", "list", "--all")] == ["cancelled", "declined"]
    assert "Of no plan is anything open" in cli.run("plans", "list")
    cli.run("generate", "--nodes", "1.1.1,1.1.2", "--yes", "--wait")
    assert cli.stats()["requests_accepted"] == 4
