"""A project with its doors open: what commands take that work at the provider."""

from __future__ import annotations

from dataclasses import dataclass

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Engine


@dataclass(frozen=True)
class OpenProject(Project):
    """A project, its store, the folder of its artifacts, and its provider. Commands that need less take less, so that nobody is asked in vain."""

    store: Engine
    folder: ArtifactFolder
    provider: Provider
