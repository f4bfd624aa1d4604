"""Resources: they build the plain objects that commands take, and nothing else."""

import gc
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.configuring.read_settings import read_settings
from caseforge_assets.commands.materializing.await_answers import Waiting
from caseforge_assets.commands.providing.open_project import OpenProject, StoredProject, with_store
from caseforge_assets.commands.providing.provider import Provider, accepts_simulated, connect_provider, make_client
from caseforge_assets.defs.liveness.heartbeat import Heartbeat
from caseforge_assets.defs.private.instances import keep_connections
from caseforge_assets.notifications import Address, addresses_of
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.settings import Configuration, ConfigurationError, Settings
from caseforge_assets.settings.project import Project

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Engine


SIMULATED_WAIT_S = 120.0


class ProjectIdentity(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project that this code location shows: `caseforge sensors` and `caseforge load` compare it with their own before they change anything."""

    database: str


class Caseforge(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project that a run works on: settings, store, artifacts, provider, each opened when it is first used."""

    project_folder: str | None = None
    declared: dict[str, Any] = Field(default={})

    @cached_property
    def settings(self) -> Settings:
        """The project's settings, read in this process, with what components declare beside caseforge.toml."""
        return read_settings(Path(self.project_folder) if self.project_folder else None, declared=self.declared)

    @property
    def project(self) -> Project:
        """The part of the settings that commands take."""
        return self.settings.project

    @property
    def stored_project(self) -> StoredProject:
        """The project for commands that work with what is stored."""
        return with_store(self.project, self.store, self.folder)

    @property
    def open_project(self) -> OpenProject:
        """The project for commands that work at the provider."""
        return self.stored_project.at(self.provider)

    @property
    def configuration(self) -> Configuration:
        """All of caseforge.toml."""
        return self.settings.configuration

    @cached_property
    def store(self) -> "Engine":
        """The store, with its schema up to date."""
        from caseforge_assets.store.database.location import open_project_store

        store = open_project_store(self.settings)
        gc.freeze()  # what is imported stays: it need not be looked through again and again
        return store

    @cached_property
    def folder(self) -> ArtifactFolder:
        """The folder of batch files."""
        return ArtifactFolder(self.settings.artifacts)

    @cached_property
    def provider(self) -> Provider:
        """The configured provider, asked who it is."""
        return connect_provider(self.store, make_client(self.settings))

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        """Addresses of people who are told of alerts."""
        return addresses_of(self.settings)

    def find_provider(self) -> tuple[Provider | None, str]:
        """The provider; or None, and why there is none: no key is set, or it cannot be reached, or it refuses the key."""
        try:
            return self.provider, ""
        except (ConfigurationError, ProviderError) as error:
            return None, str(error)

    @property
    def accepts_simulated(self) -> bool:
        """Tell whether simulated content counts as there; nobody is asked for it."""
        with self.store.connect() as connection:
            return accepts_simulated(connection, self.settings)

    def waiting(self, wait_s: float | None = None, show: Callable[[], object] = lambda: None) -> Waiting:
        """Says where a run's answers come from, and how long it waits for them: as asked, or else long enough for a simulated provider, not at all for others."""
        provider, why_none = self.find_provider()
        if provider is None:
            return Waiting(None, why_none=why_none)
        usual = SIMULATED_WAIT_S if provider.simulated else 0.0
        return Waiting(provider, usual if wait_s is None else wait_s, show)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Prepares a run, which says from now on that it is there; ticks of sensors, which ask little, leave Dagster's connections as they are."""
        if context.run is not None and context.instance is not None:
            keep_connections(context.instance)
            self.__dict__["heartbeat"] = Heartbeat(self.store, context.run.run_id)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Closes connections: a code server makes one of these for each tick."""
        if "heartbeat" in self.__dict__:
            self.__dict__.pop("heartbeat").stop()
        self.close()

    def close(self) -> None:
        """Closes connections, where there are any."""
        if "store" in self.__dict__:
            self.store.dispose()
