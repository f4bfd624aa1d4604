"""Seconds until a page of Dagster's shows what it is there for, in a headless chromium; each page is opened anew."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clicks.project import KEY, Running
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOCATION = "caseforge_assets.definitions"
ASSET = "process_documents"
PATIENCE_MS = 240_000
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def measure(running: Running, nodes: int, keys: Sequence[str], run_id: str, pictures: Path | None) -> dict[str, float]:
    """All pages one after the other; empty where no browser is installed."""
    if CHROMIUM is None:
        return {}
    from playwright.sync_api import TimeoutError, sync_playwright

    count, first, last = f"{nodes:,}", keys[0], keys[-1]
    pages: dict[str, tuple[str, Callable[[Page], object]]] = {
        "graph": (f"/locations/{LOCATION}/asset-groups/{KEY}", lambda page: _all_shown(page, f"{count} partitions")),
        "partitions": (f"/assets/{KEY}/{ASSET}?view=partitions", lambda page: _shown(page, f"Materialized ({nodes})")),
        "partition": (f"/assets/{KEY}/{ASSET}?view=partitions&partition={first}", lambda page: _shown(page, "caseforge show")),
        "events": (f"/assets/{KEY}/{ASSET}?view=events", lambda page: _shown(page, last)),
        "run": (f"/runs/{run_id}", lambda page: _shown(page, "Finished execution of run for")),
    }
    seconds = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (path, wait) in pages.items():
            page = browser.new_page(viewport={"width": 3200, "height": 1200})
            page.set_default_timeout(PATIENCE_MS)
            started = time.monotonic()
            page.goto(f"{running.webserver.url}{path}")
            with suppress(TimeoutError):  # a page that never shows it has no figure, but a picture
                wait(page)
                seconds[name] = time.monotonic() - started
            if pictures:
                page.screenshot(path=str(pictures / f"{nodes}-{name}.png"))
            page.close()
        browser.close()
    return seconds


def _shown(page: Page, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def _all_shown(page: Page, text: str) -> None:
    page.wait_for_function(
        "([text, count]) => document.body.innerText.split(text).length > count",
        arg=[text, len(all_assets(stages_as_they_come()))],
        polling=100,
    )
