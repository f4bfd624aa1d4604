"""Measures the memory that this process and its second one have used."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

SECOND_PROCESS = b"caseforge_assets.second_process.worker"


def peak_mb() -> float:
    """Peak memory of this process so far and that of its second process together, in MiB; elsewhere than on Linux, of this one.

    Linux counts what a parent had used into `ru_maxrss` of a child, so that it is asked in another way there.
    """
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return sum(_peak_mb(pid) for pid in ("self", *_second_processes()))


def _second_processes() -> list[str]:
    children = [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    return [pid for pid in children if SECOND_PROCESS in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _peak_mb(pid: str) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
