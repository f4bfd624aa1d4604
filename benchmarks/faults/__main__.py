"""The bench: all groups of faults, one table (or JSON). Exit code 1 when anything was paid twice, lost, or is wrong."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.faults import (
    answers,
    calls,
    calm,
    creating,
    databases,
    downloads,
    duplicates,
    echoes,
    jobs,
    kills,
    layers,
    limits,
    listings,
    races,
    refusals,
    storm,
)
from benchmarks.faults.disturbed import run_disturbed
from benchmarks.faults.rows import Row, summed
from benchmarks.faults.world import OPENAI, OVER_RESPONSES, World, open_world
from caseforge_assets.batch_server import LIKENESSES

DISTURBED = (*refusals.REFUSALS, *listings.LISTINGS, *listings.OBJECTS, *downloads.DOWNLOADS, *echoes.ECHOES)
OTHERS = tuple(name for name in LIKENESSES if name != OPENAI)
SHORT = (*refusals.SHORT, *listings.SHORT, *downloads.SHORT, *echoes.SHORT)


def main() -> int:
    """Runs the bench; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few cases of each group")
    parser.add_argument(
        "--like",
        action="append",
        choices=OTHERS,
        help="kills and unclear creations at a server that imitates this provider (repeatable), and nothing else",
    )
    parser.add_argument("--responses", action="store_true", help="all requests go to /v1/responses")
    parser.add_argument("--json", action="store_true", help="every case as JSON, instead of the table")
    options = parser.parse_args()
    began = time.monotonic()
    with (
        databases.cluster() as url,
        tempfile.TemporaryDirectory(prefix="caseforge-faults-") as folder,
        open_world(url, Path(folder), OVER_RESPONSES if options.responses else "") as world,
    ):
        run = _run_like(world, options.like, short=options.short) if options.like else _run(world, short=options.short)
        rows = list(_told(run))
    seconds = time.monotonic() - began
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "seconds": seconds, "machine": _machine()}, indent=1))
    else:
        _print(rows, seconds)
    return 0 if all(row.good for row in rows) else 1


def _run(world: World, *, short: bool) -> Iterator[Row]:
    yield from calm.run_calm(world)
    yield from kills.run_kills(world, kills.SHORT if short else kills.MOMENTS)
    yield from kills.run_kills(world, kills.SHORT if short else kills.HALF, kills.CHOSEN)
    yield from creating.run_creating(world, creating.SHORT if short else creating.FAULTS)
    yield from run_disturbed(world, SHORT if short else DISTURBED)
    yield from duplicates.run_duplicates(world, duplicates.SHORT if short else duplicates.FAULTS)
    yield from duplicates.run_kills_while_settling(world, duplicates.SHORT_MOMENTS if short else duplicates.MOMENTS)
    yield from layers.run_layers(world)
    yield from jobs.run_jobs(world, jobs.SHORT if short else jobs.MOMENTS)
    yield from calls.run_calls(world, calls.SHORT if short else calls.MOMENTS)
    yield from races.run_races(world, races.SHORT if short else races.RACES, races.FEW_NODES if short else races.NODES)
    yield from answers.run_answers(world, answers.SHORT if short else answers.ANSWERS)
    yield from limits.run_limits(world, limits.FEW_NODES, limits.LOW_LIMIT_TOKENS) if short else limits.run_limits(world)
    yield from storm.run_storm(world, storm.SHORT_NODES, storm.SHORT_KILLS) if short else storm.run_storm(world)


def _run_like(world: World, likes: Sequence[str], *, short: bool) -> Iterator[Row]:
    for like in likes:
        yield from calm.run_calm(world, like=like)
        yield from kills.run_kills(world, kills.SHORT if short else kills.MOMENTS, like=like)
        yield from creating.run_creating(world, creating.SHORT if short else creating.FAULTS, like=like)


def _told(rows: Iterator[Row]) -> Iterator[Row]:
    """Says on standard error how far it is."""
    for count, row in enumerate(rows, 1):
        sys.stderr.write(f"{count:>4} {row.group} {row.fault}, {row.case}: {'good' if row.good else 'BAD'}\n")
        yield row


def _print(rows: list[Row], seconds: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table("", "Fault", "Injected", "Paid twice", "Lost", "Silent", "Recovered", "Seconds")
    for row in summed(rows):
        counts = (row.injected, row.paid_twice, row.lost, row.silent)
        table.add_row(row.group, row.fault, *map(str, counts), row.recovered, f"{row.seconds:.1f}", style="" if row.good else "red")
    total = [sum(getattr(row, name) for row in rows) for name in ("injected", "paid_twice", "lost", "silent")]
    table.add_section()
    table.add_row("", "all", *map(str, total), "", f"{seconds:.0f}")
    console.print(table)
    for row in rows:
        for detail in row.details:
            console.print(f"{row.group} {row.fault}, {row.case}: {detail}", style="red", markup=False)
    console.print(_machine())


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
