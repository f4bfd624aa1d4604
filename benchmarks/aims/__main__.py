"""Measures the rows one after another and prints them beside each other. `--only NAME` measures one; `--json FILE` keeps the figures."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.aims import editions, files, scale, sensors
from benchmarks.aims.figures import Figure

MARK = "figures: "
Measure = Callable[[Path, Path], list[Figure]]
ROWS: dict[str, Measure] = {
    "pipeline": scale.measure_pipeline,
    "load": editions.measure_load,
    "upgrade": editions.measure_upgrade,
    "scale": scale.measure_scale,
    "files": files.measure,
    "sensors": sensors.measure,
}


def main() -> None:
    """The table, or one row of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--only", choices=ROWS, action="append")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--here", action="store_true", help="measure in this process")
    options = parser.parse_args()
    names = options.only or list(ROWS)
    if options.here:
        print(MARK + json.dumps([asdict(figure) for figure in ROWS[names[0]](options.old.resolve(), options.new.resolve())]))
        return
    figures = [figure for name in names for figure in measured(name, options.old, options.new)]
    print_table(figures)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1))


def measured(name: str, old: Path, new: Path) -> list[Figure]:
    """One row, from a process of its own."""
    started = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.aims", str(old), str(new), "--only", name, "--here"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line for line in ended.stdout.splitlines() if line.startswith(MARK)]
    if ended.returncode or not found:
        raise SystemExit(f"{name} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return [Figure(**figure) for figure in json.loads(found[-1].removeprefix(MARK))]


def print_table(figures: list[Figure]) -> None:
    """As Markdown, as it stands in docs/performance.md."""
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| work | aim | measured | |\n|---|---|---|---|")
    for figure in figures:
        said = f"{figure.more}" + ("" if figure.met else f"{'; ' if figure.more else ''}**missed**")
        print(f"| {figure.work} | ≤ {figure.aim:g} {figure.unit} | {figure.measured:.2f} {figure.unit} | {said} |")


if __name__ == "__main__":
    main()
