"""Answering over HTTP on a socket that is listened on: by one process, or by several side by side, of which the first keeps up what is kept up beside the answers."""

from __future__ import annotations

import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.running.beside import beside
from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.settings.environment import FIGURES_FOLDER, hand_on

if TYPE_CHECKING:
    import uvicorn

    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.settings.service import ServiceSettings
    from caseforge_assets.web.service import Service

ON_SOCKET = "--on-socket"


def answer_until_interrupted(session: Session, listening: socket.socket, *, alone: bool) -> None:
    """Answers on a socket until Ctrl-C or SIGTERM.

    Args:
        alone: for the user of this machine, whose browser is let in by a key.
    """
    from caseforge_assets.web.access.one_time_key import OneTimeKey
    from caseforge_assets.web.service import Service
    from caseforge_assets.web.upkeep import declarations_followed, journal_kept_up, ready_beforehand

    address = _address(listening, session.settings.configuration.service)
    service = Service(session.settings, session.reread, account_name() if alone else None)
    try:
        service.store.connect().close()  # what is wrong with the database is said before anybody is let in
        assert service.secret is not None  # and so is another secret than others have
        server = _server(session, service)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        console.print(f"CaseForge is on {address}. Ctrl-C stops it.", soft_wrap=True)
        if alone:
            service.key = OneTimeKey(lambda once: click.echo(f"This lets one browser in, once: {address}/sign-in/key?key={once}"))
        with declarations_followed(service), journal_kept_up(service), ready_beforehand(service):
            server.run(sockets=[listening])
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        service.close()


def answer_beside(session: Session, descriptor: int) -> None:
    """Answers on the socket of another process, until this one is ended."""
    from caseforge_assets.web.service import Service
    from caseforge_assets.web.upkeep import declarations_followed, ready_beforehand

    service = Service(session.settings, session.reread)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with socket.socket(fileno=descriptor) as listening, declarations_followed(service), ready_beforehand(service):
            _server(session, service, keeps_up=False).run(sockets=[listening])
    except KeyboardInterrupt:
        return
    finally:
        service.close()


@contextmanager
def others_that_answer(session: Session, listening: socket.socket, count: int, said: Mapping[str, str | None]) -> Iterator[None]:
    """So many further processes answer on a socket. They all count their requests in one folder, so that each tells the figures of all.

    Args:
        said: keys of `[service]` that have other values in this invocation.
    """
    if not count:
        yield
        return
    listening.set_inheritable(True)
    command = ["serve", ON_SOCKET, str(listening.fileno())]
    for key, value in said.items():
        option = f"--{key.replace('_', '-')}"
        command += [option] if value == "true" else [option, value] if value is not None else []
    with tempfile.TemporaryDirectory(prefix="caseforge-figures-") as folder, ExitStack() as stack:
        hand_on(FIGURES_FOLDER, folder)
        for _ in range(count):
            stack.enter_context(beside(session, *command, files=[listening.fileno()]))
        yield


def _server(session: Session, service: Service, *, keeps_up: bool = True) -> uvicorn.Server:
    import uvicorn

    from caseforge_assets.web.app import make_app
    from caseforge_assets.web.wire.heads import BoundedHeads

    cert, key = _tls(session, session.settings.configuration.service)
    config = uvicorn.Config(
        make_app(service),
        http=BoundedHeads,
        ws="none",
        lifespan="on" if keeps_up else "off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_certfile=cert,
        ssl_keyfile=key,
    )
    return uvicorn.Server(config)


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
