"""Calls that are answered once: what may spend demands an Idempotency-Key, and the same key with the same body gets the same answer, also after a restart.

What is done and what is answered are one transaction: a process that is killed has done both or neither. An answer that changed nothing (a problem document) is not
kept; the call may be made again under its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from caseforge_assets.access.roles import Caller
from caseforge_assets.store.serving import idempotent_calls
from caseforge_assets.web.access.callers import caller_of, service_of
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Connection

REPLAYED = "Idempotent-Replayed"


class Once:
    """A call, with the key under which it is answered once."""

    def __init__(self, service: Service, caller: Caller, key: str, call: str, body_digest: str) -> None:
        """Takes what tells this call from others."""
        self._service, self._caller, self._key, self._call, self._body_digest = service, caller, key, call, body_digest

    def answer(self, act: Callable[[Connection], BaseModel], status: int = 200) -> JSONResponse:
        """Acts and answers, or repeats what was answered before under this key.

        Args:
            act: does everything in the transaction that it is given, and returns what is answered.

        Raises:
            Refused: the key was used for another call or body; 422.
        """
        with self._service.store.begin() as connection:
            before = idempotent_calls.find_answered(connection, self._caller.name, self._key)
            if before is not None:
                return self._repeat(before)
            told = JSONResponse(act(connection).model_dump(mode="json"), status, {REPLAYED: "false"})
            text = bytes(told.body).decode()  # as a text: who asks again gets the same bytes, the order of keys among them
            idempotent_calls.keep_answer(connection, self._caller.name, self._key, self._call, self._body_digest, status, text)
        return told

    def _repeat(self, before: idempotent_calls.AnsweredCall) -> JSONResponse:
        if (before.call, before.body_digest) != (self._call, self._body_digest):
            raise Refused(
                422, "idempotency-key-reused", f"This Idempotency-Key was used for another call or body ({before.call}). Use a new one."
            )
        kept = before.answer  # no text: kept by a version before this one
        return JSONResponse(json.loads(kept) if isinstance(kept, str) else kept, before.status, {REPLAYED: "true"})


async def _once(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    caller: Annotated[Caller, Depends(caller_of)],
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="a new random text for each thing that is wanted, such as a UUID; the same one again when the answer did not arrive",
        ),
    ],
) -> Once:
    call = f"{request.method} {request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
    return Once(service, caller, key, call, hashlib.sha256(await request.body()).hexdigest())


AnsweredOnce = Annotated[Once, Depends(_once)]
