"""`python -m benchmarks.service`: fills a store, starts `caseforge serve` on it, and asks with 16 clients at once, each as soon as it has its answer.

`--folder FOLDER` keeps the store for the next time; `--seconds` says how long is asked; `--json FILE` keeps the figures. The load of the machine is said, because what
else runs on it counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

from benchmarks.service.asked import AIMS_MS, Asked, everything
from benchmarks.service.bench import ask, filled, kept_folder, search_words, served, started_clients, times
from benchmarks.service.changes import changed_every
from benchmarks.service.client import CLIENTS, Client
from benchmarks.service.listeners import delays_ms
from benchmarks.service.served import cpu_s, database_pid, memory_mb, server_ms, server_seconds
from benchmarks.service.world import UNITS
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.database.location import database_url

MEMORY_AIM_MB = 400
PROJECT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Fills where nothing is there, serves, asks, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--units", type=int, default=UNITS, help="how often the sample's nodes are repeated where nothing is there yet")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--pause", type=float, default=0, metavar="MS", help="between an answer and the next request of a client")
    parser.add_argument("--workers", type=int, help="processes that answer; by default as many as `caseforge serve` takes by itself")
    parser.add_argument(
        "--keep-nothing", action="store_true", help="answers are made anew each time, as where something changes all the time"
    )
    parser.add_argument("--changes-every", type=float, metavar="S", help="seconds between changes of the store while clients ask")
    parser.add_argument("--listeners", type=int, default=200, help="to the stream of events, after that")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with (
        kept_folder(options.folder) as folder,
        filled(folder, options.units) as (settings, token),
        served(options.workers, options.keep_nothing) as (port, pid),
        started_clients() as (processes, clients),
    ):
        asked = everything(Client(port, token), search_words())
        load = os.getloadavg()
        looked_at = {"service": [pid], "database": [database_pid(settings.home)], "clients": list(clients)}
        before, cpu_before = server_seconds(port), {name: sum(map(cpu_s, pids)) for name, pids in looked_at.items()}
        store = open_store(database_url(settings))
        with changed_every(options.changes_every, store):
            taken = ask(processes, port, token, asked, options.seconds, options.pause / 1_000)
        figures = _figures(asked, taken) | {
            "server_ms": server_ms(before, server_seconds(port)),
            "cpu_ms": {name: 1_000 * (sum(map(cpu_s, pids)) - cpu_before[name]) / len(taken) for name, pids in looked_at.items()},
            "events": times(delays_ms(port, token, store, options.listeners)) if options.listeners else {},
            "listeners": options.listeners,
            "memory_mb": memory_mb(pid),
            "load_before": load[0],
            "seconds": options.seconds,
            "clients": CLIENTS,
        }
        figures["answers_per_second"] = len(taken) / options.seconds
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _figures(asked: list[Asked], taken: list[tuple[int, float, int]]) -> dict[str, object]:
    failed = [(asked[number].address, status) for number, _, status in taken if status != 200]
    if failed:
        raise SystemExit(f"{len(failed)} answers were no success, such as {failed[0]}")
    groups = {group: times([ms for number, ms, _ in taken if asked[number].group == group]) for group in AIMS_MS}
    names = {
        name: times([ms for number, ms, _ in taken if asked[number].name == name])
        for name in dict.fromkeys(question.name for question in asked)
    }
    return {"groups": groups, "names": names}


def _print(figures: dict[str, object]) -> None:
    """As Markdown, as it stands in docs/performance.md."""
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {figures['load_before']:.1f} before")
    inside, cpu = figures["server_ms"], figures["cpu_ms"]
    assert isinstance(inside, dict)
    assert isinstance(cpu, dict)
    print(
        f"{CLIENTS} clients, {figures['answers_per_second']:.0f} answers a second, each {inside['all']:.1f} ms inside the service on average"
    )
    print(f"CPU for an answer: {', '.join(f'{name} {ms:.1f} ms' for name, ms in cpu.items())}\n")
    print("| what | answers | p50 ms | p95 ms | p99 ms | aim (p95) |\n|---|---|---|---|---|---|")
    for part, aims in (("groups", AIMS_MS), ("names", dict[str, int]())):
        for name, taken in figures[part].items():  # type: ignore[attr-defined]
            if "p50_ms" in taken:
                aim = f"≤ {aims[name]} ms{'' if taken['p95_ms'] <= aims[name] else ', **missed**'}" if name in aims else ""
                print(f"| {name} | {taken['answers']:,} | {taken['p50_ms']:.1f} | {taken['p95_ms']:.1f} | {taken['p99_ms']:.1f} | {aim} |")
    events = figures["events"]
    assert isinstance(events, dict)
    if "p50_ms" in events:
        what = f"an event to each of {figures['listeners']} listeners"
        print(f"| {what} | {events['answers']:,} | {events['p50_ms']:.0f} | {events['p95_ms']:.0f} | {events['p99_ms']:.0f} | |")
    print(f"| memory of the service | | | {figures['memory_mb']:.0f} MB | | ≤ {MEMORY_AIM_MB} MB |")


if __name__ == "__main__":
    main()
