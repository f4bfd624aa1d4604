"""`python -m benchmarks.portal`: 16 readers open pages of a portal with 30,000 nodes and 280,000 use cases, each as soon as it has the last one; then a browser opens each kind once.

`--folder FOLDER` keeps the store for the next time, and may be that of `benchmarks.service`. The load of the machine is said, because what else runs on it counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

from benchmarks.portal.asked import AIM_FIRST_PAINT_MS, AIM_KB, AIM_MS, pages
from benchmarks.service.asked import Asked
from benchmarks.service.bench import ask, filled, kept_folder, search_words, served, started_clients, times
from benchmarks.service.changes import changed_every
from benchmarks.service.client import CLIENTS, Client
from benchmarks.service.served import cpu_s, database_pid
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.database.location import database_url

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def main() -> None:
    """Fills where nothing is there, serves, asks, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--workers", type=int, help="processes that answer; by default as many as `caseforge serve` takes by itself")
    parser.add_argument("--keep-nothing", action="store_true", help="answers are made anew each time")
    parser.add_argument("--changes-every", type=float, metavar="S", help="seconds between changes of the store while readers ask")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with (
        kept_folder(options.folder) as folder,
        filled(folder) as (settings, token),
        served(options.workers, options.keep_nothing) as (port, pid),
        started_clients() as (processes, _),
    ):
        client = Client(port, token)
        asked = pages(client, search_words())
        sizes = {page.name: max(client.size(other.address) for other in asked if other.name == page.name) for page in asked}
        load = os.getloadavg()[0]
        looked_at = {"service": pid, "database": database_pid(settings.home)}
        cpu_before = {name: cpu_s(process) for name, process in looked_at.items()}
        with changed_every(options.changes_every, open_store(database_url(settings))):
            taken = ask(processes, port, token, asked, options.seconds, 0)
        cpu_ms = {name: 1_000 * (cpu_s(process) - cpu_before[name]) / len(taken) for name, process in looked_at.items()}
        figures: dict[str, Any] = {
            "pages": _by_name(asked, taken),
            "all": times([ms for _, ms, _ in taken]),
            "kilobytes": {name: size / 1_000 for name, size in sizes.items()},
            "answers_per_second": len(taken) / options.seconds,
            "cpu_ms": cpu_ms,
            "first_paint_ms": first_paints(f"http://127.0.0.1:{port}", token, asked),
            "load_before": load,
            "clients": CLIENTS,
        }
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def first_paints(url: str, token: str, asked: list[Asked]) -> dict[str, float]:
    """By kind of page, when a browser has painted something first, in milliseconds; nothing where there is no browser."""
    if CHROMIUM is None:
        return {}
    from playwright.sync_api import sync_playwright

    found: dict[str, float] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(extra_http_headers={"authorization": f"Bearer {token}"}, bypass_csp=True)  # to ask for the time
        page = context.new_page()
        for page_asked in asked:
            if page_asked.name not in found:
                page.goto(url + page_asked.address)
                page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
                found[page_asked.name] = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        browser.close()
    return found


def _by_name(asked: list[Asked], taken: list[tuple[int, float, int]]) -> dict[str, dict[str, float]]:
    failed = [(asked[number].address, status) for number, _, status in taken if status not in (200, 303)]
    if failed:
        raise SystemExit(f"{len(failed)} answers were no success, such as {failed[0]}")
    names = dict.fromkeys(page.name for page in asked)
    return {name: times([ms for number, ms, _ in taken if asked[number].name == name]) for name in names}


def _print(figures: dict[str, Any]) -> None:
    print(f"{figures['clients']} readers, load before {figures['load_before']:.1f}, {figures['answers_per_second']:.0f} pages a second")
    print(f"CPU for a page: {', '.join(f'{name} {ms:.1f} ms' for name, ms in figures['cpu_ms'].items())}")
    print(f"aims: {AIM_MS} ms (95 %), {AIM_KB} KB, first paint {AIM_FIRST_PAINT_MS} ms")
    print(f"{'page':<22}{'median ms':>10}{'95 % ms':>10}{'KB':>8}{'painted ms':>12}")
    for name, taken in figures["pages"].items():
        if "p50_ms" in taken:
            paint = figures["first_paint_ms"].get(name, float("nan"))
            print(f"{name:<22}{taken['p50_ms']:>10.0f}{taken['p95_ms']:>10.0f}{figures['kilobytes'][name]:>8.0f}{paint:>12.0f}")


if __name__ == "__main__":
    main()
