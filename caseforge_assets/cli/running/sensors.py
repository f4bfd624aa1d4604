"""sensors: switch CaseForge's sensors on and off, and see what came of their last tick.

Through the webserver, because only so their tick history is seen there.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import click

from caseforge_assets.cli.shared.console import console, errors, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.cli.shared.webserver import Repository, Webserver, find_repository, first_lines
from caseforge_assets.redaction import redact

SENSORS = ("submit_sensor", "collect_sensor", "flush_sensor", "alert_sensor", "retry_sensor", "dead_run_sensor")
NOT_EVERYWHERE = ("dead_run_sensor", "automation_sensor")  # not in other people's project; not where no framework has `automation`
MARKS = tuple(name for name in SENSORS if name not in NOT_EVERYWHERE)  # by which CaseForge is known
SWITCHED_ON_BY_NAME = "retry_sensor"  # it spends money where a person might have decided otherwise
DAEMON_SILENT_S = 420.0  # it gives a sign of life every 30 seconds, by the clock of its host, which may be minutes behind this one
_SENSOR = """query ($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { __typename
  ... on Sensor { sensorState { id status ticks(limit: 1) { status timestamp skipReason runIds error { message } } } }
  ... on SensorNotFoundError { message } ... on UnauthorizedError { message } ... on PythonError { message } } }"""
_START = """mutation ($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename
  ... on SensorNotFoundError { message } ... on UnauthorizedError { message } ... on PythonError { message } } }"""
_STOP = (
    """mutation ($id: String!) { stopSensor(id: $id) { __typename ... on UnauthorizedError { message } ... on PythonError { message } } }"""
)
_DAEMON = '{ instance { daemonHealth { daemonStatus(daemonType: "SENSOR") { lastHeartbeatTime } } } }'


@dataclass(frozen=True)
class Tick:
    """One look of a sensor: when, how it ended, and what came of it in words."""

    at: datetime
    status: str
    came_of: str
    run_ids: tuple[str, ...]


@dataclass(frozen=True)
class SensorState:
    """A sensor, and its last tick."""

    sensor: str
    running: bool
    last_tick: Tick | None


def _sensor_names(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """The sensors that are meant, in their own order; all of them where none is named."""
    del context
    named = {name if name.endswith("_sensor") else f"{name}_sensor": name for name in given}
    for name, typed in named.items():
        if name not in (*SENSORS, *NOT_EVERYWHERE):
            raise click.BadParameter(f"there is no sensor {typed!r}; there are: {', '.join(SENSORS)}", param=parameter)
    return tuple(name for name in dict.fromkeys((*SENSORS, *NOT_EVERYWHERE)) if not named or name in named)


sensors_argument = click.argument("names", metavar="[SENSOR]...", nargs=-1, callback=_sensor_names)


@click.group()
def sensors() -> None:
    """Dagster's sensors: submit, collect, flush, alert, retry, dead_run. Needs the webserver (`make ui` or `caseforge ui`).

    While they are on and Dagster runs, what is approved is sent, what is finished is collected, and what a killed
    command could not show is shown, without anybody at the keyboard. They are off until somebody switches them on.
    """


@sensors.command()
@sensors_argument
@json_option
@pass_session
def on(session: Session, names: tuple[str, ...], as_json: bool) -> None:
    """Switch on SENSOR (submit, collect, flush, alert, retry); without a name, all but retry, which asks again for what failed."""
    webserver, repository = _caseforge_at(session)
    if set(names) >= set(SENSORS):  # none was named
        names = tuple(name for name in names if name != SWITCHED_ON_BY_NAME)
    for name in _there(repository, names):
        webserver.ask(_START, sensor=_selector(repository, name))
    _report(webserver, repository, names, as_json)


@sensors.command()
@sensors_argument
@json_option
@pass_session
def off(session: Session, names: tuple[str, ...], as_json: bool) -> None:
    """Switch off SENSOR (submit, collect, flush, alert, retry), or all of them. Runs under way go on to their end."""
    webserver, repository = _caseforge_at(session)
    for name in _there(repository, names):
        webserver.ask(_STOP, id=_state(webserver, repository, name)["id"])
    _report(webserver, repository, names, as_json)


@sensors.command()
@sensors_argument
@json_option
@pass_session
def status(session: Session, names: tuple[str, ...], as_json: bool) -> None:
    """Show which sensors are on, when each looked last, and what came of it."""
    webserver, repository = _caseforge_at(session)
    _report(webserver, repository, names, as_json)


def _caseforge_at(session: Session) -> tuple[Webserver, Repository]:
    from caseforge_assets.store.database.location import database_identity

    webserver = Webserver(session.settings.webserver_url)
    return webserver, find_repository(webserver, MARKS, database_identity(session.settings))


def _there(repository: Repository, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the sensors that the project has."""
    return tuple(name for name in names if name in repository.sensors)


def _selector(repository: Repository, name: str) -> dict[str, str]:
    return {"repositoryLocationName": repository.location, "repositoryName": repository.name, "sensorName": name}


def _state(webserver: Webserver, repository: Repository, name: str) -> dict[str, Any]:
    """As the sensor's own page asks; lists of sensors leave the ticks of an earlier start of Dagster out."""
    found: dict[str, Any] = webserver.ask(_SENSOR, sensor=_selector(repository, name))["sensorState"]
    return found


def _report(webserver: Webserver, repository: Repository, names: tuple[str, ...], as_json: bool) -> None:
    states = [_sensor_state(name, _state(webserver, repository, name)) for name in _there(repository, names)]
    daemon = _daemon_runs(webserver)
    if as_json:
        print_json({"webserver": webserver.url, "daemon": daemon, "sensors": [_plain(state) for state in states]})
        return
    table = FittingTable("Sensor", "State", "Last tick", "What came of it")
    for state in states:
        tick = state.last_tick
        when = f"{tick.at.astimezone():%Y-%m-%d %H:%M:%S}" if tick else "never"
        table.add_row(state.sensor, "running" if state.running else "stopped", when, tick.came_of if tick else "")
    console.print(table)
    if not daemon and any(state.running for state in states):
        errors.print("Dagster's daemon does not run, so nothing looks: `make ui` and `caseforge ui` start it, too.", style="yellow")


def _sensor_state(name: str, found: dict[str, Any]) -> SensorState:
    ticks = found["ticks"]
    return SensorState(name, found["status"] == "RUNNING", _tick(ticks[0]) if ticks else None)


def _tick(found: dict[str, Any]) -> Tick:
    at = datetime.fromtimestamp(found["timestamp"], UTC)
    return Tick(at, found["status"].lower(), _came_of(found), tuple(found["runIds"]))


def _came_of(tick: dict[str, Any]) -> str:
    if tick["status"] == "STARTED":
        return "still looking"
    if tick["status"] == "FAILURE":
        return "error: " + redact(first_lines((tick["error"] or {}).get("message", ""), 1))
    if tick["runIds"]:
        return "run requested: " + ", ".join(run_id[:8] for run_id in tick["runIds"])
    return f"skipped: {redact(tick['skipReason'])}" if tick["skipReason"] else "nothing to do"


def _plain(state: SensorState) -> dict[str, Any]:
    """For scripts: times as ISO 8601."""
    values = asdict(state)
    if state.last_tick:
        values["last_tick"]["at"] = state.last_tick.at.isoformat()
    return values


def _daemon_runs(webserver: Webserver) -> bool:
    """Tells whether the daemon that evaluates sensors gave a sign of life lately; Dagster itself calls it healthy for half an hour."""
    beat = webserver.ask(_DAEMON)["daemonHealth"]["daemonStatus"]["lastHeartbeatTime"]
    return bool(beat and time.time() - beat < DAEMON_SILENT_S)
