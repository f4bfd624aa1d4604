"""A database as the version before left it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from caseforge_assets.store.database.revisions import MIGRATIONS


def take_back(store: Engine, revision: str = "-1") -> None:
    """Takes migrations back, the newest alone by default."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
