"""alerts, alerts test, alerts acknowledge; and that other commands look for alerts by themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from caseforge_assets.defs.mirroring import mirror
from caseforge_assets.defs.mirroring.flush import FLUSH_LOCK, OTHERS_PATIENCE_S
from caseforge_assets.store.database.engine import open_store, try_lock
from caseforge_assets.store.mirroring.outbox import count_unflushed
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.people import PASSWORD, TOKEN, reachable_people

ONE_IS_ENOUGH = "[alerts]\nshare_min_count = 1"
FAULTS = ["http_500:batch=1,match=-1-1-1-r"]


def with_one_alert(cli: CommandLine) -> CommandLine:
    cli.load_shop()
    cli.run("generate", "--stage", "process_details", "--wait", expected=3)
    return cli


@pytest.mark.slow
def test_an_alert_is_said_by_the_command_that_met_it_delivered_and_listed(
    command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line(ONE_IS_ENOUGH, faults=FAULTS)
    with reachable_people() as people:
        monkeypatch.setenv("CASEFORGE_ALERT_URLS", people.urls)
        cli.load_shop()
        said = cli.run("generate", "--stage", "process_details", "--wait", expected=3)
        assert "Alert 1, warning: process_details of shop batch_" in said
        assert len(people.mails) == len(people.hooks) == 1
        (row,) = cli.json("alerts", expected=3)
        assert (row["rule"], row["subject"], row["delivered"], row["undelivered"]) == ("failed_share", "batch 1", 2, 0)
        assert "2 delivered" in cli.run("alerts", expected=3)
        assert "is over: process_details" in cli.run("retry", "--yes", "--wait")
        assert [title for title, _ in people.mails][1:] == ["CaseForge: cleared: failed_share, alert 1"]
    assert "No alert is open." in cli.run("alerts")
    assert "over since" in cli.run("alerts", "--all")


def test_without_an_address_it_is_said_that_nobody_is_told(command_line: OpenCommandLine) -> None:
    cli = with_one_alert(command_line(ONE_IS_ENOUGH, faults=FAULTS))
    assert "nobody is told: CASEFORGE_ALERT_URLS" in cli.run("alerts", "--check", expected=3)
    assert "nobody is told" in cli.run("alerts", "test", expected=2)


def test_an_acknowledged_alert_is_open_but_no_reason_for_an_exit_code(command_line: OpenCommandLine) -> None:
    cli = with_one_alert(command_line(ONE_IS_ENOUGH, faults=FAULTS))
    assert "acknowledged by kim" in cli.run("alerts", "acknowledge", "1", "--by", "kim")
    assert "open, acknowledged by kim" in cli.run("alerts")
    assert "there is no open alert 5" in cli.run("alerts", "acknowledge", "5", expected=2)


def test_a_test_message_says_which_address_takes_it(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    with reachable_people() as people:
        monkeypatch.setenv("CASEFORGE_ALERT_URLS", people.urls)
        assert cli.run("alerts", "test").count(": accepted") == 2
        assert people.mails[0][0] == "CaseForge: a test message"
        people.hook_status = 403
        said = cli.run("-v", "alerts", "test", expected=1)
        assert "403" in said
        assert PASSWORD not in said
        assert TOKEN not in said


def test_a_wrong_address_is_refused_without_being_shown(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_ALERT_URLS", "slak://TokenAAAA/TokenBBBB")
    said = cli.run("alerts", "test", expected=1)
    assert "no address that a message can be sent to" in said
    assert "TokenAAAA" not in said


@pytest.mark.slow
def test_a_key_that_is_refused_is_an_alert_of_the_command_that_tried_it(command_line: OpenCommandLine) -> None:
    cli = command_line(faults=["reply_error:when=before,status=401,code=invalid_api_key,call=2,match=^GET /v1/models"])
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait")
    assert "refused the key when it was last asked" in cli.run("monitor", "--once", expected=4)
    assert [row["rule"] for row in cli.json("alerts", expected=3)] == ["authentication"]
    cli.run("monitor", "--once")
    assert cli.json("alerts") == []


def test_a_look_for_alerts_does_not_wait_for_somebody_who_shows_events(
    command_line: OpenCommandLine, dagster_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line()
    cli.load_shop()
    store = open_store(dagster_database_url)
    with store.begin() as connection:
        connection.execute(text("update caseforge.outbox set flushed_at = null, event_id = null"))
        waiting = count_unflushed(connection)
    assert waiting
    summed_up: list[object] = []
    monkeypatch.setattr(mirror, "_sum_up", lambda *arguments, **_: summed_up.append(arguments))
    with try_lock(store, FLUSH_LOCK) as held, store.connect() as connection:
        assert held
        began = time.monotonic()
        assert "No alert is open." in cli.run("alerts", "--check")
        assert time.monotonic() - began < OTHERS_PATIENCE_S / 2
        assert (count_unflushed(connection), summed_up) == (waiting, [])
    assert "No alert is open." in cli.run("alerts", "--check")
    with store.connect() as connection:
        assert (count_unflushed(connection), len(summed_up)) == (0, 1)
    store.dispose()


def test_a_wrong_rule_or_threshold_is_refused(command_line: OpenCommandLine) -> None:
    said = command_line('[alerts]\nfailed_shar = 1\noff = ["noise"]').run("status", expected=2)
    assert "alerts.failed_shar: is not a known key (did you mean failed_share?)" in said
    assert "alerts.off" in said


@pytest.mark.slow
def test_events_are_logged_when_asked_for(command_line: OpenCommandLine) -> None:
    cli = command_line(ONE_IS_ENOUGH, faults=FAULTS)
    cli.load_shop()
    command = [
        sys.executable,
        "-m",
        "caseforge_assets.cli",
        "-v",
        "--log-format",
        "json",
        "generate",
        "--stage",
        "process_details",
        "--wait",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["failed_nodes"] == 1
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    events = {line["event"]: line for line in lines if "event" in line}
    assert set(events) >= {"batch created", "batch state changed", "batch collected", "node failed", "alert raised"}
    assert (events["node failed"]["node"], events["node failed"]["outcome"]) == ("1.1.1", "server_error")
    assert events["node failed"]["batch"] == events["batch created"]["batch"]
    assert "sk-test" not in done.stderr
