"""The settings of a project as they hold: with the frameworks that its database declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseforge_assets.settings import Settings, load_places, load_settings
from caseforge_assets.settings.declarations import Declaration


def read_settings(
    project: Path | None = None, set_keys: Mapping[str, str] | None = None, *, declared: Mapping[str, Any] | None = None
) -> Settings:
    """Reads environment, `.env`, caseforge.toml, templates, stages, and what the database declares; see `load_settings`.

    Raises:
        ConfigurationError: something in it cannot be used.
        StoreUnavailable: the database that CASEFORGE_POSTGRES_URL names does not answer.
    """
    return load_settings(project, set_keys, declared=declared, kept=kept_declarations(load_places(project)))


def kept_declarations(places: Settings) -> dict[str, Declaration]:
    """Gives what the database of a project declares. Of the embedded one, which is started for its project alone, caseforge.toml has everything.

    Raises:
        ConfigurationError: CASEFORGE_POSTGRES_URL is not a URL of PostgreSQL.
        StoreUnavailable: its server does not answer.
    """
    if places.postgres_url is None:
        return {}
    from caseforge_assets.store.database.location import database_url
    from caseforge_assets.store.editions.declarations import read_declarations

    return read_declarations(database_url(places))
