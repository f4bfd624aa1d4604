"""Measures a service while it is asked: its own time for an answer, and the memory and CPU of its processes."""

from __future__ import annotations

import os
import re
import urllib.request
from collections import defaultdict
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

FIGURE = "caseforge_http_request_seconds"


def server_seconds(port: int) -> dict[str, tuple[float, float]]:
    """By route: how many answers there were so far, and how many seconds they took in the service until they began."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    counts, sums = defaultdict[str, float](float), defaultdict[str, float](float)
    for sample in (sample for family in families for sample in family.samples):
        if sample.name == f"{FIGURE}_count":
            counts[sample.labels["route"]] += sample.value
        elif sample.name == f"{FIGURE}_sum":
            sums[sample.labels["route"]] += sample.value
    return {route: (counts[route], sums[route]) for route in counts}


def server_ms(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Mean milliseconds of an answer in the service between two looks, by route and over all."""
    taken = {
        route: (count - before.get(route, (0, 0))[0], seconds - before.get(route, (0, 0))[1]) for route, (count, seconds) in after.items()
    }
    taken = {route: figures for route, figures in taken.items() if route.startswith("/api/")}
    taken["all"] = sum(count for count, _ in taken.values()), sum(seconds for _, seconds in taken.values())
    return {route: 1_000 * seconds / count for route, (count, seconds) in taken.items() if count}


def memory_mb(pid: int) -> float:
    """The most memory that a process and those that it started had, added up; what they share counts for each. Elsewhere than on Linux it is not known."""
    own = _status(pid, "VmHWM")
    if own is None:
        return float("nan")
    return own / 1024 + sum(memory_mb(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _status(int(path.name), "PPid") == pid]


def _status(pid: int, name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and those that it started have taken so far; elsewhere than on Linux that is not known."""
    try:
        own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    ended = sum(int(own[number]) for number in (11, 12, 13, 14))  # its own, and those of children that have ended
    return ended / os.sysconf("SC_CLK_TCK") + sum(cpu_s(child) for child in _children(pid))


def database_pid(home: Path) -> int:
    """The server of the embedded database."""
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])
