"""serve: the service over HTTP, in this process and others beside it."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caseforge_assets.access.listening import refuse_unsafe_listening
from caseforge_assets.cli.running.answering import ON_SOCKET, answer_beside, answer_until_interrupted, others_that_answer
from caseforge_assets.cli.running.beside import BESIDE, beside, end_with_input
from caseforge_assets.cli.running.frameworks_shown import frameworks_shown
from caseforge_assets.cli.running.working import refuse_without_key
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
@click.option("--workers", type=click.IntRange(1, 64), help="How many processes answer; by default that of [service]: one a core, up to 4.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="Certificate with those of its issuers (PEM).")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Key of the certificate (PEM).")
@click.option("--behind-tls-proxy", is_flag=True, help="A proxy before the service speaks TLS to browsers.")
@click.option(BESIDE, "is_beside", is_flag=True, hidden=True, help="End when standard input does: another command started it.")
@click.option(ON_SOCKET, "descriptor", type=int, hidden=True, help="Answer on the socket of the `serve` that started this process.")
@pass_session
def serve(
    session: Session,
    host: str | None,
    port: int | None,
    tls_cert: str | None,
    tls_key: str | None,
    behind_tls_proxy: bool,
    works: bool,
    workers: int | None,
    is_beside: bool,
    descriptor: int | None,
) -> None:
    """Serve the project over HTTP. Ctrl-C stops it; the embedded database goes on running.

    Where nobody has an account and no one else vouches for people, it is for you alone: it listens on 127.0.0.1, answers in one process, and prints an address that
    lets one browser in. Other addresses take accounts (`caseforge users`), an OpenID provider or a proxy, and TLS.
    """
    files = {name: str(Path(path).resolve()) for name, path in (("tls_cert", tls_cert), ("tls_key", tls_key)) if path}
    said = {"host": host, "behind_tls_proxy": "true" if behind_tls_proxy else None, **files}
    session.override(**said)
    if is_beside:
        end_with_input(lambda: os.kill(os.getpid(), signal.SIGTERM))
    if descriptor is not None:
        answer_beside(session, descriptor)
        return
    service = session.settings.configuration.service
    known = service.vouched_for or _has_accounts(session)
    refuse_unsafe_listening(service.host, knows_people=known, encrypted=service.encrypted)
    if works:
        refuse_without_key(session)
    further = (workers or service.processes) - 1 if known else 0
    with ExitStack() as stack:
        listening = stack.enter_context(_listen(service, service.port if port is None else port))
        stack.enter_context(others_that_answer(session, listening, further, said))
        if works:
            stack.enter_context(beside(session, "work"))
        stack.enter_context(frameworks_shown(session))
        answer_until_interrupted(session, listening, alone=not known)


def _has_accounts(session: Session) -> bool:
    from caseforge_assets.store.access.accounts import any_enabled

    with session.store.connect() as connection:
        return any_enabled(connection)


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
            f"{host}:{port} cannot be listened on ({error.strerror or error}). Nothing was started. Take another port: `caseforge serve --port 0` takes any"
        ) from error
