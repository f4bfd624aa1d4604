"""Measures frameworks of these sizes one after another and prints a table; `--pictures FOLDER` keeps the pages, `--json FILE` the figures."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.clicks import pages
from benchmarks.clicks.project import KEY, Running, dagster_dev, project, write_table
from benchmarks.clicks.watch import click, states
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

ASSETS = [asset.name for asset in all_assets(stages_as_they_come())]
EVERY = 7  # of scattered nodes: no two are neighbours


def main() -> None:
    """The table, one size after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", type=int, nargs="+")
    parser.add_argument("--scattered", type=int, default=0, help="also: so many nodes that are missing, none beside another")
    parser.add_argument(
        "--first-time", action="store_true", help="also: everything from nothing, by the same click, instead of by the command line"
    )
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = []
    for nodes in options.nodes:
        figures.append(measure(nodes, options.scattered, options.first_time, options.pictures))
        print(json.dumps(figures[-1]), flush=True)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=1))


def measure(nodes: int, scattered: int, first_time: bool, pictures: Path | None) -> dict[str, Any]:
    """Everything for one size."""
    with project() as running:
        table = write_table(running.folder / "bench.csv", nodes)
        found: dict[str, Any] = {"nodes": nodes, "load_s": running.caseforge("load", str(table), "--framework", KEY)}
        left_out = set(_codes(table)[::EVERY][:scattered])
        if not first_time:
            named = ",".join(code for code in _codes(table) if code not in left_out)
            found["generate_s"] = running.caseforge("generate", "--yes", "--wait", *(("--nodes", named) if scattered else ()))
        with dagster_dev(running) as process:
            time.sleep(10)  # the daemon comes up
            keys = states(running, ASSETS[-1])["partitionKeys"]
            if first_time:
                found["first_time"] = _click(running, keys, process)
            elif scattered:
                found["scattered"] = _click(running, [key for key in keys if key.partition("_")[0] in left_out], process)
            found["all"] = _click(running, keys, process)
            print(json.dumps(found), flush=True)
            found["pages"] = pages.measure(running, nodes, keys, found["all"]["runs"][-1], pictures)
    return found


def _click(running: Running, keys: Sequence[str], process: int) -> dict[str, Any]:
    clicked = click(running, ASSETS, keys, process)
    return asdict(clicked) | {
        "in_runs_s": clicked.in_runs_s,
        "states": states(running, ASSETS[-1])["partitionStats"],
        "load": os.getloadavg()[0],
    }


def _codes(table: Path) -> list[str]:
    codes = [line.partition(",")[0] for line in table.read_text().splitlines()[1:]]
    return [code for code in codes if code.count(".") == 2]


if __name__ == "__main__":
    main()
