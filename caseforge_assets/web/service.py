"""The service's project, whose doors are opened when they are first used, once for all threads."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from caseforge_assets.artifacts import ArtifactFolder, ArtifactsUnavailable
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then, write_journal
from caseforge_assets.commands.providing.compare_secret import find_known_secret, refuse_other_secret
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, connect_provider, make_client
from caseforge_assets.redaction import redact
from caseforge_assets.settings import ConfigurationError, Settings
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.service_secret import ServiceSecret
from caseforge_assets.stages.stage import stage_version
from caseforge_assets.store.database.engine import Connection, Engine, StoreUnavailable
from caseforge_assets.store.database.location import open_project_for_reading, open_project_store
from caseforge_assets.store.editions import declarations
from caseforge_assets.store.editions.frameworks import Edition, Levels, levels_of
from caseforge_assets.store.figures.changes import Changes
from caseforge_assets.store.reading.read_state import ReadState
from caseforge_assets.web.access.one_time_key import OneTimeKey
from caseforge_assets.web.events.reader import EventReader
from caseforge_assets.web.keeping.kept import Kept, Latest
from caseforge_assets.web.keeping.looks import Looks, look_once
from caseforge_assets.web.wire.event import write_event
from caseforge_assets.web.wire.turns import Turns

Value = TypeVar("Value")
SEARCHES_AT_ONCE = 1  # of a process: each takes several times as long as other reads
MOST_FOUND = 500  # searches whose ranks are kept, of 20 KB each at most
WRITERS_AT_ONCE = 12  # of its 40 threads and of the 20 connections that write: one may wait for as long as a large plan is made
log = logging.getLogger(__name__)


class Service:
    """Settings, store, artifacts and provider of a process that serves."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings] | None = None, local_user: str | None = None) -> None:
        """Nothing is opened yet.

        Args:
            settings: as they are now.
            reread: reads them anew when caseforge.toml has changed, such as by another process; without it they stay until `use` is called.
            local_user: whose machine it is, where the service is reachable from there alone and nobody has an account; None: callers have to be known.
        """
        self._settings, self._reread = settings, reread
        self._stamp: tuple[int, str | None] = (_changed_at(settings), None)
        self._declared: str | None = None  # the state of what the database declares, as it was seen last
        self._project, self._described = (settings, settings.project), (settings, _describe(settings))
        self.local_user = local_user
        self.key: OneTimeKey | None = None  # by which the local user's browser gets in; who serves sets it
        self.kept, self.latest, self.found = Kept(), Latest(), Kept(MOST_FOUND)
        self.looks = Looks(lambda shown: look_once(self.reading, shown, self.settings.configuration.service))
        self.glances = Looks(lambda shown: look_once(self.reading, shown, self.settings.configuration.service, is_use=False))  # of streams
        self.searches, self.writers = Turns(SEARCHES_AT_ONCE), Turns(WRITERS_AT_ONCE)
        self._opening = threading.RLock()

    @property
    def settings(self) -> Settings:
        """The settings as caseforge.toml says them now; those before as long as it cannot be used."""
        if self._reread is not None and (stamp := (_changed_at(self._settings), self._declared)) != self._stamp:
            with self._opening:
                try:
                    self._settings = self._reread()
                except ConfigurationError as error:
                    log.warning("caseforge.toml has changed and cannot be used, so that what it said before holds: %s", redact(str(error)))
                except StoreUnavailable as error:
                    log.warning("what is declared now cannot be read, so that what was declared before holds: %s", redact(str(error)))
                    return self._settings  # the next one reads it
                self._stamp = stamp
        return self._settings

    def see_declarations(self) -> None:
        """Looks whether the database declares other frameworks than before, which another process may have loaded.

        Raises:
            StoreUnavailable: the server does not answer.
        """
        if self._settings.postgres_url is not None:
            with self.reading.connect() as connection:
                self._declared = declarations.state(connection)

    def use(self, settings: Settings) -> None:
        """Works with other settings from now on: of frameworks, stages, budgets. What is open stays open."""
        with self._opening:
            self._settings, self._stamp = settings, (_changed_at(settings), self._stamp[1])

    def keep(self) -> None:
        """Journals what was changed; where that cannot be done now, whoever works next does it."""
        self._keep(write_journal)

    def keep_now_and_then(self) -> None:
        """The same when it is much, or has waited for some minutes."""
        self._keep(journal_now_and_then)

    def _keep(self, write: Callable[[Engine, ArtifactFolder], int]) -> None:
        try:
            write(self.store, self.folder)
        except (ArtifactsUnavailable, StoreUnavailable) as error:
            log.warning("not journaled yet: %s", redact(str(error)))

    @property
    def project(self) -> Project:
        """The part of the settings that commands take, made once for each reading of them."""
        settings = self.settings
        made_of, project = self._project
        if settings is not made_of:
            project = settings.project
            self._project = settings, project
        return project

    @property
    def described(self) -> str:
        """A text that is another one where settings or stages are others, so that answers may be, too."""
        settings = self.settings
        if settings is not self._described[0]:
            self._described = settings, _describe(settings)
        return self._described[1]

    def find_once(self, kept: Kept, state: ReadState, name: str, find: Callable[[], Value]) -> Value:
        """Gives what is found in texts, looked for once as long as none of them changes; each time while lists and texts are behind."""
        return kept.get(f"{self.described} {state.of_texts}", name, find) if state.holds else find()

    def counted_from(self, changes: Changes) -> str:
        """A text that is another one where figures of what was made may be others: decisions count only where a stage is asked for what is chosen."""
        return f"{changes.made if self.project.stages.of_choices() is None else changes.all}\0{self.described}"

    @property
    def open_project(self) -> OpenProject:
        """The project for commands that work at the provider.

        Raises:
            ConfigurationError: no key is set.
            ProviderError: it cannot be reached, or refuses the key.
        """
        return OpenProject(self.settings.configuration, self.settings.stages, self.store, self.folder, self.provider)

    def plans_for_simulated(self, *, offline: bool = False) -> bool:
        """Tells whether a plan is for a provider whose answers are simulated. Without a key, or where it is not to be asked: for one that bills.

        Raises:
            ProviderError: it cannot be reached, or refuses the key.
        """
        return not offline and self.settings.has_credentials and self.provider.simulated

    def levels(self, connection: Connection, edition: Edition) -> Levels:
        """Counts the nodes of an edition by level, as `levels_of` does: once, because the nodes of an edition stay as they were loaded."""
        loaded = f"{edition.id} {edition.source_sha256} {edition.loaded_at}"
        return self.kept.get(loaded, "levels", lambda: levels_of(connection, edition.id))

    @property
    def store(self) -> Engine:
        """The store, with its schema up to date."""
        with self._opening:
            return self._store

    @property
    def reading(self) -> Engine:
        """The store for what only reads: each statement is on its own, without the calls that a transaction takes."""
        with self._opening:
            return self._reading

    @property
    def folder(self) -> ArtifactFolder:
        """Says where files are kept."""
        with self._opening:
            return self._folder

    @property
    def provider(self) -> Provider:
        """The configured provider, asked who it is."""
        with self._opening:
            return self._provider

    @property
    def secret(self) -> ServiceSecret:
        """Gives what secrets of the service are derived from.

        Raises:
            ConfigurationError: it cannot be had, or the database knows another one.
        """
        with self._opening:
            return self._secret

    def secret_for_signing(self) -> ServiceSecret:
        """The same, compared once more with what the database knows: another one may have been taken while this process runs.

        Raises:
            ConfigurationError: as above.
        """
        refuse_other_secret(self.store, self.secret)
        return self.secret

    @property
    def events(self) -> EventReader:
        """Gives what streams of events listen to."""
        with self._opening:
            return self._events

    def close(self) -> None:
        """Ends the streams and lets go of the database."""
        if "_events" in self.__dict__:
            self._events.close()
        for engine in ("_reading", "_store"):
            if engine in self.__dict__:
                self.__dict__[engine].dispose()

    @cached_property
    def _store(self) -> Engine:
        return open_project_store(self.settings, for_many_calls=True)

    @cached_property
    def _events(self) -> EventReader:
        return EventReader(lambda: self.store, write_event)

    @cached_property
    def _reading(self) -> Engine:
        assert self._store is not None  # whose schema is up to date then
        return open_project_for_reading(self.settings)

    @cached_property
    def _secret(self) -> ServiceSecret:
        return find_known_secret(self._store, self.settings)

    @cached_property
    def _folder(self) -> ArtifactFolder:
        return ArtifactFolder(self.settings.artifacts)

    @cached_property
    def _provider(self) -> Provider:
        return connect_provider(self._store, make_client(self.settings))


def _describe(settings: Settings) -> str:
    project = settings.project
    stages = [stage_version(stage, project.stage_settings[stage.key]) for stage in project.stages]
    known = "\0".join((settings.configuration.model_dump_json(), settings.openai_base_url, *stages))
    return hashlib.sha256(known.encode()).hexdigest()


def _changed_at(settings: Settings) -> int:
    """Says when caseforge.toml was changed last; 0 where there is none."""
    try:
        return settings.config_path.stat().st_mtime_ns
    except OSError:
        return 0
