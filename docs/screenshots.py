"""Takes the pictures of docs/portal.md anew: `python -m docs.screenshots`. Needs chromium and what tests need; the bundled sample is generated for it, simulated."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal

import openpyxl
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from caseforge_assets.batch_server import serve_in_thread

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "docs" / "images" / "portal"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES: tuple[tuple[int, int, Literal["light", "dark"]], ...] = ((1440, 900, "light"), (390, 844, "dark"))
HIGHEST = 1_800  # pixels of a page that are shown
KEY = "sample"
SPECIFIED = "1.1.1.2"
PAGES = {
    "home": "/",
    "framework": f"/frameworks/{KEY}",
    "heat": f"/frameworks/{KEY}?view=heat&by=items",
    "node": f"/frameworks/{KEY}/nodes/1.1.1.1",
    "use-cases": "/use-cases",
    "ideas": "/ideas",
    "matrix": "/matrix",
    "use-case": f"/frameworks/{KEY}/use-cases/1.1.1.1-UC01",
    "portfolio": "/portfolios/1",
    "specifications": "/specifications?portfolio=1",
    "plan": "/plans/1",
    "batches": "/batches",
    "costs": "/money",
    "report": "/report",
    "search": "/search?q=invoice",
}
DECISIONS = (
    ("decide", "1.1.1.1-UC01", "1.1.1.2-UC02", "--status", "shortlisted", "--owner", "Ada", "--tag", "quick win"),
    (
        "decide",
        "1.1.1.1-UC03",
        "--status",
        "approved",
        "--owner",
        "Ben",
        "--review",
        "2027-01-31",
        "--comment",
        "Begin with the dealers in the north.",
    ),
    ("decide", "1.1.1.2-UC01", "--status", "rejected", "--reason", "The data is not there."),
    ("portfolio", "make", "Spring", "--description", "What we begin with in spring.", "--shared"),
    ("portfolio", "add", "Spring", "1.1.1.1-UC01", "1.1.1.2-UC02", "1.1.1.1-UC03"),
)


def main() -> None:
    """Makes a project, generates the sample, decides a little, and takes a picture of each page, large and small."""
    if CHROMIUM is None:
        raise SystemExit("There is no chromium on this machine; nothing was changed.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _project() as environment, _served(environment) as (url, key), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        _take(browser, url, key)
        browser.close()


@contextmanager
def _project() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="caseforge-pictures-") as folder:
        Path(folder).chmod(0o755)  # root's database server runs as another user, who has to get in
        shutil.copy(PROJECT / "caseforge.toml", folder)
        with (Path(folder) / "caseforge.toml").open("a", encoding="utf-8") as configuration:
            configuration.write("\n[stages.usecase_specs]\nenabled = true\n")
        environment = {**os.environ, "CASEFORGE_PROJECT": folder, "CASEFORGE_HOME": f"{folder}/var"}
        try:
            _command(environment, "demo", "--latency", "0.5", "--keep-database")
            for decision in DECISIONS:
                _command(environment, *decision)
            with serve_in_thread(Path(folder) / "provider") as provider:  # what is simulated is no source for one that bills
                served = {**environment, "OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": "local"}
                _command(served, "generate", "--framework", KEY, "--stage", "usecase_specs", "--nodes", SPECIFIED, "--yes", "--wait")
                yield served
        finally:
            _command(environment, "db", "stop")


def _command(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "caseforge_assets.cli", *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The service's address, and the one that lets a browser in."""
    command = [sys.executable, "-m", "caseforge_assets.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, env={**environment, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = next(line for line in process.stdout if "/sign-in/key" in line)
        key = re.search(r"http://\S+", said)
        assert key is not None
        yield key[0].partition("/sign-in")[0], key[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _take(browser: Browser, url: str, key: str) -> None:
    page = browser.new_context(base_url=url).new_page()
    page.goto(key)
    for name, path in PAGES.items():
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            raise SystemExit(f"{path} cannot be shown; pictures before it are new")
        _pictures(page, name, path)
    _picture_idea(page)
    _picture_specification(page)
    with tempfile.TemporaryDirectory() as folder:
        _send_back(page, Path(folder) / "spring.xlsx")
        _pictures(page, "decided")


def _pictures(page: Page, name: str, path: str = "") -> None:
    """A page as it is, large and small; loaded anew for each where its path is known."""
    for width, height, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if path:
            page.goto(path)
        _save(page.screenshot(full_page=True), f"{name}-{width}")


def _picture_idea(page: Page) -> None:
    """The idea that serves most processes, with these."""
    page.goto(PAGES["ideas"])
    led = page.locator("tbody a").first.get_attribute("href")
    if led is None:
        raise SystemExit("No two use cases tell the same idea; pictures before it are new")
    _pictures(page, "idea", led)


def _picture_specification(page: Page) -> None:
    """The finished specification on the page of a use case, opened, large and small."""
    for width, height, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(f"/frameworks/{KEY}/use-cases/{SPECIFIED}-UC02")
        section = page.locator("#specification")
        section.get_by_text("Read it").click()
        _save(section.screenshot(), f"specification-{width}")


def _save(picture: bytes, name: str) -> None:
    taken = Image.open(BytesIO(picture))
    taken.crop((0, 0, taken.width, min(taken.height, HIGHEST))).save(FOLDER / f"{name}.webp", quality=82, method=6)


def _send_back(page: Page, file: Path) -> None:
    """Takes the portfolio's workbook, decides in it as a person does, and sends it back."""
    page.goto(PAGES["portfolio"])
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Excel").click()
    waiting.value.save_as(file)
    book = openpyxl.load_workbook(file)
    sheet = book["Decide"]
    columns = [cell.value for cell in sheet[1]]
    for row, name, value in (
        (2, "Status", "Approved"),
        (2, "Owner", "Cleo"),
        (3, "Review on", "2027-03-01"),
        (4, "Note", "After the summer."),
    ):
        sheet.cell(row, columns.index(name) + 1).value = value
    book.save(file)
    page.goto("/decisions")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Look at it").click()


if __name__ == "__main__":
    main()
