"""Listeners to the stream of events, many at once: how long an event takes from its transaction to each of them."""

from __future__ import annotations

import asyncio
import json
import time

from benchmarks.service.world import KEY
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving.events import tell

EVENTS, EVERY_S, PATIENCE_S = 10, 0.5, 60.0


def delays_ms(port: int, token: str, store: Engine, count: int) -> list[float]:
    """Milliseconds that each of some events took to each listener."""
    return asyncio.run(_delays_ms(port, token, store, count))


async def _delays_ms(port: int, token: str, store: Engine, count: int) -> list[float]:
    async with asyncio.timeout(PATIENCE_S):
        streams = await asyncio.gather(*(_open(port, token) for _ in range(count)))
        listening = [asyncio.create_task(_listen(reader)) for reader, _ in streams]
        for _ in range(EVENTS):
            await asyncio.to_thread(_tell, store)
            await asyncio.sleep(EVERY_S)
        delays = [delay for found in await asyncio.gather(*listening) for delay in found]
    for _, writer in streams:
        writer.close()
    return delays


def _tell(store: Engine) -> None:
    with store.begin() as connection:
        tell(connection, EventKind.plan_waiting, "nothing", KEY, {"told_at": time.time()})


async def _open(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n"
    writer.write(head.encode())
    status = await reader.readline()
    if b" 200 " not in status:
        raise SystemExit(f"a listener was answered {status.decode().strip()}")
    while not (await reader.readline()).startswith(b"id:"):  # the first sign of life
        continue
    return reader, writer


async def _listen(reader: asyncio.StreamReader) -> list[float]:
    delays: list[float] = []
    while len(delays) < EVENTS:
        line = await reader.readline()
        if line.startswith(b"data:"):
            delays.append(1_000 * (time.time() - json.loads(line[5:])["data"]["told_at"]))
    return delays
