"""ui: Dagster and the portal on the project's data, with a local Batch API server beside them where no key is set."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from urllib.parse import quote

import click

from caseforge_assets.cli.running.beside import beside
from caseforge_assets.cli.running.demo import local_provider
from caseforge_assets.cli.running.sensors import MARKS
from caseforge_assets.cli.shared.console import console, errors
from caseforge_assets.cli.shared.dagster_bridge import group_page
from caseforge_assets.cli.shared.options import pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.webserver import ForeignProject, Webserver, WebserverError, find_repository
from caseforge_assets.settings.environment import read_environment

STOP_S = 30.0
LOOK_S = 0.5
COMES_UP_WITHIN_S = 300.0
QUIETLY = ("-W", "ignore::FutureWarning")  # that `dg dev` supersedes `dagster dev`: docs/dagster.md says how to use it
LOCALHOST = "127.0.0.1"
WEBSERVER_URL, PUBLIC_URL = "CASEFORGE_WEBSERVER_URL", "CASEFORGE_SERVICE__PUBLIC_URL"
ENDED_BY_ITSELF = 7  # as every error of the webserver


@click.command()
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port of the web page.")
@click.option("--latency", default=3.0, show_default=True, help="Seconds that a simulated batch takes.")
@pass_session
def ui(session: Session, port: int, latency: float) -> None:
    """Open Dagster and the portal on the same data as the command line. Ctrl-C stops both; the embedded database goes on running.

    The portal takes the port of [service], or another one where that is taken; its address lets one browser in, once. Without OPENAI_API_KEY a local Batch API server runs beside it, so that everything can be tried free of charge.
    Refuses a port that is taken, and says by what; ends with an error when Dagster ends by itself.
    """
    refuse_taken_port(session, port)
    provider: AbstractContextManager[None] = nullcontext()
    if not session.settings.has_credentials:
        provider = local_provider(session, latency)
    portal = portal_port(session.settings.configuration.service.port)
    with provider, beside(session, "serve", "--port", str(portal), variables={WEBSERVER_URL: f"http://{LOCALHOST}:{port}"}):
        console.print("Dagster comes up in some 10 seconds. Ctrl-C stops it.")
        folder = session.settings.project_folder
        command = [sys.executable, *QUIETLY, "-m", "dagster", "dev", "--host", LOCALHOST, "--port", str(port)]
        code = _run_until_interrupted(command, folder, port, list(session.settings.configuration.frameworks), portal)
    if session.settings.postgres_url is None:
        console.print("The embedded database goes on running; `caseforge db stop` stops it.")
    sys.exit(code)


def refuse_taken_port(session: Session, port: int) -> None:
    """Looks before anything is started.

    Raises:
        WebserverError: something listens on the port; the text says what it is, and what to do.
    """
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOCALHOST, port))
        except OSError as error:
            raise WebserverError(f"{_what_is_there(session, port)} ({error.strerror}). Nothing was started.") from error


def _what_is_there(session: Session, port: int) -> str:
    from caseforge_assets.store.database.location import database_identity

    url, another = f"http://{LOCALHOST}:{port}", f"take another one: caseforge ui --port {port + 1 if port < 65535 else port - 1}"
    try:
        find_repository(Webserver(url, answer_s=3.0), MARKS, database_identity(session.settings))
    except ForeignProject:
        return f"Port {port} is taken by the Dagster of another project; stop that one, or {another}"
    except WebserverError:
        return f"Port {port} is taken by another program, or may not be used; stop that one, or {another}"
    return f"Dagster runs already on this project's data: open {url}, or {another}"


def where_to_begin(url: str, frameworks: Sequence[str]) -> str:
    """The pages to begin with, those of the first framework; empty without one. Dagster's own first page shows nothing but runs."""
    if not frameworks:
        return ""
    pages = f"/assets/{quote(frameworks[0])}/framework", group_page(frameworks[0])
    return f"Begin here: {url}{pages[0]}\nAll assets: {url}{pages[1]}"


def portal_port(wanted: int) -> int:
    """The port that is wanted, or any other one where it is taken."""
    for port in (wanted, 0):
        try:
            with socket.create_server((LOCALHOST, port)) as trial:
                return int(trial.getsockname()[1])
        except OSError:
            continue
    raise WebserverError("No port is free for the portal. Nothing was started.")


def _run_until_interrupted(command: list[str], folder: Path, port: int, frameworks: Sequence[str] = (), portal: int = 0) -> int:
    """Runs a command in a session of its own, so that it gets exactly one interrupt: from a terminal or from a SIGTERM to this process.

    Returns:
        0 after an interrupt; otherwise the command has ended by itself, or its page did not come up, and that is an error.
    """
    for name in (signal.SIGINT, signal.SIGTERM):  # before the start: a command run in the background inherits SIGINT ignored
        signal.signal(name, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=folder, env=_environment(folder, portal), start_new_session=True)
    try:
        why = _watch(process, port, frameworks)
    except KeyboardInterrupt:
        _stop(process)
        return 0
    _stop(process)
    errors.print(f"{why} What it said is above; -v says more. Nothing is lost: start it again.", style="red")
    return ENDED_BY_ITSELF


def _environment(folder: Path, portal: int) -> dict[str, str]:
    """The environment, with the project's folder as Dagster's home where none is set: without one, Dagster makes a temporary one and says so.

    Dagster's pages lead to the portal's, unless it is said where people reach those.

    Nothing is written there: dagster.yaml says where all that Dagster keeps lies.
    """
    own_home = {"DAGSTER_HOME": str(folder)} if (folder / "dagster.yaml").is_file() else {}
    pages = {PUBLIC_URL: f"http://{LOCALHOST}:{portal}"} if portal else {}
    return pages | own_home | dict(read_environment().variables)


def _watch(process: subprocess.Popen[bytes], port: int, frameworks: Sequence[str] = ()) -> str:
    """Waits until the command ends or its page does not come up; returns which."""
    url, began, is_up = f"http://{LOCALHOST}:{port}", time.monotonic(), False
    while process.poll() is None:
        if not is_up and _answers(port):
            is_up = True
            console.print(f"Dagster is on {url}. Ctrl-C stops it.\n{where_to_begin(url, frameworks)}".rstrip(), soft_wrap=True)
        if not is_up and time.monotonic() - began > COMES_UP_WITHIN_S:
            return f"Dagster's page did not come up on {url} within {COMES_UP_WITHIN_S:.0f} s, and was stopped."
        time.sleep(LOOK_S)
    return f"Dagster ended by itself (exit code {process.returncode})."


def _answers(port: int) -> bool:
    try:
        socket.create_connection((LOCALHOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
