"""A client of the service: one connection that is kept, and the time that an answer takes, to its last byte.

What is timed is asked over a plain socket: the standard library's client takes longer to read an answer's head than the service to give what it has kept.
"""

from __future__ import annotations

import gzip
import http.client
import json
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CLIENTS = 16


class Client:
    """Asks with a token, as browsers do: the answer may be compressed."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"authorization": f"Bearer {token}", "accept-encoding": "gzip"}

    def size(self, address: str) -> int:
        """Bytes of an answer as they are sent."""
        answer, body = self._ask(address)
        if answer.status not in (200, 303):
            raise SystemExit(f"{address}: {answer.status} {body[:500]!r}")
        return len(body)

    def led_to(self, address: str) -> str:
        """Gives the address that another one leads to."""
        answer, _ = self._ask(address)
        return answer.headers["location"]

    def get(self, address: str) -> Any:
        """Asks for an address, and gives its answer, which has to be a success."""
        answer, body = self._ask(address)
        if answer.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if answer.status != 200:
            raise SystemExit(f"{address}: {answer.status} {body.decode()}")
        return json.loads(body)

    def _ask(self, address: str) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request("GET", address, headers=self._headers)
        answer = self._connection.getresponse()
        return answer, answer.read()


class TimedClient:
    """Asks the same way, and looks at an answer's status and length only."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = f"host: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\naccept-encoding: gzip\r\n\r\n"

    def timed(self, address: str) -> tuple[float, int]:
        """Milliseconds and status of an answer."""
        started = time.perf_counter()
        self._connection.sendall(f"GET {address} HTTP/1.1\r\n{self._headers}".encode())
        answer = self._connection.recv(1 << 18)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        length = next(line for line in answer[:end].lower().split(b"\r\n") if line.startswith(b"content-length:"))
        left = int(length.partition(b":")[2]) - (len(answer) - end - 4)
        while left > 0:
            left -= len(self._more())
        return 1_000 * (time.perf_counter() - started), int(answer[9:12])

    def _more(self) -> bytes:
        piece = self._connection.recv(1 << 18)
        if not piece:
            raise ConnectionError("the service closed the connection")
        return piece


def many_clients(port: int, token: str, addresses: list[str], seconds: float, pause_s: float, seed: int) -> list[tuple[int, float, int]]:
    """Has half of the clients ask; gives, of each answer, the number of its address, milliseconds, and status."""
    until = time.monotonic() + seconds

    def run(number: int) -> list[tuple[int, float, int]]:
        client, chance, taken = TimedClient(port, token), random.Random(100 * seed + number), list[tuple[int, float, int]]()
        while time.monotonic() < until:
            at = chance.randrange(len(addresses))
            taken.append((at, *client.timed(addresses[at])))
            time.sleep(pause_s)
        return taken

    with ThreadPoolExecutor(CLIENTS // 2) as threads:
        return [answer for found in threads.map(run, range(CLIENTS // 2)) for answer in found]
