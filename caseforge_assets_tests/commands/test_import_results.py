"""Taking over answers that were paid for elsewhere: judged and stored like collected ones, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.commands.import_results import Imported, ImportRefused, import_results
from caseforge_assets.commands.record_answers import record_answers
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

NODES = r"^node_\d+_(?P<code>[\d.]+)$"
USECASE_NODES = r"^usecases_node_\d+_(?P<code>[\d.]+)$"
CODES = ("1.2.4", "1.2.9", "1.3.5", "1.3.6", "1.3.7", "1.4.3")
FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "openai_batches"
TABLES = ("attempt", "content", "candidate", "request", "outbox", "batch")


def real_file(name: str) -> Path:
    path = FILES / f"{name}.output.jsonl"
    if not path.exists():
        pytest.skip(f"needs the real batch file {path.name} in shared/data/openai_batches beside the checkout")
    return path


@pytest.fixture
def opened(bench: OpenBench) -> Workbench:
    """A framework of our own that has the codes of the real answers."""
    workbench = bench()
    parents = sorted({code.rpartition(".")[0] for code in CODES})
    rows = [
        ("1", "r", "Plan", ""),
        *((code, f"p{code}", f"Group {code}", "") for code in parents),
        *((c, f"n{c}", f"Process {c}", "") for c in CODES),
    ]
    workbench.load(sorted(rows), key="real")
    return workbench


def take_over(bench: Workbench, path: Path, stage: Stage, pattern: str, key: str = "real") -> Imported:
    return import_results(bench.store, bench.folder, bench.configuration, path, key, stage, pattern)


def snapshot(bench: Workbench) -> dict[str, list[Any]]:
    return {table: bench.query(f"select * from caseforge.{table} order by id") for table in TABLES}


def answer_line(custom_id: str, text: str, finish_reason: str = "stop", **usage: Any) -> str:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
    body = {"id": "c", "model": "gpt-5-2025-08-07", "created": 1_755_000_000, "choices": [choice], "usage": usage or None}
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})


def test_the_good_documents_are_stored_as_what_they_are(opened: Workbench) -> None:
    result = take_over(opened, real_file("process_details_ok"), PROCESS, NODES)
    assert (result.outcomes, result.left_out, result.already) == ({"ok": 3}, (), False)
    rows = opened.query("""
    select nv.code, c.is_current, c.simulated, c.model, c.generated_by, c.output_tokens, c.cost_usd > 0 from caseforge.content c
    join caseforge.node_version nv on nv.node_id = c.node_id order by nv.position
    """)
    origin = "imported from process_details_ok.output.jsonl"
    assert rows == [
        (code, True, False, "gpt-5-2025-08-07", origin, tokens, True)
        for code, tokens in (("1.3.6", 4326), ("1.3.7", 4311), ("1.4.3", 3962))
    ]


def test_the_empty_documents_are_failures_that_name_the_reasoning_tokens(opened: Workbench) -> None:
    result = take_over(opened, real_file("process_details_truncated"), PROCESS, NODES)
    assert result.outcomes == {"truncated_reasoning": 3}
    assert opened.column("select distinct detail from caseforge.attempt") == [
        "reasoning used all 4,000 tokens of the budget; no text was left"
    ]
    assert opened.column("select min(cost_usd) > 0 from caseforge.attempt") == [True]
    assert opened.column("select count(*) from caseforge.content") == [0]
    failed = opened.query("select asset, partition_key from caseforge.outbox where kind = 'failed' order by id")
    assert failed == [("process_documents", f"{code}_n{code}") for code in ("1.2.4", "1.2.9", "1.3.5")]


def test_six_answers_for_three_nodes_are_six_attempts_and_three_current_sets(opened: Workbench) -> None:
    result = take_over(opened, real_file("usecases_mixed"), USECASES, USECASE_NODES)
    assert result.outcomes == {"ok": 5, "truncated_reasoning": 1}
    assert opened.column("select detail from caseforge.attempt where outcome <> 'ok'") == [
        "reasoning used all 6,000 tokens of the budget; no text was left"
    ]
    current = opened.query("""
    select nv.code, a.line_number, count(k.id) from caseforge.content c
    join caseforge.node_version nv on nv.node_id = c.node_id
    join caseforge.attempt a on a.id = c.attempt_id
    join caseforge.candidate k on k.content_id = c.id and k.is_current
    where c.is_current group by 1, 2 order by 1
    """)
    assert [(code, line) for code, line, _ in current] == [("1.2.4", 4), ("1.2.9", 5), ("1.3.5", 6)]
    assert all(6 <= count <= 10 for _, _, count in current)
    assert opened.column("select count(*) from caseforge.content where not is_current") == [2]


@pytest.mark.parametrize(
    ("name", "stage", "pattern"),
    [("process_details_ok", PROCESS, NODES), ("process_details_truncated", PROCESS, NODES), ("usecases_mixed", USECASES, USECASE_NODES)],
)
def test_the_same_file_again_changes_nothing(opened: Workbench, name: str, stage: Stage, pattern: str) -> None:
    path = real_file(name)
    first = take_over(opened, path, stage, pattern)
    before = snapshot(opened)
    again = take_over(opened, path, stage, pattern)
    assert again.already
    assert again.outcomes == first.outcomes
    assert snapshot(opened) == before


def test_imported_documents_lead_to_use_case_requests(opened: Workbench) -> None:
    take_over(opened, real_file("process_details_ok"), PROCESS, NODES)
    made = "select nv.code from caseforge.request r join caseforge.node_version nv on nv.node_id = r.node_id where r.stage = 'usecases' order by 1"
    assert opened.column(made) == ["1.3.6", "1.3.7", "1.4.3"]


def test_what_failed_elsewhere_can_be_retried_here(opened: Workbench) -> None:
    take_over(opened, real_file("process_details_truncated"), PROCESS, NODES)
    opened.generate("1.2.4", "1.2.9", "1.3.5", key="real")
    assert opened.query("select stage, count(*) from caseforge.content where is_current group by 1 order by 1") == [
        ("process_details", 3),
        ("usecases", 3),
    ]


def test_imported_answers_do_not_count_against_the_budget(opened: Workbench) -> None:
    from caseforge_assets.store.plans import committed_by_framework

    take_over(opened, real_file("process_details_ok"), PROCESS, NODES)
    with opened.store.connect() as connection:
        assert committed_by_framework(connection) == {}


def test_lines_of_other_nodes_and_broken_lines_are_left_out_by_name(bench: OpenBench, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    good = "\n\n".join(f"## {name}\n\nText." for name in ("Overview", "Key Activities"))
    path.write_text("\n".join([answer_line("node_1_1.1.1", good), answer_line("node_2_9.9.9", good), "{cut", answer_line("other", good)]))
    result = take_over(bench(), path, PROCESS, NODES, KEY)
    assert result.outcomes == {"sections_missing": 1}
    assert len(result.left_out) == 3
    assert "node_2_9.9.9" in " ".join(result.left_out)


def test_a_crash_between_chunks_goes_on(bench: OpenBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from caseforge_assets.commands import import_results as module

    opened = bench()
    path = tmp_path / "three.jsonl"
    path.write_text("\n".join(answer_line(f"node_1_{code}", "too short") for code in ("1.1.1", "1.1.2", "1.1.3")))
    monkeypatch.setattr(module, "CHUNK_LINES", 1)
    record, calls = record_answers, iter(range(100))

    def killed_at_the_second(*arguments: Any) -> Any:
        if next(calls) == 1:
            raise MemoryError
        return record(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "record_answers", killed_at_the_second)
        with pytest.raises(MemoryError):
            take_over(opened, path, PROCESS, NODES, KEY)
    assert opened.column("select count(*) from caseforge.attempt") == [1]
    result = take_over(opened, path, PROCESS, NODES, KEY)
    assert not result.already
    assert sum(result.outcomes.values()) == 3
    assert opened.column("select count(*) from caseforge.attempt") == [3]


@pytest.mark.parametrize(
    ("content", "pattern", "said"),
    [
        (answer_line("node_1_1.1.1", "x"), "node_(", "is not a regular expression"),
        (answer_line("node_1_1.1.1", "x"), r"^node_\d+_(.+)$", r"has no group \(\?P<code>"),
        (answer_line("node_1_1.1.1", "x"), r"^other_(?P<code>.+)$", "no custom_id fits .*; the first one is 'node_1_1.1.1'"),
        (answer_line("node_1_9.9.9", "x"), NODES, "no line belongs to a target node of framework 'shop'; the first code is '9.9.9'"),
        ("", NODES, "holds no result lines"),
        ("not a batch file\nat all", NODES, "holds no result lines"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_stored(
    bench: OpenBench, tmp_path: Path, content: str, pattern: str, said: str
) -> None:
    opened = bench()
    path = tmp_path / "file.jsonl"
    path.write_text(content)
    before = snapshot(opened)
    with pytest.raises(ImportRefused, match=said):
        take_over(opened, path, PROCESS, pattern, KEY)
    assert snapshot(opened) == before


def test_a_framework_that_was_not_loaded_is_refused(bench: OpenBench, tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(answer_line("node_1_1.1.1", "x"))
    with pytest.raises(ImportRefused, match="'other' has not been loaded"):
        take_over(bench(), path, PROCESS, NODES, "other")
