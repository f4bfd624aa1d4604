"""Collecting: every line becomes an outcome of its attempt, in the right place, once; nothing that was answered is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from openai import OpenAI

from caseforge_assets.commands.collecting import collect_batch as collecting
from caseforge_assets.commands.collecting.collect_batch import Collected
from caseforge_assets.commands.collecting.record_answers import record_answers
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_requests import build_requests
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.commands.collected_batches import collect, to_final
from caseforge_assets_tests.stages.answers import SECTIONS
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, USECASES, OpenBench, Workbench, renamed

ATTEMPTS = """
select a.outcome, r.state, a.cost_usd, a.detail from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id and b.stage = :stage
join caseforge.node_version nv on nv.node_id = a.node_id and nv.code = :code
left join caseforge.request r on r.id = a.request_id order by a.id
"""
EVENTS = "select asset, kind = 'made', reason from caseforge.outbox where partition_key = :partition and asset = any(:assets) and kind <> 'waiting' order by id"
CONTENT_TABLES = ("attempt", "content", "candidate", "request", "context")


@dataclass(frozen=True)
class Fate:
    """The end of a fault on node 1.1.1 in the first stage."""

    fault: str
    outcome: str
    request: str
    asset: str | None
    costs: str


FATES = (
    Fate("truncate", "truncated_reasoning", "failed", "process_documents", "something"),
    Fate("truncate_content", "truncated", "failed", "process_documents", "something"),
    Fate("http_500", "server_error", "failed", "process_batch_outputs", "nothing"),
    Fate("http_429", "rate_limited", "failed", "process_batch_outputs", "nothing"),
    Fate("http_429:code=insufficient_quota", "quota", "pending", None, "nothing"),
    Fate("missing_line", "missing_line", "pending", None, "unknown"),
)


def collected(bench: Workbench, *codes: str) -> Collected:
    result = collect(bench, to_final(bench, *codes))
    assert result is not None
    return result


def rows(bench: Workbench, *tables: str) -> dict[str, list[Any]]:
    return {table: bench.query(f"select * from caseforge.{table} order by id") for table in tables}


def as_option(fault: str, selector: str) -> str:
    return f"{fault}{',' if ':' in fault else ':'}{selector}"


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.fault)
def test_each_fault_has_its_outcome_its_place_and_its_price(bench: OpenBench, fate: Fate) -> None:
    opened = bench(faults=[as_option(fate.fault, "match=-1-1-1-r")])
    result = collected(opened, "1.1.1", "1.1.2")
    assert result.outcomes == {"ok": 1, fate.outcome: 1}
    ((outcome, state, cost, _),) = opened.query(ATTEMPTS, stage="process_details", code="1.1.1")
    assert (outcome, state) == (fate.outcome, fate.request)
    assert {"nothing": cost == 0, "something": (cost or 0) > 0, "unknown": cost is None}[fate.costs]
    events = opened.query(EVENTS, partition="1.1.1_c", assets=["process_batch_outputs", "process_documents"])
    failed = [(asset, reason.partition(":")[0]) for asset, good, reason in events if not good]
    assert failed == ([(fate.asset, fate.outcome)] if fate.asset else [])
    assert opened.column("select count(*) from caseforge.content") == [1]


def test_a_good_answer_is_stored_with_all_that_a_reader_is_owed(bench: OpenBench) -> None:
    opened = bench(batch_user_assignment="anna")
    opened.generate("1.1.1")
    names = "title, generated_by, model, temperature, model_type, owner, simulated, is_current, remote_batch_id, remote_request_id"
    content = dict(
        zip(names.split(", "), opened.query(f"select {names} from caseforge.content where stage = 'process_details'")[0], strict=True)
    )
    remote_id = opened.column("select remote_id from caseforge.batch where stage = 'process_details'")[0]
    assert content.pop("remote_request_id").startswith("req_")
    assert content == {
        "title": "Process Details - Advertise",
        "generated_by": "local Batch API server (simulated)",
        "model": "gpt-6.1-sol",
        "temperature": None,
        "model_type": KEY,
        "owner": "anna",
        "simulated": True,
        "is_current": True,
        "remote_batch_id": remote_id,
    }
    assert opened.column(
        "select count(*) from caseforge.content where answered_at is null or cost_usd is null or output_tokens is null"
    ) == [0]


def test_candidates_are_six_to_ten_a_node_and_numbered(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    counts = dict(opened.query("select split_part(candidate_uid, '-UC', 1), count(*) from caseforge.candidate where is_current group by 1"))
    assert set(counts) == set(CODES)
    assert all(6 <= count <= 10 for count in counts.values())
    uids = opened.column("select candidate_uid from caseforge.candidate where candidate_uid like '1.1.1-%' order by position")
    assert uids == [f"1.1.1-UC{number:02}" for number in range(1, counts["1.1.1"] + 1)]
    assert set(opened.column("select fields ->> 'complexity_score' from caseforge.candidate")) <= {"1", "2", "3"}


def test_asking_again_replaces_the_candidates_and_keeps_the_old_version(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    opened.generate("1.1.1", stages=[USECASES], ask_again=True)
    assert opened.query("select is_current, count(*) from caseforge.content where stage = 'usecases' group by 1 order by 1") == [
        (False, 1),
        (True, 1),
    ]
    mixed = "select count(*) from caseforge.candidate k join caseforge.content c on c.id = k.content_id where k.is_current <> c.is_current"
    assert opened.column(mixed) == [0]


def test_outputs_name_the_input_that_was_sent_and_contents_the_output(bench: OpenBench) -> None:
    opened = bench()
    collected(opened, "1.1.1")
    events = dict(opened.query("select asset, id from caseforge.outbox where partition_key = '1.1.1_c'"))
    read = dict(opened.query("select asset, upstream from caseforge.outbox where partition_key = '1.1.1_c'"))
    assert read["process_batch_outputs"] == {"process_batch_inputs": events["process_batch_inputs"]}
    assert read["process_documents"] == {"process_batch_outputs": events["process_batch_outputs"]}
    assert opened.column("select version from caseforge.content") == opened.column(
        "select data_version from caseforge.outbox where asset = 'process_documents'"
    )


def test_collecting_twice_changes_nothing(bench: OpenBench) -> None:
    opened = bench(faults=["truncate:match=-1-1-1-r", "http_500:match=-1-1-2-r"])
    batch_id = to_final(opened)
    collect(opened, batch_id)
    before = rows(opened, *CONTENT_TABLES, "outbox")
    opened.change("update caseforge.batch set state = 'final', collected_at = null where id = :id", id=batch_id)
    again = collect(opened, batch_id)
    assert again is not None
    assert again.outcomes == {"ok": 4, "truncated_reasoning": 1, "server_error": 1}
    assert rows(opened, *CONTENT_TABLES, "outbox") == before


def test_a_batch_that_is_collected_is_not_touched_again(bench: OpenBench) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1")
    assert collect(opened, batch_id) is not None
    assert collect(opened, batch_id) is None


def test_a_crash_between_chunks_goes_on_where_it_stopped(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench()
    batch_id = to_final(opened)
    monkeypatch.setattr(collecting, "CHUNK_LINES", 2)
    record, calls = record_answers, iter(range(100))

    def killed_at_the_third_chunk(*arguments: Any) -> Any:
        done = record(*arguments)
        if next(calls) == 2:
            raise MemoryError
        return done

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "record_answers", killed_at_the_third_chunk)
        with pytest.raises(MemoryError):
            collect(opened, batch_id)
    stored = opened.column("select id from caseforge.content order by id")
    assert len(stored) == 4
    result = collect(opened, batch_id)
    assert result is not None
    assert result.outcomes == {"ok": 6}
    assert opened.column("select id from caseforge.content order by id")[:4] == stored
    assert opened.column("select count(*) from caseforge.content") == [6]
    assert opened.column("select count(*) from caseforge.outbox where asset = 'process_documents'") == [6]


def with_lines(bench: Workbench, batch_id: int, *added: bytes) -> None:
    """Fetches the output file and adds lines to it, as if the provider had written them."""
    with bench.store.connect() as connection:
        batch = batches.get(connection, batch_id)
    file_id = (batch.remote or {})["output_file_id"]
    whole = b"".join(bench.provider.client.download(file_id)) + b"".join(line + b"\n" for line in added)
    artifact = bench.folder.write(bench.folder.batch_path(batch.submission_id, "output.jsonl"), [whole])
    with bench.store.begin() as connection:
        batches.add_artifact(connection, batch_id, "output", artifact.as_json())


def test_lines_that_answer_nothing_are_counted_and_named(bench: OpenBench) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1", "1.1.2")
    with_lines(opened, batch_id, b'{"custom_id": "stranger", "response": {"status_code": 200, "body": {}}}', b"{cut", b'{"no": "id"}')
    result = collect(opened, batch_id)
    assert result is not None
    assert result.outcomes == {"ok": 2}
    assert len(result.stray_lines) == 3
    assert "'stranger', which was not asked" in " ".join(result.stray_lines)
    assert "3 lines fit no request" in opened.column("select reason from caseforge.batch")[0]


def test_of_two_lines_for_one_request_the_good_one_wins(bench: OpenBench) -> None:
    opened = bench(faults=["truncate"])
    batch_id = to_final(opened, "1.1.1")
    (custom_id,) = opened.column("select custom_id from caseforge.attempt")
    text = "\n\n".join(f"## {section}\n\nText of the section." for section in SECTIONS)
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    body = {
        "id": "c",
        "model": "gpt-6.1-sol",
        "choices": [choice],
        "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
    }
    with_lines(opened, batch_id, json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": body}}).encode())
    result = collect(opened, batch_id)
    assert result is not None
    assert result.outcomes == {"ok": 1}
    assert len(result.stray_lines) == 1
    assert opened.column("select cost_usd from caseforge.content") == [Decimal("0.00011000")]


def test_an_answer_to_a_question_that_changed_meanwhile_is_kept_and_stale(bench: OpenBench) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1")
    opened.load(renamed("1.1.1", "Promote"))
    with opened.store.begin() as connection:
        build_contexts(connection, KEY, opened.ids("1.1.1"))
        build_requests(connection, opened.project, KEY, PROCESS, opened.ids("1.1.1"))
    collect(opened, batch_id)
    assert opened.column("select is_current from caseforge.content") == [True]
    (answered, wanted) = opened.column("select question from caseforge.request where stage = 'process_details' order by id")
    assert opened.column("select question from caseforge.content") == [answered] != [wanted]
    opened.change("delete from caseforge.outbox; update caseforge.request set state = 'replaced' where question = :wanted", wanted=wanted)
    with opened.store.connect() as connection:
        ((_, state),) = survey(connection, opened.project, KEY, PROCESS, True, opened.ids("1.1.1"))
    assert state == "stale"


def test_the_answer_to_the_newer_question_stays_current_when_the_older_comes_later(bench: OpenBench) -> None:
    opened = bench()
    older = to_final(opened, "1.1.1")
    opened.load(renamed("1.1.1", "Promote"))
    newer = to_final(opened, "1.1.1")
    collect(opened, newer)
    collect(opened, older)
    questions = opened.column("select question from caseforge.request where stage = 'process_details' order by id")
    contents = opened.query("select question, is_current from caseforge.content order by id")
    assert contents == [(questions[1], True), (questions[0], False)]


def test_the_next_stages_requests_are_made_for_nodes_with_content_under_the_same_plan(bench: OpenBench) -> None:
    opened = bench(faults=["truncate:match=-1-1-1-r"])
    plan = opened.approve("1.1.1", "1.1.2")
    opened.round()
    while not opened.column("select 1 from caseforge.content"):
        opened.round(submit=False)
    made = opened.query("""
    select nv.code, r.plan_id, r.source_content_id from caseforge.request r join caseforge.node_version nv on nv.node_id = r.node_id
    where r.stage = 'usecases'
    """)
    assert made == [("1.1.2", plan.id, opened.column("select id from caseforge.content")[0])]


def test_simulated_content_never_replaces_real_content(bench: OpenBench) -> None:
    real, simulated = bench(bills=True, budget_usd=5), bench()
    real.generate("1.1.1")
    for stage in (PROCESS, USECASES):
        simulated.generate("1.1.1", stages=[stage], ask_again=True)
    kinds = real.query("select stage, simulated, is_current from caseforge.content order by id")
    assert kinds == [
        ("process_details", False, True),
        ("usecases", False, True),
        ("process_details", True, False),
        ("usecases", True, False),
    ]
    hidden = "select count(*) from caseforge.candidate k join caseforge.content c on c.id = k.content_id where k.is_current and c.simulated"
    assert real.column(hidden) == [0]


@pytest.mark.slow
def test_real_content_replaces_simulated_content(bench: OpenBench) -> None:
    simulated, real = bench(), bench(bills=True, budget_usd=5)
    simulated.generate("1.1.1")
    for stage in (PROCESS, USECASES):
        real.generate("1.1.1", stages=[stage])
    assert real.query("select distinct simulated from caseforge.content where is_current") == [(False,)]
    assert real.column("select count(*) from caseforge.content") == [4]


def test_what_expired_is_sent_again_by_itself_and_counts_as_no_attempt(bench: OpenBench) -> None:
    opened = bench(faults=["expire:share=0.5,batch=1"])
    opened.generate(stages=[PROCESS])
    outcomes = dict(opened.query("select outcome, count(*) from caseforge.attempt group by 1"))
    assert outcomes["ok"] == 6
    assert outcomes["expired"] >= 1
    assert opened.query("select state, max(attempts_counted) from caseforge.request where stage = 'process_details' group by 1") == [
        ("answered", 0)
    ]


def test_a_request_that_gets_no_line_is_sent_again_by_itself_until_it_is_shown_as_failed(bench: OpenBench) -> None:
    opened = bench(faults=["missing_line:match=-1-1-1-r"], missing_files_grace_s=0)
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    assert [row[:2] for row in opened.query(ATTEMPTS, stage="process_details", code="1.1.1")] == [("missing_line", "failed")] * 2
    events = opened.query(EVENTS, partition="1.1.1_c", assets=["process_batch_outputs", "process_documents"])
    assert [(asset, good) for asset, good, _ in events] == [("process_batch_outputs", False)]


@pytest.mark.parametrize("off", ["- interval '1 second'", "+ interval '1 day'"], ids=["ran out", "given by a clock that was ahead"])
def test_a_finished_batch_is_handed_out_once_and_again_when_nobody_collects_it(bench: OpenBench, off: str) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1")

    def handed_out() -> list[tuple[int, int]]:
        with opened.store.begin() as connection:
            return batches.claim_for_collecting(connection, opened.provider.id, lease_s=600)

    assert (handed_out(), handed_out()) == ([(batch_id, 1)], [])
    opened.change(f"update caseforge.batch set collect_lease_until = now() {off}")
    assert (handed_out(), handed_out()) == ([(batch_id, 2)], [])


def test_a_bad_answer_to_a_question_that_was_replaced_meanwhile_is_not_asked_again(bench: OpenBench) -> None:
    opened = bench(faults=["missing_line:match=-1-1-1-r", "http_500:match=-1-1-2-r"], missing_files_grace_s=0)
    batch_id = to_final(opened, "1.1.1", "1.1.2", "1.1.3")
    opened.change("update caseforge.request set is_current = false")
    collect(opened, batch_id)
    states = {code: opened.query(ATTEMPTS, stage="process_details", code=code)[0][:2] for code in ("1.1.1", "1.1.2", "1.1.3")}
    assert states == {"1.1.1": ("missing_line", "replaced"), "1.1.2": ("server_error", "replaced"), "1.1.3": ("ok", "answered")}


def test_a_batch_that_is_rejected_for_want_of_credit_stops_sending(bench: OpenBench) -> None:
    opened = bench(faults=["reject:code=billing_hard_limit_reached,message=Billing hard limit has been reached"])
    assert collected(opened, "1.1.1", "1.1.2").outcomes == {"quota": 2}
    assert opened.column("select distinct state from caseforge.request") == ["pending"]
    (stopped,) = opened.column("select stopped_reason from caseforge.provider")
    assert "Billing hard limit" in (stopped or "")


def test_a_rejected_batch_blames_the_named_line_only(bench: OpenBench) -> None:
    opened = bench(faults=["reject:line=2,batch=1,code=missing_required_parameter,param=body.messages,message=Missing required parameter"])
    opened.generate(stages=[PROCESS])
    assert [row[0] for row in opened.query(ATTEMPTS, stage="process_details", code="1.1.2")] == ["invalid_request"]
    assert [row[0] for row in opened.query(ATTEMPTS, stage="process_details", code="1.1.3")] == ["batch_rejected", "ok"]
    assert opened.column("select sum(cost_usd) from caseforge.attempt where outcome <> 'ok'") == [0]
    assert opened.column("select count(*) from caseforge.content") == [5]


def test_a_token_limit_is_learned_and_kept_to_until_all_is_done(bench: OpenBench) -> None:
    opened = bench(faults=["token_limit_exceeded:limit=3000"])
    opened.generate(stages=[PROCESS])
    assert opened.column("select count(*) from caseforge.content") == [6]
    assert opened.column("select enqueued_token_limits from caseforge.provider") == [{"gpt-6.1-sol": 3000}]
    assert opened.column("select max(input_tokens) <= 3000 from caseforge.batch where remote_status = 'completed'") == [True]


def test_a_refused_account_in_a_line_stops_sending(bench: OpenBench) -> None:
    opened = bench(faults=["http_429:code=insufficient_quota,match=-1-1-1-r"])
    opened.approve(stages=[PROCESS])
    rounds = opened.work()
    assert "quota" in rounds[-1].held_back
    assert opened.stats()["batches_created"] == 1


def test_a_batch_whose_every_line_failed_has_an_error_file_only(bench: OpenBench) -> None:
    opened = bench(faults=["http_500"])
    result = collected(opened)
    assert result.outcomes == {"server_error": 6}
    assert set(opened.column("select artifacts from caseforge.batch")[0]) == {"input", "manifest", "batch", "error"}


def test_a_file_that_is_gone_is_waited_for_and_its_answers_were_paid_for_all_the_same(bench: OpenBench) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1")
    file_id = opened.column("select remote ->> 'output_file_id' from caseforge.batch")[0]
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        sdk.files.delete(file_id)
    for held in (False, True):
        assert collect(opened, batch_id) is None
        assert opened.query("select is_held, reason like '%its output file cannot be had%HTTP 404%' from caseforge.batch") == [(held, True)]
        opened.change("update caseforge.batch set short_since = now() - interval '16 minutes', fetch_after = null")
    assert opened.query("select state from caseforge.request where is_current") == [("in_batch",)]


def test_many_open_batches_are_polled_off_the_list(bench: OpenBench) -> None:
    opened = bench(max_requests_per_batch=1)
    opened.generate(stages=[PROCESS])
    assert opened.query("select state, count(*) from caseforge.batch group by 1") == [("collected", 6)]


def test_a_batch_that_another_process_collects_is_left_to_it(bench: OpenBench) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1")
    with try_lock(opened.store, f"batch {batch_id}") as held:
        assert held
        assert collect(opened, batch_id) is None
    assert opened.column("select count(*) from caseforge.content") == [0]


def test_files_stay_as_they_came_with_their_hashes(bench: OpenBench) -> None:
    import hashlib

    opened = bench()
    collected(opened, "1.1.1")
    artifacts = opened.column("select artifacts from caseforge.batch")[0]
    assert set(artifacts) == {"input", "manifest", "batch", "output"}
    for artifact in artifacts.values():
        whole = b"".join(opened.folder.read(artifact["path"]))
        assert (hashlib.sha256(whole).hexdigest(), len(whole)) == (artifact["sha256"], artifact["size_bytes"])
