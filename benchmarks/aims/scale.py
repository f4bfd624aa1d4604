"""One framework, and twenty of them in one: seconds, seconds a node, memory."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.aims.figures import Figure
from benchmarks.pipeline import project, run
from caseforge_assets.frameworks import read_framework

TIMES = 20


def measure_pipeline(old: Path, new: Path) -> list[Figure]:
    """All of CaseForge's own work on one framework, without and with Dagster's events."""
    del old
    with project() as settings:
        figures = run(settings, new)
    work = f"{figures['targets']:,} nodes, both stages"
    return [
        Figure(f"{work}, without events", "s", 6, figures["without_events_s"]),
        Figure(f"{work}, with {figures['events']:,} events", "s", 16, figures["with_events_s"]),
        Figure(f"{work}: memory", "MB", 600, figures["steps"][-1]["peak_mb"]),
    ]


def measure_scale(old: Path, new: Path) -> list[Figure]:
    """Twenty times the nodes, without events; the small one beforehand, in a process of its own, for the time a node takes."""
    del old
    with tempfile.TemporaryDirectory() as folder:
        small = _in_a_child(new)
        large = _in_a_child(multiplied(new, Path(folder) / "large.csv", TIMES))
    per_node = [figures["without_events_s"] / figures["targets"] for figures in (small, large)]
    work = f"{large['targets']:,} nodes, both stages, without events"
    more = f"{1000 * per_node[0]:.2f} and {1000 * per_node[1]:.2f} ms a node; {large['without_events_s']:.0f} s"
    return [
        Figure(f"{work}: time a node against {small['targets']:,}", "times", 1.3, per_node[1] / per_node[0], more),
        Figure(f"{work}: memory", "MB", 1_024, large["steps"][-1]["peak_mb"]),
    ]


def _in_a_child(workbook: Path) -> dict[str, Any]:
    """The pipeline in a fork of its own, whose memory starts small."""
    from multiprocessing import get_context

    with get_context("spawn").Pool(1) as pool:
        figures: dict[str, Any] = pool.apply(_run, (workbook,))
        return figures


def _run(workbook: Path) -> dict[str, Any]:
    with project() as settings:
        figures: dict[str, Any] = run(settings, workbook, events=False)
        return figures


def multiplied(workbook: Path, path: Path, times: int) -> Path:
    """A table with every node of a workbook several times, as of business units with names of their own: no two ask the same question."""
    edition = read_framework(workbook).edition
    if edition is None:
        raise SystemExit(f"{workbook} cannot be read")
    top = max(int(node.code.split(".")[0]) for node in edition.nodes)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["code", "id", "name", "description"])
        for unit in range(times):
            for node in edition.nodes:
                first, *rest = node.code.split(".")
                code = ".".join([str(int(first) + unit * top), *rest])
                name = f"{node.name} of unit {unit + 1}" if node.level == 1 else node.name
                table.writerow([code, f"{unit}-{node.code}", name, node.description])
    return path
