"""A project with one made-up framework, a Batch API server and `dagster dev`, in a folder that goes again."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pipeline import PROJECT, batch_server
from benchmarks.ports import free_port
from caseforge_assets.cli.shared.webserver import Webserver
from caseforge_assets.settings import Settings, load_settings
from caseforge_assets.store.database.embedded_postgres import stop

KEY = "bench"
BRANCH = 10  # nodes under one
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Running:
    """A project at work."""

    folder: Path
    settings: Settings
    webserver: Webserver
    provider_url: str

    def caseforge(self, *arguments: str, may_fail: bool = False) -> float:
        """Runs a command; returns its seconds."""
        started = time.monotonic()
        ended = subprocess.run([sys.executable, "-m", "caseforge_assets.cli", *arguments], capture_output=True, text=True, check=False)
        if ended.returncode and not may_fail:
            raise SystemExit(f"caseforge {' '.join(arguments)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
        return time.monotonic() - started


def write_table(path: Path, leaves: int) -> Path:
    """A table with so many leaves in branches of ten; no two ask the same question."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["code", "id", "name", "description"])
        for leaf in range(leaves):
            branch, place = divmod(leaf, BRANCH)
            top, middle = divmod(branch, BRANCH)
            codes = f"{top + 1}", f"{top + 1}.{middle + 1}", f"{top + 1}.{middle + 1}.{place + 1}"
            if branch % BRANCH == 0 and place == 0:
                table.writerow([codes[0], f"t{top}", f"Area {top + 1}", f"All that belongs to area {top + 1}."])
            if place == 0:
                table.writerow([codes[1], f"m{branch}", f"Group {codes[1]}", f"What group {codes[1]} of area {top + 1} does."])
            table.writerow(
                [codes[2], f"n{leaf}", f"Process {leaf + 1}", f"Does step {place + 1} of group {codes[1]}, as number {leaf + 1}."]
            )
    return path


@contextmanager
def project(*faults: str, configuration: str = "poll_interval_s = 1\n") -> Iterator[Running]:
    """Opens one; nothing is loaded, and Dagster does not run yet.

    Args:
        faults: what the server does wrong, as its option `--fault` takes it.
        configuration: all of its caseforge.toml.
    """
    with tempfile.TemporaryDirectory(prefix="caseforge-clicks-") as name, batch_server(Path(name) / "server", *faults) as base_url:
        folder = Path(name)
        folder.chmod(0o755)  # root's database server runs as another user, who has to get in
        for file in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(PROJECT / file, folder)
        (folder / "caseforge.toml").write_text(configuration)
        webserver = f"http://127.0.0.1:{free_port()}"
        os.environ |= {"CASEFORGE_PROJECT": name, "CASEFORGE_HOME": str(folder / "var"), "CASEFORGE_WEBSERVER_URL": webserver}
        os.environ |= {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "local"}
        os.environ.pop("CASEFORGE_POSTGRES_URL", None)
        settings = load_settings(folder)
        try:
            yield Running(folder, settings, Webserver(webserver, 600.0), base_url)
        finally:
            stop(settings.home)


@contextmanager
def dagster_dev(running: Running) -> Iterator[int]:
    """`dagster dev` on it, until its page answers; gives its process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is inherited ignored, and would be handed on
    url = running.webserver.url
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
    with (running.folder / "dagster.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=running.folder, stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + PATIENCE_S
        while not _answers(url):
            if time.monotonic() > end:
                raise SystemExit(f"dagster dev does not answer:\n{(running.folder / 'dagster.log').read_text()[-3000:]}")
            time.sleep(0.5)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:  # it waits for a run that is at work
            os.killpg(process.pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/server_info", timeout=2).read()
    except OSError:
        return False
    return True
