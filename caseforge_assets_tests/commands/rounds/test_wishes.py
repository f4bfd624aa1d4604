"""Wishes: what somebody asks for is done at once, by whoever works; and work beside a service is safe beside all others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from caseforge_assets.batches.states import Wish
from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.commands.rounds.do_wishes import do_wishes
from caseforge_assets.commands.rounds.find_finished import find_finished
from caseforge_assets.commands.rounds.send_approved import send_approved
from caseforge_assets.commands.rounds.work_beside import Done, work_beside
from caseforge_assets.commands.submitting.decide_submission import decide_submission
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.store.serving import wishes
from caseforge_assets.store.serving.wishes import WishRow
from caseforge_assets_tests.workbench import CODES, PATIENCE_S, PROCESS, OpenBench, Workbench


def asked(bench: Workbench, wish: Wish, batch_id: int | None = None) -> int:
    with bench.store.begin() as connection:
        return wishes.ask(connection, wish, "anna", batch_id)


def found(bench: Workbench, wish_id: int) -> WishRow:
    with bench.store.connect() as connection:
        row = wishes.find(connection, wish_id)
    assert row is not None
    return row


def nothing(*_: object) -> None:
    """Nobody is told."""


def until(condition: object) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def working(bench: Workbench, count: int = 1) -> Iterator[list[Done]]:
    enough, done = threading.Event(), list[Done]()
    threads = [
        threading.Thread(target=lambda: work_beside(bench.store, lambda: bench.project, enough, announce=nothing, after_work=done.append))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def test_wishes_are_done_and_say_what_came_of_them(bench: OpenBench) -> None:
    opened = bench()
    sent = asked(opened, Wish.submit)
    do_wishes(opened.project, announce=nothing)
    assert found(opened, sent).outcome == "nothing is to be sent"
    opened.approve("1.1.1", stages=[PROCESS])
    sent, poll = asked(opened, Wish.submit), asked(opened, Wish.poll)
    do_wishes(opened.project, announce=nothing)
    assert found(opened, sent).outcome == "1 batch sent"
    assert found(opened, poll).outcome == "0 batches looked at, 0 finished"
    (batch_id,) = opened.column("select id from caseforge.batch")
    (remote_id,) = opened.column("select remote_id from caseforge.batch")
    until(lambda: opened.provider.client.retrieve(remote_id)["status"] == "completed")
    collect = asked(opened, Wish.collect, batch_id)
    (collected,) = do_wishes(opened.project, announce=nothing)
    assert collected.batch.id == batch_id
    assert found(opened, collect).outcome == f"{collected.batch.name}: 1 ok"
    again = asked(opened, Wish.collect, batch_id)
    do_wishes(opened.project, announce=nothing)
    assert (found(opened, again).outcome or "").startswith("nothing to collect")
    assert found(opened, collect).done_at is not None


def test_a_wish_to_submit_tries_a_provider_again_that_stopped(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    opened.change("update caseforge.provider set stopped_reason = 'no credit', stopped_at = now()")
    assert not send_approved(opened.project, announce=nothing, unattended=True).submitted
    wish = asked(opened, Wish.submit)
    assert len(send_approved(opened.project, announce=nothing, unattended=True).submitted) == 1
    assert found(opened, wish).outcome == "1 batch sent"


def test_the_sensors_of_dagster_heed_wishes(bench: OpenBench) -> None:
    opened = bench(quiet_period_s=3_600)
    opened.approve("1.1.1", stages=[PROCESS])
    with opened.store.begin() as connection:
        assert "still being made" in decide_submission(connection, opened.project).why_not
    opened.change("update caseforge.provider set stopped_reason = 'no credit', stopped_at = now()")
    with opened.store.begin() as connection:
        assert "no credit" in decide_submission(connection, opened.project).why_not
    wish = asked(opened, Wish.submit)
    with opened.store.begin() as connection:
        due = decide_submission(connection, opened.project)
    assert due.key.endswith(f"-wish-{wish}")
    look = asked(opened, Wish.collect)
    assert find_finished(opened.project) == []
    assert found(opened, look).outcome == "0 batches looked at; 0 finished, each of which a run of its own collects"


def test_what_may_be_sent_is_due_once_and_again_after_a_while_or_with_more(bench: OpenBench) -> None:
    opened = bench(quiet_period_s=0)

    def key() -> str:
        with opened.store.begin() as connection:
            return decide_submission(connection, opened.project).key

    opened.approve("1.1.1", stages=[PROCESS])
    first = key()
    assert first == key() != ""
    opened.change("update caseforge.request set created_at = created_at - interval '11 minutes'")
    second = key()
    opened.approve("1.1.2", stages=[PROCESS])
    assert len({first, second, key()}) == 3
    plan_batches(opened.project)
    assert key() == "", "whoever planned it sends it"
    opened.change("update caseforge.batch set created_at = created_at - interval '2 minutes'")
    assert "-left-1-through-0-" in key()


def test_a_submission_that_is_wished_for_and_has_nothing_to_send_says_so(bench: OpenBench) -> None:
    opened = bench()
    wish = asked(opened, Wish.submit)
    with opened.store.begin() as connection:
        due = decide_submission(connection, opened.project)
    assert (due.key, found(opened, wish).outcome) == ("", due.why_not)


def test_a_worker_does_the_whole_job_and_only_what_is_approved(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1")
    opened.draft("2.1.1")
    with working(opened) as done:
        until(lambda: opened.column("select count(*) from caseforge.content where is_current") == [2])
        wish = asked(opened, Wish.poll)
        until(lambda: found(opened, wish).done_at is not None)
    assert sum(finished.submitted for finished in done) == 2
    assert sum(len(finished.collected) for finished in done) == 2


def test_workers_sensors_and_commands_together_pay_for_nothing_twice(bench: OpenBench) -> None:
    """Two workers, what the sensors and jobs of Dagster call, and wishes of all kinds, on one project at once."""
    opened = bench(latency_s=0.05, max_requests_per_batch=1)
    over, troubles = threading.Event(), list[Exception]()

    def sense() -> None:
        try:
            while not over.is_set():
                for batch_id, _lease in find_finished(opened.project):
                    collect_batch(opened.project, batch_id)
                with opened.store.begin() as connection:
                    due = decide_submission(connection, opened.project)
                if due.key:
                    send_approved(opened.project, announce=nothing, unattended=True)
        except Exception as error:  # noqa: BLE001
            troubles.append(error)

    opened.approve()
    sensing = threading.Thread(target=sense)
    sensing.start()
    try:
        with working(opened, 2):
            for number in range(6):
                asked(opened, list(Wish)[number % 3])
            until(lambda: troubles or opened.column("select count(*) from caseforge.content where is_current") == [2 * len(CODES)])
            until(lambda: not opened.column("select 1 from caseforge.work_wish where done_at is null"))
    finally:
        over.set()
        sensing.join()
    assert troubles == []
    assert opened.column("select count(*) from caseforge.batch where state <> 'collected' or duplicate_of is not null") == [0]
    assert opened.stats()["batches_created"] == opened.column("select count(*) from caseforge.batch")[0] == 2 * len(CODES)


@pytest.mark.slow
def test_a_worker_goes_on_when_its_provider_was_away(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:status=503,call=1-3,match=GET /v1/batches"])
    opened.approve("1.1.1", stages=[PROCESS])
    from caseforge_assets.commands.rounds import work_beside as module

    before, module.AFTER_TROUBLE_S = module.AFTER_TROUBLE_S, 0.05
    try:
        with working(opened):
            until(lambda: opened.column("select count(*) from caseforge.content where is_current") == [1])
    finally:
        module.AFTER_TROUBLE_S = before
