"""The second process: what it does is what would be done here, in order, and nothing is lost with it."""

from __future__ import annotations

import operator
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from caseforge_assets.commands.collecting import collect_batch
from caseforge_assets.commands.requests import build_requests
from caseforge_assets.second_process import work_ahead
from caseforge_assets.second_process.work_ahead import start_second_process
from caseforge_assets_tests.workbench import CODES, OpenBench, Workbench

CONTENTS = """
select n.identity, c.stage, c.version, q.score, q.signature, r.fingerprint from caseforge.content c join caseforge.node n on n.id = c.node_id
join caseforge.request r on r.id = c.request_id left join caseforge.quality q on q.content_id = c.id order by 1, 2
"""
PROGRAM = """
import sys, time, operator
from caseforge_assets.second_process.work_ahead import start_second_process, work_ahead
print("started", flush=True)
start_second_process(wait_s=60)
print([result for _, result in work_ahead(operator.neg, ((n, n) for n in range(20)))], flush=True)
if "--stay" in sys.argv:
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second process of the test's own, whatever the machine has."""
    monkeypatch.setattr(work_ahead, "_cpus", lambda: 2)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # functions of this module are sent
    work_ahead._second_process_of.cache_clear()
    start_second_process(wait_s=60)
    started = second()
    yield
    started._process.kill()
    work_ahead._second_process_of.cache_clear()


def second() -> work_ahead._SecondProcess:
    found = work_ahead._second_process()
    assert found is not None
    return found


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} still runs")


def test_results_come_in_the_order_of_their_pieces_from_both_processes() -> None:
    pieces = [(number, 0.02) for number in range(12)]
    found = list(work_ahead.work_ahead(pid_after, pieces))
    assert [number for number, _ in found] == list(range(12))
    assert {pid for _, pid in found} == {os.getpid(), second()._process.pid}


def pid_after(wait_s: float) -> int:
    """Waits, and gives the id of the process that works on a piece."""
    time.sleep(wait_s)
    return os.getpid()


def test_what_is_only_in_this_process_is_done_in_this_process() -> None:
    assert {pid for _, pid in work_ahead.work_ahead(pid_after, [(number, 0.0) for number in range(8)], ahead=False)} == {os.getpid()}
    here: list[int] = []
    keep = partial(operator.iadd, here)
    assert [len(found) for _, found in work_ahead.work_ahead(keep, [(number, [number]) for number in range(3)], ahead=False)] == [1, 2, 3]


def test_a_function_that_fails_fails_here_with_its_own_error() -> None:
    found = work_ahead.work_ahead(partial(operator.truediv, 1), [(number, number) for number in (1, 2, 4, 5, 0, 8)])
    assert [result for _, result in (next(found) for _ in range(2))] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        list(found)


def test_what_cannot_be_sent_is_done_here() -> None:
    assert [result for _, result in work_ahead.work_ahead(lambda number: -number, [(number, number) for number in range(6)])] == [
        -number for number in range(6)
    ]
    assert pid_after(0) == os.getpid()
    assert second()._process.pid in {pid for _, pid in work_ahead.work_ahead(pid_after, [(number, 0.02) for number in range(6)])}


def test_a_second_process_that_is_killed_takes_nothing_with_it() -> None:
    found = work_ahead.work_ahead(pid_after, [(number, 0.02) for number in range(20)])
    begun = [next(found)[0] for _ in range(4)]
    os.kill(second()._process.pid, signal.SIGKILL)
    rest = list(found)
    assert begun + [number for number, _ in rest] == list(range(20))
    assert rest[-1][1] == os.getpid()
    assert {pid for _, pid in work_ahead.work_ahead(pid_after, [(number, 0.0) for number in range(4)])} == {os.getpid()}


def test_without_a_second_process_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    work_ahead._second_process_of.cache_clear()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert {pid for _, pid in work_ahead.work_ahead(pid_after, [(number, 0.0) for number in range(8)])} == {os.getpid()}


def test_a_fork_has_a_second_process_of_its_own() -> None:
    pid = os.fork()
    if pid == 0:
        workers: set[int] = set()
        try:
            start_second_process(wait_s=60)
            workers = {worker for _, worker in work_ahead.work_ahead(pid_after, [(number, 0.02) for number in range(8)])}
            second()._process.kill()
        finally:
            os._exit(0 if len(workers) == 2 else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_what_a_function_prints_does_not_come_between() -> None:
    found = list(work_ahead.work_ahead(partial(print, "half a line", end="", flush=True), [(number, number) for number in range(6)]))
    assert found == [(number, None) for number in range(6)]
    assert second()._process.poll() is None


def test_a_program_is_not_run_again_and_both_end_together(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["started", str([-number for number in range(20)])]
    assert done.stderr == ""
    staying = subprocess.Popen([sys.executable, str(program), "--stay"], stdout=subprocess.PIPE, text=True)
    assert staying.stdout is not None
    assert staying.stdout.readline() == "started\n"
    assert staying.stdout.readline().startswith("[0, -1")
    children = Path(f"/proc/{staying.pid}/task/{staying.pid}/children")
    if not children.exists():
        pytest.skip("this system does not say which children a process has")
    (child,) = map(int, children.read_text().split())
    staying.kill()
    staying.wait()
    wait_until_gone(child)


@pytest.fixture
def piecewise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large enough for the second process are a few nodes now."""
    monkeypatch.setattr(collect_batch, "CHUNK_LINES", 1)
    monkeypatch.setattr(build_requests, "NODES_AT_ONCE", 1)


def all_content(opened: Workbench) -> list[tuple[object, ...]]:
    return [tuple(row) for row in opened.query(CONTENTS)]


def test_both_processes_together_make_what_one_makes(bench: OpenBench, monkeypatch: pytest.MonkeyPatch, piecewise: None) -> None:
    judged: list[bool] = []
    original = work_ahead.work_ahead

    def watched(function: object, pieces: object, *, ahead: bool = True) -> object:
        judged.append(ahead)
        return original(function, pieces, ahead=ahead)  # type: ignore[arg-type, type-var]

    monkeypatch.setattr(collect_batch, "work_ahead", watched)
    together = bench()
    together.generate()
    assert judged == [True, True]
    monkeypatch.setattr(work_ahead, "_cpus", lambda: 1)
    work_ahead._second_process_of.cache_clear()
    alone = bench()
    alone.generate()
    assert all_content(together) == all_content(alone)
    assert len(all_content(alone)) == 2 * len(CODES)


def test_a_second_process_that_nobody_waits_for_any_more_ends_in_silence() -> None:
    nobody_reads, written_to = os.pipe()
    os.close(nobody_reads)
    command = [sys.executable, "-m", "caseforge_assets.second_process.worker"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=written_to, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(written_to)
    assert (done.returncode, done.stderr) == (0, b"")
