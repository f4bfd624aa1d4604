"""Servers of tests' own on this machine, for what real ones do not do when asked."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import uvicorn
from fastapi import FastAPI, Request


@contextmanager
def answered_by(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server whose calls a handler answers while the block runs; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # by default it takes half a second to stop
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def sizing_app() -> FastAPI:
    """An application that reads what it is sent, and says how much it was."""
    app = FastAPI()

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    return app


@contextmanager
def running(configured: uvicorn.Config) -> Iterator[tuple[str, int]]:
    """A real server in a thread while the block runs, for what a test client cannot do; its host and port."""
    server = uvicorn.Server(configured)
    with socket.create_server(("127.0.0.1", 0)) as port:
        thread = Thread(target=server.run, kwargs={"sockets": [port]}, daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield port.getsockname()
        finally:
            server.should_exit = server.force_exit = True
            thread.join()
