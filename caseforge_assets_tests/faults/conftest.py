"""One world of faults for the session, on the tests' own PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.faults.world import World, open_world


@pytest.fixture(scope="session")
def world(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Projects, templates and the process that forks commands."""
    with open_world(postgres_url, tmp_path_factory.mktemp("faults")) as opened:
        yield opened
