"""A project with its doors open: to what is stored, and to the provider."""

from __future__ import annotations

from dataclasses import dataclass

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Engine


@dataclass(frozen=True)
class StoredProject(Project):
    """A project, its store, and the folder of its artifacts: what commands take that can do without a provider."""

    store: Engine
    folder: ArtifactFolder

    def at(self, provider: Provider) -> OpenProject:
        """The same with its provider."""
        return OpenProject(self.configuration, self.stages, self.store, self.folder, provider)


@dataclass(frozen=True)
class OpenProject(StoredProject):
    """A stored project and its provider. Commands that need less take less, so that nobody is asked in vain."""

    provider: Provider


def with_store(project: Project, store: Engine, folder: ArtifactFolder) -> StoredProject:
    """A project with what is stored of it."""
    return StoredProject(project.configuration, project.stages, store, folder)
