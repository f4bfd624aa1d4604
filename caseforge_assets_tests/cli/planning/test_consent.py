"""Announced is what is sent: every command that may spend names all that is sent because of it, or sends only what it named."""

from __future__ import annotations

import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine

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
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.2", expected=3)  # one failed before
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
    assert "1 that follow from answers, expected cost $" in said
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
    assert "1 that are made from them follow" in said
    assert accepted(cli) == 3
