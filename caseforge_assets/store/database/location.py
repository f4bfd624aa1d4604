"""Finds and opens the database: the one that CASEFORGE_POSTGRES_URL names, or else the embedded server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, urlsplit

from caseforge_assets.settings import Settings, load_places, normalized_postgres_url
from caseforge_assets.store.database.cluster_location import find_data_dir
from caseforge_assets.store.database.embedded_postgres import ensure_running, revive
from caseforge_assets.store.database.engine import Engine, open_for_reading, open_store

_LOCAL = ("localhost", "127.0.0.1", "::1")
_PORT = 5432


def database_url(settings: Settings | None = None) -> str:
    """SQLAlchemy URL of the database; the embedded server is started or joined when it is the one.

    Raises:
        ConfigurationError: CASEFORGE_POSTGRES_URL is not a URL of PostgreSQL.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    settings = settings or load_places()
    if settings.postgres_url is None:
        return ensure_running(settings.home)
    return normalized_postgres_url(settings.postgres_url.get_secret_value())


def open_project_store(settings: Settings, *, for_many_calls: bool = False) -> Engine:
    """The project's store. The embedded server is started, also when it ends under a process that works with it, and its schema is brought up to date.

    The schema of a database of one's own is made where there is none; it is migrated by `caseforge db migrate` alone.

    Args:
        settings: of the project.
        for_many_calls: for a service, see `open_store`.

    Raises:
        StoreUnavailable: no server answers.
        SchemaNotUsable: the schema is that of another version, which this one does not work with.
        ConfigurationError, EmbeddedPostgresError: as above.
    """
    return open_store(database_url(settings), _reviver(settings), for_many_calls=for_many_calls, migrates=settings.postgres_url is None)


def open_project_for_reading(settings: Settings) -> Engine:
    """The project's store for a service's many calls that only read, once its schema is up to date.

    Raises:
        ConfigurationError, EmbeddedPostgresError: as above.
    """
    return open_for_reading(database_url(settings), _reviver(settings))


def _reviver(settings: Settings) -> Callable[[], object] | None:
    return partial(revive, settings.home) if settings.postgres_url is None else None


def database_identity(settings: Settings) -> str:
    """The same text for whoever works on the same database, and another one for others; nothing is opened, and nothing can be read off it.

    Raises:
        ConfigurationError: CASEFORGE_POSTGRES_URL is not a URL of PostgreSQL.
    """
    if settings.postgres_url is None:
        place = str(find_data_dir(settings.home))
    else:
        place = database_place(normalized_postgres_url(settings.postgres_url.get_secret_value()))
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def database_place(url: str) -> str:
    """Server and database that a URL leads to: the same text whoever it lets in, and however it is written."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    host = asked.get("host", [parts.hostname or _LOCAL[0]])[0]
    port = asked.get("port", [str(parts.port or _PORT)])[0]
    return f"{'local' if host in _LOCAL else host}:{port}{parts.path}"
