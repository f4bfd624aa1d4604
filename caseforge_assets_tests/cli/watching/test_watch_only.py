"""monitor --watch-only outlasts a provider that is away: it says since when, goes on from the store, and notices when it is back."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.ports import free_port
from caseforge_assets.batch_server import serve_in_thread
from caseforge_assets.store.database.engine import open_store
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.defs.project import eventually

pytestmark = pytest.mark.slow

QUICK = 150.0  # seconds of the server's clock in one
AWAY = re.compile(r"The provider cannot be reached since \d\d:\d\d:\d\d: .*no connection to the provider")
BACK = re.compile(r"The provider is reached again, after \d+ (s|min)\.")


class Provider:
    """A local server that can be stopped and started again on the same port, with the same batches."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._stack = folder, free_port(), ExitStack()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self, time_scale: float = 1.0) -> None:
        """Its batches take ten minutes by its own clock: only an open batch is asked about."""
        self._stack.enter_context(serve_in_thread(self._folder, port=self._port, latency_s=600, time_scale=time_scale))

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    opened = Provider(tmp_path / "restarted")
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def sent(command_line: OpenCommandLine, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A project with one batch under way."""
    cli = command_line()
    monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
    cli.load_shop()
    cli.run("generate", "--nodes", "1.1.1", "--stage", "process_details")
    return cli


class Watching:
    """A running `monitor --watch-only`, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self._lines = process, [""]
        self._reader = threading.Thread(target=lambda: self._lines.extend(process.stdout or ()), daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return " ".join("".join(self._lines).split())

    def end(self) -> int:
        code = self.process.wait(30)
        self._reader.join()
        return code


@contextmanager
def watching() -> Iterator[Watching]:
    command = [sys.executable, "-m", "caseforge_assets.cli", "monitor", "--watch-only"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.wait()


def collected_by_somebody_else(cli: CommandLine) -> None:
    eventually(lambda: "Collected process_details" in cli.run("collect"))


def test_a_provider_that_goes_away_and_comes_back(sent: CommandLine, provider: Provider) -> None:
    with watching() as watcher:
        eventually(lambda: "1 request" in watcher.said)
        provider.stop()
        eventually(lambda: AWAY.search(watcher.said))
        assert watcher.process.poll() is None
        provider.start(time_scale=QUICK)
        eventually(lambda: BACK.search(watcher.said))
        collected_by_somebody_else(sent)
        assert watcher.end() == 0
    assert watcher.said.count("cannot be reached since") == 1
    assert "Through" in watcher.said


def test_a_provider_that_is_away_from_the_beginning(sent: CommandLine, provider: Provider) -> None:
    provider.stop()
    assert "no connection to the provider" in sent.run("monitor", "--watch-only", "--once", expected=4)
    with watching() as watcher:
        eventually(lambda: AWAY.search(watcher.said))
        eventually(lambda: "process_details of shop batch_" in watcher.said)
        provider.start(time_scale=QUICK)
        eventually(lambda: BACK.search(watcher.said))
        collected_by_somebody_else(sent)
        assert watcher.end() == 0


def test_what_others_do_meanwhile_is_read_from_the_store(sent: CommandLine, provider: Provider, dagster_database_url: str) -> None:
    store = open_store(dagster_database_url)
    with watching() as watcher:
        eventually(lambda: "1 request" in watcher.said)
        provider.stop()
        eventually(lambda: AWAY.search(watcher.said))
        with store.begin() as connection:
            connection.execute(text("update caseforge.batch set state = 'collected', collected_at = now()"))
        assert watcher.end() == 0
    store.dispose()
    assert not BACK.search(watcher.said)
    assert sent.json("status")["batches"][0]["state"] == "collected"
