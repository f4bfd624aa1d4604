"""Faults of HTTP calls: the answer is lost or bad, before (when=before) or after (when=after, the default) the server did what was asked."""

from __future__ import annotations

import asyncio
from typing import Any

from caseforge_assets.batch_server.answers import error_body
from caseforge_assets.batch_server.faults.registry import Exchange, reply_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec


@reply_fault(when="after", status=500, code="server_error")
async def reply_error(exchange: Exchange, spec: FaultSpec) -> None:
    """An HTTP error in place of the answer."""
    await _perform_if_after(exchange, spec)
    status_code = int(spec.number("status"))
    await exchange.reply(status_code, error_body(status_code, "The server had an error. (Injected fault.)", code=spec.text("code")))


@reply_fault(when="after", seconds=3600.0)
async def reply_timeout(exchange: Exchange, spec: FaultSpec) -> None:
    """No answer at all; the connection is dropped after so many real seconds."""
    await _perform_if_after(exchange, spec)
    await exchange.wait(spec.number("seconds"))
    await exchange.hang_up()


@reply_fault(when="after")
async def reply_reset(exchange: Exchange, spec: FaultSpec) -> None:
    """The connection is dropped without an answer."""
    await _perform_if_after(exchange, spec)
    await exchange.hang_up()


@reply_fault(seconds=1.0)
async def reply_delay(exchange: Exchange, spec: FaultSpec) -> None:
    """The right answer, so many real seconds late."""
    await asyncio.sleep(spec.number("seconds"))
    await exchange.pass_on()


@reply_fault()
async def without_files(exchange: Exchange, _spec: FaultSpec) -> None:
    """A batch as it is, but its output and error files are not there yet (give match=GET /v1/batches, and call for how often)."""
    await exchange.pass_on_changed(_without_files)


def _without_files(shown: dict[str, Any]) -> dict[str, Any]:
    if shown.get("object") == "list":
        return {**shown, "data": [_without_files(batch) for batch in shown["data"]]}
    return {**shown, "output_file_id": None, "error_file_id": None}


@reply_fault(newest=1)
async def list_late(exchange: Exchange, spec: FaultSpec) -> None:
    """So many of the newest batches are not in a list yet (give match=^GET /v1/batches$, and call for how often)."""
    await exchange.pass_on_changed(lambda shown: {**shown, "data": shown["data"][int(spec.number("newest")) :]})


async def _perform_if_after(exchange: Exchange, spec: FaultSpec) -> None:
    if spec.text("when") != "before":
        await exchange.perform()
