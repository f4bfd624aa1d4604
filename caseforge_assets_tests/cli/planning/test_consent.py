"""Announced is what is sent: every command that may spend names all that is sent because of it, or sends only what it named."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.workbench import SHOP, write_table

pytestmark = pytest.mark.slow

DOCUMENTS = ("--stage", "process_details")


def billed(command_line: OpenCommandLine, **options: object) -> CommandLine:
    cli = command_line("budget_usd = 9\ncreate_grace_s = 0", bills=True, **options)
    cli.load_shop()
    return cli


def approve(cli: CommandLine, *arguments: str) -> str:
    """A plan that somebody approved and nobody sent yet; its number."""
    number = str(cli.json("plan", "--keep", *arguments)["plan"])
    cli.run("approve", number)
    return number


def accepted(cli: CommandLine) -> int:
    return int(cli.stats()["requests_accepted"])


def test_retry_sends_what_it_announced_and_no_others(command_line: OpenCommandLine) -> None:
    cli = billed(command_line, faults=["truncate:batch=1,match=-1-1-1-r"])
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", *DOCUMENTS, expected=3)
    other = approve(cli, "--nodes", "2.*")
    said = cli.run("retry", typed="y\n")
    assert "1 failed node would be sent again; 1 request that follows from what comes back, expected cost $0." in said
    assert accepted(cli) == 2
    assert f"3 other requests are approved and wait, plan {other} of shop: `caseforge submit` sends them." in said


def test_what_follows_from_a_retry_is_in_its_price(command_line: OpenCommandLine) -> None:
    cli = billed(command_line, faults=["truncate:batch=1,match=-1-1-1-r"])
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", expected=3)
    done = cli.json("retry", "--yes", "--wait")
    assert (done["retried"], done["follow"]) == (1, 1)
    assert accepted(cli) == 3
    (plan,) = (plan for plan in cli.json("plans", "list", "--all") if plan["made_by"] == "retry")
    assert plan["spent_usd"] > 0
    assert [plan[what] for what in ("to_send", "under_way", "follow")] == [0, 0, 0]


def test_what_a_refused_call_left_is_named_with_its_price_before_it_is_sent(command_line: OpenCommandLine) -> None:
    cli = billed(command_line, faults=["reply_error:when=before,status=400,call=1"])
    cli.run("generate", "--yes", "--nodes", "1.*", *DOCUMENTS, expected=4)
    assert accepted(cli) == 0
    said = cli.run("generate", "--nodes", "1.*", *DOCUMENTS)  # this one may find out only that nothing was created
    assert "Approved before and not through, plan 1 of shop: 3 requests now, expected cost $0." in said
    cli.run("submit", "--wait")
    assert accepted(cli) == 3
    assert cli.json("generate", "--nodes", "1.*", *DOCUMENTS)["approved_before"] == []
    assert accepted(cli) == 3


def test_what_was_approved_for_other_nodes_stays_where_it_is(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    approve(cli, "--nodes", "1.*")
    done = cli.json("generate", "--yes", "--wait", "--nodes", "2.1.1")
    assert (done["plan"]["nodes"], done["approved_before"], done["held_back"]) == (2, [], "")
    assert accepted(cli) == 2


def test_a_plan_with_too_small_a_limit_stops_no_other_command(command_line: OpenCommandLine) -> None:
    cli = billed(command_line, faults=["truncate:batch=1,match=-1-1-1-r"])
    cost = cli.json("plan", "--offline", "--nodes", "1.1.1", *DOCUMENTS)["expected_cost_usd"]
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", *DOCUMENTS, "--max-cost-usd", str(cost + 0.0001), expected=3)
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.2")  # the other one failed before
    assert accepted(cli) == 3


def test_a_question_names_what_was_approved_before_and_a_no_sends_none_of_it(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    approve(cli, "--nodes", "1.*", *DOCUMENTS)
    said = cli.run("generate", *DOCUMENTS, typed="n\n", expected=5)
    assert "Send 3 requests for about $" in said
    assert ", and 3 that were approved before for about $" in said
    assert accepted(cli) == 0


@pytest.mark.parametrize("command", [("submit",), ("monitor", "--once")])
def test_commands_that_carry_out_what_was_approved_name_each_batch(command_line: OpenCommandLine, command: tuple[str, ...]) -> None:
    cli = billed(command_line)
    approve(cli, "--nodes", "1.*")
    said = cli.run(*command)
    assert "Sending batch 1: 3 requests for process_details of shop, expected cost $0." in said
    assert accepted(cli) == 3


def test_submit_names_plans_and_asks_about_the_rest_only(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    number = approve(cli, "--nodes", "1.1.1")
    cli.run("plan", "--keep", "--nodes", "2.*", *DOCUMENTS)
    said = cli.run("submit", "--wait", typed="n\n")
    assert f"plan {number} of shop: 1 request now, expected cost $" in said
    assert "1 that follows from answers, expected cost $" in said
    assert "3 pending requests in no approved plan" in said
    assert accepted(cli) == 2


def test_json_names_on_standard_error(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    approve(cli, "--nodes", "1.1.1", *DOCUMENTS)
    assert "Sending batch 1: 1 request" in cli.run("submit", "--json")


def test_retry_below_a_score_sends_only_its_own(command_line: OpenCommandLine) -> None:
    cli = billed(command_line)
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", *DOCUMENTS)
    approve(cli, "--nodes", "2.*")
    said = cli.run("retry", "--quality-below", "100", "--yes", "--wait", "--nodes", "1.1.1")
    assert "1 that is made from them follows" in said
    assert accepted(cli) == 3


def test_a_command_tells_of_failures_of_what_it_was_asked_for_alone(command_line: OpenCommandLine) -> None:
    cli = command_line("max_attempts = 1", faults=["truncate:match=-1-1-1-r"])
    cli.load_shop()
    said = cli.run("generate", "--nodes", "1.1.1,2.1.1", *DOCUMENTS, "--wait", expected=3)
    again = "--framework shop --nodes 1.1.1"
    assert f"1 node of shop failed. `caseforge failed {again}` says why, `caseforge retry {again}` sends it again." in " ".join(
        said.split()
    )
    assert " failed" not in cli.run("generate", "--nodes", "1.1.2", *DOCUMENTS, "--wait")
    assert "of shop failed" not in cli.run("generate", "--nodes", "1.1.1", "--stage", "usecases", "--wait"), (
        "it has no document to make them from"
    )
    cli.run("submit", "--wait")
    cli.run("generate", *DOCUMENTS, "--wait", expected=3)
    assert "No node has failed." in cli.run("failed", "--nodes", "1.1.2")
    assert cli.json("failed", "--nodes", "1.1.1", expected=3) == cli.json("failed", expected=3)
    assert cli.json("retry", "--outcome", "refused", "--wait")["failed_nodes"] == 0
    assert cli.json("retry", "--wait", expected=3)["failed_nodes"] == 1


def test_lines_and_lists_of_batches_name_their_framework(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("load", str(write_table(cli.folder / "other.csv", SHOP[:5])), "--framework", "other")
    said = cli.run("generate", "--framework", "other", "--nodes", "1.1.1", "--wait")
    assert "Sending batch 1: 1 request for process_details of other, free" in said
    assert "Collected process_details of other batch_" in said
    cli.run("generate", "--framework", "shop", "--nodes", "2.1.1", "--wait")
    rows = cli.json("costs", "--by", "batch")
    assert sorted(row["frameworks"] for row in rows) == [["other"], ["other"], ["shop"], ["shop"]]
    assert "other" in cli.run("costs", "--by", "batch", "--framework", "other")
    assert {frozenset(batch["frameworks"]) for batch in cli.json("status", "--framework", "shop")["batches"]} == {frozenset(["shop"])}
    assert len(cli.json("status")["batches"]) == 4
