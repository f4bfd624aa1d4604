"""Cancelling: what a batch answered by then is kept, the rest waits until a person asks again."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.collecting.cancel_batch import CannotCancel, cancel_batch
from caseforge_assets.commands.requests.retry_failed import Retry, retry_failed
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench

OUTCOMES = "select outcome, count(*) from caseforge.attempt group by 1 order by 1"


def under_way(bench: OpenBench, latency_s: float = 12) -> Workbench:
    opened = bench(latency_s=latency_s)
    opened.approve(stages=[PROCESS])
    opened.round()
    return opened


def cancel(bench: Workbench, column: str = "remote_id") -> None:
    cancel_batch(bench.project, str(bench.column(f"select {column} from caseforge.batch")[0]), by="test")


def test_a_batch_under_way_is_asked_to_stop_and_keeps_its_requests_until_it_has(bench: OpenBench) -> None:
    opened = under_way(bench)
    cancel(opened)
    assert opened.query("select state, remote_status, reason from caseforge.batch") == [("open", "cancelling", "cancelled by a person")]
    assert opened.provider.client.retrieve(*opened.column("select remote_id from caseforge.batch"))["status"] == "cancelling"
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("in_batch", 6)]
    assert opened.column("select distinct outcome from caseforge.attempt") == [None]


@pytest.mark.slow
@pytest.mark.parametrize("column", ["id", "remote_id", "submission_id"])
def test_a_batch_under_way_is_stopped_and_its_requests_wait(bench: OpenBench, column: str) -> None:
    opened = under_way(bench)
    cancel(opened, column)
    opened.work()
    assert opened.query("select state, remote_status from caseforge.batch") == [("collected", "cancelled")]
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("parked", 6)]
    assert opened.query(OUTCOMES) == [("cancelled", 6)]
    assert opened.stats()["batches_created"] == 1


@pytest.mark.slow
def test_what_was_answered_before_is_kept(bench: OpenBench) -> None:
    opened = under_way(bench, latency_s=2)
    while not opened.column("select (remote -> 'request_counts' ->> 'completed')::int from caseforge.batch")[0]:
        opened.round(submit=False)
    cancel(opened)
    opened.work()
    outcomes = dict(opened.query(OUTCOMES))
    assert outcomes["ok"] == opened.column("select count(*) from caseforge.content")[0] >= 1
    assert outcomes["ok"] + outcomes.get("cancelled", 0) == 6


@pytest.mark.slow
def test_cancelled_requests_go_again_when_a_person_asks_as_the_same_question(bench: OpenBench) -> None:
    opened = under_way(bench)
    cancel(opened)
    opened.work()
    with opened.store.begin() as connection:
        assert not retry_failed(connection, opened.project, KEY, PROCESS).node_ids
        assert len(retry_failed(connection, opened.project, KEY, PROCESS, retry=Retry(asked=True)).node_ids) == 6
    assert opened.query("select state, generation, count(*) from caseforge.request group by 1, 2") == [("pending", 0, 6)]


def test_requests_that_were_cancelled_under_way_are_pending_again_when_a_person_asks(bench: OpenBench) -> None:
    opened = under_way(bench, latency_s=60)
    opened.change("update caseforge.attempt set outcome = 'cancelled'")
    opened.change("update caseforge.request set state = 'parked'")
    with opened.store.begin() as connection:
        assert len(retry_failed(connection, opened.project, KEY, PROCESS, retry=Retry(asked=True)).node_ids) == 6
    assert opened.query("select state, generation, count(*) from caseforge.request group by 1, 2") == [("pending", 0, 6)]


@pytest.mark.slow
def test_a_plan_takes_cancelled_nodes_in(bench: OpenBench) -> None:
    opened = under_way(bench)
    cancel(opened)
    opened.work()
    part = opened.draft(stages=[PROCESS]).stages[0]
    assert (part.states, part.now) == ({"cancelled": 6}, 6)


def test_a_batch_that_was_not_created_yet_is_taken_back(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    cancel(opened, "id")
    opened.work()
    assert opened.query("select state, reason from caseforge.batch") == [("refused", "cancelled before it was created")]
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("parked", 6)]
    assert opened.stats()["batches_created"] == 0


@pytest.mark.slow
def test_what_cannot_be_cancelled_says_why(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    with pytest.raises(CannotCancel, match="is collected; only a batch that is under way"):
        cancel(opened)
    with pytest.raises(CannotCancel, match="there is no batch 'nonsense'"):
        cancel_batch(opened.project, "nonsense", by="test")


@pytest.mark.slow
def test_a_batch_that_is_billed_elsewhere_is_cancelled_there(bench: OpenBench) -> None:
    billed = bench(bills=True, latency_s=60, budget_usd=100)
    billed.approve(stages=[PROCESS])
    billed.round()
    with pytest.raises(CannotCancel, match=r"is at .* or another account; set OPENAI_BASE_URL"):
        cancel(bench())
    assert billed.column("select state from caseforge.batch") == ["open"]


@pytest.mark.slow
def test_a_batch_that_is_being_worked_on_is_not_cancelled_under_the_workers_hands(bench: OpenBench) -> None:
    opened = under_way(bench)
    batch_id = opened.column("select id from caseforge.batch")[0]
    with try_lock(opened.store, f"batch {batch_id}"), pytest.raises(CannotCancel, match="try again in a moment"):
        cancel(opened)
    assert opened.column("select state from caseforge.batch") == ["open"]
