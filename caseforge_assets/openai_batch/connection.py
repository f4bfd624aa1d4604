"""The HTTP client beneath the SDK: where a call may be redirected to, and how much of an answer is read. Imported when the first client is made."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from caseforge_assets.openai_batch.errors import REDIRECTED_TO
from caseforge_assets.openai_batch.tokens import Tokens

if TYPE_CHECKING:
    import ssl

MAX_ANSWER_BYTES = 32 << 20  # of what is not a file: a page of a hundred batches is 200 KB
MAX_PACKED_BYTES = 1 << 19  # of a compressed one, which may be a thousand times as long
DOWNLOAD = "/content"
AUTHORIZATION, BEARER = "authorization", "Bearer "
AS_IT_IS = "x-caseforge-as-it-is"  # a header that stays here: the call is not repeated with another token
UNAUTHORIZED = 401


@dataclass(frozen=True)
class Key:
    """A key, the server that gets it, and the header in which it does; the SDK itself knows one header only."""

    header: str
    value: str = field(repr=False)
    base_url: str = field(repr=False)

    def put(self, request: httpx2.Request) -> None:
        """Puts it into a request where the SDK put its own, and takes it off one that was redirected elsewhere, as the client does with the SDK's."""
        if self.header == AUTHORIZATION:
            return
        request.headers.pop(AUTHORIZATION, None)
        request.headers.pop(self.header, None)
        if request.url.origin == httpx2.URL(self.base_url).origin:
            request.headers[self.header] = self.value


class RenewingAuth(httpx2.Auth):
    """Sends a call again with a renewed token when its token is refused; a creation is not sent again, and neither is a call that says `AS_IT_IS`."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """The call, and the one after it."""
        stays = request.headers.pop(AS_IT_IS, None) is not None
        answer = yield request
        if answer.status_code != UNAUTHORIZED or stays:
            return
        refused = request.headers.get(AUTHORIZATION, "").removeprefix(BEARER)
        token = self._tokens.renewed(refused)
        if token != refused and not _creates(request):
            request.headers[AUTHORIZATION] = BEARER + token
            yield request


def _creates(request: httpx2.Request) -> bool:
    return request.method == "POST" and request.url.path.rstrip("/").endswith("/batches")


def make_http_client(certificates: ssl.SSLContext, key: Key | Tokens) -> httpx2.Client:
    """A client that follows redirects only where that makes nothing and hands the key to nobody, and reads no endless answers."""
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [key.put] if isinstance(key, Key) else [], "response": [_keep_at_home, _bound]}
    auth = RenewingAuth(key) if isinstance(key, Tokens) else None
    return openai.DefaultHttpxClient(verify=certificates, event_hooks=hooks, auth=auth)


def _keep_at_home(answer: httpx2.Response) -> None:
    """Makes a redirect that is not to be followed the answer itself, with the address under another name.

    A call that makes something is never repeated elsewhere: whoever redirects may have passed it on, and a batch would exist twice; an upload
    would hand our requests to an address that nobody configured. What is only read may move within its own server; the content of a file may lie
    at another one, which gets no key (the client takes the authorization off when the origin changes).
    """
    if not answer.has_redirect_location:
        return
    target = answer.request.url.join(answer.headers["location"])
    same_server = target.origin == answer.request.url.origin
    if answer.request.method == "GET" and (same_server or _is_download(answer.request)):
        return
    answer.headers[REDIRECTED_TO] = str(target.copy_with(query=None, fragment=None, userinfo=b""))
    del answer.headers["location"]


def _bound(answer: httpx2.Response) -> None:
    if _is_download(answer.request) and answer.is_success:
        return
    limit = MAX_PACKED_BYTES if "content-encoding" in answer.headers else MAX_ANSWER_BYTES
    assert isinstance(answer.stream, httpx2.SyncByteStream)
    answer.stream = _Bounded(answer.stream, limit)


def _is_download(request: httpx2.Request) -> bool:
    return request.method == "GET" and request.url.path.endswith(DOWNLOAD)


class AnswerTooLong(ValueError):
    """No batch, no file and no page of them is as long."""


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, limit: int) -> None:
        self._stream, self._limit = stream, limit

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for chunk in self._stream:
            received += len(chunk)
            if received > self._limit:
                raise AnswerTooLong(f"longer than {self._limit:,} bytes")
            yield chunk

    def close(self) -> None:
        self._stream.close()
