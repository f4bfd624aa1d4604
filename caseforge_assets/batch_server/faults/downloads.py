"""Faults of downloads: a reply with a good status whose body is not the file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace

from caseforge_assets.batch_server.answers import error_body
from caseforge_assets.batch_server.faults.registry import DOWNLOADS, Exchange, Reply, reply_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec

PAGE = b"<!DOCTYPE html>\n<html><head><title>Just a moment</title></head><body><p>Checking your browser.</p></body></html>\n"
OK, NO_CONTENT, PARTIAL = 200, 204, 206
WRONG_DOWNLOADS = (
    "page",
    "empty",
    "no_content",
    "part",
    "half",
    "unsized",
    "closed",
    "gzip",
    "error",
    "list",
    "blank",
    "strangers",
    "repeated",
    "errors",
)


@reply_fault(DOWNLOADS, how=WRONG_DOWNLOADS)
async def wrong_download(exchange: Exchange, spec: FaultSpec) -> None:
    """Something else comes in place of a file, with a status that says that all is well.

    An HTML page; nothing; status 204; status 206 with its first half; the first half of its lines; half of its bytes without a length,
    ended well (unsized) or by the end of the connection (closed); half of a gzip stream; an error or a list as JSON; as many blanks as it
    has bytes; its lines under ids that nobody asked (strangers); its first line as often as it has lines (repeated); an error for
    each of its lines (errors).
    """
    reply, how = await exchange.perform(), spec.text("how")
    if reply.status_code != OK:
        await exchange.send(reply)
    elif how in ("closed", "unsized"):
        half = _sized(reply, reply.body[: len(reply.body) // 2])
        await (exchange.send_and_close(half) if how == "closed" else exchange.send_unsized(half))
    else:
        await exchange.send(_WRONG[how](reply))


def _page(_reply: Reply) -> Reply:
    return Reply(OK, {"content-type": "text/html; charset=utf-8"}, PAGE)


def _empty(reply: Reply) -> Reply:
    return _sized(reply, b"")


def _no_content(_reply: Reply) -> Reply:
    return Reply(NO_CONTENT, {}, b"")


def _part(reply: Reply) -> Reply:
    half = len(reply.body) // 2
    part = _sized(reply, reply.body[:half])
    return replace(part, status_code=PARTIAL, headers={**part.headers, "content-range": f"bytes 0-{max(0, half - 1)}/{len(reply.body)}"})


def _half(reply: Reply) -> Reply:
    lines = reply.body.splitlines(keepends=True)
    return _sized(reply, b"".join(lines[: len(lines) // 2]))


def _gzip(reply: Reply) -> Reply:
    packed = gzip.compress(reply.body)
    cut = _sized(reply, packed[: len(packed) // 2])
    return replace(cut, headers={**cut.headers, "content-encoding": "gzip"})


def _error(_reply: Reply) -> Reply:
    return _json(error_body(500, "The file could not be read. (Injected fault.)"))


def _list(_reply: Reply) -> Reply:
    return _json({"object": "list", "data": [], "has_more": False})


def _blank(reply: Reply) -> Reply:
    return _sized(reply, b" " * len(reply.body))


def _strangers(reply: Reply) -> Reply:
    lines = [json.loads(line) for line in reply.body.splitlines() if line.strip()]
    changed = [line | {"custom_id": f"someone-else-{line['custom_id']}"} for line in lines]
    return _sized(reply, b"".join(json.dumps(line).encode() + b"\n" for line in changed))


def _repeated(reply: Reply) -> Reply:
    lines = reply.body.splitlines(keepends=True)
    return _sized(reply, b"".join(lines[:1] * len(lines)))


def _errors(reply: Reply) -> Reply:
    failed = {"status_code": 502, "request_id": "", "body": {"error": {"message": "Bad gateway. (Injected fault.)"}}}
    lines = [json.loads(line) for line in reply.body.splitlines() if line.strip()]
    return _sized(reply, b"".join(json.dumps(line | {"response": failed}).encode() + b"\n" for line in lines))


_WRONG: dict[str, Callable[[Reply], Reply]] = {
    "page": _page,
    "empty": _empty,
    "no_content": _no_content,
    "part": _part,
    "half": _half,
    "gzip": _gzip,
    "error": _error,
    "list": _list,
    "blank": _blank,
    "strangers": _strangers,
    "repeated": _repeated,
    "errors": _errors,
}


def _json(body: object) -> Reply:
    return Reply(OK, {"content-type": "application/json"}, json.dumps(body).encode())


def _sized(reply: Reply, body: bytes) -> Reply:
    """The reply with another body; its length is that of the body, and no tag of the old one stays."""
    headers = {name: value for name, value in reply.headers.items() if name not in ("content-length", "etag", "last-modified")}
    return replace(reply, headers=headers, body=body)
