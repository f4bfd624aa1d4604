"""What the service works with: a project, whose doors are opened when they are first used, once for all threads."""

from __future__ import annotations

import hashlib
import threading
from functools import cached_property

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, connect_provider, make_client
from caseforge_assets.settings import Settings
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.service_secret import ServiceSecret, find_service_secret
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.stage import stage_version
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.database.location import open_project_store
from caseforge_assets.web.events.reader import EventReader
from caseforge_assets.web.wire.event import write_event


class Service:
    """Settings, store, artifacts and provider of a process that serves."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self.settings = settings
        self._opening = threading.RLock()

    @property
    def project(self) -> Project:
        """What commands take of the settings."""
        return self.settings.project

    @cached_property
    def described(self) -> str:
        """A text that is another one where settings or stages are others, so that answers may be, too."""
        stages = [stage_version(stage, stage_settings(self.project.configuration, stage)) for stage in self.project.stages]
        known = "\0".join((self.settings.configuration.model_dump_json(), self.settings.openai_base_url, *stages))
        return hashlib.sha256(known.encode()).hexdigest()

    @property
    def open_project(self) -> OpenProject:
        """What commands take that work at the provider.

        Raises:
            ConfigurationError: no key is set.
            ProviderError: it cannot be reached, or refuses the key.
        """
        return OpenProject(self.settings.configuration, self.settings.stages, self.store, self.folder, self.provider)

    def plans_for_simulated(self, *, offline: bool = False) -> bool:
        """Whether a plan is for a provider whose answers are simulated. Without a key, or where it is not to be asked: for one that bills.

        Raises:
            ProviderError: it cannot be reached, or refuses the key.
        """
        return not offline and self.settings.has_credentials and self.provider.simulated

    @property
    def store(self) -> Engine:
        """The store, with its schema up to date."""
        with self._opening:
            return self._store

    @property
    def folder(self) -> ArtifactFolder:
        """Where files are kept."""
        with self._opening:
            return self._folder

    @property
    def provider(self) -> Provider:
        """The configured provider, asked who it is."""
        with self._opening:
            return self._provider

    @property
    def secret(self) -> ServiceSecret:
        """What secrets of the service are derived from.

        Raises:
            ConfigurationError: it cannot be had.
        """
        with self._opening:
            return self._secret

    @property
    def events(self) -> EventReader:
        """What streams of events listen to."""
        with self._opening:
            return self._events

    def close(self) -> None:
        """Ends the streams and lets go of the database."""
        if "_events" in self.__dict__:
            self._events.close()
        if "_store" in self.__dict__:
            self.store.dispose()

    @cached_property
    def _store(self) -> Engine:
        return open_project_store(self.settings)

    @cached_property
    def _events(self) -> EventReader:
        return EventReader(lambda: self.store, write_event)

    @cached_property
    def _secret(self) -> ServiceSecret:
        return find_service_secret(self.settings)

    @cached_property
    def _folder(self) -> ArtifactFolder:
        return ArtifactFolder(self.settings.artifacts)

    @cached_property
    def _provider(self) -> Provider:
        return connect_provider(self._store, make_client(self.settings))
