"""`dagster dev` on projects with small frameworks, and a real browser in front of it; each started once, because that takes half a minute."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from caseforge_assets.cli.shared.webserver import Webserver, WebserverError
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.workbench import SHOP, serving, stats, write_table

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_S = 300.0
FIRST_TIME_BAD = ["http_500:attempts=1,match=process_details-[89]-[12]-1-r"]  # two nodes of the frameworks `yard` and `dock`, each
LOCATION = "caseforge_assets.definitions"


def rows_under(code: str, key: str) -> list[tuple[str, ...]]:
    """The small framework with other codes (1 and 2 become `code`.1 and `code`.2) and questions of its own: nothing is reused."""
    top = (code, "top", f"Everything of the {key}", "All of it.")
    return [
        top,
        *((f"{code}.{row[0].replace('.1.', '.')}", row[1], row[2], f"{row[3]} At the {key}.") for row in SHOP if row[0].count(".") != 1),
    ]


@dataclass(frozen=True)
class Ui:
    """A running Dagster, and what stands behind it."""

    webserver: Webserver
    folder: Path
    provider_url: str
    environment: dict[str, str]

    def command(self, *arguments: str, expected: int = 0) -> str:
        """Runs `caseforge` in the project."""
        command = [sys.executable, "-m", "caseforge_assets.cli", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    def sent(self) -> int:
        """Requests that the provider accepted so far."""
        return int(stats(self.provider_url)["accepted"]["requests"])

    def materialize(self, key: str, *assets: str) -> None:
        """Launches a backfill of all partitions, as the dialog does."""
        names = self.partitions(key, assets[0])["all"]
        asked = {"assetSelection": [{"path": [key, asset]} for asset in assets], "partitionNames": names}
        self.webserver.ask("mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) { __typename } }", p=asked)

    def newest_backfill(self) -> str:
        """The status of the newest backfill."""
        found = self.webserver.ask("{ partitionBackfillsOrError(limit: 1) { ... on PartitionBackfills { results { status } } } }")
        return str(found["results"][0]["status"]) if found["results"] else ""

    def backfills(self) -> int:
        """Counts the backfills."""
        found = self.webserver.ask("{ partitionBackfillsOrError { ... on PartitionBackfills { results { status } } } }")
        return len(found["results"])

    def newest_run(self, job: str) -> str:
        """The id of a job's newest run."""
        query = "query($j: String!) { runsOrError(filter: {pipelineName: $j}, limit: 1) { ... on Runs { results { runId } } } }"
        return str(self.webserver.ask(query, j=job)["results"][0]["runId"])

    def partitions(self, key: str, asset: str) -> dict[str, set[str]]:
        """Partitions of an asset by state, as its page counts them; `all` of them in order."""
        query = """query($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) { ... on AssetNode { partitionKeys assetPartitionStatuses {
          ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } } } } }"""
        found = self.webserver.ask(query, k={"path": [key, asset]})
        states = found["assetPartitionStatuses"]
        return {"all": found["partitionKeys"], "good": set(states["materializedPartitions"]), "failed": set(states["failedPartitions"])}

    def open(self, page: Page, path: str) -> None:
        """Goes to a page."""
        page.goto(f"{self.webserver.url}{path}")


def until(look: Callable[[], Any], what: str) -> None:
    """Waits for something that Dagster's daemon does in its own time."""
    end = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE_S:.0f} s"
        time.sleep(1)


@pytest.fixture(scope="session")
def ui(postgres_url: str, dagster_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """`dagster dev` with the frameworks shop, mill, quay, yard and dock; every answer to some nodes of the last two is bad the first time."""
    folder = tmp_path_factory.mktemp("project")
    frameworks = {"shop": "1", "mill": "5", "quay": "7", "yard": "8", "dock": "9"}
    with (
        serving(folder / "provider", faults=FIRST_TIME_BAD, latency_s=1) as provider_url,
        new_database(postgres_url, dagster_template) as url,
        dagster_dev(folder, frameworks, url, provider_url) as started,
    ):
        yield started


@pytest.fixture(scope="session")
def billing_ui(postgres_url: str, dagster_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """`dagster dev` with the framework shop, a budget, and a provider that bills."""
    folder = tmp_path_factory.mktemp("billed")
    with (
        serving(folder / "provider", bills=True, latency_s=1) as provider_url,
        new_database(postgres_url, dagster_template) as url,
        dagster_dev(folder, {"shop": "1"}, url, provider_url, "budget_usd = 5\n") as started,
    ):
        yield started


@contextmanager
def dagster_dev(folder: Path, frameworks: Mapping[str, str], url: str, provider_url: str, configuration: str = "") -> Iterator[Ui]:
    """A running `dagster dev` on a project with these frameworks: key, and code of the topmost node."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    pytest.importorskip("playwright", reason="playwright is not installed")
    with running(made_project(folder, frameworks, url, provider_url, configuration)) as started:
        yield started


def made_project(folder: Path, frameworks: Mapping[str, str], url: str, provider_url: str, configuration: str = "") -> Ui:
    """A project with these frameworks, loaded; its Dagster does not run yet."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / name, folder)
    (folder / "caseforge.toml").write_text(f"poll_interval_s = 0.2\nquiet_period_s = 1\n{configuration}")
    webserver_url = f"http://127.0.0.1:{_free_port()}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI", "CASEFORGE", "DAGSTER"))},
        "CASEFORGE_PROJECT": str(folder),
        "CASEFORGE_HOME": str(folder / "var"),
        "CASEFORGE_POSTGRES_URL": url,
        "CASEFORGE_WEBSERVER_URL": webserver_url,
        "OPENAI_BASE_URL": provider_url,
        "OPENAI_API_KEY": "local",
    }
    started = Ui(Webserver(webserver_url), folder, provider_url, environment)
    for key, code in frameworks.items():
        started.command("load", str(write_table(folder / f"{key}.csv", rows_under(code, key))), "--framework", key)
    return started


@contextmanager
def running(project: Ui) -> Iterator[Ui]:
    """Its `dagster dev`, from when its page answers on; it may be killed meanwhile, and started once more."""
    project = replace(project, webserver=Webserver(project.webserver.url))  # an open connection would be to the one before
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", project.webserver.url.rpartition(":")[2]]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit it ignored, and would hand that on
    with (project.folder / "dagster.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=project.folder, env=project.environment, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: _answers(project.webserver), "dagster dev")
        yield project
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a headless browser."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    pytest.importorskip("playwright", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = browser.new_page(viewport={"width": 1500, "height": 950})
        opened.set_default_timeout(90_000)
        yield opened
        browser.close()


def _answers(webserver: Webserver) -> bool:
    try:
        return any(location.repositories for location in webserver.locations())
    except WebserverError:  # none yet, or one that was killed a moment ago
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
