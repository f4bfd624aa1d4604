"""Requests to /v1/responses: what is sent, what comes of the answers, and that they never share a batch with chat completions."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.faults.answers import ANSWERS, Expected
from caseforge_assets.batches.packing import PackItem, PackLimits, pack
from caseforge_assets.commands.importing.appraise_import import ForeignFile
from caseforge_assets.commands.importing.import_results import import_results
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.commands.providing.check_models import refuse_broken_rules
from caseforge_assets.commands.providing.provider import connect_provider
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.reports.history import tell_history
from caseforge_assets.settings import ConfigurationError, StageOverrides
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.figures.histories import history_of_node
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.commands.result_files import NODES
from caseforge_assets_tests.commands.worlds import everything, retry
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, USECASES, OpenBench, Workbench

RESPONSES = StageOverrides(endpoint="responses")
BOTH = {stage.key: RESPONSES for stage in (PROCESS, USECASES)}
BATCHES = "select stage, remote ->> 'endpoint', request_count from caseforge.batch order by id"


def lines_of(bench: Workbench, role: str = "input") -> list[list[dict[str, Any]]]:
    """The lines of each batch's file."""
    paths = bench.column(f"select artifacts -> '{role}' ->> 'path' from caseforge.batch order by id")
    return [[json.loads(line) for line in b"".join(bench.folder.read(path)).splitlines()] for path in paths]


def counts(bench: Workbench) -> list[Any]:
    return bench.query("select stage, count(*) from caseforge.content where is_current group by 1 order by 1")


def problems(bench: Workbench) -> list[str]:
    """Lists the problems that verify finds; the workbook of a test is nowhere."""
    return [
        problem.what for problem in verify(bench.store, bench.stages, bench.folder).problems if not problem.where.startswith("workbooks/")
    ]


def test_both_stages_go_through_it(bench: OpenBench) -> None:
    opened = bench(stages=BOTH)
    opened.generate()
    assert opened.query(BATCHES) == [("process_details", "/v1/responses", 6), ("usecases", "/v1/responses", 6)]
    assert counts(opened) == [("process_details", 6), ("usecases", 6)]
    documents, cases = lines_of(opened)
    assert {line["url"] for line in (*documents, *cases)} == {"/v1/responses"}
    body = documents[0]["body"]
    assert sorted(body) == ["input", "instructions", "max_output_tokens", "model", "store"]
    assert (body["store"], body["max_output_tokens"]) == (False, PROCESS.default_max_completion_tokens)
    assert [item["role"] for item in body["input"]] == ["user"]
    form = cases[0]["body"]["text"]["format"]
    assert (form["type"], form["strict"], form["schema"]["type"]) == ("json_schema", True, "object")
    (heads, _) = lines_of(opened, "manifest")
    assert heads[0]["endpoint"] == "responses"


def test_the_answers_are_those_that_chat_completions_would_be(bench: OpenBench) -> None:
    told = "select node_id, stage, body, model from caseforge.content where is_current order by 1, 2"
    counted = "select input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_usd from caseforge.attempt order by node_id, id"
    opened = bench(stages=BOTH)
    opened.generate()
    contents, tokens = opened.query(told), opened.query(counted)
    assert opened.query("select usage_differs, reason from caseforge.batch") == [(None, None)] * 2, "the provider's own sum agrees"
    sizes = opened.query("select r.size_bytes, r.id from caseforge.request r order by r.id")
    written = [len(json.dumps(line["body"], separators=(",", ":"))) for batch in lines_of(opened) for line in batch]
    assert sorted(size for size, _ in sizes) == sorted(written), "batches are packed by what is really written"
    opened.change("truncate caseforge.batch, caseforge.attempt, caseforge.content, caseforge.request, caseforge.outbox cascade")
    opened.configured(stages={}).generate()
    assert opened.query(told) == contents
    assert opened.query(counted) == tokens


def test_each_stage_has_its_own(bench: OpenBench) -> None:
    opened = bench(stages={PROCESS.key: RESPONSES})
    opened.generate()
    assert opened.query(BATCHES) == [("process_details", "/v1/responses", 6), ("usecases", "/v1/chat/completions", 6)]
    assert counts(opened) == [("process_details", 6), ("usecases", 6)]


def test_effort_verbosity_and_temperature_stand_where_they_belong(bench: OpenBench) -> None:
    settings = StageOverrides(endpoint="responses", model="gpt-5.2", temperature=1.0, reasoning_effort="low", verbosity="high")
    opened = bench(stages={PROCESS.key: settings})
    opened.generate("1.1.1", stages=[PROCESS])
    ((line,),) = lines_of(opened)
    body = line["body"]
    assert (body["reasoning"], body["text"], body["temperature"]) == ({"effort": "low"}, {"verbosity": "high"}, 1.0)
    assert opened.column("select outcome from caseforge.attempt") == ["ok"]


def test_a_model_that_has_only_that_is_asked_there_by_itself(bench: OpenBench) -> None:
    opened = bench(openai_model="gpt-5.5-pro")
    assert {part.endpoint for part in opened.draft().stages} == {"responses"}
    opened.generate()
    assert [row[1] for row in opened.query(BATCHES)] == ["/v1/responses"] * 2
    assert counts(opened) == [("process_details", 6), ("usecases", 6)]


def test_a_choice_that_contradicts_the_model_is_refused_before_anything_is_sent(bench: OpenBench) -> None:
    chosen = StageOverrides(endpoint="chat/completions", model="gpt-5.5-pro")
    opened = bench()
    opened.approve(stages=[PROCESS])
    wrong = opened.configured(stages={PROCESS.key: chosen}, when_model_changes="regenerate")
    with pytest.raises(ConfigurationError, match=r'stages\.process_details\.endpoint: gpt-5\.5-pro .* write endpoint = "responses"'):
        refuse_broken_rules(wrong.configuration, [PROCESS], {})
    wrong.approve(stages=[PROCESS])
    held = wrong.round().held_back
    assert "endpoint: gpt-5.5-pro answers at /v1/responses only" in held
    assert opened.stats()["batches_created"] == 0
    unchecked = wrong.configured(check_model_rules=False)
    unchecked.generate(stages=[PROCESS])
    assert opened.query(BATCHES) == [("process_details", "/v1/chat/completions", 6)], "whoever turns the rules off decides"


def test_requests_of_both_never_share_a_batch(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", "1.1.2", stages=[PROCESS])
    other = opened.configured(stages=BOTH)
    other.approve("1.1.3", "2.1.1", stages=[PROCESS])
    other.work()
    found = lines_of(opened)
    assert sorted(len(lines) for lines in found) == [2, 2]
    for lines, (_, endpoint, _) in zip(found, opened.query(BATCHES), strict=True):
        assert {line["url"] for line in lines} == {endpoint}
        assert {"messages" in line["body"] for line in lines} == {endpoint == "/v1/chat/completions"}
    assert opened.column("select distinct outcome from caseforge.attempt") == ["ok"]


def test_packing_keeps_them_apart_whatever_comes_after_what() -> None:
    items = [PackItem(number, 10, 10, "m", "responses" if number % 2 else "chat/completions") for number in range(6)]
    packed = pack(items, PackLimits())
    assert [[item.request_id for item in group] for group in packed] == [[0, 2, 4], [1, 3, 5]]


def test_what_waits_unsent_is_made_anew_for_the_endpoint_that_was_chosen_since(bench: OpenBench) -> None:
    opened = bench()
    opened.draft(stages=[PROCESS])
    other = opened.configured(stages=BOTH)
    other.generate(stages=[PROCESS])
    assert opened.query(BATCHES) == [("process_details", "/v1/responses", 6)]
    assert opened.column("select count(*) from caseforge.request where state = 'replaced'") == [6]


def test_a_cut_answer_is_asked_again_with_a_larger_budget(bench: OpenBench) -> None:
    opened = bench(faults=["truncate:batch=1"], stages={PROCESS.key: RESPONSES})
    opened.generate("1.1.1", stages=[PROCESS])
    assert opened.column("select outcome from caseforge.attempt") == ["truncated_reasoning"]
    retry(opened)
    documents = (
        "select {} from caseforge.attempt a join caseforge.request r on r.id = a.request_id where r.stage = 'process_details' order by a.id"
    )
    assert opened.column(documents.format("a.outcome")) == ["truncated_reasoning", "ok"]
    budgets = [lines[0]["body"]["max_output_tokens"] for lines in lines_of(opened)[:2]]
    assert budgets == [PROCESS.default_max_completion_tokens, 2 * PROCESS.default_max_completion_tokens]
    assert opened.column(documents.format("r.max_completion_tokens")) == budgets


def test_what_failed_is_asked_again_where_its_stage_sends_to_now(bench: OpenBench) -> None:
    opened = bench(faults=["refusal:batch=1"])
    opened.generate("1.1.1", stages=[PROCESS])
    other = opened.configured(stages=BOTH)
    retry(other)
    assert opened.query(BATCHES)[:2] == [("process_details", "/v1/chat/completions", 1), ("process_details", "/v1/responses", 1)]
    assert opened.column("select outcome from caseforge.attempt order by id")[:2] == ["refused", "ok"]


def test_what_is_too_long_is_made_from_half(bench: OpenBench) -> None:
    opened = bench(faults=["context_length:tokens=600,match=usecases"], stages=BOTH)
    opened.generate("1.1.1")
    retry(opened)
    rows = opened.query(
        "select outcome, r.shortened from caseforge.attempt a join caseforge.request r on r.id = a.request_id order by a.id"
    )
    assert ("context_length", False) in rows
    assert any(shortened for _, shortened in rows)
    bodies = [line["body"] for lines in lines_of(opened) for line in lines]
    assert bodies
    assert all("input" in body and "messages" not in body for body in bodies)


LINE_FAULTS = [answer for answer in ANSWERS if not answer.fault.startswith("file_")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "expected", some_at_once(LINE_FAULTS, *LINE_FAULTS[:2]), ids=[f"{fault.stage}-{fault.fault}" for fault in LINE_FAULTS]
)
def test_every_fault_of_an_answer_comes_to_the_same_as_of_a_chat_completion(bench: OpenBench, expected: Expected) -> None:
    opened = bench(faults=[expected.spec], stages=BOTH, missing_files_grace_s=0)
    opened.generate("1.1.1", "1.1.2")
    outcome, said, kept = opened.query(
        """
        select a.outcome, coalesce(a.detail, '') || (a.notes #>> '{}'), c.id is not null
        from caseforge.attempt a left join caseforge.content c on c.attempt_id = a.id where a.custom_id ~ :custom_id order by a.id
        """,
        custom_id=f"^{expected.stage}.*-1-1-1-r",
    )[0]
    assert (outcome, kept) == (expected.outcome, expected.kept)
    assert expected.said in said


def test_a_creation_whose_answer_is_lost_is_found_and_nothing_is_paid_twice(bench: OpenBench) -> None:
    opened = bench(faults=["reply_reset:call=1"], stages=BOTH, create_grace_s=0)
    opened.generate()
    accepted = opened.stats()["accepted"]
    assert (accepted["requests"], accepted["max_multiplicity"]) == (12, 1)
    assert counts(opened) == [("process_details", 6), ("usecases", 6)]


def test_what_was_planned_before_a_crash_is_sent_as_it_was_planned(bench: OpenBench) -> None:
    """The settings may have changed meanwhile: a batch goes where its requests go."""
    opened = bench(stages=BOTH)
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    other = opened.configured(stages={})
    submit_batches(other.project)
    other.work()
    assert opened.query(BATCHES) == [("process_details", "/v1/responses", 6)]
    assert counts(opened) == [("process_details", 6)]


def test_verify_judges_such_answers_again_and_a_restore_brings_them_back(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench(stages={PROCESS.key: RESPONSES}, faults=["truncate:batch=1,match=-1-1-2-r", "refusal:match=-2-1-2-r"])
    opened.generate()
    retry(opened)
    write_journal(opened.store, opened.folder)
    assert set(opened.column("select outcome from caseforge.attempt")) == {"ok", "truncated_reasoning", "refused"}
    assert problems(opened) == []
    restore(empty_store, opened.folder)
    assert everything(empty_store) == everything(opened.store)
    again = replace(opened, store=empty_store, provider=connect_provider(empty_store, opened.provider.client))
    asked = opened.stats()["accepted"]["requests"]
    again.generate()
    assert again.stats()["accepted"]["requests"] == asked
    write_journal(again.store, again.folder)
    assert problems(again) == []


def test_a_nodes_history_says_where_its_requests_went(bench: OpenBench) -> None:
    opened = bench(stages={PROCESS.key: RESPONSES})
    opened.generate("1.1.1")
    with opened.store.connect() as connection:
        told = [line for event in tell_history(history_of_node(connection, opened.ids("1.1.1")[0])) for line in event.details]
    asked = [line.partition(",")[0] for line in told if "tokens in, at most" in line]
    assert asked == ["gpt-6.1-sol at /v1/responses", "gpt-6.1-sol"]


def test_its_files_can_be_imported_elsewhere(bench: OpenBench) -> None:
    opened = bench(stages=BOTH)
    opened.generate(stages=[PROCESS])
    path = opened.path / "output.jsonl"
    (name,) = opened.column("select artifacts -> 'output' ->> 'path' from caseforge.batch")
    text = b"".join(opened.folder.read(name)).decode()
    path.write_text(re.sub(r"process_details-(\d)-(\d)-(\d)-r\d+", r"node_0_\1.\2.\3", text))
    contents = opened.query("select body, model from caseforge.content order by body")
    tokens = opened.query("select input_tokens, output_tokens, cost_usd from caseforge.attempt order by 1, 2")
    opened.change("truncate caseforge.batch, caseforge.attempt, caseforge.content, caseforge.request, caseforge.outbox cascade")
    import_results(opened.project, ForeignFile(path, KEY, PROCESS, NODES), by="test")
    assert opened.query("select body, model from caseforge.content order by body") == contents
    assert opened.query("select input_tokens, output_tokens, cost_usd from caseforge.attempt order by 1, 2") == tokens
    assert len(contents) == len(CODES)
