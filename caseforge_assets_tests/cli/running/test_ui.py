"""ui, demo, batch-server: a port that is taken is refused at once, and a page that dies is an error."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.cli.running import ui
from caseforge_assets.cli.running.demo import local_provider
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.settings.project import load_places
from caseforge_assets.store.database.location import database_identity
from caseforge_assets_tests.cli.conftest import OpenCommandLine

SERVING = "import socket, time; page = socket.create_server(('127.0.0.1', {port})); time.sleep({seconds})"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def free() -> int:
    """A port on which nothing listens."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    kept = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


def test_a_port_that_is_taken_is_refused_before_anything_is_started(command_line: OpenCommandLine, taken: int) -> None:
    began = time.monotonic()
    said = command_line().run("ui", "--port", str(taken), expected=7)
    assert f"Port {taken} is taken by another program" in said
    assert f"caseforge ui --port {taken + 1}" in said
    assert "comes up" not in said
    assert "Batch API" not in said
    assert time.monotonic() - began < 15


def test_the_local_server_prints_no_address_that_is_not_its_own(command_line: OpenCommandLine, taken: int, tmp_path: Path) -> None:
    said = command_line().run("batch-server", "--port", str(taken), "--state-dir", str(tmp_path / "s"), expected=2)
    assert f"Can't listen on 127.0.0.1:{taken}" in said
    assert "export OPENAI_BASE_URL" not in said


@pytest.mark.parametrize("code", [0, 1, 98])
def test_a_dagster_that_ends_by_itself_is_an_error_whatever_it_says(
    tmp_path: Path, free: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = ui._run_until_interrupted([sys.executable, "-c", f"raise SystemExit({code})"], tmp_path, free)
    assert ended == ui.ENDED_BY_ITSELF
    assert f"Dagster ended by itself (exit code {code})" in capsys.readouterr().err


def test_the_address_is_said_when_the_page_is_there(tmp_path: Path, free: int, capsys: pytest.CaptureFixture[str]) -> None:
    ui._run_until_interrupted([sys.executable, "-c", SERVING.format(port=free, seconds=2)], tmp_path, free)
    assert f"Dagster is on http://127.0.0.1:{free}" in capsys.readouterr().out


def test_a_page_that_does_not_come_up_is_not_waited_for_for_ever(
    tmp_path: Path, free: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ui, "COMES_UP_WITHIN_S", 0.5)
    began = time.monotonic()
    assert ui._run_until_interrupted([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, free) == ui.ENDED_BY_ITSELF
    assert "did not come up" in capsys.readouterr().err
    assert time.monotonic() - began < 20


def test_ctrl_c_is_no_error(tmp_path: Path, free: int) -> None:
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    assert ui._run_until_interrupted([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, free) == 0


def test_the_demos_port_changes_only_while_nothing_is_under_way_at_it(
    command_line: OpenCommandLine, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line()
    cli.load_shop()
    session = Session()
    folder = session.settings.home / "demo-server"
    folder.mkdir(parents=True)
    for left in ("", "nonsense", "99999", str(taken)):
        (folder / "port").write_text(left)
        with monkeypatch.context() as patch:
            patch.setenv("OPENAI_BASE_URL", "")
            with local_provider(session, 60.0):
                port = int((folder / "port").read_text())
                assert port not in (0, taken)
                if left == str(taken):
                    session.reload()
                    cli.run("generate", "--yes", "--nodes", "1.1.1")
        session.reload()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ConfigurationError, match="1 simulated batch is under way"),
        local_provider(session, 60.0),
    ):
        pass


def test_the_same_database_has_the_same_identity_and_another_one_another(
    command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_line()
    same = (
        "postgresql://a:b@localhost/x",
        "postgres://c@127.0.0.1:5432/x",
        "postgresql:///x",
        "postgresql+psycopg2://a:b@/x?host=localhost&port=5432",
    )
    others = ("postgresql://a:b@localhost/y", "postgresql://a:b@localhost:5433/x", "postgresql://a:b@db.example/x", "")

    def identity(url: str) -> str:
        monkeypatch.setenv("CASEFORGE_POSTGRES_URL", url)
        return database_identity(load_places())

    assert len({identity(url) for url in same}) == 1
    assert len({identity(url) for url in (same[0], *others)}) == 1 + len(others)
