"""Starts and stops the server: blocking for the command line, in a thread for tests."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from caseforge_assets.batch_server.api.exchange import CONNECTION
from caseforge_assets.batch_server.app import build_app
from caseforge_assets.batch_server.options import ServerOptions
from caseforge_assets.batch_server.serving import open_serving

SHUTDOWN_S = 2
HEADERS_S = 30.0
WAITING_CONNECTIONS = 2_048
LOCALHOST = "127.0.0.1"


class PortTakenError(OSError):
    """Something else listens on the port."""


@dataclass(frozen=True)
class RunningServer:
    """A server that runs in a thread of this process; ``base_path`` is where its API begins."""

    port: int
    base_path: str = "/v1"

    @property
    def base_url(self) -> str:
        """Gives what the ``openai`` SDK takes as its base URL."""
        return f"http://{LOCALHOST}:{self.port}{self.base_path}"


def run_server(
    *, host: str = LOCALHOST, port: int = 8484, state_dir: Path, on_listening: Callable[[int], None] | None = None, **options: Any
) -> None:
    """Serve until SIGINT or SIGTERM; open batches go on at the next start. The key of an upstream server is taken from UPSTREAM_API_KEY.

    Args:
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.
        state_dir: Folder for everything the server has to remember.
        on_listening: Called with the port when nothing is in the way any more.
        options: As in ``ServerOptions``.

    Raises:
        PortTakenError: If something else listens there.
        StateDirInUseError: If another server works in the folder.
        FaultSpecError: If a fault can't be read.
        ValueError: If another setting makes no sense.
    """
    all_options = ServerOptions(state_dir=state_dir, upstream_key=os.environ.get("UPSTREAM_API_KEY"), **options)
    with _listen(host, port) as listening, _signals_end_quietly():
        server = _server(all_options)
        if on_listening is not None:
            on_listening(listening.getsockname()[1])
        server.run(sockets=[listening])


@contextmanager
def serve_in_thread(state_dir: Path, *, port: int = 0, **options: Any) -> Iterator[RunningServer]:
    """Serve while the ``with`` block runs.

    Args:
        state_dir: Folder for everything the server has to remember.
        port: Port to listen on, 0 for any free one.
        options: As in ``ServerOptions``.

    Yields:
        The running server.
    """
    with _listen(LOCALHOST, port) as listening:
        all_options = ServerOptions(state_dir=state_dir, **options)
        server = _server(all_options)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="batch-server", daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            if not server.started:
                raise RuntimeError("The Batch API server did not start; its log says why.")
            yield RunningServer(listening.getsockname()[1], all_options.likeness.base_paths[0])
        finally:
            server.should_exit = True
            thread.join()


def _listen(host: str, port: int) -> socket.socket:
    # Only sockets that say they are TCP get TCP_NODELAY from asyncio; without it every other reply waits 40 ms.
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(WAITING_CONNECTIONS)  # At once: until then, another process could bind the same port.
    except OSError as error:
        listening.close()
        message = f"Can't listen on {host}:{port}: {error.strerror}. Stop the program that uses this port, or choose another one (batch-server: --port)."
        raise PortTakenError(message) from error
    return listening


def _server(options: ServerOptions) -> uvicorn.Server:
    config = uvicorn.Config(
        build_app(open_serving(options)),
        http=_OpenProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    return uvicorn.Server(config)


class _OpenProtocol(H11Protocol):
    """Lets a fault have the connection of the call that it handles; and whoever does not get through with a call's headers loses it."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app = _with_connection(self.app, transport)
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._waiting is not None:
            self._waiting.cancel()

    def _wait_for_headers(self) -> None:
        between_calls = self.cycle is None or self.cycle.response_complete
        if between_calls and self._waiting is None:
            self._waiting = self.loop.call_later(HEADERS_S, self.transport.close)
        elif not between_calls and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _with_connection(app: Any, transport: Any) -> Any:
    async def call(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("extensions", {})[CONNECTION] = transport
        await app(scope, receive, send)

    return call


@contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """Uvicorn raises the signal that ended it once more when it is done; here that means nothing any more."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
