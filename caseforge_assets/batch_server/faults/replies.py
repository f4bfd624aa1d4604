"""Faults of HTTP calls: the answer is lost or bad, before (when=before) or after (when=after, the default) the server did what was asked."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from urllib.parse import quote

from caseforge_assets.batch_server.answers import error_body
from caseforge_assets.batch_server.faults.registry import Exchange, Reply, reply_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec

WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quoted": lambda key: quote(key, safe=""),
    "basic": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
}


@reply_fault(when="after", status=500, code="server_error", body=("json", "page", "none"))
async def reply_error(exchange: Exchange, spec: FaultSpec) -> None:
    """An HTTP error in place of the answer: as the API words it, as a page, or without any text."""
    await _perform_if_after(exchange, spec)
    status_code = int(spec.number("status"))
    if spec.text("body") == "json":
        await exchange.reply(status_code, error_body(status_code, "The server had an error. (Injected fault.)", code=spec.text("code")))
        return
    page = f"<html><body><h1>{status_code}</h1><hr>nginx</body></html>\n".encode() if spec.text("body") == "page" else b""
    await exchange.send(Reply(status_code, {"content-type": "text/html"}, page))


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


@reply_fault(when="after", status=307, location="")
async def reply_redirect(exchange: Exchange, spec: FaultSpec) -> None:
    """A redirect in place of the answer: to the same address unless another location is named."""
    await _perform_if_after(exchange, spec)
    headers = {"location": spec.text("location") or exchange.path}
    await exchange.send(Reply(int(spec.number("status")), headers, b""))


@reply_fault(when="before", status=401, how=tuple(WRITTEN))
async def reply_with_key(exchange: Exchange, spec: FaultSpec) -> None:
    """An HTTP error whose text repeats the key of the call: as it is, as an URL would have it, or in base64, alone or with a user."""
    await _perform_if_after(exchange, spec)
    status_code = int(spec.number("status"))
    written = WRITTEN[spec.text("how")](exchange.key)
    await exchange.reply(status_code, error_body(status_code, f"Incorrect API key provided: {written}.", code="invalid_api_key"))


async def _perform_if_after(exchange: Exchange, spec: FaultSpec) -> None:
    if spec.text("when") != "before":
        await exchange.perform()
