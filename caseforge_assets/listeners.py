"""The door to programs that listen: signed messages to their webhooks (Standard Webhooks), each to an address that was looked at.

A host is resolved once, and the address that was looked at is the one connected to, under the host's name: a name that is another address a moment later leads nowhere else. Redirects are not followed,
proxies of the environment not used, answers not read beyond some bytes, and each try ends within seconds.
Certificates are those of the machine's authorities, or of the file that SSL_CERT_FILE names.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx2
from standardwebhooks import Webhook

from caseforge_assets.events.addresses import AddressRefused, Target, read_target, refusal_of
from caseforge_assets.redaction import redact

WITHIN_S = 10.0
AT_ONCE = 20
ENOUGH_BYTES = 16_384
LONGEST_PROBLEM = 300


@dataclass(frozen=True)
class Signed:
    """A message to a webhook: its own id, the same each time, what it says, when it is sent, and the secret that signs it."""

    id: str
    url: str
    body: str
    at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Answered:
    """A webhook's answer: its HTTP status (None: no answer), and why the message does not count as taken; empty: it does."""

    status: int | None
    problem: str


def send_all(messages: Sequence[Signed], allowed: Collection[str], answered: Callable[[Signed, Answered], None]) -> None:
    """Sends messages side by side, and tells of each as soon as it is answered, one after the other.

    Args:
        allowed: networks that may be delivered to besides the public internet.
    """
    asyncio.run(_send_all(messages, allowed, answered))


def send_one(message: Signed, allowed: Collection[str]) -> Answered:
    """Sends one message."""
    return asyncio.run(_send(message, allowed))


async def _send_all(messages: Sequence[Signed], allowed: Collection[str], answered: Callable[[Signed, Answered], None]) -> None:
    slots, telling = asyncio.Semaphore(AT_ONCE), asyncio.Lock()

    async def send(message: Signed) -> None:
        async with slots:
            answer = await _send(message, allowed)
        async with telling:
            await asyncio.to_thread(answered, message, answer)

    await asyncio.gather(*(send(message) for message in messages))


async def _send(message: Signed, allowed: Collection[str]) -> Answered:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await _post(message, allowed)
    except TimeoutError:
        return Answered(None, f"no answer within {WITHIN_S:.0f} s")
    except AddressRefused as error:
        return Answered(None, str(error))
    except (httpx2.HTTPError, OSError) as error:
        return Answered(None, redact(f"{type(error).__name__}: {error}")[:LONGEST_PROBLEM])


async def _post(message: Signed, allowed: Collection[str]) -> Answered:
    target = read_target(message.url, allowed)
    address = await _resolved(target, allowed)
    place = f"[{address}]" if ":" in address else address
    trusted = httpx2.create_ssl_context() if target.scheme == "https" else False
    async with httpx2.AsyncClient(verify=trusted, follow_redirects=False, trust_env=False, timeout=WITHIN_S) as client:
        request = client.build_request(
            "POST",
            f"{target.scheme}://{place}:{target.port}{target.path}",
            content=message.body.encode(),
            headers=_headers(message) | {"host": target.netloc},
            extensions={"sni_hostname": target.host},
        )
        answer = await client.send(request, stream=True)
        await _read_some(answer)
        await answer.aclose()
    return Answered(answer.status_code, "" if answer.is_success else f"it answered {answer.status_code}")


async def _read_some(answer: httpx2.Response) -> None:
    """So that a connection ends as it should; what is said is not kept."""
    read = 0
    async for piece in answer.aiter_raw():
        read += len(piece)
        if read > ENOUGH_BYTES:
            return


def _headers(message: Signed) -> dict[str, str]:
    signature = Webhook(message.secret).sign(message.id, message.at, message.body)
    return {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(message.at.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
        "user-agent": "caseforge-webhooks",
    }


async def _resolved(target: Target, allowed: Collection[str]) -> str:
    """The first address of a host that may be delivered to.

    Raises:
        AddressRefused: there is none.
    """
    resolve: Awaitable[list[tuple[object, ...]]] = asyncio.get_running_loop().getaddrinfo(  # type: ignore[assignment]
        target.host, target.port, type=socket.SOCK_STREAM
    )
    refusal = f"{target.host} has no address"
    for found in await resolve:
        address = str(found[4][0])  # type: ignore[index]
        refusal = refusal_of(target, address, allowed)
        if not refusal:
            return address
    raise AddressRefused(refusal)
