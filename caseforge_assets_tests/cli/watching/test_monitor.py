"""monitor: what is shown of open and finished batches, what is an estimate, and that Ctrl-C stops the watching only."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from caseforge_assets.cli.views.batch_views import LiveBatches, duration, explained, through_table, under_way_table
from caseforge_assets.commands.reporting.view_batches import BatchView
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.defs.project import eventually

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPEN = BatchView(
    id=3,
    remote_id="batch_6abc0123456789",
    stage="usecases",
    model="gpt-5",
    state="open",
    remote_status="in_progress",
    created_at=NOW - timedelta(hours=3, minutes=5),
    request_count=400,
    done=100,
    failed=4,
    elapsed_s=11_100,
    rate_per_min=0.54,
    left_s=33_300,
    input_tokens=450_000,
    output_tokens=889_100,
    cost_usd=Decimal("4.7"),
    unknown_costs=0,
    expected_cost_usd=Decimal("18.9"),
    simulated=False,
    items=768,
    estimated=True,
    reason="",
    collected_at=None,
)


def drawn(*what: object, width: int = 120) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(*what)
    return captured.get()


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (OPEN, ["~ is estimated"]),
        (replace(OPEN, simulated=True), ["~ is estimated", "nothing is billed"]),
        (replace(OPEN, simulated=True, estimated=False), ["nothing is billed"]),
        (replace(OPEN, estimated=False), []),
    ],
)
def test_figures_that_are_estimated_or_of_simulated_answers_are_explained(view: BatchView, said: list[str]) -> None:
    footnote = explained([view])
    assert [words for words in ("~ is estimated", "nothing is billed") if words in footnote] == said


def test_beside_a_billed_batch_it_is_said_which_ones_are_not_billed() -> None:
    billed, simulated = replace(OPEN, id=4, estimated=False), replace(OPEN, simulated=True, estimated=False)
    assert explained([billed, simulated]).startswith("The answers of batch 3 are simulated: these are not billed")
    assert "batches 3, 5 are simulated" in explained([simulated, billed, replace(simulated, id=5)])
    assert "nothing is billed" not in explained([billed, simulated])
    assert explained([billed]) == ""


def test_a_batch_under_way_shows_what_is_known_and_marks_what_is_estimated() -> None:
    said = drawn(under_way_table([OPEN], NOW))
    for words in (
        "██░░░░░░░░ 100 of 400",
        "4 failed",
        "3 h 05, 0.5/min",
        "~9 h 15 left",
        "~768 use cases",
        "~450k + 889k tokens",
        "~$4.70",
        "of $18.90",
    ):
        assert words in said
    assert max(map(len, said.splitlines())) <= 120


def test_finalizing_promises_nothing() -> None:
    said = drawn(under_way_table([replace(OPEN, remote_status="finalizing", left_s=None, done=400, reason="the counts do not move")], NOW))
    assert "time left unknown" in said
    assert "Batch 3: the counts do not move" in said


def test_what_is_unknown_is_not_shown_as_nothing() -> None:
    silent = replace(OPEN, done=None, failed=None, rate_per_min=None, left_s=None, items=None, expected_cost_usd=None)
    said = drawn(under_way_table([silent], NOW))
    assert "? of 400" in said
    assert "of unknown" in said
    assert "$0" not in said
    ended = replace(
        OPEN, state="collected", remote_status="completed", estimated=False, unknown_costs=2, input_tokens=None, output_tokens=None
    )
    said = drawn(through_table([ended]), width=140)
    assert "$4.70 and 2 unknown" in said
    assert "unknown" in said.replace("2 unknown", "")


def test_the_live_table_counts_down_to_the_next_look() -> None:
    live = LiveBatches()
    live.show([OPEN], [], 20)
    assert "Next look in 20 s." in drawn(live) or "Next look in 19 s." in drawn(live)
    live.show([OPEN], [], 0)
    assert "Looking" in drawn(live)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (99.4, "99 s"), (100, "2 min"), (5_900, "98 min"), (6_000, "1 h 40"), (90_000, "25 h 00")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.slow
def test_json_has_the_batches_under_way_first_and_real_figures_of_those_that_are_through(command_line: OpenCommandLine) -> None:
    cli = command_line(latency_s=2)
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--wait")
    cli.run("generate", "--nodes", "1.1.2,1.1.3", "--stage", "process_details")
    under_way, usecases, documents = cli.json("monitor", "--watch-only", "--once")
    assert (under_way["stage"], under_way["estimated"]) == ("process_details", True)
    assert under_way["state"] in ("open", "final")
    assert (under_way["request_count"], under_way["collected_at"]) == (2, None)
    assert (usecases["stage"], usecases["state"], usecases["estimated"], usecases["done"], usecases["failed"]) == (
        "usecases",
        "collected",
        False,
        1,
        0,
    )
    assert usecases["items"] == len(cli.json("show", "1.1.1")["candidates"])
    assert documents["items"] is None
    assert documents["cost_usd"] == pytest.approx(cli.json("costs")[0]["cost_usd"])


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


@pytest.mark.slow
def test_ctrl_c_stops_watching_and_not_the_batch(command_line: OpenCommandLine, terminal: tuple[int, int]) -> None:
    cli = command_line(latency_s=60)
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details")
    ours, theirs = terminal
    command = [sys.executable, "-m", "caseforge_assets.cli", "monitor"]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit it ignored, and would hand that on
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said = bytearray()
    try:
        eventually(lambda: said.extend(os.read(ours, 65_536)) or b"Looking" in said or b"Next look" in said)
        process.send_signal(signal.SIGINT)
        eventually(lambda: said.extend(_read(ours)) or process.poll() is not None)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"Stopped watching; 1 batch under way at the provider go" in said
    assert cli.json("status")["batches"][0]["state"] == "open"


def _read(file: int) -> bytes:
    try:
        return os.read(file, 65_536)
    except OSError:  # the other end is closed
        return b""
