"""Faults of what is told of batches: objects and lists that lack something, hold something odd, or are another's."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from caseforge_assets.batch_server.faults.registry import LISTS, LOOKS, Exchange, reply_fault
from caseforge_assets.batch_server.faults.replies import WRITTEN
from caseforge_assets.batch_server.faults.selection import FaultSpec

Shown = dict[str, Any]
HUGE_CHARS = 3_000_000
ANYBODYS = {"metadata": None, "request_counts": {"total": 0, "completed": 0, "failed": 0}, "errors": None}
ODD: Mapping[str, Shown] = {
    "errors_text": {"errors": "The batch could not be read."},
    "errors_texts": {"errors": ["The batch could not be read."]},
    "nul": {"model": "gpt\x005", "note": "\x00"},
    "surrogate": {"model": "gpt\ud83d5", "note": "\ud83d"},
    "status_number": {"status": 7},
    "status_null": {"status": None},
    "status_unknown": {"status": "thinking_it_over"},
    "counts_null": {"request_counts": None},
    "counts_text": {"request_counts": "all"},
    "created_text": {"created_at": "yesterday"},
    "files_number": {"output_file_id": 12, "error_file_id": 13},
    "metadata_text": {"metadata": "none"},
    "usage_text": {"usage": "much"},
    "usage_wrong": {"usage": {"input_tokens": 1_000, "output_tokens": 500, "total_tokens": 1_500}},
    "huge": {"note": "x" * HUGE_CHARS},
}


@reply_fault(LOOKS, how=tuple(ODD))
async def odd_batch(exchange: Exchange, spec: FaultSpec) -> None:
    """A field of a batch is not what it should be.

    Its errors are a text or a list of texts; there is a NUL or half a surrogate pair in it; its status is a number, null or a word that
    nobody knows; its counts are null or a text; its date, metadata or usage is a text; its file ids are numbers; its usage is that of another batch; it has a field of 3 MB.
    """
    odd = ODD[spec.text("how")]
    await exchange.pass_on_changed(lambda shown: _each(shown, lambda batch: batch | odd))


@reply_fault(LISTS, how=("null", "absent", "empty"))
async def without_metadata(exchange: Exchange, spec: FaultSpec) -> None:
    """Batches come without their metadata: as null, not at all, or without any pair."""
    how = spec.text("how")

    def changed(batch: Shown) -> Shown:
        rest = {name: value for name, value in batch.items() if name != "metadata"}
        return rest if how == "absent" else rest | {"metadata": {} if how == "empty" else None}

    await exchange.pass_on_changed(lambda shown: _each(shown, changed))


@reply_fault(LOOKS, how=tuple(WRITTEN))
async def batch_with_key(exchange: Exchange, spec: FaultSpec) -> None:
    """A batch repeats the key of the call, in a field of its own and in its errors: as it is, as an URL would have it, or in base64, alone or with a user."""
    written = WRITTEN[spec.text("how")](exchange.key)
    error = {"code": "invalid_api_key", "line": None, "message": f"Incorrect API key provided: {written}.", "param": None}
    added = {"errors": {"object": "list", "data": [error]}, "asked_with": f"Bearer {written}"}
    await exchange.pass_on_changed(lambda shown: _each(shown, lambda batch: batch | added))


@reply_fault(LOOKS)
async def without_files(exchange: Exchange, _spec: FaultSpec) -> None:
    """A batch as it is, but its output and error files are not there yet (give call for how often)."""
    await exchange.pass_on_changed(lambda shown: _each(shown, lambda batch: batch | {"output_file_id": None, "error_file_id": None}))


@reply_fault(LISTS, newest=1)
async def list_late(exchange: Exchange, spec: FaultSpec) -> None:
    """So many of the newest batches are not in a list yet (give call for how often)."""
    await exchange.pass_on_changed(lambda shown: {**shown, "data": shown["data"][int(spec.number("newest")) :]})


@reply_fault("^GET /v1/(batches|files)$", how=("repeated", "empty"))
async def endless_list(exchange: Exchange, spec: FaultSpec) -> None:
    """A list always says that it has more: its first page comes again and again, or pages without anything."""
    page = json.loads((await exchange.ask(exchange.path)).body)
    nothing: Shown = {"data": [], "first_id": None, "last_id": None} if spec.text("how") == "empty" else {}
    await exchange.reply(200, page | nothing | {"has_more": True})


@reply_fault(when="before")
async def another_batch(exchange: Exchange, spec: FaultSpec) -> None:
    """A creation is answered with a batch that is somebody else's: the oldest one of the server, or one that is made up."""
    known: list[Shown] = json.loads((await exchange.ask("/v1/batches?limit=100")).body)["data"]
    real = await exchange.perform() if spec.text("when") != "before" else None
    made_up = {"id": f"batch_{secrets.token_hex(12)}", "input_file_id": f"file-{secrets.token_hex(12)}", **ANYBODYS}
    usual: Shown = json.loads(real.body) if real else {"object": "batch", "status": "validating", "created_at": 1_790_000_000}
    await exchange.reply(200, known[-1] if known else usual | made_up)


def _each(shown: Shown, change: Callable[[Shown], Shown]) -> Shown:
    """A batch changed, or all batches of a list; an error stays as it is."""
    if shown.get("object") == "list":
        return {**shown, "data": [change(batch) for batch in shown["data"]]}
    return change(shown) if shown.get("object") == "batch" else shown
