"""The address that providers send their messages to. Who sends is known by the signature alone."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from caseforge_assets.commands.rounds.take_message import take_message
from caseforge_assets.openai_batch.messages import ForgedMessage, read_message
from caseforge_assets.web.access.callers import ServiceNow
from caseforge_assets.web.wire.problems import Refused

PATH = "/webhooks/openai"
LARGEST_BYTES = 64 << 10
router = APIRouter(tags=["webhooks"])
log = logging.getLogger(__name__)


async def payload_of(request: Request) -> bytes:
    """The body as it came, which the signature is about; no more than a message can have."""
    payload = b""
    async for piece in request.stream():
        payload += piece
        if len(payload) > LARGEST_BYTES:
            raise Refused(413, "too-large", "A message is smaller than this.")
    return payload


@router.post(PATH, status_code=204, include_in_schema=False)
def take_message_of_openai(request: Request, service: ServiceNow, payload: Annotated[bytes, Depends(payload_of)]) -> Response:
    """Take a message of OpenAI's, once; what it tells of is looked at as soon as somebody works."""
    secret = service.settings.openai_webhook_secret
    if secret is None:
        log.warning(
            "a message came to %s and was refused: OPENAI_WEBHOOK_SECRET is not set, so that nobody can tell whether it is OpenAI's", PATH
        )
        raise Refused(404, "not-found", f"There is nothing at {PATH}.")
    try:
        message = read_message(payload, request.headers, secret.get_secret_value())
    except ForgedMessage as error:
        log.warning("a message to %s was refused: %s", PATH, error)
        raise Refused(400, "webhook", "This message is refused.") from None
    take_message(service.store, message)
    return Response(status_code=204)
