"""Cases that take a store and a server each, though what tells them apart is decided, and tested, without either."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def some_at_once(cases: Iterable[Any], *at_once: Any) -> list[Any]:
    """All cases for `parametrize`: these ones always, the others with the tests that take long."""
    every = list(cases)
    assert all(case in every for case in at_once), "one that is there"
    return [case if case in at_once else pytest.param(case, marks=pytest.mark.slow) for case in every]
