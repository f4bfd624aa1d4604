"""ui: Dagster on the project's data, with a local Batch API server beside it where no key is set."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from caseforge_assets.cli.console import console
from caseforge_assets.cli.demo import local_provider
from caseforge_assets.cli.options import pass_session
from caseforge_assets.cli.session import Session

STOP_S = 30.0


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web page.")
@click.option("--latency", default=3.0, show_default=True, help="Seconds that a simulated batch takes.")
@pass_session
def ui(session: Session, port: int, latency: float) -> None:
    """Open Dagster on the same data as the command line. Ctrl-C stops it; the embedded database goes on running.

    Without OPENAI_API_KEY a local Batch API server runs beside it, so that everything can be tried free of charge.
    """
    beside: AbstractContextManager[None] = nullcontext()
    if session.settings.openai_api_key is None:
        beside = local_provider(session, latency)
    with beside:
        console.print(f"Dagster comes up on http://127.0.0.1:{port} in some 10 seconds. Ctrl-C stops it.")
        command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
        code = _run_until_interrupted(command, session.settings.project)
    if session.settings.postgres_url is None:
        console.print("The embedded database goes on running; `caseforge db stop` stops it.")
    sys.exit(0 if code in (0, -2, 130) else code)


def _run_until_interrupted(command: list[str], folder: Path) -> int:
    """Runs a command in a session of its own, so that it gets exactly one interrupt: from a terminal or from a SIGTERM to this process."""
    for name in (signal.SIGINT, signal.SIGTERM):  # before the start: a command run in the background inherits SIGINT ignored
        signal.signal(name, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=folder, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
