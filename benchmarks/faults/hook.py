"""The one hook: it gives the operations of a command names, from outside, and sends SIGKILL to its own process at one of them.

Operations: `commit WHERE` (the function of CaseForge that commits), `sync FILE` and `rename FILE` (an artifact's role), calls of the
provider by name, and `flush`. Each has a before and an after; `after receive` is the moment when some bytes of a download are here.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAUSE_S = 0.01
BEFORE_V1 = "/openai"  # the base paths of some providers
CALLS = (
    ("GET /v1/models", "identify"),
    ("POST /v1/files", "upload"),
    ("GET /v1/files", "find file"),
    ("GET /v1/files/[^/]+/content", "download"),
    ("POST /v1/batches", "create"),
    ("GET /v1/batches", "list"),
    ("GET /v1/batches/[^/]+", "look"),
    ("POST /v1/batches/[^/]+/cancel", "cancel"),
)


@dataclass(frozen=True)
class Moment:
    """Before or after an operation, the nth time it happens."""

    when: str
    operation: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.operation}" + (f" {self.nth}" if self.nth > 1 else "")


@dataclass(frozen=True)
class Meeting:
    """Two processes wait for each other at a moment, but no longer than so many seconds: one of them may never come there."""

    moment: Moment
    place: Path
    patience_s: float

    def wait(self) -> None:
        """Until the other one is here, too."""
        self.place.mkdir(exist_ok=True)
        (self.place / str(os.getpid())).touch()
        end = time.monotonic() + self.patience_s
        while len(list(self.place.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(PAUSE_S)


class Hook:
    """Counts moments, writes them down if asked, kills at one of them, and meets another process at one."""

    def __init__(self, fatal: Moment | None = None, trace: Path | None = None, meeting: Meeting | None = None) -> None:
        self._fatal, self._trace, self._meeting = fatal, trace, meeting
        self._counts: Counter[tuple[str, str]] = Counter()

    def reached(self, when: str, operation: str) -> None:
        """The process is at this moment."""
        self._counts[when, operation] += 1
        moment = Moment(when, operation, self._counts[when, operation])
        if self._trace:
            with self._trace.open("a") as file:
                file.write(f"{moment}\n")
        if moment == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._meeting and moment == self._meeting.moment:
            self._meeting.wait()

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        """Before and after an operation that succeeds."""
        self.reached("before", operation)
        yield
        self.reached("after", operation)


def install(hook: Hook) -> None:
    """Puts the hook around the operations of this process; there is no way back."""
    import httpx2
    from sqlalchemy.engine.default import DefaultDialect

    from caseforge_assets.cli.shared import dagster_bridge

    def named(name_of: Callable[..., str | None], function: Callable[..., Any]) -> Callable[..., Any]:
        def hooked(*arguments: Any, **options: Any) -> Any:
            name = name_of(*arguments, **options)
            if name is None:
                return function(*arguments, **options)
            with hook.around(name):
                return function(*arguments, **options)

        return hooked

    commit, handle_request = named(_commit_name, DefaultDialect.do_commit), named(_call_name, httpx2.HTTPTransport.handle_request)

    class Watched(httpx2.SyncByteStream):
        """A body that says when each of its parts has arrived."""

        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            for part in self._stream:
                hook.reached("after", "receive")
                yield part

        def close(self) -> None:
            self._stream.close()

    def handle_and_watch(transport: Any, request: Any) -> Any:
        response = handle_request(transport, request)
        if _call_name(transport, request) == "download":
            response.stream = Watched(response.stream)
        return response

    DefaultDialect.do_commit = commit  # type: ignore[method-assign]
    httpx2.HTTPTransport.handle_request = handle_and_watch  # type: ignore[assignment, method-assign]
    os.fsync = named(_synced_name, os.fsync)
    os.replace = named(_renamed_name, os.replace)
    dagster_bridge.flush = named(lambda *_arguments, **_options: "flush", dagster_bridge.flush)


def _commit_name(*_: Any) -> str | None:
    """Module and function of CaseForge that the commit belongs to; None for locks, which write nothing."""
    frame = sys._getframe(1)
    while frame := frame.f_back:  # type: ignore[assignment]
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("caseforge_assets."):
            function = frame.f_code.co_name
            return None if function in ("try_lock", "wait_for_lock") else f"commit {module.rpartition('.')[2]}.{function}"
    return None


def _call_name(_transport: Any, request: Any) -> str | None:
    asked = f"{request.method} {request.url.path.removeprefix(BEFORE_V1)}"
    return next((name for pattern, name in CALLS if re.fullmatch(pattern, asked)), asked)


def _synced_name(descriptor: int) -> str | None:
    path = Path(f"/proc/self/fd/{descriptor}").readlink()
    return "sync folder" if path.is_dir() else f"sync {_role(path.name)}"


def _renamed_name(_source: Any, target: Any) -> str | None:
    return f"rename {_role(Path(target).name)}"


def _role(file_name: str) -> str:
    """`input.jsonl` of `SUBMISSION.input.jsonl` or `SUBMISSION.input.jsonl.PID.part`."""
    return ".".join(file_name.split(".")[1:3])
