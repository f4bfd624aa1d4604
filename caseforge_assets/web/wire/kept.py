"""Figures that take long to count and are asked for often: kept until anything changes. Another process counts them itself; nothing depends on their being here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar, cast

Value = TypeVar("Value")
MOST_KEPT = 256


class Kept:
    """What was counted in states of the store, the least asked for forgotten first: what was counted in a state that is over is asked for by nobody."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._values: OrderedDict[tuple[str, str], object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, state: str, name: str, count: Callable[[], Value]) -> Value:
        """What is kept under a name, or what is counted now.

        Args:
            state: a text that is another one after each change.
            name: what is counted: all that it depends on but the state.
            count: counts it; two who ask at once may both do so.
        """
        known = state, name
        with self._lock:
            if known in self._values:
                self._values.move_to_end(known)
                return cast("Value", self._values[known])
        value = count()
        with self._lock:
            self._values[known] = value
            if len(self._values) > MOST_KEPT:
                self._values.popitem(last=False)
        return value
