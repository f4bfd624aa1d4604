"""`python -m benchmarks.service`: fills a store, starts `caseforge serve` on it, and asks with 16 clients at once, each as soon as it has its answer.

`--folder FOLDER` keeps the store for the next time; `--seconds` says how long is asked; `--json FILE` keeps the figures. The load of the machine is said, because what
else runs on it counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from benchmarks.ports import free_port
from benchmarks.service.asked import AIMS_MS, Asked, everything
from benchmarks.service.client import CLIENTS, Client, many_clients
from benchmarks.service.listeners import delays_ms
from benchmarks.service.served import cpu_s, database_pid, memory_mb, server_ms, server_seconds
from benchmarks.service.world import Writer, catch_up, fill
from caseforge_assets.frameworks import read_framework, sample_path
from caseforge_assets.settings import Settings, load_settings
from caseforge_assets.store.access import accounts
from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.database.embedded_postgres import stop
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.database.location import database_url
from caseforge_assets.store.schema.access_tables import api_token

MEMORY_AIM_MB = 400
PROJECT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Fills where nothing is there, serves, asks, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--pause", type=float, default=0, metavar="MS", help="between an answer and the next request of a client")
    parser.add_argument("--workers", type=int, help="processes that answer; by default as many as `caseforge serve` takes by itself")
    parser.add_argument(
        "--keep-nothing", action="store_true", help="answers are made anew each time, as where something changes all the time"
    )
    parser.add_argument("--listeners", type=int, default=200, help="to the stream of events, after that")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with (
        _folder(options.folder) as folder,
        _filled(folder) as (settings, token),
        _served(options.workers, options.keep_nothing) as (port, pid),
    ):
        asked = everything(Client(port, token), _words())
        load = os.getloadavg()
        looked_at = {"service": pid, "database": database_pid(settings.home), "clients": os.getpid()}
        before, cpu_before = server_seconds(port), {name: cpu_s(one) for name, one in looked_at.items()}
        taken = _ask(port, token, asked, options.seconds, options.pause / 1_000)
        figures = _figures(asked, taken) | {
            "server_ms": server_ms(before, server_seconds(port)),
            "cpu_ms": {name: 1_000 * (cpu_s(one) - cpu_before[name]) / len(taken) for name, one in looked_at.items()},
            "events": _times(delays_ms(port, token, open_store(database_url(settings)), options.listeners)) if options.listeners else {},
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


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        kept.chmod(0o755)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="caseforge-bench-") as folder:
        Path(folder).chmod(0o755)  # root's database server runs as another user, who has to get in
        yield Path(folder)


@contextmanager
def _filled(folder: Path) -> Iterator[tuple[Settings, str]]:
    """A store with everything in it, and a token that sees it."""
    os.environ["CASEFORGE_HOME"] = str(folder / "var")
    os.environ.pop("CASEFORGE_POSTGRES_URL", None)
    settings = load_settings(PROJECT)
    try:
        store = open_store(database_url(settings))
        with store.connect() as connection:
            is_empty = not connection.exec_driver_sql("select exists (select 1 from caseforge.framework)").scalar()
        if is_empty:
            fill(store, settings, folder)
        catch_up(store, settings)
        token = secrets.token_urlsafe(32)
        with store.begin() as connection:
            row = {"name": f"bench-{secrets.token_hex(4)}", "digest": digest_of(token), "role": "reader", "created_by": "benchmark"}
            connection.execute(api_token.insert(), row)
            if not accounts.any_enabled(connection):  # otherwise it serves one person, in one process
                accounts.add(
                    connection, "bench", password_hash=None, issuer="bench", subject="bench", limit_usd=None, created_by="benchmark"
                )
        store.dispose()
        yield settings, token
    finally:
        stop(settings.home)


@contextmanager
def _served(workers: int | None, keep_nothing: bool) -> Iterator[tuple[int, int]]:
    """The port and process of a service that runs as people start it."""
    port = free_port()
    command = [sys.executable, "-c", "from caseforge_assets.cli.app import caseforge; caseforge()"]
    command += ["--set", "service.kept_answers_mb=0"] if keep_nothing else []
    command += ["serve", "--port", str(port), *(["--workers", str(workers)] if workers else [])]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("CaseForge is on"):
            raise SystemExit("the service did not start")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _words() -> list[str]:
    """Searches: for what nearly every text has, for what some and few have, for several words and phrases."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    writer = Writer([f"{node.name} {node.description}" for node in edition.nodes])
    made = sorted({word.strip(".").lower() for sentence in writer.sentences[:400] for word in sentence.split()} - {""})
    chance = random.Random(3)
    rare = chance.sample([word for word in made if len(word) > 6], 30)
    named = [" ".join(node.name.split()[:3]) for node in chance.sample(list(edition.nodes), 12)]
    pairs = [f"{one} {chance.choice(made)}" for one in chance.sample(made, 12)]
    phrases = [f'"{" ".join(sentence.rstrip(".").split()[2:4])}"' for sentence in writer.sentences[:10]]
    return [*rare, *named, *pairs, *phrases, "complaints", "bicycle or workshop", "order -customer"]


def _ask(port: int, token: str, asked: list[Asked], seconds: float, pause_s: float) -> list[tuple[int, float, int]]:
    """(number of what was asked, milliseconds, status) of all answers; clients run in two processes, so that they wait for themselves little."""
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        addresses = [one.address for one in asked]
        halves = [processes.submit(many_clients, port, token, addresses, seconds, pause_s, seed) for seed in (1, 2)]
        return [one for half in halves for one in half.result()]


def _figures(asked: list[Asked], taken: list[tuple[int, float, int]]) -> dict[str, object]:
    failed = [(asked[number].address, status) for number, _, status in taken if status != 200]
    if failed:
        raise SystemExit(f"{len(failed)} answers were no success, such as {failed[0]}")
    groups = {group: _times([ms for number, ms, _ in taken if asked[number].group == group]) for group in AIMS_MS}
    names = {
        name: _times([ms for number, ms, _ in taken if asked[number].name == name]) for name in dict.fromkeys(one.name for one in asked)
    }
    return {"groups": groups, "names": names}


def _times(taken: list[float]) -> dict[str, float]:
    if len(taken) < 2:
        return {"answers": len(taken)}
    parts = statistics.quantiles(taken, n=100)
    return {"answers": len(taken), "p50_ms": parts[49], "p95_ms": parts[94], "p99_ms": parts[98]}


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
        for name, times in figures[part].items():  # type: ignore[attr-defined]
            if "p50_ms" in times:
                aim = f"≤ {aims[name]} ms{'' if times['p95_ms'] <= aims[name] else ', **missed**'}" if name in aims else ""
                print(f"| {name} | {times['answers']:,} | {times['p50_ms']:.1f} | {times['p95_ms']:.1f} | {times['p99_ms']:.1f} | {aim} |")
    events = figures["events"]
    assert isinstance(events, dict)
    if "p50_ms" in events:
        what = f"an event to each of {figures['listeners']} listeners"
        print(f"| {what} | {events['answers']:,} | {events['p50_ms']:.0f} | {events['p95_ms']:.0f} | {events['p99_ms']:.0f} | |")
    print(f"| memory of the service | | | {figures['memory_mb']:.0f} MB | | ≤ {MEMORY_AIM_MB} MB |")


if __name__ == "__main__":
    main()
