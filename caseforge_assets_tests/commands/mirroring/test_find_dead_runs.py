"""Processes that are gone are found: by their machine where that can tell, by their silence where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from caseforge_assets.commands.mirroring.find_dead_runs import (
    LOOKED_AGAIN_S,
    LOOKED_LATELY_S,
    SILENT_S,
    still_suspected,
    this_process,
    why_gone,
)
from caseforge_assets.store.mirroring.run_processes import ProcessIdentity, RunProcess

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
SAYS = "import sys; from caseforge_assets.commands.mirroring.find_dead_runs import this_process; print(*[getattr(this_process(), n) for n in %r], sep='|', flush=True); "
NAMES = ("host", "boot_id", "pid_namespace", "pid", "started")


@pytest.fixture
def another() -> Iterator[tuple[subprocess.Popen[str], ProcessIdentity]]:
    """Another process, which says who it is and waits."""
    command = [sys.executable, "-c", SAYS % (NAMES,) + "sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        host, boot_id, namespace, pid, started = process.stdout.readline().strip().split("|")
        yield process, ProcessIdentity(host, boot_id, namespace, int(pid), int(started))
        process.kill()


def of(identity: ProcessIdentity, silent_s: float = 0.0) -> RunProcess:
    return RunProcess("run", identity, silent_s, is_through=False)


def test_a_process_that_is_there_is_not_gone_however_silent_it_is(another: tuple[subprocess.Popen[str], ProcessIdentity]) -> None:
    _, identity = another
    assert identity.pid != this_process().pid
    assert why_gone(of(identity, silent_s=9_999), this_process(), suspected_s=9_999) is None


def test_one_that_was_killed_is_gone_at_once_also_while_its_parent_does_not_ask(
    another: tuple[subprocess.Popen[str], ProcessIdentity],
) -> None:
    process, identity = another
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its parent has not asked
    said = f"its process (pid {identity.pid} on {identity.host}) is gone"
    assert why_gone(of(identity), this_process(), suspected_s=None) == said
    process.wait()
    assert why_gone(of(identity), this_process(), suspected_s=None) == said


def test_another_process_with_the_same_number_is_another_one(another: tuple[subprocess.Popen[str], ProcessIdentity]) -> None:
    earlier = replace(another[1], started=another[1].started - 1)
    assert "is gone" in str(why_gone(of(earlier), this_process(), suspected_s=None))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"boot_id": "another", "host": "beta"},  # another machine, or this one before it was started anew
        {"boot_id": "another"},
        {"pid_namespace": "pid:[1]"},  # another container on this machine, maybe of the same name
        {"boot_id": ""},  # a system that says nothing
    ],
)
def test_of_a_process_elsewhere_its_silence_alone_tells(elsewhere: dict[str, str]) -> None:
    identity = replace(this_process(), pid=4_194_305, **elsewhere)  # no such process here
    assert why_gone(of(identity, silent_s=1), this_process(), suspected_s=LOOKED_AGAIN_S) is None
    assert why_gone(of(identity, silent_s=SILENT_S + 1), this_process(), suspected_s=None) is None  # looked at once
    assert why_gone(of(identity, silent_s=SILENT_S + 1), this_process(), suspected_s=LOOKED_AGAIN_S - 1) is None
    said = why_gone(of(identity, silent_s=SILENT_S + 9), this_process(), suspected_s=LOOKED_AGAIN_S)
    assert said == f"its process (pid 4194305 on {identity.host}) has not been heard of for 39 s"


def test_two_looks_with_a_long_time_between_are_no_two_looks() -> None:
    """A database that was away, or a clock that was set, would make every run look silent."""
    assert still_suspected({}, ["a"], now_s=100, looked_s=None) == {"a": 100}
    assert still_suspected({"a": 100}, ["a", "b"], now_s=110, looked_s=100) == {"a": 100, "b": 110}
    assert still_suspected({"a": 100}, [], now_s=110, looked_s=100) == {}
    for later in (100 + LOOKED_LATELY_S + 1, 50):
        assert still_suspected({"a": 100}, ["a"], now_s=later, looked_s=100) == {"a": later}
