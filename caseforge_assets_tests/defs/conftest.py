"""Projects: a folder, a store in Dagster's database, and a server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from caseforge_assets.defs.private.partitions import set_partitions
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets_tests.defs.graphql import Ui, open_ui
from caseforge_assets_tests.defs.project import OpenProject, Project, at_home, write_project
from caseforge_assets_tests.workbench import open_workbench, serving


@pytest.fixture
def instance(dagster_instance: DagsterInstance, request: pytest.FixtureRequest) -> DagsterInstance:
    """An instance that has the partitions of the small graph which the test's module names as KEYS."""
    set_partitions(dagster_instance, "nodes", request.module.KEYS)
    return dagster_instance


@pytest.fixture
def ui(instance: DagsterInstance) -> Iterator[Ui]:
    """A webserver's view of that instance and of the small graph."""
    with open_ui(instance) as view:
        yield view


@pytest.fixture
def project_store(dagster_database_url: str) -> Iterator[Engine]:
    """The store in Dagster's database."""
    engine = open_store(dagster_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def project(
    project_store: Engine, dagster_instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closing: ThreadPoolExecutor
) -> Iterator[OpenProject]:
    """Opens a project at a server of its own, nothing loaded yet: `project(faults=[…], bills=…, **configuration)`."""
    numbers = itertools.count(1)
    with ExitStack() as stack:

        def start(*, faults: Sequence[str] = (), bills: bool = False, latency_s: float = 0.0, **configuration: Any) -> Project:
            url = stack.enter_context(serving(tmp_path / f"server{next(numbers)}", faults=faults, bills=bills, latency_s=latency_s))
            write_project(tmp_path, **configuration)
            monkeypatch.setenv("CASEFORGE_PROJECT", str(tmp_path))
            monkeypatch.setenv("CASEFORGE_HOME", str(tmp_path / "home"))
            monkeypatch.setenv("OPENAI_BASE_URL", url)
            monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
            bench = open_workbench(project_store, tmp_path, url)
            return Project(tmp_path, at_home(bench, tmp_path), dagster_instance)

        yield start
        closing.submit(stack.pop_all().close)
