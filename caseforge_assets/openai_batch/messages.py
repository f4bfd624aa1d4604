"""Webhook messages of the provider, verified as the SDK does it (Standard Webhooks: id, time, signature)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai import OpenAI

LONGEST = 200  # of ids and kinds; OpenAI's have some 60 characters
ID_HEADER = "webhook-id"


class ForgedMessage(ValueError):
    """A message that is not the provider's, was sent long ago, or cannot be read; the text says which, for the log alone."""


@dataclass(frozen=True)
class ProviderMessage:
    """A message: its own id, by which one that comes again is known, its kind, and the provider's id of what it is about."""

    id: str
    kind: str
    about: str


def read_message(payload: bytes, headers: Mapping[str, str], secret: str) -> ProviderMessage:
    """Verifies and reads a message.

    Raises:
        ForgedMessage: it is not to be believed.
    """
    import openai  # not at the top: see client.py

    try:
        told = json.loads(_unwrapped(payload, headers, secret))
    except openai.InvalidWebhookSignatureError as error:
        raise ForgedMessage(f"signature or time is wrong: {error}") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ForgedMessage(f"it cannot be read: {type(error).__name__}") from error
    if not isinstance(told, dict):
        raise ForgedMessage("it is no object")
    data = told.get("data")
    found = [headers.get(ID_HEADER), told.get("type"), data.get("id") if isinstance(data, dict) else None]
    if not all(isinstance(part, str) and 0 < len(part) <= LONGEST and part.isprintable() for part in found):
        raise ForgedMessage("its id, its type or the id in its data is missing, or none")
    return ProviderMessage(*map(str, found))


def _unwrapped(payload: bytes, headers: Mapping[str, str], secret: str) -> bytes:
    """The payload, when the SDK believes it."""
    _client().webhooks.unwrap(payload, dict(headers), secret=secret)
    return payload


@cache
def _client() -> OpenAI:
    """It calls nobody: verifying takes a client, which takes a key."""
    from openai import OpenAI

    return OpenAI(api_key="none", base_url="http://127.0.0.1:9")
