"""Where the database is: the one that CASEFORGE_POSTGRES_URL names, or else the embedded server."""

from __future__ import annotations

from caseforge_assets.settings import Settings, load_settings, normalized_postgres_url
from caseforge_assets.store.embedded_postgres import ensure_running


def database_url(settings: Settings | None = None) -> str:
    """SQLAlchemy URL of the database; the embedded server is started or joined when it is the one.

    Raises:
        ConfigurationError: CASEFORGE_POSTGRES_URL is not a URL of PostgreSQL.
        EmbeddedPostgresError: the embedded server cannot be started.
    """
    settings = settings or load_settings()
    if settings.postgres_url is None:
        return ensure_running(settings.home)
    return normalized_postgres_url(settings.postgres_url.get_secret_value())
