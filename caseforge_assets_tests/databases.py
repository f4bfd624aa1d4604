"""Databases of tests: made as copies, because tables take longer to make than to copy."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

_NUMBERS = itertools.count(1)


@contextmanager
def new_database(postgres_url: str, template: str) -> Iterator[str]:
    """URL of a copy of a database, dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_NUMBERS)}"
    copy_database(postgres_url, template, name)
    try:
        yield url_of(postgres_url, name)
    finally:
        execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def copy_database(postgres_url: str, template: str, name: str) -> None:
    """Copies a database that nobody is connected to; half as long as through the log."""
    execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def url_of(postgres_url: str, database: str) -> str:
    """URL of another database of the server."""
    return postgres_url.replace("@/caseforge?", f"@/{database}?")


def execute(url: str, statement: str) -> None:
    """Executes a statement that no transaction may hold."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
