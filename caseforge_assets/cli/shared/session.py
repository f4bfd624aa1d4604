"""The session that the commands of one invocation share: settings, and doors that open when they are first used."""

from __future__ import annotations

import gc
from functools import cached_property
from typing import TYPE_CHECKING

from caseforge_assets.redaction import redact
from caseforge_assets.settings import ConfigurationError, Settings, find_project, load_places
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caseforge_assets.artifacts import ArtifactFolder
    from caseforge_assets.commands.providing.open_project import OpenProject, StoredProject
    from caseforge_assets.commands.providing.provider import Provider
    from caseforge_assets.notifications import Address
    from caseforge_assets.settings import FrameworkSettings
    from caseforge_assets.settings.declarations import Declaration
    from caseforge_assets.settings.inspecting import Inspection
    from caseforge_assets.settings.project import Project
    from caseforge_assets.stages.stages import Stages
    from caseforge_assets.store.database.engine import Engine


class Session:
    """Settings, store, artifacts and provider of one invocation."""

    leaves_database_running = True
    _alerts_to_show = False

    def __init__(self, set_keys: Mapping[str, str] | None = None, options: Sequence[str] = ()) -> None:
        """Nothing is read or opened yet.

        Args:
            set_keys: values of keys of caseforge.toml that hold for this invocation.
            options: with which `caseforge` was called, before the command's name.
        """
        self._set_keys, self.options = dict(set_keys or {}), tuple(options)

    @cached_property
    def settings(self) -> Settings:
        """The project's settings."""
        return self.reread()

    def reread(self) -> Settings:
        """The settings as they are said now; this session goes on with those that it has."""
        from caseforge_assets.commands.configuring.read_settings import read_settings

        return read_settings(set_keys=self._set_keys)

    def override(self, **values: str | None) -> None:
        """Lets keys of `[service]` have other values in this invocation, where options say so (None: they do not)."""
        self._set_keys |= {f"service.{key}": value for key, value in values.items() if value is not None}

    def inspect(self, *, connect: bool) -> Inspection:
        """The project as far as it can be read, with what is wrong with it.

        Args:
            connect: whether the database is asked for frameworks that are declared there; where it does not answer, that is said.
        """
        from caseforge_assets.settings.inspecting import inspect_project

        return inspect_project(find_project(), self._set_keys, self._kept() if connect else None)

    def _kept(self) -> Mapping[str, Declaration]:
        from caseforge_assets.cli.shared.console import errors
        from caseforge_assets.commands.configuring.read_settings import kept_declarations
        from caseforge_assets.store.database.engine import StoreUnavailable

        try:
            return kept_declarations(load_places())
        except (ConfigurationError, StoreUnavailable) as error:
            errors.print(f"Frameworks that the database declares are not shown: {redact(str(error).strip())}", style="yellow")
            return {}

    @property
    def project(self) -> Project:
        """The part of the settings that commands take."""
        return self.settings.project

    @property
    def stages(self) -> Stages:
        """The project's stages."""
        return self.settings.stages

    @property
    def stored_project(self) -> StoredProject:
        """The project for commands that work with what is stored."""
        from caseforge_assets.commands.providing.open_project import with_store

        return with_store(self.project, self.store, self.folder)

    @property
    def open_project(self) -> OpenProject:
        """The project for commands that work at the provider."""
        return self.stored_project.at(self.provider)

    @cached_property
    def store(self) -> Engine:
        """The store, with its schema up to date; the embedded database is started when it is needed."""
        from caseforge_assets.cli.shared.console import errors
        from caseforge_assets.store.database.location import open_project_store

        if self.settings.postgres_url is None:
            from caseforge_assets.store.database.embedded_postgres import status

            if not status(self.settings.home).running:
                after = "; it goes on running (`caseforge db stop` stops it)" if self.leaves_database_running else ""
                errors.print(f"Starting the embedded database{after}.", style="dim")
        store = open_project_store(self.settings)
        gc.freeze()  # what is imported stays: it need not be looked through again and again
        return store

    @cached_property
    def folder(self) -> ArtifactFolder:
        """Says where batch files are kept."""
        from caseforge_assets.artifacts import ArtifactFolder

        return ArtifactFolder(self.settings.artifacts)

    @cached_property
    def provider(self) -> Provider:
        """The configured provider, asked who it is."""
        from caseforge_assets.commands.providing.provider import connect_provider, make_client

        return connect_provider(self.store, make_client(self.settings))

    def keep(self) -> bool:
        """Journals what this invocation changed; says so where that cannot be done now, and returns whether it is done."""
        if "store" not in self.__dict__:
            return True
        from caseforge_assets.artifacts import ArtifactsUnavailable
        from caseforge_assets.cli.shared.console import errors
        from caseforge_assets.commands.journaling.write_journal import write_journal
        from caseforge_assets.store.database.engine import StoreUnavailable

        try:
            write_journal(self.store, self.folder)
        except (ArtifactsUnavailable, StoreUnavailable) as error:
            errors.print(f"Not journaled yet, the next command does it: {redact(str(error))}", style="yellow")
            return False
        return True

    def keep_now_and_then(self) -> None:
        """The same for what runs for long, when there is enough to be worth a segment."""
        from caseforge_assets.commands.journaling.write_journal import is_worth_a_segment

        if is_worth_a_segment(self.store):
            self.keep()

    def close(self) -> None:
        """Journals, and lets go of the database."""
        self.keep()
        self.store.dispose()
        self.__dict__.pop("store")

    def framework_key(self, key: str | None) -> str:
        """The framework that is meant: the one named, or the only one declared."""
        return self.settings.framework_key(key)

    def known_key(self, key: str | None) -> str:
        """The same, also for a framework that was taken out: what was made for it is there."""
        from caseforge_assets.store.editions.frameworks import known_keys

        if key is not None and key not in self.settings.configuration.frameworks:
            with self.store.connect() as connection:
                if key in known_keys(connection):
                    return key
        return self.framework_key(key)

    def use_new_project(self) -> None:
        """Reads the settings anew; where no project is above this folder, this folder is to become one."""
        from caseforge_assets.commands.configuring.read_settings import read_settings

        self.__dict__["settings"] = read_settings(find_project(new=True))

    def ask_as(self, key: str, entry: FrameworkSettings) -> None:
        """Has a framework's texts asked for as an entry says that does not stand in caseforge.toml yet.

        Raises:
            ConfigurationError: a template of its own cannot be used.
        """
        from caseforge_assets.commands.configuring.add_entry import with_entry

        self.__dict__["settings"] = self.settings.model_copy(update={"stages": with_entry(self.settings, key, entry).stages})

    def reload(self) -> None:
        """Reads the settings anew and forgets the provider, after the environment has changed."""
        for name in ("settings", "provider"):
            self.__dict__.pop(name, None)

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        """Says where messages about alerts go."""
        from caseforge_assets.notifications import addresses_of

        return addresses_of(self.settings)

    def look_for_alerts(self, *, quiet: bool = False) -> None:
        """Raises and clears alerts, tells people, and says on standard error what is new."""
        from caseforge_assets.cli.shared.console import errors
        from caseforge_assets.commands.alerting.alert_people import alert_people
        from caseforge_assets.store.alerting.alerts import newest

        checked, delivered = alert_people(self.store, self.project, self.addresses)
        self._alerts_to_show |= checked.changed
        if checked.changed and not quiet:
            with self.store.connect() as connection:
                rows = newest(connection, with_cleared=True)
            for row in sorted(rows, key=lambda row: row.id):
                if row.id in (*checked.raised, *checked.escalated):
                    errors.print(f"Alert {row.id}, {row.severity}: {row.text}", style="red" if row.severity == "critical" else "yellow")
                elif row.id in checked.cleared:
                    errors.print(f"Alert {row.id} is over: {row.text}", style="dim")
        for name, problem in delivered.problems.items():
            errors.print(f"An alert could not be delivered to {name}: {problem}. It is tried again.", style="yellow")

    def mirror(self, *, quiet: bool = False, waits: bool = True) -> None:
        """Looks for alerts, shows in Dagster what this invocation did, and says so while it takes long.

        Args:
            quiet: say nothing of new alerts, because all of them are shown next.
            waits: somebody else who shows events is waited for; there is no need to where this invocation made none.
        """
        self.look_for_alerts(quiet=quiet)
        self.show_in_dagster(waits=waits)

    def show_in_dagster(self, *, waits: bool = True) -> None:
        """Shows in Dagster what is not shown yet; see `mirror`."""
        from caseforge_assets.cli.shared.console import console
        from caseforge_assets.commands.mirroring.show_versions import repeat_under_new_versions
        from caseforge_assets.store.mirroring.outbox import count_unflushed

        repeat_under_new_versions(self.store, self.project)
        with self.store.connect() as connection:
            waiting = count_unflushed(connection)
        if waiting or self._alerts_to_show:
            from caseforge_assets.cli.shared.dagster_bridge import flush

            what = f"{counted(waiting, 'event')}" if waiting else "what is new of alerts"
            with console.status(f"Showing {what} in Dagster …"):
                flush(self.settings, self.store, alerts_changed=self._alerts_to_show, waits=waits)
            self._alerts_to_show = False
