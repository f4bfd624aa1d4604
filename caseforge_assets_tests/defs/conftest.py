"""A database that has Dagster's tables and CaseForge's, and projects on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from caseforge_assets.settings import load_settings
from caseforge_assets.store.engine import Engine, open_store
from caseforge_assets_tests.conftest import new_database, url_of
from caseforge_assets_tests.defs.project import OpenProject, Project, at_home, write_project
from caseforge_assets_tests.workbench import open_workbench, serving

API_KEY = "sk-test-0123456789"


@pytest.fixture(scope="session")
def project_template(postgres_url: str, dagster_template: str) -> str:
    """Name of a database with both kinds of tables, to be copied."""
    open_store(url_of(postgres_url, dagster_template)).dispose()
    return dagster_template


@pytest.fixture
def dagster_database_url(postgres_url: str, project_template: str) -> Iterator[str]:
    """URL of a database that has all tables and nothing in them."""
    with new_database(postgres_url, project_template) as url:
        yield url


@pytest.fixture
def project_store(dagster_database_url: str) -> Iterator[Engine]:
    """The store in Dagster's database."""
    engine = open_store(dagster_database_url)
    yield engine
    engine.dispose()
