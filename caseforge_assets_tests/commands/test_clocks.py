"""Clocks: the database's decides, and a time that is ahead of it lets nothing wait until the clock has caught up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caseforge_assets.commands.submitting import submit_batches as submitting
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.database import clock
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.requests import pending
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.workbench import PROCESS, OpenBench, Workbench

GRACE_S = 120.0


def never_created(opened: Workbench) -> Workbench:
    """A batch whose creation nobody took in."""
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    opened.provider.client._sdk.max_retries = 0
    submitting.submit_batches(opened.project)
    return opened


def settle(opened: Workbench, *, seconds_later: float = 0.0) -> str:
    now = datetime.now(UTC) + timedelta(seconds=seconds_later)
    reconcile_batches(opened.configured(create_grace_s=GRACE_S).project, now=now)
    return str(opened.column("select state from caseforge.batch")[0])


def test_a_batch_from_a_clock_that_was_ahead_waits_for_its_grace_period_and_no_longer(bench: OpenBench) -> None:
    opened = never_created(bench(faults=["reply_error:call=1,when=before,status=500,match=POST /v1/batches"]))
    opened.change("update caseforge.batch set created_at = now() + interval '2 hours', creating_at = now() + interval '2 hours'")
    assert settle(opened) == "creating"
    assert opened.column("select creating_at <= now() from caseforge.batch") == [True]
    assert settle(opened, seconds_later=GRACE_S + 5) == "uploaded"
    opened.work()
    assert opened.stats()["accepted"]["max_multiplicity"] == 1


@pytest.mark.parametrize("ahead", ["2 hours", "400 days"])
def test_a_batch_that_was_accepted_is_found_whatever_the_clock_said_then(bench: OpenBench, ahead: str) -> None:
    opened = never_created(bench(faults=["reply_reset:call=1,match=POST /v1/batches"]))
    opened.change(f"update caseforge.batch set created_at = now() + interval '{ahead}', creating_at = now() + interval '{ahead}'")
    settle(opened)
    settle(opened, seconds_later=GRACE_S + 5)
    opened.work()
    assert opened.stats()["batches_created"] == 1


def test_a_wrong_clock_in_this_process_does_not_end_a_grace_period(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when the batch is created, nor when it is looked for."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(hours=2)

    opened = bench(faults=["reply_error:call=1,when=before,status=500,match=POST /v1/batches"])
    for module in ("submit_batches", "reconcile_batches"):
        monkeypatch.setattr(f"caseforge_assets.commands.submitting.{module}.datetime", Ahead)
    never_created(opened)
    reconcile_batches(opened.configured(create_grace_s=GRACE_S).project)
    assert opened.query("select state, creating_at <= now() from caseforge.batch") == [("creating", True)]


def test_results_that_are_missing_are_not_waited_for_longer_because_a_clock_was_ahead(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    opened.round()
    opened.change("update caseforge.batch set state = 'final', final_at = now() + interval '2 hours'")
    reconcile_batches(opened.configured(create_grace_s=GRACE_S).project)
    assert opened.column("select final_at <= now() from caseforge.batch") == [True]


def test_a_lease_of_a_clock_that_was_ahead_is_given_anew(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    opened.round()
    opened.change("update caseforge.batch set state = 'final', collect_lease_until = now() + interval '2 hours'")
    with opened.store.begin() as connection:
        assert len(batches.claim_for_collecting(connection, opened.provider.id, 600.0)) == 1
    with opened.store.begin() as connection:
        assert batches.claim_for_collecting(connection, opened.provider.id, 600.0) == []


def test_requests_and_events_of_a_clock_that_was_ahead_are_old_enough(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    opened.change("update caseforge.request set created_at = now() + interval '2 hours'")
    opened.change("update caseforge.outbox set created_at = now() + interval '2 hours'")
    with opened.store.connect() as connection:
        assert (pending.seconds_since_newest(connection) or 0) > 3_600
        count, age_s = outbox.count_unflushed(connection)
    assert count
    assert age_s > 3_600


def test_a_message_of_a_clock_that_was_ahead_is_delivered(bench: OpenBench) -> None:
    opened = bench()
    opened.change("""
    insert into caseforge.alert (rule, subject, severity, text, raised_at) values ('sending_stopped', 'x', 'critical', 'Nothing is sent', now());
    insert into caseforge.alert_message (alert_id, event, text, created_at) select id, 'raised', text, now() from caseforge.alert;
    insert into caseforge.alert_delivery (message_id, address, tries, problem, next_try_at)
    select id, 'somewhere', 1, 'away', now() + interval '2 hours' from caseforge.alert_message
    """)
    with opened.store.connect() as connection:
        now = clock.now(connection)
        assert len(alerts.due(connection, "somewhere", now - timedelta(days=1), now)) == 1
