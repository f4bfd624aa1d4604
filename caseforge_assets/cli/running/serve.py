"""serve: the service over HTTP, in this process."""

from __future__ import annotations

import signal
import socket
from contextlib import nullcontext

import click

from caseforge_assets.cli.running.worker_process import worker_beside
from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.options import pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError, Settings


@click.command()
@click.option("--host", help="Address to listen on; by default that of [service], 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; by default that of [service], 8321; 0 takes any.")
@click.option(
    "--work", "works", is_flag=True, help="Submit, poll and collect beside it, as `caseforge work` does, in a process of its own."
)
@pass_session
def serve(session: Session, host: str | None, port: int | None, works: bool) -> None:
    """Serve the project over HTTP. Ctrl-C stops it; the embedded database goes on running."""
    listening = _listen(session.settings, host, port)
    with listening, worker_beside(session) if works else nullcontext():
        serve_until_interrupted(session, listening)


def serve_until_interrupted(session: Session, listening: socket.socket) -> None:
    """Answers on a socket until Ctrl-C or SIGTERM."""
    import uvicorn

    from caseforge_assets.web.app import make_app
    from caseforge_assets.web.service import Service

    service = Service(session.settings, session.reread)
    try:
        service.store.connect().close()  # what is wrong with the database is said before anybody is let in
        config = uvicorn.Config(make_app(service), log_config=None, access_log=False, proxy_headers=False, server_header=False)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        console.print(f"CaseForge is on {address_of(listening)}. Ctrl-C stops it.", soft_wrap=True)
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        service.close()


def address_of(listening: socket.socket) -> str:
    """The address under which a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _listen(settings: Settings, host: str | None, port: int | None) -> socket.socket:
    """Takes the port before anything else is done.

    Raises:
        ConfigurationError: it is taken, or the address is none of this machine.
    """
    service = settings.configuration.service
    host, port = host or service.host, service.port if port is None else port
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}). Nothing was started. Take another port: caseforge serve --port 0 takes any"
        ) from error
