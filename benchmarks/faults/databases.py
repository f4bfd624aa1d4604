"""A PostgreSQL server for one bench, and databases in it that are copies of prepared ones."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from caseforge_assets.store.database.embedded_postgres import ensure_running, stop

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 4 * 10**9


@contextmanager
def cluster() -> Iterator[str]:
    """URL of the maintenance database of a server that is gone after the block; in memory where there is enough."""
    quick = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED_BYTES
    home = Path(tempfile.mkdtemp(prefix="caseforge-faults-", dir=MEMORY if quick else None))
    home.chmod(0o755)  # root's server runs as another user, who has to get in
    try:
        url = ensure_running(home)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # processes are killed here, the power stays on
            execute(url, f"alter system set {setting} = off")
        execute(url, "select pg_reload_conf()")
        yield url
    finally:
        stop(home)
        shutil.rmtree(home)


def create(server_url: str, name: str, template: str = "template1") -> str:
    """Makes a database as a copy of another one; returns its URL."""
    execute(server_url, f"create database {name} template {template}")
    return server_url.replace("@/caseforge?", f"@/{name}?")


def drop(server_url: str, name: str) -> None:
    """Removes a database, whoever is connected to it."""
    execute(server_url, f"drop database {name} with (force)")


def execute(url: str, statement: str) -> None:
    """Runs one statement outside of a transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def scalar(url: str, query: str) -> Any:
    """The one value that a query gives."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()
    finally:
        engine.dispose()
