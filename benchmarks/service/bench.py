"""A store of 30,000 nodes and 280,000 candidates, a service on it, and clients that ask it: what benches of endpoints and of pages share."""

from __future__ import annotations

import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from benchmarks.ports import free_port
from benchmarks.service.asked import Asked
from benchmarks.service.client import many_clients
from benchmarks.service.world import UNITS, Writer, catch_up, fill
from caseforge_assets.frameworks import read_framework, sample_path
from caseforge_assets.settings import Settings, load_settings
from caseforge_assets.store.access import accounts
from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.database.embedded_postgres import stop
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.database.location import database_url
from caseforge_assets.store.schema.access_tables import api_token

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def kept_folder(kept: Path | None) -> Iterator[Path]:
    """A folder that stays, or one for this time."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        kept.chmod(0o755)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="caseforge-bench-") as folder:
        Path(folder).chmod(0o755)  # root's database server runs as another user, who has to get in
        yield Path(folder)


@contextmanager
def filled(folder: Path, units: int = UNITS) -> Iterator[tuple[Settings, str]]:
    """A store with everything in it, and a token that sees it.

    Args:
        units: of the sample, whose nodes are repeated so often where nothing is there yet.
    """
    os.environ["CASEFORGE_HOME"] = str(folder / "var")
    os.environ.pop("CASEFORGE_POSTGRES_URL", None)
    settings = load_settings(PROJECT)
    try:
        store = open_store(database_url(settings))
        with store.connect() as connection:
            is_empty = not connection.exec_driver_sql("select exists (select 1 from caseforge.framework)").scalar()
        if is_empty:
            fill(store, settings, folder, units)
        catch_up(store, settings)
        token = secrets.token_urlsafe(32)
        with store.begin() as connection:
            row = {"name": f"bench-{secrets.token_hex(4)}", "digest": digest_of(token), "role": "reader", "created_by": "benchmark"}
            connection.execute(api_token.insert(), row)
            if not accounts.any_enabled(connection):  # otherwise it serves one person, in one process
                accounts.add(connection, accounts.NewAccount("bench", None, "bench", "bench", None, "benchmark"))
        store.dispose()
        yield settings, token
    finally:
        stop(settings.home)


@contextmanager
def served(workers: int | None, keep_nothing: bool) -> Iterator[tuple[int, int]]:
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


def search_words() -> list[str]:
    """Searches: for what nearly every text has, for what some and few have, for several words and phrases."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    writer = Writer([f"{node.name} {node.description}" for node in edition.nodes])
    made = sorted({word.strip(".").lower() for sentence in writer.sentences[:400] for word in sentence.split()} - {""})
    chance = random.Random(3)
    rare = chance.sample([word for word in made if len(word) > 6], 30)
    named = [" ".join(node.name.split()[:3]) for node in chance.sample(list(edition.nodes), 12)]
    pairs = [f"{word} {chance.choice(made)}" for word in chance.sample(made, 12)]
    phrases = [f'"{" ".join(sentence.rstrip(".").split()[2:4])}"' for sentence in writer.sentences[:10]]
    return [*rare, *named, *pairs, *phrases, "complaints", "bicycle or workshop", "order -customer"]


@contextmanager
def started_clients() -> Iterator[tuple[ProcessPoolExecutor, set[int]]]:
    """Two processes that ask, so that clients wait for themselves little, and their numbers. They have started, which takes as long as some thousand answers."""
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        yield processes, set(processes.map(_pid_when_started, range(2)))


def _pid_when_started(_: int) -> int:
    time.sleep(1)  # the other one takes the other task meanwhile
    return os.getpid()


def ask(
    processes: ProcessPoolExecutor, port: int, token: str, asked: list[Asked], seconds: float, pause_s: float
) -> list[tuple[int, float, int]]:
    """(number of what was asked, milliseconds, status) of all answers."""
    addresses = [question.address for question in asked]
    halves = [processes.submit(many_clients, port, token, addresses, seconds, pause_s, seed) for seed in (1, 2)]
    return [answer for half in halves for answer in half.result()]


def times(taken: list[float]) -> dict[str, float]:
    """Counts times, and gives those below which half, 95 and 99 % of them stayed, in milliseconds; of fewer than two, the number alone."""
    if len(taken) < 2:
        return {"answers": len(taken)}
    parts = statistics.quantiles(taken, n=100)
    return {"answers": len(taken), "p50_ms": parts[49], "p95_ms": parts[94], "p99_ms": parts[98]}
