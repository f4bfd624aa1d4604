"""What the commands of one invocation share: settings, and doors that open when they are first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from caseforge_assets.redaction import redact
from caseforge_assets.settings import Settings, find_project, load_settings

if TYPE_CHECKING:
    from caseforge_assets.artifacts import ArtifactFolder
    from caseforge_assets.commands.provider import Provider
    from caseforge_assets.store.engine import Engine


class Session:
    """Settings, store, artifacts and provider of one invocation."""

    leaves_database_running = True

    @cached_property
    def settings(self) -> Settings:
        """The project's settings."""
        return load_settings()

    @cached_property
    def store(self) -> Engine:
        """The store, with its schema up to date; the embedded database is started when it is needed."""
        from caseforge_assets.cli.console import errors
        from caseforge_assets.store.engine import open_store
        from caseforge_assets.store.location import database_url

        if self.settings.postgres_url is None:
            from caseforge_assets.store.embedded_postgres import status

            if not status(self.settings.home).running:
                after = "; it goes on running (`caseforge db stop` stops it)" if self.leaves_database_running else ""
                errors.print(f"Starting the embedded database{after}.", style="dim")
        return open_store(database_url(self.settings))

    @cached_property
    def folder(self) -> ArtifactFolder:
        """Where batch files are kept."""
        from caseforge_assets.artifacts import ArtifactFolder

        return ArtifactFolder(self.settings.artifacts)

    @cached_property
    def provider(self) -> Provider:
        """The configured provider, asked who it is."""
        from caseforge_assets.commands.provider import connect_provider, make_client

        return connect_provider(self.store, make_client(self.settings))

    def keep(self) -> None:
        """Journals what this invocation changed; says so where that cannot be done now."""
        if "store" not in self.__dict__:
            return
        from caseforge_assets.artifacts import ArtifactsUnavailable
        from caseforge_assets.cli.console import errors
        from caseforge_assets.commands.write_journal import write_journal
        from caseforge_assets.store.engine import StoreUnavailable

        try:
            write_journal(self.store, self.folder)
        except (ArtifactsUnavailable, StoreUnavailable) as error:
            errors.print(f"Not journaled yet, the next command does it: {redact(str(error))}", style="yellow")

    def close(self) -> None:
        """Journals, and lets go of the database."""
        self.keep()
        self.store.dispose()
        self.__dict__.pop("store")

    def framework_key(self, key: str | None) -> str:
        """The framework that is meant: the one named, or the only one declared."""
        return self.settings.framework_key(key)

    def use_new_project(self) -> None:
        """Reads the settings anew; where no project is above this folder, this folder is to become one."""
        self.__dict__["settings"] = load_settings(find_project(new=True))

    def reload(self) -> None:
        """Reads the settings anew and forgets the provider, after the environment has changed."""
        for name in ("settings", "provider"):
            self.__dict__.pop(name, None)

    def mirror(self) -> None:
        """Shows in Dagster what this invocation did, and says so while it takes long."""
        from caseforge_assets.cli.console import console
        from caseforge_assets.store.outbox import count_unflushed

        with self.store.connect() as connection:
            waiting, _ = count_unflushed(connection)
        if waiting:
            from caseforge_assets.cli.dagster_bridge import flush

            with console.status(f"Showing {waiting:,} events in Dagster …"):
                flush(self.settings, self.store)
