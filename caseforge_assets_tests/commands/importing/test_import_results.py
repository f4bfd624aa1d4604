"""Taking over answers that were paid for elsewhere: judged and stored like collected ones, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.commands.collecting.record_answers import record_answers
from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.importing.appraise_import import ImportRefused
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.commands.result_files import NODES, answer_line, document, take_over, use_cases, written, wrong
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

USECASE_NODES = r"^usecases_node_\d+_(?P<code>[\d.]+)$"
CODES = ("1.2.4", "1.2.9", "1.3.5", "1.3.6", "1.3.7", "1.4.3")
FILES = Path(__file__).resolve().parents[4] / "shared" / "data" / "openai_batches"
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
        *((code, f"n{code}", f"Process {code}", "") for code in CODES),
    ]
    workbench.load(sorted(rows), key="real")
    return workbench


def foreign(value: dict[str, Any]) -> str:
    return json.dumps({"custom_id": "node_1_1.1.1"} | value)


def response(body: dict[str, Any]) -> str:
    return foreign({"response": {"status_code": 200, "body": body}, "error": None})


MESSAGE = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "x"}]}
FOREIGN = [
    (foreign({"method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-5"}}), "a request, as it is sent"),
    (foreign({"result": {"type": "succeeded", "message": MESSAGE}}), "Anthropic's message batches"),
    (response(MESSAGE), "Anthropic's API"),
    (foreign({"response": {"candidates": []}}), "Gemini"),
    (response({"object": "list", "data": [{"object": "embedding", "embedding": [0.1]}]}), "/v1/embeddings"),
    (response({"object": "text_completion", "choices": [{"text": "x"}]}), "/v1/completions"),
    (response({"results": [{"flagged": False}]}), "/v1/moderations"),
    (response({"answer": "x"}), "an unknown kind, with answer"),
    (foreign({}), "neither a response nor an error"),
    (json.dumps({"messages": []}), "an example for training"),
    ("<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
    ("[{}]", "not a JSON object"),
]


def snapshot(bench: Workbench) -> dict[str, list[Any]]:
    return {table: bench.query(f"select * from caseforge.{table} order by id") for table in TABLES}


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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_that_windows_saved_is_read(opened: Workbench, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "saved.jsonl"
    path.write_bytes(f"{answer_line('node_1_1.3.6', document())}\r\n{answer_line('node_2_1.3.7', document())}\r\n".encode(encoding))
    assert take_over(opened, path, PROCESS, NODES).outcomes == {"ok": 2}
    assert opened.column("select distinct body from caseforge.content") == [document()]
    (notes,) = opened.column("select distinct notes from caseforge.attempt")
    assert notes == [f"The file is encoded in {encoding[:6].upper()}."]


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
    from caseforge_assets.store.planning.plans import committed_by_framework

    take_over(opened, real_file("process_details_ok"), PROCESS, NODES)
    with opened.store.connect() as connection:
        assert committed_by_framework(connection) == {}


def test_lines_of_other_nodes_and_broken_lines_are_left_out_by_name(bench: OpenBench, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    good = "\n\n".join(f"## {name}\n\nText." for name in ("Overview", "Key Activities"))
    path.write_text("\n".join([answer_line("node_1_1.1.1", good), answer_line("node_2_9.9.9", good), "{cut", answer_line("other", good)]))
    opened = bench()
    with pytest.raises(ImportRefused, match=r"9\.9\.9.*--partly"):
        take_over(opened, path, PROCESS, NODES, KEY)
    result = take_over(opened, path, PROCESS, NODES, KEY, partly=True)
    assert result.outcomes == {"sections_missing": 1}
    assert len(result.left_out) == 3
    assert "node_2_9.9.9" in " ".join(result.left_out)


def test_a_crash_between_chunks_leaves_nothing_and_the_same_command_goes_on(
    bench: OpenBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseforge_assets.commands.importing import import_results as module

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
    assert opened.column("select count(*) from caseforge.attempt") == [0]
    assert wrong(opened) == []
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
        ("not a batch file\nat all", NODES, "holds no result lines.*line 1 .*cannot be read"),
        *((content, NODES, said) for content, said in FOREIGN),
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


def responses_line(custom_id: str, text: str, **changes: Any) -> str:
    output = [
        {"id": "rs_1", "type": "reasoning", "summary": []},
        {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]},
    ]
    usage = {"input_tokens": 900, "output_tokens": 1200, "output_tokens_details": {"reasoning_tokens": 100}}
    body = {"id": "resp_1", "object": "response", "created_at": 1_755_000_000, "model": "gpt-5-2025-08-07", "status": "completed"}
    body |= {"error": None, "incomplete_details": None, "output": output, "usage": usage} | changes
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})


def test_answers_of_the_responses_api_are_read(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    refusal = [{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}]
    path = written(
        tmp_path / "responses.jsonl",
        responses_line("node_0_1.1.1", document()),
        responses_line("node_1_1.1.2", "", status="incomplete", incomplete_details={"reason": "max_output_tokens"}, output=[]),
        responses_line("node_2_1.1.3", "", output=refusal),
        responses_line("node_3_2.1.1", "", status="incomplete", incomplete_details={"reason": "content_filter"}, output=[]),
        responses_line("node_4_2.1.2", "", status="failed", error={"code": "server_error", "message": "Sorry."}, output=[]),
        responses_line("node_5_2.1.3", "", status="cancelled", output=[]),
    )
    take_over(opened, path, PROCESS, NODES, KEY)
    rows = opened.query("select line_number, outcome, output_tokens, model from caseforge.attempt order by 1")
    outcomes = ["ok", "truncated_reasoning", "refused", "content_filtered", "server_error", "server_error"]
    assert rows == [(number, outcome, 1200, "gpt-5-2025-08-07") for number, outcome in enumerate(outcomes, 1)]
    assert opened.column("select body from caseforge.content") == [document()]
    assert opened.column(
        "select count(*) from caseforge.attempt where cost_usd > 0 and outcome in ('ok', 'truncated_reasoning', 'refused', 'content_filtered')"
    ) == [4]
    assert wrong(opened) == []


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"{}\x00\x01\x02", "bytes that are no text"),
        ("<html>".encode("utf-16"), "a web page or XML"),
        ("[1]".encode("utf-16-le"), "one JSON array"),
        (b'<?xml version="1.0"?>', "a web page or XML"),
    ],
)
def test_what_is_no_file_of_lines_is_named(bench: OpenBench, tmp_path: Path, start: bytes, said: str) -> None:
    opened = bench()
    path = tmp_path / "file.jsonl"
    path.write_bytes(start)
    before = snapshot(opened)
    with pytest.raises(ImportRefused, match=f"holds no result lines of a batch: .*{said}"):
        take_over(opened, path, PROCESS, NODES, KEY)
    assert snapshot(opened) == before


ANY = r"_(?P<code>[\d.]+)$"


@pytest.mark.parametrize(
    ("stage", "lines", "said"),
    [
        (
            USECASES,
            [answer_line("node_1_1.1.1", document())],
            "its answer is one to process_details, not to usecases.*--stage process_details",
        ),
        (PROCESS, [answer_line("node_1_1.1.1", use_cases())], "its answer is one to usecases, not to process_details.*--stage usecases"),
        (PROCESS, [answer_line("node_1_1.1.1", use_cases()[:900])], "its answer is JSON"),
        (USECASES, [answer_line("node_1_1.1.1", "## Overview\n\nShort.")], "a text with headings"),
        (PROCESS, [answer_line("usecases_node_1_1.1.1", "")], "its custom_id names the stage usecases"),
        (USECASES, [answer_line("process-details_1.1.1", "")], "its custom_id names the stage process_details"),
        (PROCESS, [answer_line("node_1_1.1.1", document()), answer_line("node_2_1.1.2", use_cases())], "line 2 .* one to usecases"),
        (
            PROCESS,
            [answer_line("node_1_1.1.1", document()), answer_line("node_2_7.7.7", document())],
            "line 2 .*it belongs to no target node",
        ),
        (
            PROCESS,
            [answer_line("node_1_1.1.1", document()), foreign({"method": "POST", "url": "/v1/x"})],
            "line 2 .* a request, as it is sent",
        ),
    ],
)
def test_what_is_of_another_stage_or_framework_is_refused_as_a_whole(
    bench: OpenBench, tmp_path: Path, stage: Stage, lines: list[str], said: str
) -> None:
    opened = bench()
    before = snapshot(opened)
    with pytest.raises(ImportRefused, match=said):
        take_over(opened, written(tmp_path / "file.jsonl", *lines), stage, ANY, KEY)
    assert snapshot(opened) == before


def test_no_answer_is_counted_twice(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    lines = [answer_line(f"node_1_{code}", document(code), prompt_tokens=900, completion_tokens=1200) for code in ("1.1.1", "1.1.2")]
    take_over(opened, written(tmp_path / "first.jsonl", *lines), PROCESS, NODES, KEY)
    before = snapshot(opened)
    new = answer_line("node_1_1.1.3", document("1.1.3"))
    for name, others, stage in (("reordered", lines[::-1], PROCESS), ("more", [*lines, new], PROCESS), ("staged", lines, USECASES)):
        with pytest.raises(ImportRefused, match=r"here already: imported from first\.jsonl for shop|one to process_details"):
            take_over(opened, written(tmp_path / f"{name}.jsonl", *others), stage, NODES, KEY)
    assert snapshot(opened) == before
    result = take_over(opened, tmp_path / "more.jsonl", PROCESS, NODES, KEY, partly=True)
    assert (result.outcomes, len(result.left_out)) == ({"ok": 1}, 2)


@pytest.mark.parametrize("changed", ["custom_id", "text"])
def test_an_answer_is_known_by_its_ids(bench: OpenBench, tmp_path: Path, changed: str) -> None:
    opened = bench()
    line = json.loads(answer_line("node_1_1.1.1", document()))
    line["response"]["body"]["id"] = "chatcmpl-CmJ8aYkQ1Zr0Vb3TtLw7XoHd"
    take_over(opened, written(tmp_path / "first.jsonl", json.dumps(line)), PROCESS, NODES, KEY)
    if changed == "custom_id":
        line["custom_id"] = "node_1_1.1.2"
    else:
        line["response"]["body"]["choices"][0]["message"]["content"] += " And more."
    with pytest.raises(ImportRefused, match="here already"):
        take_over(opened, written(tmp_path / "second.jsonl", json.dumps(line)), PROCESS, NODES, KEY)


def test_what_was_collected_here_is_not_imported(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    (path,) = opened.column("select artifacts #>> '{output,path}' from caseforge.batch")
    before = snapshot(opened)
    line = json.loads(b"".join(opened.folder.read(path)))
    line["custom_id"] = "node_1_1.1.1"
    copy = written(opened.path / "copy.jsonl", json.dumps(line))
    with pytest.raises(ImportRefused, match="here already: it was collected with batch_"):
        take_over(opened, copy, PROCESS, NODES, KEY)
    assert snapshot(opened) == before


def test_a_line_that_comes_again_is_counted_once(bench: OpenBench, tmp_path: Path) -> None:
    line = answer_line("node_1_1.1.1", document())
    result = take_over(bench(), written(tmp_path / "twice.jsonl", line, line), PROCESS, NODES, KEY)
    assert (result.outcomes, result.left_out) == ({"ok": 1}, ("line 2 ('node_1_1.1.1'): repeats line 1",))


def test_the_same_text_for_several_nodes_is_an_answer_each(bench: OpenBench, tmp_path: Path) -> None:
    lines = [answer_line(f"node_1_{code}", document()) for code in ("1.1.1", "1.1.2")]
    assert take_over(bench(), written(tmp_path / "same.jsonl", *lines), PROCESS, NODES, KEY).outcomes == {"ok": 2}


def test_an_imported_answer_leaves_what_a_person_wrote(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    with opened.store.begin() as connection:
        edit_content(connection, opened.project, ContentOf(KEY, opened.ids("1.1.1")[0], PROCESS), document("Ada"), by="Ada")
    take_over(opened, written(tmp_path / "a.jsonl", answer_line("node_1_1.1.1", document())), PROCESS, NODES, KEY)
    assert opened.column("select body from caseforge.content where is_current") == [document("Ada")]
    assert wrong(opened) == []
