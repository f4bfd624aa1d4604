"""plan, generate, submit, retry: consent, exit codes, and JSON that scripts can read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, create_engine

from caseforge_assets.stages.model_rules import MODELS
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.defs.project import eventually
from caseforge_assets_tests.workbench import PROCESS, SHOP, write_table

GOOD = {"done": 6}


def test_plan_shows_and_keeps_nothing(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    first, second = cli.json("plan"), cli.json("plan")
    assert first == second
    assert (first["framework"], first["simulated"], first["nodes"]) == ("shop", True, 12)
    assert [(stage["stage"], stage["now"], stage["later"]) for stage in first["stages"]] == [("process_details", 6, 0), ("usecases", 0, 6)]
    assert "free (simulated)" in cli.run("plan")
    assert cli.stats()["requests_accepted"] == 0


@pytest.mark.slow
def test_what_is_too_long_is_told_by_every_command(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    room = replace(MODELS["gpt-6.1-sol"], context_tokens=PROCESS.default_max_completion_tokens + 2_000)
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", room)
    cli = command_line("[stages.usecases]\nmax_completion_tokens = 4000")
    cli.load_shop()
    text = " ".join(["Something else is done there as well, every day."] * 200)
    rows = [(*row[:3], text) if row[0] == "1.1.1" else row for row in SHOP]
    cli.run("load", str(write_table(cli.folder / "shop.csv", rows)), "--framework", "shop")
    shorter = cli.json("plan", "--nodes", "1.1.1")["stages"][0]
    assert (shorter["now"], shorter["shortened"], shorter["too_long"]) == (1, 1, {})
    assert "1 made from half of what belongs in them: the whole is too long for gpt-6.1-sol" in cli.run("plan", "--nodes", "1.1.1")
    assert "It is too long for its model" in cli.run("preview", "1.1.1")
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", replace(room, context_tokens=room.context_tokens - 550))
    assert "1.1.1 cannot be sent: gpt-6.1-sol has room for 1,450 tokens" in " ".join(cli.run("plan", "--nodes", "1.1.1").split())
    said = " ".join(cli.run("generate", "--nodes", "1.1.1,1.1.2", "--stage", "process_details", "--wait", expected=3).split())
    assert "1.1.1 cannot be sent: gpt-6.1-sol has room" in said
    (failed,) = cli.json("failed", expected=3)
    assert (failed["code"], failed["outcome"], failed["attempts"], failed["next"]) == (
        "1.1.1", "context_length", 0, "waits: it is too long for its model",
    )  # fmt: skip
    assert "was not sent" in failed["detail"]
    assert "failed without being sent: gpt-6.1-sol has room" in " ".join(cli.run("show", "1.1.1", "--history").split())
    assert "0 failed nodes would be sent again" in cli.run("retry", expected=0)
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", room)
    assert "1 failed node would be sent again, 1 of them shortened" in cli.run("retry", "--wait")
    assert "shortened, because it was too long for the model" in " ".join(cli.run("show", "1.1.1", "--history").split())


def test_plan_needs_no_provider(command_line: OpenCommandLine) -> None:
    from os import environ

    cli = command_line()
    cli.load_shop()
    environ["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"  # set by the fixture, which undoes it
    offline = cli.json("plan", "--offline", "--nodes", "1.*")
    assert (offline["simulated"], offline["nodes"]) == (False, 6)
    assert offline["expected_cost_usd"] > 0


def test_generate_and_wait_makes_everything(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    done = cli.json("generate", "--wait")
    assert (done["plan"]["nodes"], len(done["submitted_batches"]), done["held_back"], done["failed_nodes"]) == (12, 2, "", 0)
    assert cli.json("status")["frameworks"][0]["stages"] == {"process_details": GOOD, "usecases": GOOD}
    assert "everything is there and fresh" in cli.run("generate", "--wait")


@pytest.mark.slow
def test_a_command_leaves_no_connection_to_dagsters_tables_open(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait")
    engine = create_engine(dagster_database_url)
    eventually(lambda: "" not in applications(engine))
    engine.dispose()


def applications(engine: Engine) -> list[str]:
    """The names that connections of others give themselves; CaseForge's own to its store, which end with the process, have one."""
    with engine.connect() as connection:
        others = "select application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        return list(connection.exec_driver_sql(others).scalars())


@pytest.mark.slow
def test_generate_returns_after_submitting_and_monitor_goes_on(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "caseforge monitor" in cli.run("generate", "--nodes", "1.1.1")
    assert cli.json("status")["frameworks"][0]["stages"]["process_details"] == {"waiting": 1, "missing": 5}
    said = cli.run("monitor")
    assert "Collected process_details" in said
    assert "Collected usecases" in said
    assert cli.json("status")["frameworks"][0]["stages"]["usecases"]["done"] == 1


def test_a_few_nodes_for_a_test_and_one_stage_only(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    done = cli.json("generate", "--test", "--count", "2", "--stage", "process_details", "--wait")
    assert done["plan"]["nodes"] == 2
    assert cli.stats()["requests_accepted"] == 2


@pytest.mark.slow
def test_another_answer_where_there_is_a_good_one(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details", "--wait")
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details", "--wait", "--regenerate")
    assert cli.stats()["accepted"]["max_multiplicity"] == 2


def test_whoever_says_no_is_not_billed(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    said = cli.run("generate", expected=5, typed="n\n")
    assert "Send 12 requests for about $" in said
    assert "nothing was sent" in said
    assert cli.stats()["batches_created"] == 0
    cli.run("submit", typed="n\n")
    assert cli.stats()["batches_created"] == 0


def test_whoever_says_yes_is_billed_once(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    cli.run("generate", "--wait", typed="y\n")
    assert cli.stats()["accepted"] == {"requests": 12, "distinct_bodies": 12, "max_multiplicity": 1}
    (process, usecases) = cli.json("status")["frameworks"][0]["spent"]
    assert not process["simulated"]
    assert Decimal(str(process["cost_usd"])) > 0
    assert usecases["attempts"] == 6


@pytest.mark.slow
def test_json_stays_json_when_a_question_is_asked(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    assert cli.json("generate", "--nodes", "1.1.1", "--stage", "process_details", "--wait", typed="y\n")["plan"]["nodes"] == 1


def test_small_sums_need_no_question(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5\nauto_approve_below_usd = 0.05", bills=True)
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details", "--wait")
    assert cli.stats()["requests_accepted"] == 1
    cli.run("generate", expected=5, typed="n\n")


def test_without_budget_or_over_it_the_exit_code_is_5_and_the_text_says_by_how_much(command_line: OpenCommandLine) -> None:
    cli = command_line(bills=True)
    cli.load_shop()
    assert "there is no budget for shop" in cli.run("generate", "--yes", expected=5)
    (cli.folder / "caseforge.toml").write_text("budget_usd = 0.01\n" + cli.configuration())
    held_back = cli.json("submit", "--yes", expected=5)["held_back"]
    assert "would be overdrawn by $" in held_back
    assert cli.stats()["batches_created"] == 0


def test_the_most_that_a_plan_may_cost_holds(command_line: OpenCommandLine) -> None:
    cli = command_line("budget_usd = 5", bills=True)
    cli.load_shop()
    assert "($0.01) would be overdrawn" in cli.run("generate", "--yes", "--max-cost-usd", "0.01", expected=5)


@pytest.mark.slow
def test_failed_nodes_are_exit_code_3_and_can_be_retried(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["truncate:batch=1,match=-1-1-1-r"])
    cli.load_shop()
    assert "1 node of shop failed" in cli.run("generate", "--stage", "process_details", "--wait", expected=3)
    (failed,) = cli.json("failed", expected=3)
    assert (failed["code"], failed["stage"], failed["outcome"]) == ("1.1.1", "process_details", "truncated_reasoning")
    assert cli.run("failed", "--ids", expected=3) == "1.1.1\n"
    assert cli.json("retry", "--stage", "process_details", "--wait")["retried"] == 1
    assert cli.json("failed") == []


@pytest.mark.slow
def test_a_refused_batch_is_exit_code_4_with_the_providers_words(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["reply_error:when=before,status=400"])
    cli.load_shop()
    assert "HTTP 400" in cli.run("generate", "--wait", expected=4)
    assert "HTTP 400" in cli.json("generate", "--wait", expected=4)["refused"][0]


def test_a_refused_key_is_exit_code_4_and_does_not_show_the_key(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["reply_error:when=before,status=401,match=."])
    cli.load_shop()
    said = cli.run("generate", "--wait", expected=4)
    assert "Check OPENAI_API_KEY" in said
    assert "sk-test" not in said


def test_what_is_not_known_is_exit_code_2(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "there is no stage 'usecase'" in cli.run("generate", "--stage", "usecase", expected=2)
    assert "'9.9' is no target node" in cli.run("generate", "--nodes", "9.9", expected=2)
    assert "'retail' is not in caseforge.toml" in cli.run("generate", "--framework", "retail", expected=2)
    (cli.folder / "caseforge.toml").write_text("openai_modell = 1\n")
    assert "did you mean openai_model?" in cli.run("plan", expected=2)
    assert cli.stats()["batches_created"] == 0


def test_without_a_key_it_is_said_how_to_go_on(command_line: OpenCommandLine) -> None:
    from os import environ

    cli = command_line()
    cli.load_shop()
    del environ["OPENAI_API_KEY"]  # set by the fixture, which undoes it
    assert "caseforge batch-server" in cli.run("generate", expected=2)
    assert cli.json("plan")["simulated"] is False


@pytest.mark.slow
def test_a_selection_takes_only_what_is_so(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["http_500:batch=1,match=-1-1-1-r"])
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1,1.1.2", "--stage", "process_details", "--wait", expected=3)
    plans = {
        name: cli.json("plan", "--stage", "process_details", "--select", name)["nodes"]
        for name in ("failed", "missing", "stale", "unfinished")
    }
    assert plans == {"failed": 1, "missing": 4, "stale": 0, "unfinished": 5}
    taken = cli.json("generate", "--stage", "process_details", "--select", "missing", "--limit", "2", "--wait")
    assert taken["plan"]["nodes"] == 2
    assert cli.json("plan", "--stage", "process_details", "--select", "unfinished")["nodes"] == 3
    assert "--limit goes with --select" in cli.run("plan", "--limit", "2", expected=2)
    assert "use one of them" in cli.run("generate", "--test", "--select", "failed", expected=2)


@pytest.mark.slow
def test_a_folder_without_dagsters_files_is_worked_in_all_the_same(command_line: OpenCommandLine) -> None:
    cli = command_line()
    (cli.folder / "dagster.yaml").unlink()
    cli.load_shop()
    cli.run("generate", "--wait", "--nodes", "1.1.1")
    assert cli.run("flush") == "0 events written.\n"
    assert not list(cli.folder.glob("**/*.db"))
