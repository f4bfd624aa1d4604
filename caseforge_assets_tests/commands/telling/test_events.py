"""Events: told by commands in their own transactions, numbered in the order in which they can be read."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from caseforge_assets.commands.alerting.check_alerts import check_alerts
from caseforge_assets.commands.approving.approve_plan import approve_plan
from caseforge_assets.commands.approving.change_plan import cancel_plan, decline_plan, raise_limit
from caseforge_assets.commands.approving.keep_draft import keep_draft
from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import events
from caseforge_assets.store.serving.events import EventRow, Told, tell, tell_all, tell_batch
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, OpenBench, Workbench


def told(bench: Workbench, *kinds: str) -> list[EventRow]:
    number_events(bench.store)
    with bench.store.connect() as connection:
        return events.after(connection, 0, 1_000, kinds=kinds or None)


def test_a_job_tells_what_happens(bench: OpenBench) -> None:
    opened = bench()
    with opened.store.begin() as connection:
        plan = opened.draft("1.1.1", "1.1.2", stages=[PROCESS])
        keep_draft(connection, plan, by="anna")
    with opened.store.begin() as connection:
        approve_plan(connection, opened.project, plan.id, by="berta")
    opened.work()
    kinds = [event.kind for event in told(opened)]
    assert kinds[:4] == ["framework.loaded", "plan.waiting", "plan.approved", "batch.created"]
    assert (kinds[4], kinds[-1], kinds.count("batch.collected")) == ("batch.progress", "batch.collected", 1)
    waiting, approved = told(opened, "plan.waiting", "plan.approved")
    assert (waiting.framework_key, waiting.subject, waiting.data["by"], approved.data["by"]) == (KEY, f"plan {plan.id}", "anna", "berta")
    assert waiting.data["requests"] == 2
    assert waiting.data["expected_cost"]["currency"] == "USD"
    (collected,) = told(opened, "batch.collected")
    assert (collected.data["outcomes"], collected.data["state"], collected.data["status"]) == ({"ok": 2}, "collected", "completed")


def test_progress_is_told_when_it_changes_only(bench: OpenBench) -> None:
    opened = bench(latency_s=0.4)
    opened.generate("1.1.1", stages=[PROCESS])
    seen = [(event.data["status"], event.data["completed"], event.data["failed"]) for event in told(opened, "batch.progress")]
    assert len(seen) == len(set(seen))


def test_a_batch_of_several_frameworks_is_told_to_each_of_them_once_as_it_stands(bench: OpenBench) -> None:
    opened = bench()
    opened.load([(f"9{row[0]}", f"{row[1]}9", f"{row[2]} abroad", row[3]) for row in SHOP], key="other")
    opened.approve("91.1.1", "91.1.2", stages=[PROCESS], key="other")
    opened.approve("1.1.1", stages=[PROCESS])
    opened.work()
    both = told(opened, "batch.collected")
    assert [(event.framework_key, event.data["requests"]) for event in both] == [("other", 3), (KEY, 3)]
    assert both[0].data == both[1].data
    (batch_id, name, model) = opened.query("select id, remote_id, model from caseforge.batch")[0]
    assert {event.subject for event in both} == {f"batch {batch_id}"}
    assert both[0].data == {
        "batch": batch_id,
        "name": name,
        "stage": PROCESS.key,
        "model": model,
        "state": "collected",
        "status": "completed",
        "requests": 3,
        "completed": 3,
        "failed": 0,
        "outcomes": {"ok": 3},
    }


def test_a_batch_without_nodes_or_counts_is_told_once_and_to_nobody_in_particular(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1", stages=[PROCESS])
    opened.change(
        "insert into caseforge.batch (provider_id, stage, model, submission_id, state, request_count, input_tokens) "
        "select provider_id, stage, model, 'without nodes', 'planned', 0, 0 from caseforge.batch limit 1"
    )
    ((number,),) = opened.query("select max(id) from caseforge.batch")
    with opened.store.begin() as connection:
        tell_batch(connection, EventKind.batch_created, number)
    (event,) = [event for event in told(opened, "batch.created") if event.subject == f"batch {number}"]
    assert event.framework_key is None
    assert (event.data["name"], event.data["status"], event.data["completed"], event.data["failed"]) == (
        f"batch {number}",
        None,
        None,
        None,
    )


def test_nodes_that_failed_for_good_are_told_and_those_that_are_asked_again_are_not(bench: OpenBench) -> None:
    opened = bench(faults=["content_filter:match=1.1.2", "expire:share=0.5,batch=1"])
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    failed = told(opened, "node.failed")
    assert sorted(failure.data["node"] for failure in failed) == ["1.1.2"]
    assert {failure.data["stage"] for failure in failed} == {PROCESS.key}
    assert all(failure.data["why"] and failure.data["batch"] for failure in failed)


def test_decisions_of_people_are_told_with_who(bench: OpenBench) -> None:
    opened = bench(bills=True)
    first, second = opened.draft("1.1.1"), opened.draft("1.1.2")
    with opened.store.begin() as connection:
        decline_plan(connection, first.id, by="anna")
        approve_plan(connection, opened.project, second.id, Decimal(5), by="anna")
        raise_limit(connection, opened.project, second.id, Decimal(9), by="berta")
        cancel_plan(connection, second.id, by="anna")
    found = [(event.kind, event.data["plan"], event.data["by"], event.data["limit"]) for event in told(opened)[1:]]
    assert found == [
        ("plan.declined", first.id, "anna", None),
        ("plan.approved", second.id, "anna", {"amount": "5.000000", "currency": "USD"}),
        ("plan.raised", second.id, "berta", {"amount": "9.000000", "currency": "USD"}),
        ("plan.cancelled", second.id, "anna", {"amount": "9.000000", "currency": "USD"}),
    ]


def test_edits_and_alerts_are_told(bench: OpenBench) -> None:
    opened = bench(budget_usd=Decimal(1))
    (node_id,) = opened.ids("1.1.1")
    with opened.store.begin() as connection:
        edit_content(connection, opened.project, ContentOf(KEY, node_id, PROCESS), "# My own\n\nWords of a person.", by="anna", anyway=True)
    (edited,) = told(opened, "content.edited")
    assert (edited.subject, edited.data["by"], edited.data["stage"]) == ("node 1.1.1", "anna", PROCESS.key)
    opened.change("update caseforge.provider set stopped_reason = 'no more'")
    with opened.store.connect() as connection:
        now = clock.now(connection)
    check_alerts(opened.store, opened.project, now)
    opened.change("update caseforge.provider set stopped_reason = null")
    check_alerts(opened.store, opened.project, now)
    raised, cleared = told(opened, "alert.raised"), told(opened, "alert.cleared")
    assert [event.data["rule"] for event in raised] == [event.data["rule"] for event in cleared] != []


def test_what_is_rolled_back_was_never_told(store: Engine) -> None:
    with store.connect() as connection:
        tell(connection, EventKind.plan_approved, "plan 1")
        connection.rollback()
    assert number_events(store) == 0


def test_a_reader_who_goes_on_after_the_last_position_misses_none(store: Engine) -> None:
    """Transactions that begin early and end late are what ids alone would lose."""
    over = threading.Event()

    def write(writer: int) -> None:
        chance = random.Random(writer)
        for number in range(25):
            with store.begin() as connection:
                tell_all(
                    connection,
                    [Told(EventKind.batch_progress, f"{writer}-{number}-{part}", None, {}) for part in range(chance.choice([1, 2, 30]))],
                )
                connection.execute(text("select pg_sleep(:s)"), {"s": chance.random() / 200})
                if chance.random() < 0.1:
                    connection.rollback()

    def number() -> None:
        while not over.is_set():
            number_events(store)

    seen: list[EventRow] = []

    def read() -> None:
        while True:
            last = over.is_set()
            with store.connect() as connection:
                seen.extend(events.after(connection, seen[-1].position if seen else 0, 7))
            if last and not events_left():
                return

    def events_left() -> bool:
        with store.connect() as connection:
            return bool(events.after(connection, seen[-1].position if seen else 0, 1))

    with ThreadPoolExecutor(9) as pool:
        following = [pool.submit(number), pool.submit(number), pool.submit(read)]
        for writing in [pool.submit(write, writer) for writer in range(4)]:
            writing.result()
        number_events(store)
        over.set()
        for reader in following:
            reader.result()
        number_events(store)
    with store.connect() as connection:
        stored = events.after(connection, 0, 100_000)
        assert not events.any_unnumbered(connection)
    assert [event.position for event in stored] == list(range(1, len(stored) + 1))
    assert [event.id for event in seen] == [event.id for event in stored][: len(seen)]
    assert len(stored) > 100


@pytest.mark.parametrize("count", [1, 500])
def test_texts_come_back_as_they_were_told(store: Engine, count: int) -> None:
    data = {"why": 'tab\t "quoted" \\ back\nline ü €', "cost": None, "list": [1, {"a": True}]}
    with store.begin() as connection:
        tell_all(connection, [Told(EventKind.node_failed, f"node {number}", "shop", data) for number in range(count)])
    assert number_events(store) == count
    with store.connect() as connection:
        found = events.after(connection, 0, count, framework_keys=["shop"])
        assert events.after(connection, 0, 10, framework_keys=["other"]) == []
    assert [event.subject for event in found] == [f"node {number}" for number in range(count)]
    assert all(event.data == data for event in found)
