"""monitor, collect, cancel, status, failed, show, export, import-results: what is under way and what was made."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import psycopg2
import pytest

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.workbench import renamed, write_table

ODD_NAME = "Sort [/red] goods :bug: [bold]by hand"


def with_one_document(cli: CommandLine) -> CommandLine:
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait")
    return cli


def test_status_counts_nodes_batches_candidates_and_cost(command_line: OpenCommandLine) -> None:
    cli = with_one_document(command_line())
    status = cli.json("status")
    (shop,) = status["frameworks"]
    assert shop["stages"] == {"process_details": {"done": 1, "missing": 5}, "usecases": {"done": 1, "no_source": 5}}
    assert 6 <= shop["candidates"] <= 10
    assert [(row["stage"], row["simulated"], row["attempts"], row["unknown_costs"]) for row in shop["spent"]] == [
        ("process_details", True, 1, 0),
        ("usecases", True, 1, 0),
    ]
    assert [batch["state"] for batch in status["batches"]] == ["collected", "collected"]
    assert "simulated, at what it would have cost" in cli.run("status", "--framework", "shop")


def test_status_of_an_empty_project_says_how_to_begin(command_line: OpenCommandLine) -> None:
    cli = command_line()
    assert "caseforge load FILE" in cli.run("status")
    assert cli.json("status") == {"frameworks": [], "batches": []}


def test_a_batch_is_watched_collected_and_not_collected_twice(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details")
    while cli.json("monitor", "--watch-only", "--once")[0]["state"] != "final":
        pass
    assert [result["outcomes"] for result in cli.json("collect")] == [{"ok": 1}]
    assert "No batch is ready" in cli.run("collect")


@pytest.mark.slow
def test_cancel_says_what_becomes_of_the_batch(command_line: OpenCommandLine) -> None:
    cli = command_line(latency_s=12)
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details")
    assert "cancelling" in cli.run("cancel", "1")
    cli.run("monitor", expected=0)
    assert cli.json("status")["frameworks"][0]["stages"]["process_details"] == {"cancelled": 1, "missing": 5}
    assert "only a batch that is under way" in cli.run("cancel", "1", expected=2)
    assert "there is no batch 'x'" in cli.run("cancel", "x", expected=2)


def test_show_tells_everything_about_a_node(command_line: OpenCommandLine) -> None:
    cli = with_one_document(command_line())
    whole = cli.json("show", "1.1.1")
    assert (whole["node"]["name"], whole["node"]["partition_key"]) == ("Advertise", "1.1.1_c")
    assert [content["stage"] for content in whole["contents"]] == ["process_details", "usecases"]
    assert [attempt["outcome"] for attempt in whole["attempts"]] == ["ok", "ok"]
    assert whole["candidates"][0]["candidate_uid"] == "1.1.1-UC01"
    said = cli.run("show", "1.1.1_c", "--stage", "process_details")
    for words in ("Process Details - Advertise", "SIMULATED", "Key Activities", "Attempts"):
        assert words in said
    assert "No attempt yet." in cli.run("show", "2.1.1")


def test_show_asks_which_framework_is_meant(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("load", str(cli.folder / "shop.csv"), "--framework", "other")
    assert "in several frameworks" in cli.run("show", "1.1.1", expected=2)
    assert cli.json("show", "1.1.1", "--framework", "other")["node"]["framework_key"] == "other"
    assert "no node is called '7.7'" in cli.run("show", "7.7", expected=2)
    assert "several frameworks are declared" in cli.run("plan", expected=2)


def test_names_that_look_like_markup_are_shown_as_they_are(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["truncate"])
    file = write_table(cli.folder / "odd.csv", [("1", "a", "Odd", ""), ("1.1", "b", ODD_NAME, f"Does it {ODD_NAME}.")])
    cli.run("load", str(file), "--framework", "odd")
    cli.run("generate", "--wait", expected=3)
    assert ODD_NAME in cli.run("show", "1.1")
    assert "[/red] goods :bug:" in cli.run("failed", expected=3)


@pytest.mark.slow
def test_export_says_what_was_selected_and_what_was_left_out(command_line: OpenCommandLine, tmp_path: Path) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1,1.1.2", "--wait")
    said = cli.run("export", str(tmp_path / "out.xlsx"), "--nodes", "1.1.1", "--min-score", "101", expected=2)
    assert "101 is not in the range" in said
    said = cli.run("export", str(tmp_path / "out.xlsx"), "--nodes", "1.1.1", "--min-score", "0", "--max-score", "100")
    assert "1 document and" in said
    assert "Selected: nodes 1.1.1; quality score 0 to 100." in said
    assert "Left out: 2 contents of other nodes." in said
    assert (tmp_path / "out.xlsx").read_bytes().startswith(b"PK")
    said = cli.run("export", str(tmp_path / "out"), "--category", "nothing", expected=2)
    assert "no candidate of shop has the category 'nothing'" in said


@pytest.mark.slow
def test_export_writes_what_was_made(command_line: OpenCommandLine, tmp_path: Path) -> None:
    cli = with_one_document(command_line())
    for kind, name in (("markdown", "index.md"), ("csv", "out.csv"), ("xlsx", "out.xlsx"), ("jsonl", "out.jsonl")):
        folder = tmp_path / f"exported_{kind}"
        target = folder if kind == "markdown" else folder / name
        assert "1 document and" in cli.run("export", str(target), "--format", kind)
        assert (folder / name).stat().st_size > 100


def test_import_results_tells_what_was_good_and_what_was_not(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    choice = {"finish_reason": "length", "message": {"role": "assistant", "content": ""}}
    usage = {"prompt_tokens": 900, "completion_tokens": 4000, "completion_tokens_details": {"reasoning_tokens": 4000}}
    line = {"custom_id": "n-1.1.1", "response": {"status_code": 200, "body": {"model": "gpt-5", "choices": [choice], "usage": usage}}}
    path = cli.folder / "answers.jsonl"
    path.write_text(json.dumps(line) + "\n")
    arguments = ("import-results", str(path), "--framework", "shop", "--stage", "process_details", "--custom-id", "^n-(?P<code>.+)$")
    first = cli.json(*arguments, expected=3)
    assert (first["already_imported"], first["outcomes"], first["left_out"]) == (False, {"truncated_reasoning": 1}, [])
    assert cli.json(*arguments, expected=3)["already_imported"] is True
    assert "reasoning used all 4,000 tokens" in cli.json("failed", expected=3)[0]["detail"]
    assert "no group" in cli.run(*arguments[:-1], "^n-(.+)$", expected=2)
    assert "its answer is here already" in cli.run(*arguments[:5], "usecases", *arguments[6:], expected=2)


@pytest.mark.slow
def test_an_import_is_listed_and_taken_back(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "Nothing was imported" in cli.run("import-results", "--list")
    choice = {"finish_reason": "length", "message": {"role": "assistant", "content": ""}}
    line = {"custom_id": "n-1.1.1", "response": {"status_code": 200, "body": {"id": "c", "model": "gpt-5", "choices": [choice]}}}
    path = cli.folder / "answers.jsonl"
    path.write_text(json.dumps(line) + "\n")
    assert "missing: --framework, --custom-id" in cli.run("import-results", str(path), "--stage", "usecases", expected=2)
    assert "go alone" in cli.run("import-results", str(path), "--undo", "1", expected=2)
    said = cli.run(
        "import-results", str(path), "--framework", "shop", "--stage", "process_details", "--custom-id", "n-(?P<code>.+)", expected=3
    )
    (row,) = cli.json("import-results", "--list")
    assert (row["answers"], row["unknown_costs"], row["taken_back"]) == (1, 1, False)
    undo = f"import-results --undo {row['batch']}"
    assert undo in said
    said = cli.run(*undo.split(), "--by", "Ada")
    assert "1 answer, 0 contents and $0.00 and 1 answer of unknown cost are in no figure any more" in said
    assert cli.json("failed") == []
    assert cli.json("import-results", "--list")[0]["taken_back"] is True
    assert "taken back by Ada" in cli.run(*undo.split(), expected=2)


def test_no_database_is_exit_code_6(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    cli.load_shop()
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://anna:hidden@127.0.0.1:9/caseforge")
    assert "hidden" not in cli.run("status", expected=6)


def test_a_database_elsewhere_is_not_started_or_stopped_here(command_line: OpenCommandLine) -> None:
    cli = command_line()
    for command in ("start", "stop", "status"):
        assert "CASEFORGE_POSTGRES_URL is set" in cli.run("db", command, expected=2)


def test_help_is_there_for_every_command(command_line: OpenCommandLine) -> None:
    cli = command_line()
    listed = cli.run("--help")
    for name in (
        "load",
        "plan",
        "generate",
        "submit",
        "monitor",
        "collect",
        "cancel",
        "status",
        "failed",
        "retry",
        "show",
        "export",
        "import-results",
        "batch-server",
    ):
        assert name in listed
        assert "Usage:" in cli.run(name, "--help")
    assert "No such command" in cli.run("generat", expected=2)


@pytest.mark.slow
def test_what_is_stale_is_listed_with_the_reason(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--wait")
    assert cli.json("stale") == []
    assert "Nothing is stale" in cli.run("stale")
    cli.run("load", str(write_table(cli.folder / "shop.csv", renamed("1.1.2", "Answer whatever is asked"))), "--framework", "shop")
    rows = {row["asset"]: row for row in cli.json("stale", expected=3)}
    assert list(rows) == ["process_batch_inputs", "process_documents", "usecase_batch_inputs", "usecase_candidates"]
    assert {row["partition"] for row in rows.values()} == {"1.1.2_d"}
    assert rows["process_batch_inputs"]["reasons"][0]["reason"] == "node_contexts changed"
    assert rows["usecase_candidates"]["reasons"][0]["reason"].startswith("outdated: node_contexts changed on ")
    assert "Stale: 1 at process_batch_inputs, 1 at process_documents, 1 at usecase_batch_inputs" in " ".join(
        cli.run("stale", expected=3).split()
    )
    cli.run("generate", "--select", "stale", "--wait")
    assert cli.json("stale") == []


@pytest.mark.slow
def test_a_models_text_does_not_steer_the_terminal_of_who_reads_it(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "\x1b]8;;http://evil\x07click\x1b]8;;\x07 \x9b31m \u202efdp.exe good\rbad [link=http://evil]x[/link]"
    cli = command_line()
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait", "--yes")
    with psycopg2.connect(os.environ["CASEFORGE_POSTGRES_URL"].replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("update caseforge.content set body = %s, title = %s, model = %s, generated_by = %s", (hostile,) * 4)
        cursor.execute("update caseforge.candidate set title = %s", (hostile,))
        cursor.execute("update caseforge.node_version set name = %s, description = %s", (hostile, hostile))
        cursor.execute("update caseforge.attempt set detail = %s", (hostile,))
        cursor.execute("update caseforge.batch set reason = %s", (hostile,))
    for words in (
        "show 1.1.1",
        "show 1.1.1 --json",
        "show 1.1.1 --history",
        "preview 1.1.1",
        "preview 1.1.1 --json",
        "status",
        "status --json",
        "frameworks",
        "plan",
    ):
        said = cli.run(*words.split())
        assert not [
            character for character in said if (unicodedata.category(character) == "Cc" and character != "\n") or character == "\u202e"
        ], words
    assert "\\x1b]8;;http://evil" in cli.run("show", "1.1.1")
    assert cli.json("show", "1.1.1")["contents"][0]["body"] == hostile


def test_what_waits_for_another_stage_says_for_which(command_line: OpenCommandLine) -> None:
    cli = command_line()
    cli.load_shop()
    assert "6 waiting for process_details" in cli.run("status")
    assert "usecases: 6 waiting for process_details" in cli.run("plan")
