"""Contexts and requests: made once, confirmed afterwards, replaced when what they were made from has changed."""

from __future__ import annotations

import json

import pytest

from caseforge_assets.commands.requests import build_requests as building
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_requests import BuiltRequests, Terms, build_requests
from caseforge_assets.costs import budget_fit
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench, renamed

REQUESTS = """
select nv.code, r.state, r.is_current, r.id, r.body from caseforge.request r
join caseforge.node_version nv on nv.node_id = r.node_id and nv.framework_version_id = r.framework_version_id
where r.stage = :stage order by r.id
"""


def contexts_of(bench: Workbench, *codes: str) -> None:
    with bench.store.begin() as connection:
        build_contexts(connection, KEY, bench.ids(*codes))


def requests_of(bench: Workbench, stage: Stage = PROCESS, *codes: str, **options: bool) -> BuiltRequests:
    with bench.store.begin() as connection:
        return build_requests(connection, bench.project, KEY, stage, bench.ids(*codes), Terms(**options))


def with_requests(bench: Workbench) -> Workbench:
    contexts_of(bench)
    requests_of(bench)
    return bench


def test_contexts_are_made_once_and_confirmed_afterwards(bench: OpenBench) -> None:
    opened = bench()
    contexts_of(opened)
    contexts_of(opened)
    assert opened.column("select count(*) from caseforge.context") == [6]
    assert opened.query("select context_id, count(*) from caseforge.outbox where asset = 'node_contexts' group by 1 order by 1") == [
        (context_id, 2) for context_id in opened.column("select id from caseforge.context order by id")
    ]


def test_a_context_tells_of_the_ancestors_and_holds_no_code(bench: OpenBench) -> None:
    opened = bench()
    contexts_of(opened, "1.1.2")
    (text,) = opened.column("select text from caseforge.context")
    for words in ("Sell", "Finds customers and serves them.", "Win customers", "Answer questions", "Answers what people ask."):
        assert words in text
    assert "1.1.2" not in text
    assert "Advertise" not in text


def test_a_renamed_node_gets_a_new_context_with_the_new_edition_and_the_old_one_is_kept(bench: OpenBench) -> None:
    opened = bench()
    contexts_of(opened)
    opened.load(renamed("2.1.2", "Fix"))
    contexts_of(opened)
    assert opened.query("select is_current, count(*) from caseforge.context group by 1 order by 1") == [(False, 1), (True, 6)]


def test_context_events_name_the_node_event_that_was_read(bench: OpenBench) -> None:
    opened = bench()
    contexts_of(opened, "1.1.1")
    (read,) = opened.column("select id from caseforge.outbox where asset = 'pcf_nodes' and partition_key = '1.1.1_c'")
    assert opened.column("select upstream from caseforge.outbox where asset = 'node_contexts'") == [{"pcf_nodes": read}]


def test_requests_are_made_once_and_confirmed_afterwards(bench: OpenBench) -> None:
    opened = bench()
    contexts_of(opened)
    first, second = requests_of(opened), requests_of(opened)
    assert sorted(first.made) == sorted(first.request_ids) == sorted(opened.ids())
    assert not second.made
    assert second.request_ids == first.request_ids
    assert opened.query("select request_id, count(*) from caseforge.outbox where asset = 'process_batch_inputs' group by 1 order by 1") == [
        (request_id, 2) for request_id in sorted(first.request_ids.values())
    ]


def test_nodes_without_context_get_no_request(bench: OpenBench) -> None:
    opened = bench()
    contexts_of(opened, "1.1.1")
    assert list(requests_of(opened).request_ids) == opened.ids("1.1.1")


def test_nodes_without_a_document_get_no_use_case_request(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    contexts_of(opened)
    built = requests_of(opened, USECASES)
    assert list(built.request_ids) == opened.ids("1.1.1")
    assert not built.made  # but when its document was collected


def test_a_pending_request_that_does_not_fit_any_more_is_replaced(bench: OpenBench) -> None:
    opened = with_requests(bench())
    opened.load(renamed("1.1.1", "Promote"))
    contexts_of(opened)
    assert list(requests_of(opened).made) == opened.ids("1.1.1")
    rows = [row[1:3] for row in opened.query(REQUESTS, stage=PROCESS.key) if row[0] == "1.1.1"]
    assert rows == [("replaced", False), ("pending", True)]


def test_a_request_under_way_is_kept_beside_the_new_one(bench: OpenBench) -> None:
    opened = bench(latency_s=60)
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    opened.load(renamed("1.1.1", "Promote"))
    contexts_of(opened, "1.1.1")
    requests_of(opened, PROCESS, "1.1.1")
    assert [row[1:3] for row in opened.query(REQUESTS, stage=PROCESS.key)] == [("in_batch", False), ("pending", True)]
    assert opened.column("select count(*) from caseforge.attempt where outcome is null") == [1]


def test_another_model_makes_every_request_anew(bench: OpenBench) -> None:
    opened = with_requests(bench())
    assert len(requests_of(opened.configured(openai_model="gpt-5-mini")).made) == 6


def test_the_instructions_are_the_same_bytes_in_all_requests_of_a_stage(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    for stage in (PROCESS, USECASES):
        messages = [json.loads(row[4])["messages"] for row in opened.query(REQUESTS, stage=stage.key)]
        assert len(messages) == 6
        assert {message[0]["role"] for message in messages} == {"system"}
        assert len({message[0]["content"].encode() for message in messages}) == 1
        assert len({message[1]["content"] for message in messages}) == 6


def test_asking_again_is_the_same_question_in_the_next_generation(bench: OpenBench) -> None:
    opened = with_requests(bench())
    requests_of(opened, PROCESS, "1.1.1", ask_again=True)
    node_id = opened.ids("1.1.1")[0]
    rows = opened.query("select fingerprint, generation, state from caseforge.request where node_id = :id order by id", id=node_id)
    assert rows[0][0] == rows[1][0]
    assert [row[1:] for row in rows] == [(0, "replaced"), (1, "pending")]


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_nodes_that_ask_the_same_again_pay_for_one_answer(bench: OpenBench, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(building, "NODES_AT_ONCE", at_once)
    opened = bench()
    opened.load([*SHOP, ("1.1.4", "k", "Write offers", "Writes offers with prices and dates.")])
    for ask_again in (False, True):
        opened.generate("1.1.3", "1.1.4", stages=[PROCESS], ask_again=ask_again)
    assert opened.query(
        "select count(*), count(distinct fingerprint), max(generation) from caseforge.request where stage = 'process_details'"
    ) == [(4, 1, 1)]
    assert opened.stats()["accepted"]["requests"] == 2


def test_request_events_name_the_context_and_the_document_that_were_read(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    (upstream,) = opened.column("select upstream from caseforge.outbox where asset = 'usecase_batch_inputs'")
    read = dict(
        opened.query("select asset, max(id) from caseforge.outbox where asset in ('node_contexts', 'process_documents') group by 1")
    )
    assert upstream == read


def test_budgets_fit_the_node_when_there_is_history_and_a_person_wants_it(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget_fit, "ENOUGH_ANSWERS", 4)
    opened = bench(bills=True, budget_usd=5)
    opened.generate("1.1.1", "1.1.2", "1.1.3", "2.1.1", "2.1.2", stages=[PROCESS])
    opened.draft("2.1.3", stages=[PROCESS])
    budget = "select max_completion_tokens from caseforge.request where node_id = :id and is_current and stage = 'process_details'"
    assert opened.column(budget, id=opened.ids("2.1.3")[0]) == [8_000]
    opened.change("update caseforge.request set state = 'replaced', is_current = false where node_id = :id", id=opened.ids("2.1.3")[0])
    opened.configured(budget_quantile=0.9).draft("2.1.3", stages=[PROCESS])
    (fitted,) = opened.column(budget, id=opened.ids("2.1.3")[0])
    used = opened.column("select output_tokens from caseforge.attempt")
    assert min(used) <= fitted < 8_000
    assert opened.column("select count(distinct stage_version) from caseforge.request where stage = 'process_details'") == [1], (
        "a budget makes nothing stale"
    )
