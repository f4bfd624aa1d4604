"""serve: the service over HTTP, in this process."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.access.listening import refuse_unsafe_listening
from caseforge_assets.cli.running.beside import BESIDE, beside, end_with_input
from caseforge_assets.cli.running.working import refuse_without_key
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.options import pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.settings import ConfigurationError

if TYPE_CHECKING:
    from caseforge_assets.settings.service import ServiceSettings


@click.command()
@click.option("--host", help="Address to listen on; by default that of [service], 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; by default that of [service], 8321; 0 takes any.")
@click.option(
    "--work", "works", is_flag=True, help="Submit, poll and collect beside it, as `caseforge work` does, in a process of its own."
)
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="Certificate with those of its issuers (PEM).")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Key of the certificate (PEM).")
@click.option("--behind-tls-proxy", is_flag=True, help="A proxy before the service speaks TLS to browsers.")
@click.option(BESIDE, "is_beside", is_flag=True, hidden=True, help="End when standard input does: `caseforge ui` started it.")
@pass_session
def serve(
    session: Session,
    host: str | None,
    port: int | None,
    tls_cert: str | None,
    tls_key: str | None,
    behind_tls_proxy: bool,
    works: bool,
    is_beside: bool,
) -> None:
    """Serve the project over HTTP. Ctrl-C stops it; the embedded database goes on running.

    Where nobody has an account and no one else vouches for people, it is for you alone: it listens on 127.0.0.1 and prints an address that
    lets one browser in. Other addresses take accounts (`caseforge users`), an OpenID provider or a proxy, and TLS.
    """
    files = {name: str(Path(path).resolve()) for name, path in (("tls_cert", tls_cert), ("tls_key", tls_key)) if path}
    session.override(host=host, behind_tls_proxy="true" if behind_tls_proxy else None, **files)
    service = session.settings.configuration.service
    known = service.vouched_for or _has_accounts(session)
    refuse_unsafe_listening(service.host, knows_people=known, encrypted=service.encrypted)
    if works:
        refuse_without_key(session)
    if is_beside:
        end_with_input(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with _listen(service, service.port if port is None else port) as listening, beside(session, "work") if works else nullcontext():
        serve_until_interrupted(session, listening, alone=not known)


def serve_until_interrupted(session: Session, listening: socket.socket, *, alone: bool) -> None:
    """Answers on a socket until Ctrl-C or SIGTERM.

    Args:
        alone: for the user of this machine, whose browser is let in by a key.
    """
    import uvicorn

    from caseforge_assets.web.access.one_time_key import OneTimeKey
    from caseforge_assets.web.app import make_app
    from caseforge_assets.web.service import Service
    from caseforge_assets.web.upkeep import journal_kept_up

    settings = session.settings.configuration.service
    address = _address(listening, settings)
    service = Service(session.settings, session.reread, account_name() if alone else None)
    try:
        service.store.connect().close()  # what is wrong with the database is said before anybody is let in
        cert, key = _tls(session, settings)
        config = uvicorn.Config(
            make_app(service),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ssl_certfile=cert,
            ssl_keyfile=key,
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        console.print(f"CaseForge is on {address}. Ctrl-C stops it.", soft_wrap=True)
        if alone:
            service.key = OneTimeKey(lambda once: click.echo(f"This lets one browser in, once: {address}/sign-in/key?key={once}"))
        with journal_kept_up(service):
            uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        service.close()


def _has_accounts(session: Session) -> bool:
    from caseforge_assets.store.access.accounts import any_enabled

    with session.store.connect() as connection:
        return any_enabled(connection)


def _address(listening: socket.socket, settings: ServiceSettings) -> str:
    host, port = listening.getsockname()[:2]
    return f"http{'s' if settings.tls_cert else ''}://{f'[{host}]' if ':' in host else host}:{port}"


def _tls(session: Session, settings: ServiceSettings) -> tuple[Path, Path] | tuple[None, None]:
    """Certificate and key for the server, where it speaks TLS itself.

    Raises:
        ConfigurationError: one of them is not there.
    """
    if not settings.tls_cert:
        return None, None
    folder = session.settings.project_folder
    files = folder / settings.tls_cert, folder / settings.tls_key
    for path in files:
        if not path.is_file():
            raise ConfigurationError(f"{path} is not there; tls_cert and tls_key in [service] name a certificate and its key")
    return files


def _listen(settings: ServiceSettings, port: int) -> socket.socket:
    """Takes the port before anything else is done.

    Raises:
        ConfigurationError: it is taken, or the address is none of this machine.
    """
    host = settings.host.strip("[]")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}). Nothing was started. Take another port: caseforge serve --port 0 takes any"
        ) from error
