"""Resources: they build the plain objects that commands take, and nothing else."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.provider import Provider, connect_provider, make_client
from caseforge_assets.settings import Configuration, Settings, load_settings

if TYPE_CHECKING:
    from caseforge_assets.store.engine import Engine


class Caseforge(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project that a run works on: settings, store, artifacts, provider, each opened when it is first used."""

    project: str | None = None

    class Config:
        """Cached objects are no fields."""

        ignored_types = (cached_property,)

    @cached_property
    def settings(self) -> Settings:
        """The project's settings, read in this process."""
        return load_settings(Path(self.project) if self.project else None)

    @property
    def configuration(self) -> Configuration:
        """All of caseforge.toml."""
        return self.settings.configuration

    @cached_property
    def store(self) -> "Engine":
        """The store, with its schema up to date."""
        from caseforge_assets.store.engine import open_store
        from caseforge_assets.store.location import database_url

        return open_store(database_url(self.settings))

    @cached_property
    def folder(self) -> ArtifactFolder:
        """Where batch files are kept."""
        return ArtifactFolder(self.settings.artifacts)

    @cached_property
    def provider(self) -> Provider:
        """The configured provider, asked who it is."""
        return connect_provider(self.store, make_client(self.settings))

    @property
    def provider_if_configured(self) -> Provider | None:
        """The provider; None when no key is set."""
        return self.provider if self.settings.openai_api_key is not None else None
