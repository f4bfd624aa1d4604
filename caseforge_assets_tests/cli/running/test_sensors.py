"""sensors, and the reload after load: against real webservers, one that may change things and one that is read-only."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from dagster import DagsterInstance
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus
from dagster._utils.error import SerializableErrorInfo

from caseforge_assets.cli.running.sensors import MARKS, SENSORS
from caseforge_assets.cli.setting_up import reloading
from caseforge_assets.cli.shared.webserver import (
    ForeignProject,
    Location,
    OtherProject,
    Repository,
    Webserver,
    WebserverError,
    find_repository,
)
from caseforge_assets.settings import ConfigurationError
from caseforge_assets_tests.cli.conftest import NO_WEBSERVER, CommandLine, OpenCommandLine
from caseforge_assets_tests.conftest import DAGSTER_YAML
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.workbench import renamed, write_table

pytestmark = pytest.mark.slow
START_S = 90.0
LOCATION = "where_it_was_put"
WORKSPACE = f"load_from: [{{python_file: {{relative_path: shown_code.py, location_name: {LOCATION}}}}}]"
CODE = """
from pathlib import Path
if Path(__file__).with_name("broken").exists():
    raise RuntimeError("half of it is missing\\nand nobody knows why")
from caseforge_assets.definitions import defs
"""
GROUPS = """{ repositoriesOrError { ... on RepositoryConnection { nodes { assetGroups { groupName } } } } }"""
LOADED_AT = """{ workspaceOrError { ... on Workspace { locationEntries { updatedTimestamp } } } }"""
SELECTOR = (
    """query ($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor { sensorState { selectorId } } } }"""
)


@dataclass(frozen=True)
class Served(CommandLine):
    """The command line in a project that two webservers show."""

    url: str
    read_only_url: str
    instance: DagsterInstance

    def ask(self, query: str, **variables: Any) -> Any:
        answer = httpx2.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30, trust_env=False).json()
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    def groups(self) -> set[str]:
        return {group["groupName"] for node in self.ask(GROUPS)["nodes"] for group in node["assetGroups"]}

    def loaded_at(self) -> float:
        at: float = self.ask(LOADED_AT)["locationEntries"][0]["updatedTimestamp"]
        return at

    def running(self) -> list[str]:
        return [sensor["sensor"] for sensor in self.json("sensors", "status")["sensors"] if sensor["running"]]

    def tick(self, name: str, status: TickStatus, *, run_ids: Sequence[str] = (), **fields: Any) -> None:
        """Leaves a tick as a daemon of an earlier start of Dagster did: the code had another address then, and so another origin."""
        sensor = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__", "sensorName": name}
        selector_id = self.ask(SELECTOR, sensor=sensor)["sensorState"]["selectorId"]
        data = TickData("of-then", name, InstigatorType.SENSOR, status, time.time(), list(run_ids), selector_id=selector_id, **fields)
        self.instance.create_tick(data)


@pytest.fixture(scope="module")
def served_project(
    postgres_url: str, dagster_template: str, tmp_path_factory: pytest.TempPathFactory, closing: ThreadPoolExecutor
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for name, text in {"caseforge.toml": "", "dagster.yaml": DAGSTER_YAML, "workspace.yaml": WORKSPACE, "shown_code.py": CODE}.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("CASEFORGE_POSTGRES_URL", stack.enter_context(new_database(postgres_url, dagster_template)))
        patch.setenv("CASEFORGE_PROJECT", str(folder))
        patch.setenv("DAGSTER_HOME", str(folder))
        instance = stack.enter_context(DagsterInstance.from_config(str(folder)))
        starting = [stack.enter_context(webserver(folder, *options)) for options in ((), ("--read-only",))]
        url, read_only_url = (wait() for wait in starting)
        yield Served(folder, "http://127.0.0.1:9/v1", url, read_only_url, instance)
        closing.submit(stack.pop_all().close)


@pytest.fixture
def served(served_project: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setenv("CASEFORGE_WEBSERVER_URL", served_project.url)
    return served_project


@contextmanager
def webserver(folder: Path, *options: str) -> Iterator[Callable[[], str]]:
    """Starts one; what is yielded waits until it answers, and returns its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", folder / f"webserver-{port}.log"
    command = [sys.executable, "-m", "dagster_webserver", "--host", "127.0.0.1", "--port", str(port), *options]
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)

    def wait() -> str:
        end = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < end:
            try:
                httpx2.get(f"{url}/server_info", trust_env=False)
            except httpx2.TransportError:
                time.sleep(0.1)
            else:
                return url
        raise AssertionError(log.read_text())

    try:
        yield wait
    finally:
        process.terminate()
        process.wait(START_S)


ALWAYS_ON = ("flush_sensor", "dead_run_sensor")  # they send nothing, and keep Dagster's picture true


def test_sensors_that_spend_or_tell_are_off_until_they_are_switched_on(served: Served) -> None:
    assert served.json("sensors", "status") == {
        "webserver": served.url,
        "daemon": False,
        "sensors": [{"sensor": name, "running": name in ALWAYS_ON, "last_tick": None} for name in SENSORS],
    }
    assert "daemon does not run" in served.run("sensors", "status")  # and some always look
    said = served.run("sensors", "on")
    assert served.running() == [name for name in SENSORS if name != "retry_sensor"], "it spends money: it is switched on by name"
    assert said.count("running") == 5
    assert "daemon does not run" in said
    served.run("sensors", "off", "collect")
    assert served.running() == ["submit_sensor", "flush_sensor", "alert_sensor", "dead_run_sensor"]
    assert [sensor["sensor"] for sensor in served.json("sensors", "on", "collect_sensor")["sensors"]] == ["collect_sensor"]
    served.run("sensors", "off")
    assert served.running() == []


def test_status_says_what_came_of_the_last_tick(served: Served) -> None:
    served.tick("submit_sensor", TickStatus.SUCCESS, run_ids=["5f0e8c11-aaaa", "77b1d2e3-bbbb"])
    served.tick("collect_sensor", TickStatus.SUCCESS)
    served.tick("collect_sensor", TickStatus.FAILURE, error=SerializableErrorInfo("KeyError: sk-test-Ab12Cd34Ef56\nno\n", [], None))
    served.tick("flush_sensor", TickStatus.SKIPPED, skip_reason="Dagster is up to date")
    ticks = {sensor["sensor"]: sensor["last_tick"] for sensor in served.json("sensors", "status")["sensors"]}
    assert [ticks.pop(name) for name in ("alert_sensor", "retry_sensor", "dead_run_sensor")] == [None, None, None]
    assert {name: (tick["status"], tick["came_of"]) for name, tick in ticks.items()} == {
        "submit_sensor": ("success", "run requested: 5f0e8c11, 77b1d2e3"),
        "collect_sensor": ("failure", "error: KeyError: [secret]"),
        "flush_sensor": ("skipped", "skipped: Dagster is up to date"),
    }
    assert ticks["submit_sensor"]["run_ids"] == ["5f0e8c11-aaaa", "77b1d2e3-bbbb"]
    said = served.run("sensors", "status", "flush", "submit")
    assert all(word in said for word in ("run requested: 5f0e8c11", "skipped: Dagster", time.strftime("%Y-%m-%d")))
    assert "collect" not in said


def test_a_read_only_webserver_is_called_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEFORGE_WEBSERVER_URL", served.read_only_url)
    before = served.json("sensors", "status")["sensors"]
    for command in ("on", "off"):
        assert f"webserver at {served.read_only_url} is read-only" in served.run("sensors", command, expected=7)
    assert served.json("sensors", "status")["sensors"] == before
    assert "is read-only: it shows readers when it is started anew" in load(served, "readers")


def test_what_changes_the_declaration_is_seen_at_once_and_the_rest_needs_no_reload(served: Served) -> None:
    assert "first" not in served.groups()
    assert f"Dagster at {served.url} shows it now.\nNext:" in load(served, "first")
    assert "first" in served.groups()
    before, arguments = served.loaded_at(), ("load", str(served.folder / "first.csv"), "--framework", "first")
    write_table(served.folder / "first.csv", renamed("1.1.1", "Advertise more"))
    said = served.run(*arguments)
    assert "renamed" in said
    assert served.url not in said
    assert served.loaded_at() == before
    assert served.json(*arguments, "--targets", "2.*")["targets"] == 3  # and nothing else on standard output
    assert served.loaded_at() > before


def test_code_that_does_not_load_is_said_and_recovers(served: Served) -> None:
    (served.folder / "broken").touch()
    said = load(served, "third")
    assert f"Dagster at {served.url} could not load {LOCATION}" in said
    assert "half of it is missing" in said
    assert "nobody knows why" not in said
    said = served.run("sensors", "status", expected=7)
    assert f"could not load {LOCATION}: " in said
    assert "nobody knows why" in said
    (served.folder / "broken").unlink()
    assert "shows it now" in load(served, "fourth")
    assert served.groups() >= {"third", "fourth"}


def test_the_webserver_of_another_project_is_left_alone(served: Served, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code and folder on another database: what it would be told is of no concern to it."""
    before = served.json("sensors", "status"), served.loaded_at()
    with monkeypatch.context() as patch, new_database(postgres_url, "template1") as other:
        patch.setenv("CASEFORGE_POSTGRES_URL", other)
        for command in ("on", "off", "status"):
            said = served.run("sensors", command, expected=7)
            assert f"Dagster at {served.url} shows another project" in said
            assert "Nothing was changed" in said
        assert "shows another project, and was left alone" in load(served, "elsewhere")
        port = served.url.rpartition(":")[2]
        said = served.run("ui", "--port", port, expected=7)
        assert f"Port {port} is taken by the Dagster of another project" in said
    assert (served.json("sensors", "status"), served.loaded_at()) == before


def test_a_dagster_that_runs_already_is_said_by_its_address(served: Served) -> None:
    said = served.run("ui", "--port", served.url.rpartition(":")[2], expected=7)
    assert f"Dagster runs already on this project's data: open {served.url}" in said


def test_unknown_sensors_are_refused_with_the_list(command_line: OpenCommandLine) -> None:
    said = command_line().run("sensors", "off", "submit", "poll", expected=2)
    assert f"there is no sensor 'poll'; there are: {', '.join(SENSORS)}" in said


@pytest.mark.parametrize("command", ["on", "off", "status"])
def test_without_a_webserver_it_is_said_what_to_do(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    cli = command_line()
    monkeypatch.setenv("CASEFORGE_WEBSERVER_URL", NO_WEBSERVER.replace("//", "//reader:hidden@"))
    said = cli.run("sensors", command, expected=7)
    assert all(words in said for words in (f"No Dagster webserver answers at {NO_WEBSERVER}", "make ui", "CASEFORGE_WEBSERVER_URL"))
    assert "hidden" not in said


def test_load_says_nothing_where_no_webserver_runs(command_line: OpenCommandLine, caplog: pytest.LogCaptureFixture) -> None:
    cli = command_line()
    with caplog.at_level("DEBUG", "caseforge_assets"):
        assert "Dagster" not in cli.load_shop()
    assert "Connection refused" in caplog.text


def test_something_else_at_the_address_is_told_apart(command_line: OpenCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = command_line()
    other = cli.base_url.removesuffix("/v1")
    monkeypatch.setenv("CASEFORGE_WEBSERVER_URL", other)
    assert f"What answers at {other} is no Dagster webserver" in cli.run("sensors", "status", expected=7)
    assert reloading.show_framework(other, "shop", "") is None


def test_a_silent_webserver_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        said = reloading.show_framework(f"http://x:hidden@127.0.0.1:{silent.getsockname()[1]}", "shop", "", patience_s=0.3)
        assert time.monotonic() - start < 2
    assert said is not None
    assert "answer" in said
    assert "hidden" not in said


def test_whatever_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "_reload", lambda *_: time.sleep(1.5))
    start = time.monotonic()
    assert "has not answered for" in (reloading.show_framework(NO_WEBSERVER, "shop", "", patience_s=0.1) or "")
    assert time.monotonic() - start < 1


def test_a_refused_connection_costs_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Webserver, "ask", lambda *_: pytest.fail("an HTTP client is made, which takes a tenth of a second"))
    start = time.monotonic()
    assert reloading.show_framework(NO_WEBSERVER, "shop", "") is None
    assert time.monotonic() - start < 0.1


@pytest.mark.parametrize("url", ["127.0.0.1:3000", "ftp://there", "http://", "http://there:port"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="CASEFORGE_WEBSERVER_URL"):
        Webserver(url)
    assert "CASEFORGE_WEBSERVER_URL" in (reloading.show_framework(url, "shop", "") or "")


def test_caseforge_is_known_by_its_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Repository("ours", "__repository__", frozenset((*SENSORS, "more")), frozenset(), "mine")
    other = Location("other", (Repository("other", "r", frozenset(SENSORS[:2]), frozenset()),), None)
    broken = Location("broken", (), "ImportError")
    shown = Webserver(NO_WEBSERVER)

    def find(*locations: Location) -> Repository:
        monkeypatch.setattr(shown, "locations", lambda: locations)
        return find_repository(shown, MARKS, "mine")

    assert find(other, broken, Location("ours", (ours,), None)) == ours
    beside_others = replace(ours, location="company", sensors=ours.sensors - {"dead_run_sensor"})
    assert find(other, Location("company", (beside_others,), None)) == beside_others
    with pytest.raises(OtherProject, match="its code locations: other"):
        find(other)
    with pytest.raises(WebserverError, match="broken: ImportError"):
        find(other, broken)
    with pytest.raises(WebserverError, match=r"several times \(ours, duplicate\)"):
        find(Location("ours", (ours, replace(ours, location="duplicate")), None))
    theirs = replace(ours, location="theirs", project="another")
    assert find(Location("both", (theirs, ours), None)) == ours
    with pytest.raises(ForeignProject, match="shows another project"):
        find(Location("theirs", (theirs,), None))
    with pytest.raises(ForeignProject, match="older CaseForge"):
        find(Location("old", (replace(ours, project=""),), None))


def test_the_sensors_are_those_of_the_code_location() -> None:
    from caseforge_assets.cli.shared import webserver
    from caseforge_assets.defs import names
    from caseforge_assets.defs.runs import sensors

    assert names.PROJECT_IDENTITY == webserver.PROJECT_IDENTITY
    assert tuple(sensor.name for sensor in sensors.SENSORS) == SENSORS


def load(served: Served, key: str) -> str:
    return served.run("load", str(write_table(served.folder / f"{key}.csv")), "--framework", key)
