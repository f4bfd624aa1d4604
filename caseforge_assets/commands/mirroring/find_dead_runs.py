"""Finds processes of runs that are gone: told by the machine that they were on, or else by their silence.

A pid says something in the place where it was given only: this start of the machine, this container. There it is certain. Of all others, a run
on another machine for one, only silence tells; it is looked at twice, so that a database that was away, or a clock that was set, kills nobody.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from caseforge_assets.store.mirroring.run_processes import ProcessIdentity, RunProcess

PROC = Path("/proc")
BEAT_S = 5.0
SILENT_S = 30.0  # six beats
LOOKED_AGAIN_S = 8.0  # two looks are this far apart at least
LOOKED_LATELY_S = 120.0  # and at most: nobody looked in between
_AFTER_NAME = 3  # of /proc/PID/stat, the number of the first field after the name in brackets
_STATE, _START_TIME = 3, 22
_ENDED = ("Z", "X")


def this_process() -> ProcessIdentity:
    """Says who this process is; where the system has no /proc, its silence alone tells when it is gone."""
    started = _started_at(os.getpid())
    return ProcessIdentity(socket.gethostname(), _boot_id(), _pid_namespace(), os.getpid(), started or 0)


def why_gone(process: RunProcess, here: ProcessIdentity, suspected_s: float | None) -> str | None:
    """Says why a process is certainly gone, for people; None where it is not.

    Args:
        process: The process.
        here: Who looks.
        suspected_s: How long ago a look found it silent first and no look since heard of it; None: none did.
    """
    identity = process.identity
    if _is_same_place(identity, here) and not _is_hidden(identity.pid):
        if _started_at(identity.pid) == identity.started:
            return None
        return f"its process (pid {identity.pid} on {identity.host}) is gone"
    if is_silent(process) and suspected_s is not None and suspected_s >= LOOKED_AGAIN_S:
        return f"its process (pid {identity.pid} on {identity.host}) has not been heard of for {process.silent_s:,.0f} s"
    return None


def _is_same_place(one: ProcessIdentity, other: ProcessIdentity) -> bool:
    """Tells whether a pid of the one says something to the other."""
    return bool(one.boot_id) and (one.boot_id, one.pid_namespace) == (other.boot_id, other.pid_namespace)


def is_silent(process: RunProcess) -> bool:
    """Tells whether it has not been heard of for longer than one that is there would be silent."""
    return process.silent_s > SILENT_S


def still_suspected(suspects: Mapping[str, float], run_ids: list[str], now_s: float, looked_s: float | None) -> dict[str, float]:
    """Since when each of the runs is suspected, in seconds of some clock; from now where it was not, or where nobody looked for long.

    Args:
        suspects: As the last look left them.
        run_ids: Those that are suspected now.
        now_s: The clock.
        looked_s: What it was at the last look; None: there was none.
    """
    lately = looked_s is not None and 0 <= now_s - looked_s <= LOOKED_LATELY_S
    return {run_id: suspects.get(run_id, now_s) if lately else now_s for run_id in run_ids}


def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _is_hidden(pid: int) -> bool:
    """Tells whether there is a process that this one may not look at, as systems can be set up."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return not (PROC / str(pid) / "stat").exists()
    except OSError:
        return False
    return False


def _started_at(pid: int) -> int | None:
    """Says when a process started, in ticks since the machine did; None where there is none, or it has ended and only waits for its parent."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if fields[_STATE - _AFTER_NAME] in _ENDED:
        return None
    return int(fields[_START_TIME - _AFTER_NAME])
