"""plan --compare and --keep, approve, costs, and what `failed` says of the next step."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.workbench import serving

pytestmark = pytest.mark.slow


def generated(command_line: OpenCommandLine, toml: str = "", **options: object) -> CommandLine:
    cli = command_line(toml, **options)
    cli.load_shop()
    cli.json("generate", "--wait", expected=3 if "faults" in options else 0)
    return cli


def test_models_are_compared_on_the_same_requests(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    plan = cli.json("plan", "--offline", "--compare", "gpt-6.1-sol,gpt-6.1-terra,gpt-6-luna,llama-3")
    costs = {compared["model"]: compared["cost_usd"] for compared in plan["compared"]}
    assert costs["gpt-6.1-sol"] == pytest.approx(plan["expected_cost_usd"], abs=2e-6)  # each is rounded to a millionth
    assert costs["gpt-6.1-terra"] == pytest.approx(costs["gpt-6.1-sol"] / 2, abs=2e-6)
    assert 0 < costs["gpt-6-luna"] < costs["gpt-6.1-terra"]
    assert costs["llama-3"] is None
    assert not any(plan["compared"][0]["measured"].values())
    said = cli.run("plan", "--offline", "--compare", "gpt-6.1-sol,llama-3")
    assert "unknown" in said
    assert "those measured with gpt-5" in said


def test_the_most_that_a_plan_can_cost_is_every_budget_used(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    plan = cli.json("plan", "--offline", "--stage", "process_details")
    whole = Decimal(8_000) * 6 * Decimal("5") / 1_000_000
    text = plan["stages"][0]["input_tokens"] / 1_000_000
    assert plan["at_most_usd"] == pytest.approx(float(whole) + text, abs=1e-5)


def test_a_kept_plan_is_approved_by_its_number_and_sent(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    kept = cli.json("plan", "--keep", "--nodes", "1.*", "--stage", "process_details")
    cli.run("submit", typed="n\n")
    assert cli.stats()["requests_accepted"] == 0
    assert "3 requests" in cli.run("approve", str(kept["plan"]), "--max-cost-usd", "1")
    cli.run("submit")
    assert cli.stats()["requests_accepted"] == 3
    assert "is approved already" in cli.run("approve", str(kept["plan"]), expected=2)
    assert "there is no plan 99" in cli.run("approve", "99", expected=2)


def test_a_plan_whose_requests_a_newer_one_has_cannot_be_approved(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    older, newer = cli.json("plan", "--keep")["plan"], cli.json("plan", "--keep")["plan"]
    assert "nothing is pending under plan" in cli.run("approve", str(older), expected=2)
    cli.run("approve", str(newer))


def test_the_plan_says_what_is_left_of_the_budgets(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    assert cli.json("plan")["budgets_left_usd"] == {"all frameworks": 5.0}
    cli.json("generate", "--yes", "--wait", "--nodes", "1.1.1")
    (costs,) = {sum(row["cost_usd"] for row in cli.json("costs", "--by", "framework"))}
    assert cli.json("plan")["budgets_left_usd"]["all frameworks"] == pytest.approx(5 - costs)
    assert "Left of the budget of all frameworks: $4." in cli.run("plan")


def test_costs_are_the_same_sum_however_they_are_grouped(command_line: OpenCommandLine) -> None:
    cli = generated(command_line, faults=["truncate:match=-1-1-1-r"])
    sums = {}
    for grouping in ("stage", "model", "day", "branch", "framework", "batch", "outcome", "node"):
        rows = cli.json("costs", "--by", grouping)
        assert {row["kind"] for row in rows} == {"simulated"}
        sums[grouping] = (sum(row["attempts"] for row in rows), round(sum(row["cost_usd"] for row in rows), 8))
    assert len(set(sums.values())) == 1
    assert sums["stage"][0] == 11, "the truncated answer is among them; its node got no use cases"


def test_costs_name_branches_nodes_and_outcomes(command_line: OpenCommandLine) -> None:
    cli = generated(command_line, faults=["truncate:match=-1-1-1-r"])
    assert [row["name"] for row in cli.json("costs", "--by", "branch")] == ["1 Sell", "2 Repair"]
    assert [row["name"] for row in cli.json("costs", "--by", "node")][:2] == ["1.1.1", "1.1.2"]
    by_outcome = {row["name"]: row for row in cli.json("costs", "--by", "outcome")}
    truncated = by_outcome["truncated_reasoning"]
    assert (truncated["output_tokens"], truncated["cost_usd"] > 0.04) == (8_000, True)
    said = cli.run("costs")
    assert "Simulated answers cost nothing" in said
    assert cli.json("costs", "--since", "0.5") == cli.json("costs")


def test_expected_and_real_cost_stand_beside_each_other_for_every_batch(command_line: OpenCommandLine) -> None:
    cli = generated(command_line)
    by_batch = {row["name"]: row["cost_usd"] for row in cli.json("costs", "--by", "batch")}
    batches = cli.json("status")["batches"]
    assert {batch["remote_id"] for batch in batches} == by_batch.keys()
    assert len(batches) >= 2
    for batch in batches:
        assert batch["cost_usd"] == pytest.approx(by_batch[batch["remote_id"]])
        assert batch["expected_cost_usd"] > 0


def test_without_answers_there_are_no_costs(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert cli.json("costs") == []
    assert "Nothing came back yet" in cli.run("costs", "--by", "branch")


def test_what_follows_a_failure_is_said(command_line: OpenCommandLine) -> None:
    cli = generated(command_line, faults=["truncate:match=-1-1-1-r", "refusal:match=-1-1-2-r"])
    next_of = {row["code"]: row["next"] for row in cli.json("failed", expected=3)}
    assert next_of == {
        "1.1.1": "sent again with 16,000 instead of 8,000 tokens",
        "1.1.2": "waits: a person decides whether to ask again",
    }


def test_what_is_not_known_stands_beside_what_is(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    cli.run("generate", "--yes", "--wait", "--stage", "process_details")
    engine = create_engine(dagster_database_url)
    with engine.begin() as connection:
        lost = "update caseforge.attempt set outcome = 'missing_line', cost_usd = null, output_tokens = null where id <= 3"
        assert connection.execute(text(lost)).rowcount == 3
    engine.dispose()
    (row,) = cli.json("costs")
    assert (row["attempts"], row["unknown_costs"]) == (6, 3)
    for command in (["costs"], ["status"], ["report"], ["monitor", "--once"]):
        assert "and 3 unknown" in " ".join(cli.run(*command).split()), command
    assert "Together, billed: $" in cli.run("costs", "--by", "node")
    assert "(3 answers of unknown cost are counted as expected)" in cli.run("plan")


def test_nothing_is_billed_is_said_of_simulated_batches_only(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    for codes in ("1.1.1", "1.1.2"):
        cli.run("generate", "--yes", "--wait", "--stage", "process_details", "--nodes", codes)
    assert "billed" not in cli.run("status").split("Through")[1]
    engine = create_engine(dagster_database_url)
    with engine.begin() as connection:
        connection.execute(text("insert into caseforge.provider (base_url, account, simulated) values ('http://elsewhere', '', true)"))
        connection.execute(text("update caseforge.batch set provider_id = (select max(id) from caseforge.provider) where id = 1"))
    engine.dispose()
    said = " ".join(cli.run("status").split())
    assert "The answers of batch 1 are simulated: these are not billed" in said
    assert "nothing is billed" not in said


def test_a_batch_that_was_refused_and_never_sent_cost_nothing(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True, faults=["reply_error:when=before,status=400"])
    cli.load_shop()
    cli.run("generate", "--yes", "--nodes", "1.1.1", "--stage", "process_details", expected=4)
    assert cli.json("status")["frameworks"][0]["spent"] == []
    assert "unknown (billed)" not in cli.run("status")
    assert "unknown" not in cli.run("show", "1.1.1").split("Attempts")[1]


def test_models_are_listed_with_price_end_and_what_the_framework_costs(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    found = {model["model"]: model for model in cli.json("models")}
    sol = found["gpt-6.1-sol"]
    assert (sol["stages"], sol["usd_per_million_tokens"]) == (
        ["process_details", "usecases"],
        {"input": 1, "cached_input": 0.05, "cache_write": 1.25, "output": 5},
    )
    assert sol["costs_usd"]["shop"] == pytest.approx(2 * found["gpt-6.1-terra"]["costs_usd"]["shop"])
    assert found["gpt-5"]["successor"] == "gpt-6.1-sol"
    said = cli.run("models", "--offline")
    assert "gpt-6.1-sol" in said
    assert "USD per million tokens at batch prices" in said


def test_what_a_model_made_is_asked_for_again_by_its_name(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--wait", "--nodes", "1.1.1")
    terra = ("--set", "openai_model=gpt-6.1-terra")
    assert cli.json(*terra, "plan")["stages"][0]["kept_of_others"] == {"gpt-6.1-sol": 1}
    assert "1 kept from gpt-6.1-sol" in cli.run(*terra, "plan")
    assert cli.json(*terra, "plan", "--model-of", "gpt-6.1-sol")["nodes"] == 2
    assert "gpt-5 made nothing that is there" in cli.run("plan", "--model-of", "gpt-5", expected=2)
    assert "without --select" in cli.run("plan", "--model-of", "gpt-6.1-sol", "--select", "failed", expected=2)


def test_status_and_plan_agree_on_what_is_there_when_the_provider_begins_to_bill(
    command_line: OpenCommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line(faults=["http_500:match=process_details-1-1-1-"])
    cli.load_shop()
    cli.run("generate", "--wait", expected=3)
    assert "$0.00 (simulated)" in " ".join(cli.run("failed", expected=3).split())
    assert [row["cost_usd"] for row in cli.json("failed", expected=3)] == [None]
    with serving(tmp_path / "billing", bills=True) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        planned = {stage["stage"]: stage["states"] for stage in cli.json("plan")["stages"]}
        (standing,) = cli.json("status")["frameworks"]
    assert standing["stages"] == planned == {"process_details": {"failed": 1, "missing": 5}, "usecases": {"no_source": 6}}
