"""All faults by name, and those of one server, applied in the order in which they were asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from caseforge_assets.batch_server.answers import Answer
from caseforge_assets.batch_server.faults.selection import FaultSpec, FaultSpecError, Option, Target, read_spec
from caseforge_assets.batch_server.state.batches import LineProblem, Schedule


@dataclass(frozen=True)
class Line:
    """One line of the result files before it is written.

    Attributes:
        custom_id: Of the request.
        request: What was asked, in the form of a chat completion.
        answer: What came back.
        error: The top-level ``error`` of a line without an answer.
        text: Written in place of everything else when set: for lines that are not what a line should be.
        in_error_file: Written to the error file although it is no error.
    """

    custom_id: str
    request: dict[str, Any]
    answer: Answer | None
    error: dict[str, Any] | None = None
    text: str | None = None
    in_error_file: bool = False


@dataclass(frozen=True)
class Course:
    """The course of a batch, which a batch fault may change once the input file was read.

    Attributes:
        schedule: How long each phase takes.
        problems: Why the batch is refused; none to let it go on.
        model: The model of the batch.
        lines: Number of each line of its file that holds a request.
        input_tokens: Tokens of its requests.
        tokens_under_way: Tokens of the requests in other open batches.
        word_token_limit: What is said of a model and the limit of its tokens that would be exceeded.
    """

    schedule: Schedule
    problems: tuple[LineProblem, ...]
    model: str
    lines: Sequence[int]
    input_tokens: int
    tokens_under_way: int
    word_token_limit: Callable[[str, int], str]


@dataclass(frozen=True)
class Reply:
    """An HTTP reply as it would be sent; names of headers are in small letters."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Message:
    """A webhook message before it is sent.

    Attributes:
        id: Its own, the same at each try; ``about`` is the batch's.
        delay_s: Real seconds until it is sent first.
        age_s: Seconds since it claims to have been signed.
        forged: What is wrong with its signature; empty: nothing.
        tries: How often it is tried at most.
    """

    id: str
    kind: str
    about: str
    delay_s: float = 0.0
    age_s: float = 0.0
    forged: str = ""
    tries: int = 30


class Exchange(Protocol):
    """One HTTP call: what a reply fault can do with it. ``path`` has no query; ``key`` is what the call brought, empty without one."""

    path: str
    key: str

    async def perform(self) -> Reply:
        """Lets the server do what was asked; the real reply is kept back."""

    async def ask(self, path_and_query: str) -> Reply:
        """Asks the server itself, by GET."""

    async def send(self, reply: Reply) -> None:
        """Sends a reply with the length that it has."""

    async def send_unsized(self, reply: Reply) -> None:
        """Sends a reply that says nothing of its length, in chunks."""

    async def send_and_close(self, reply: Reply) -> None:
        """Sends a reply that says nothing of its length and ends where the connection does."""

    async def reply(self, status_code: int, body: dict[str, Any]) -> None:
        """Sends a status and a JSON body."""

    async def pass_on(self) -> None:
        """Lets the server do what was asked and sends the real reply."""

    async def pass_on_changed(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """The same after a change of its JSON body."""

    async def wait(self, seconds: float) -> None:
        """Does nothing for so many real seconds, or until the client has gone."""

    async def hang_up(self) -> None:
        """Drops the connection."""


class FaultKind(StrEnum):
    """The kinds of faults, by what they change."""

    LINE = "line"
    FILE = "file"
    BATCH = "batch"
    REPLY = "reply"
    MESSAGE = "message"


FileFault = Callable[[bytes, FaultSpec], bytes]
LineFault = Callable[[Line, FaultSpec], list[Line]]
BatchFault = Callable[[Course, FaultSpec], Course]
MessageFault = Callable[[Message, FaultSpec], list[Message]]
ReplyFault = Callable[[Exchange, FaultSpec], Awaitable[None]]
AnyFault = TypeVar("AnyFault", LineFault, FileFault, BatchFault, ReplyFault, MessageFault)


@dataclass(frozen=True)
class Fault:
    """One registered fault; ``options`` are its own settings with their usual values, ``calls`` which HTTP calls it hits unless told."""

    kind: FaultKind
    function: Callable[..., Any]
    options: Mapping[str, Option]
    calls: str = ""


REGISTRY: dict[str, Fault] = {}
CREATE = "^POST /v1/batches$"  # the call that costs money
LISTS = "^GET /v1/batches$"
LOOKS = "^GET /v1/batches"
DOWNLOADS = "^GET /v1/files/[^/]+/content$"


def line_fault(**options: Option) -> Callable[[LineFault], LineFault]:
    """Register a function that makes of one result line another one, several, or none. Its name is the fault's name."""
    return _register(FaultKind.LINE, options)


def file_fault(**options: Option) -> Callable[[FileFault], FileFault]:
    """Register a function that changes an output or error file as a whole. Its name is the fault's name."""
    return _register(FaultKind.FILE, options)


def batch_fault(**options: Option) -> Callable[[BatchFault], BatchFault]:
    """Register a function that changes the course of a batch. Its name is the fault's name."""
    return _register(FaultKind.BATCH, options)


def message_fault(**options: Option) -> Callable[[MessageFault], MessageFault]:
    """Register a function that makes of one message another one, several, or none. Its name is the fault's name."""
    return _register(FaultKind.MESSAGE, options)


def reply_fault(calls: str = CREATE, /, **options: Option) -> Callable[[ReplyFault], ReplyFault]:
    """Register a function that handles an HTTP call in the server's place: one that fits ``calls``. Its name is the fault's name."""
    return _register(FaultKind.REPLY, options, calls)


def _register(kind: FaultKind, options: Mapping[str, Option], calls: str = "") -> Callable[[AnyFault], AnyFault]:
    def register(function: AnyFault) -> AnyFault:
        REGISTRY[function.__name__] = Fault(kind, function, options, calls)
        return function

    return register


def describe_faults() -> list[tuple[str, str]]:
    """Name, with options, and description of every fault."""
    return [
        (
            ":".join(
                filter(
                    None,
                    (
                        name,
                        ",".join(f"{key}={'/'.join(usual) if isinstance(usual, tuple) else usual}" for key, usual in fault.options.items()),
                    ),
                )
            ),
            _description(fault),
        )
        for name, fault in REGISTRY.items()
    ]


def _description(fault: Fault) -> str:
    said = " ".join((fault.function.__doc__ or "").split())
    return said if fault.calls in ("", CREATE) else f"{said} Hits `{fault.calls}` unless `match` says otherwise."


@dataclass
class ActiveFaults:
    """The faults of one server; ``hits`` counts by name what they hit since it was started."""

    specs: tuple[FaultSpec, ...] = ()
    hits: Counter[str] = field(default_factory=Counter)
    _calls: dict[int, int] = field(default_factory=dict)

    def on_line(self, line: Line, *, attempt: int, batch: int) -> list[Line]:
        """Gives the lines that are written for a request, after all line faults that hit it."""
        lines = [line]
        target = Target(line.custom_id, (line.custom_id,), attempt, batch)
        for spec in self._of_kind(FaultKind.LINE):
            if self._hit(spec, target):
                lines = [changed for written in lines for changed in REGISTRY[spec.name].function(written, spec)]
        return lines

    def on_file(self, content: bytes, *, batch: int, kind: str) -> bytes:
        """The content of a batch's output or error file (``match`` is searched in that word), after all file faults that hit it."""
        for spec in self._of_kind(FaultKind.FILE):
            if self._hit(spec, Target(f"{batch}|{kind}", (kind,), batch=batch)):
                content = REGISTRY[spec.name].function(content, spec)
        return content

    @property
    def change_files(self) -> bool:
        """Tells whether result files have to be read into memory to be changed."""
        return bool(self._of_kind(FaultKind.FILE))

    def _hit(self, spec: FaultSpec, target: Target) -> bool:
        hit = spec.hits(target)
        self.hits[spec.name] += hit
        return hit

    def _of_kind(self, kind: FaultKind) -> list[FaultSpec]:
        return [spec for spec in self.specs if REGISTRY[spec.name].kind is kind]

    def on_batch(self, course: Course, *, batch: int, custom_ids: Sequence[str]) -> Course:
        """The course of a batch, after all batch faults that hit it."""
        target = Target(str(batch), custom_ids, batch=batch)
        for spec in self._of_kind(FaultKind.BATCH):
            if self._hit(spec, target):
                course = REGISTRY[spec.name].function(course, spec)
        return course

    def on_message(self, message: Message, *, batch: int) -> list[Message]:
        """The messages that are sent for one (``match`` is searched in its kind), after all message faults that hit it."""
        messages = [message]
        for spec in self._of_kind(FaultKind.MESSAGE):
            if self._hit(spec, Target(str(batch), (message.kind,), batch=batch)):
                messages = [changed for sent in messages for changed in REGISTRY[spec.name].function(sent, spec)]
        return messages

    def for_call(self, method_and_path: str) -> tuple[ReplyFault, FaultSpec] | None:
        """The first reply fault that hits a call, such as ``POST /v1/batches``."""
        for position, spec in enumerate(self.specs):
            if REGISTRY[spec.name].kind is not FaultKind.REPLY or (spec.match and not spec.match.search(method_and_path)):
                continue
            call = self._calls[position] = self._calls.get(position, 0) + 1
            if self._hit(spec, Target(str(call), (method_and_path,), call=call)):
                return REGISTRY[spec.name].function, spec
        return None


def read_faults(texts: Sequence[str]) -> ActiveFaults:
    """Read specifications.

    Raises:
        FaultSpecError: If one can't be read, or names a fault that doesn't exist.
    """
    return ActiveFaults(tuple(_read_fault(text) for text in texts))


def _read_fault(text: str) -> FaultSpec:
    name = text.partition(":")[0].strip()
    if name not in REGISTRY:
        raise FaultSpecError(f"There is no fault '{name}'. There are: {', '.join(sorted(REGISTRY))}.")
    spec = read_spec(text, REGISTRY[name].options)
    calls = REGISTRY[name].calls
    return replace(spec, match=re.compile(calls)) if calls and spec.match is None else spec
