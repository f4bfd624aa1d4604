"""Figures that take long to count and are asked for often: kept until anything changes. Another process counts them itself; nothing depends on their being here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar, cast

Value = TypeVar("Value")
MOST_KEPT = 256


class Kept:
    """What was counted in one state of the store, the least asked for forgotten first."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._state = ""
        self._values: OrderedDict[str, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, state: str, name: str, count: Callable[[], Value]) -> Value:
        """What is kept under a name, or what is counted now.

        Args:
            state: a text that is another one after each change.
            name: what is counted: all that it depends on but the state.
            count: counts it; two who ask at once may both do so.
        """
        with self._lock:
            if state == self._state and name in self._values:
                self._values.move_to_end(name)
                return cast("Value", self._values[name])
        value = count()
        with self._lock:
            if state != self._state:
                self._state, self._values = state, OrderedDict()
            self._values[name] = value
            if len(self._values) > MOST_KEPT:
                self._values.popitem(last=False)
        return value
