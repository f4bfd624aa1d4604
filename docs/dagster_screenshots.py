"""Takes pictures of docs/dagster.md and docs/dagster-projects.md anew: `python -m docs.dagster_screenshots`. Needs chromium, what tests need, and some minutes.

The bundled sample is generated with a provider that is simulated and fails some nodes; the example of a project with the component is opened as it is. Pictures
of states that take a person's decisions to come to are taken by hand.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from docs.screenshots import CHROMIUM, PROJECT

FOLDER = PROJECT / "docs" / "images"
LOCATION = "caseforge_assets.definitions"
FAULTS = ("--fault", "truncate:match=process-details-1-2-", "--latency", "0.5")
KEY, NODE = "sample", "1.1.1.1_1004"
PATIENCE_S = 120.0
Act = Callable[[Page], None]


def main() -> None:
    """Generates the sample, opens Dagster on it and on the example, and takes a picture of each page."""
    if CHROMIUM is None:
        raise SystemExit("There is no chromium on this machine; nothing was changed.")
    with tempfile.TemporaryDirectory(prefix="caseforge-pictures-") as place:
        Path(place).chmod(0o755)  # root's database server runs as another user, who has to get in
        with _sample(Path(place) / "sample") as environment, _dagster(environment) as url:
            _take(url, SAMPLE_PAGES)
        with _example(Path(place) / "company") as environment, _dagster(environment, "-m", "company.definitions") as url:
            _take(url, EXAMPLE_PAGES)


def _nothing(page: Page) -> None:
    del page


def _open_document(page: Page) -> None:
    page.get_by_text("[Show Markdown]").first.click()


def _open_failure(page: Page) -> None:
    page.locator("text=/^1\\.2\\./").first.click()
    page.get_by_role("button", name="View logs").click()
    page.get_by_text("truncated").first.wait_for()


SAMPLE_PAGES: Mapping[str, tuple[str, str, Act]] = {
    "asset-graph": (f"/locations/{LOCATION}/asset-groups/{KEY}", "usecase_candidates", _nothing),
    "partition": (f"/assets/{KEY}/process_documents?view=partitions&partition={NODE}", "quality_score", _nothing),
    "document": (f"/assets/{KEY}/process_documents?view=partitions&partition={NODE}", "[Show Markdown]", _open_document),
    "candidates": (f"/assets/{KEY}/usecase_candidates?view=partitions&partition={NODE}", "1.1.1.1-UC01", _nothing),
    "checks": (f"/assets/{KEY}/process_documents?view=checks", "nodes failed", _nothing),
    "failed": (f"/assets/{KEY}/process_documents?view=partitions&status=FAILED", "Failed (", _open_failure),
    "regenerate": (f"/locations/{LOCATION}/jobs/regenerate/playground", "selection", _nothing),
    "automation": ("/automation", "report_schedule", _nothing),
}
EXAMPLE_PAGES: Mapping[str, tuple[str, str, Act]] = {"company": ("/asset-groups", "word_counts", _nothing)}


@contextmanager
def _sample(folder: Path) -> Iterator[dict[str, str]]:
    """The sample, generated, with some answers that were cut off."""
    folder.mkdir()
    for name in ("caseforge.toml", "dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / name, folder)
    shutil.copytree(PROJECT / "caseforge_assets" / "frameworks" / "sample", folder / "caseforge_assets" / "frameworks" / "sample")
    port = _free_port()
    environment = {**os.environ, "CASEFORGE_PROJECT": str(folder), "CASEFORGE_HOME": str(folder / "var"), "DAGSTER_HOME": str(folder)}
    environment |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "local"}
    try:
        with _started(environment, folder, "caseforge_assets.cli", "batch-server", "--port", str(port), *FAULTS):
            _until_answered(f"http://127.0.0.1:{port}/v1/models")
            _command(environment, folder, "load", "caseforge_assets/frameworks/sample/sample.csv", "--framework", KEY)
            _command(environment, folder, "generate", "--wait", may_be=(0, 3))
            yield environment
    finally:
        _command(environment, folder, "db", "stop")


@contextmanager
def _example(folder: Path) -> Iterator[dict[str, str]]:
    """The example of a project with the component, its framework loaded."""
    shutil.copytree(PROJECT / "examples" / "company", folder)
    environment = {**os.environ, "CASEFORGE_HOME": str(folder / "var"), "DAGSTER_HOME": str(folder), "PYTHONPATH": str(folder)}
    try:
        command = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "key:sales/framework", "-m", "company.definitions"]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        yield environment
    finally:
        (folder / "caseforge.toml").touch()
        _command(environment, folder, "db", "stop")


def _command(environment: dict[str, str], folder: Path, *arguments: str, may_be: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "caseforge_assets.cli", *arguments], check=False, cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode not in may_be:
        raise SystemExit(f"caseforge {' '.join(arguments)}: {done.stdout}{done.stderr}")


@contextmanager
def _dagster(environment: dict[str, str], *more: str) -> Iterator[str]:
    port = _free_port()
    folder = Path(environment["DAGSTER_HOME"])
    with _started(environment, folder, "dagster", "dev", "--port", str(port), *more):
        url = f"http://127.0.0.1:{port}"
        _until_answered(f"{url}/server_info")
        yield url


@contextmanager
def _started(environment: dict[str, str], folder: Path, module: str, *arguments: str) -> Iterator[None]:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # one that is ignored would be handed on
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _until_answered(url: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - a server of this program's own
        except (URLError, OSError):
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"{url} does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _take(url: str, pages: Mapping[str, tuple[str, str, Act]]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(90_000)
        for name, (path, text, act) in pages.items():
            page.goto(url + path)
            page.get_by_text(text).first.wait_for()
            act(page)
            page.wait_for_timeout(2_500)  # the page goes on to draw after its text is there
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
