"""Rules of the house that ruff does not know."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import caseforge_assets
from caseforge_assets.store.engine import open_store
from caseforge_assets.store.tables import SCHEMA, VERSION_TABLE, metadata

PACKAGE = Path(caseforge_assets.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
READS_ENVIRONMENT = {"settings.py", "cli/demo.py", "batch_server/__main__.py", "batch_server/server.py", "batch_server/options.py"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_keep_their_size(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 360, "two things live in this module"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 70, f"{node.name} is too long"


def test_the_environment_is_read_in_one_place() -> None:
    readers = {str(path.relative_to(PACKAGE)) for path in MODULES if "os.environ" in path.read_text(encoding="utf-8")}
    # The embedded server hands a bare environment to PostgreSQL, and looks at nothing in it.
    assert readers - READS_ENVIRONMENT - {"store/cluster_location.py", "store/embedded_postgres.py"} == set()


def test_migrations_make_the_tables(database_url: str) -> None:
    engine = open_store(database_url)
    options = {"include_schemas": True, "version_table": VERSION_TABLE, "version_table_schema": SCHEMA}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={**options, "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()
