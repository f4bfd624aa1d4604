"""One reader of events for all who listen to a process: it numbers, reads, and wakes them. A listener costs no thread and no connection to the database."""

from __future__ import annotations

import asyncio
import logging
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.event_log import Trouble
from caseforge_assets.store.database.engine import Engine, StoreUnavailable
from caseforge_assets.store.serving import events
from caseforge_assets.store.serving.events import EventRow

LOOKS_EVERY_S = 0.25
KEPT = 2_000  # of the newest events; who is behind further reads the store
AT_ONCE = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it goes out to every listener, written once for all of them."""

    position: int
    kind: str
    framework_key: str | None
    text: bytes


class EventReader:
    """Looks for new events while anybody listens."""

    def __init__(self, store: Callable[[], Engine], write: Callable[[EventRow], bytes]) -> None:
        """Nothing is read before somebody listens.

        Args:
            store: where events are.
            write: an event as listeners get it.
        """
        self._store, self._write = store, write
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._wanted, self._closed = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._lines: Sequence[Line] = ()
        self.newest = 0

    @property
    def is_closed(self) -> bool:
        """Tells whether nothing more comes."""
        return self._closed.is_set()

    def start(self) -> None:
        """Begins to look, after what is there already; waits for nobody where it has begun."""
        with self._lock:
            if self._thread is None and not self.is_closed:
                self.newest = self.read_newest()
                self._thread = threading.Thread(target=self._look, name="event-reader", daemon=True)
                self._thread.start()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event of the running loop that is set whenever something came, until the block ends."""
        news = asyncio.Event()
        with self._lock:
            self._listeners[news] = asyncio.get_running_loop()
            self._wanted.set()
        try:
            yield news
        finally:
            with self._lock:
                del self._listeners[news]
                if not self._listeners:
                    self._wanted.clear()

    def since(self, position: int) -> Sequence[Line] | None:
        """The events after a position; None: it is further behind than what is kept here."""
        newest, lines = self.newest, self._lines
        if position >= newest:
            return ()
        if not lines or position < lines[0].position - 1:
            return None
        return lines[bisect_right(lines, position, key=lambda line: line.position) :]

    def read(self, position: int, kinds: Sequence[str] | None, framework_keys: Sequence[str] | None) -> tuple[list[Line], int]:
        """Reads the store for who is behind; returns what is wanted, and the position up to which that is all."""
        newest = self.read_newest()
        with self._store().connect() as connection:
            rows = events.after(connection, position, AT_ONCE, kinds=kinds, framework_keys=framework_keys)
        last = rows[-1].position if rows else position
        return [self._line(row) for row in rows], last if len(rows) == AT_ONCE else max(last, newest)

    def read_newest(self) -> int:
        """The last position that was given."""
        with self._store().connect() as connection:
            return events.newest_position(connection)

    def close(self) -> None:
        """Ends looking, and wakes everybody for the last time."""
        self._closed.set()
        self._wanted.set()
        self._wake()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        trouble = Trouble(log)
        while not self.is_closed:
            self._wanted.wait()
            try:
                number_events(self._store())
                with self._store().connect() as connection:
                    rows = events.after(connection, self.newest, AT_ONCE)
            except StoreUnavailable as error:
                trouble.goes_on(f"the database: {str(error.orig).strip()}", LOOKS_EVERY_S)
                rows = []
            else:
                trouble.is_over()
            if rows:
                self._lines = [*self._lines, *map(self._line, rows)][-KEPT:]
                self.newest = rows[-1].position
                self._wake()
            if len(rows) < AT_ONCE:
                self._closed.wait(LOOKS_EVERY_S)

    def _line(self, row: EventRow) -> Line:
        return Line(row.position, row.kind, row.framework_key, self._write(row))

    def _wake(self) -> None:
        with self._lock:
            for news, loop in self._listeners.items():
                if not loop.is_closed():
                    loop.call_soon_threadsafe(news.set)
