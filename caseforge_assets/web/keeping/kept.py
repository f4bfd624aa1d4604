"""Figures that take long to count and are asked for often: kept until anything changes. Another process counts them itself; nothing depends on their being here."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar, cast

Value = TypeVar("Value")
MOST_KEPT = 256
REST = 10  # times as long as counting took, figures that have changed since are recent enough
LONG_S = 0.5  # what took longer to count is counted again beside the answer, which has what was counted before
log = logging.getLogger(__name__)


class Kept:
    """A cache of what was counted in a state of the store. Nobody asks for an earlier state's counts; the longest unasked go first."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        """Nothing is kept yet; `most` is how much is."""
        self._most = most
        self._values: OrderedDict[tuple[str, str], object] = OrderedDict()
        self._counting: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, state: str, name: str, count: Callable[[], Value]) -> Value:
        """Gives what is kept under a name, or what is counted now.

        Args:
            state: a text that is another one after each change.
            name: what is counted: all that it depends on but the state.
            count: counts it; who asks meanwhile waits for that.
        """
        known = state, name
        with self._lock:
            if known in self._values:
                return cast("Value", self._found(known))
            alone = self._counting.setdefault(known, threading.Lock())
        with alone:
            with self._lock:
                if known in self._values:
                    return cast("Value", self._found(known))
            try:
                value = count()
                with self._lock:
                    self._values[known] = value
                    if len(self._values) > self._most:
                        self._values.popitem(last=False)
                return value
            finally:
                with self._lock:
                    self._counting.pop(known, None)

    def _found(self, known: tuple[str, str]) -> object:
        self._values.move_to_end(known)
        return self._values[known]


@dataclass(frozen=True)
class Counted(Generic[Value]):
    """A counted value with the state of the store that it was counted in, the time of counting, and the seconds that it took."""

    value: Value
    state: str
    at: datetime
    took_s: float
    recent_until_s: float

    def is_recent(self, state: str) -> bool:
        """Tells whether it holds still, or was counted so short a time ago that it is shown with its time."""
        return state == self.state or time.monotonic() < self.recent_until_s


class Latest:
    """Figures over thousands of nodes that are shown with the time of their counting.

    While batches come in, everything changes all the time: they are counted by one at a time then, the others are shown what was counted before, and never so often that
    nothing else gets done. Nobody waits for what takes long, but who asks first.
    """

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._counted: OrderedDict[str, Counted[object]] = OrderedDict()
        self._counting: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, state: str, name: str, count: Callable[[], Value]) -> Counted[Value]:
        """Gives what was counted under a name lately, or what is counted now.

        Args:
            state: a text that is another one after each change.
            name: what is counted: all that it depends on but the state.
            count: counts it, perhaps in a thread of its own, when the answer is given already.
        """
        with self._lock:
            found = self._counted.get(name)
            alone = self._counting.setdefault(name, threading.Lock())
        if found is not None and found.is_recent(state):
            return cast("Counted[Value]", found)
        if not alone.acquire(blocking=found is None):
            return cast("Counted[Value]", found)
        if found is not None and found.took_s > LONG_S:
            threading.Thread(target=self._count_beside, args=(name, state, count, alone), name=f"count {name}", daemon=True).start()
            return cast("Counted[Value]", found)
        try:
            before = self._counted.get(name)
            if before is not None and before.is_recent(state):
                return cast("Counted[Value]", before)
            return self._keep(name, state, count)
        finally:
            alone.release()

    def _count_beside(self, name: str, state: str, count: Callable[[], object], alone: threading.Lock) -> None:
        try:
            self._keep(name, state, count)
        except Exception:
            log.exception("%s could not be counted, which is tried again when somebody asks", name)
        finally:
            alone.release()

    def _keep(self, name: str, state: str, count: Callable[[], Value]) -> Counted[Value]:
        began, at = time.monotonic(), datetime.now(UTC)
        value = count()
        ended = time.monotonic()
        counted = Counted(value, state, at, ended - began, ended + REST * (ended - began))
        with self._lock:
            self._counted[name] = cast("Counted[object]", counted)
            self._counted.move_to_end(name)
            while len(self._counted) > MOST_KEPT:
                gone, _ = self._counted.popitem(last=False)
                self._counting.pop(gone, None)
        return counted
