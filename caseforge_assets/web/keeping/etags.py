"""Entity tags: what a client has already is not read and sent again, and who edits says what the edit is made from.

Lists and figures have weak tags, made from what has changed in the store so far, so that a 304 costs one small query. A text that is edited has a
strong one, its version.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from pydantic import BaseModel

from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.read_state import ReadState, read_state
from caseforge_assets.web.access.callers import problems
from caseforge_assets.web.keeping.looks import SEEN, Seen
from caseforge_assets.web.wire.problems import Refused

KEEP = "keep"  # of a request's state: the tag of an answer that holds until something changes


class NotModified(Exception):
    """The client has what it asks for; answered 304."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Takes the headers that the answer would have had."""
        super().__init__("not modified")
        self.headers = headers


class Tags:
    """The entity tag of an answer."""

    def __init__(self, request: Request, response: Response) -> None:
        """Takes the request, and the answer that gets the header."""
        self._request, self._response = request, response
        self._headers: dict[str, str] = {}
        self._seen: ReadState | None = None
        self.state = ""  # another one after each change, once the answer has a tag

    def of_changes(self, connection: Connection, *parts: object) -> None:
        """Gives an answer a tag that holds until anything is changed in the store.

        Args:
            connection: the one that is read with afterwards.
            parts: what the answer depends on besides, and besides the address: the frameworks that the caller sees, where it is of several.

        Raises:
            NotModified: the client has it.
        """
        self._of_state(self.read_state(connection).changes.all, *parts)

    def of_lists(self, connection: Connection, *parts: object) -> None:
        """The same for what is read from lists and found texts, which are brought up to date after what they are made from.

        Raises:
            NotModified: the client has it.
        """
        state = self.read_state(connection)
        self._of_state(str(state), *parts, *(() if state.holds else (time.monotonic_ns(),)), keep=state.holds)

    def read_state(self, connection: Connection, *, again: bool = False) -> ReadState:
        """The state of the store as it was seen for this request.

        Args:
            again: as it is now.
        """
        if self._seen is None or again:
            seen: Seen | None = None if again else self._request.scope.get("state", {}).get(SEEN)
            self._seen = read_state(connection) if seen is None else seen.state
        return self._seen

    def _of_state(self, *parts: object, keep: bool = True) -> None:
        self.state = "\0".join(map(str, (self._request.app.state.service.described, *parts)))
        known = "\0".join((self.state, self._request.url.path, self._request.url.query))
        self._tag(f'W/"{hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"', keep=keep)

    def of_version(self, version: str) -> None:
        """Gives an answer the tag of a content's version, which an edit of it has to name.

        Raises:
            NotModified: the client has it.
        """
        self._tag(version_tag(version))

    def answer(self, content: BaseModel) -> Response:
        """The answer with its tag, written here: an endpoint's model is checked and written in turns by other threads otherwise, which takes longer."""
        return Response(content.model_dump_json(), headers=self._headers, media_type="application/json")

    def _tag(self, tag: str, *, keep: bool = True) -> None:
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
        self._response.headers.update(headers)
        self._headers = headers
        if keep:
            self._request.scope.setdefault("state", {})[KEEP] = tag
        if matches(self._request.headers.get("if-none-match"), tag):
            raise NotModified(headers)


async def _tags(request: Request, response: Response) -> Tags:
    return Tags(request, response)


TagsNow = Annotated[Tags, Depends(_tags)]


def version_tag(version: str) -> str:
    """The strong tag of a content's version."""
    return f'"{version}"'


def demanded_version(if_match: str | None) -> str:
    """The version that a strong tag in If-Match names.

    Raises:
        Refused: none is named (428), or not one of a version (412).
    """
    if if_match is None:
        raise Refused(428, "precondition-required", "Say what was edited: If-Match with the ETag that it was read with.")
    tag = if_match.strip()
    if len(tag) < 2 or tag[0] != '"' or tag[-1] != '"':
        raise Refused(412, "precondition-failed", 'If-Match has to name the one version that was edited, such as "0a1b…".')
    return tag[1:-1]


def matches(header: str | None, tag: str) -> bool:
    """Tells whether a header such as If-None-Match names a tag, strong or weak alike (RFC 9110, 13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in (header or "").split(",")}
    return "*" in named or tag.removeprefix("W/") in named


def answer_not_modified(app: FastAPI) -> None:
    """Has what a client has already answered with 304 and nothing else."""
    app.add_exception_handler(NotModified, _not_modified)


def _not_modified(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers=dict(error.headers))


def reads(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Gives what an endpoint that reads may answer beside its content, for its description: 304, 401, and these problems."""
    return {304: {"description": "The client has it already: If-None-Match named its tag."}, **problems(*statuses)}
