"""Which code version Dagster is shown, so that what counts as fresh here is not stale there, whatever model it was made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import shown_stage_version, stage_settings
from caseforge_assets.stages.stage import Stage, known_as
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction
from caseforge_assets.store.editions import frameworks
from caseforge_assets.store.mirroring import outbox, stage_versions
from caseforge_assets.store.requests.styles import fresh_versions


@dataclass(frozen=True)
class ShownVersion:
    """The code version that a stage's assets have in Dagster, and the versions of what counts as made with it."""

    version: str
    fresh: frozenset[str]

    def of(self, code_version: str) -> str:
        """Gives what is shown for something that was made with a version."""
        return self.version if code_version in self.fresh else code_version


def shown_versions(connection: Connection, project: Project) -> Mapping[tuple[str, str], ShownVersion]:
    """Gives what is shown of each stage, by frameworks and the names of its assets."""
    return {
        (key, asset): shown
        for key in frameworks.loaded_keys(connection)
        for stage, shown in _by_stage(connection, project, key)
        for asset in (stage.inputs, stage.outputs, stage.content)
    }


def repeat_under_new_versions(store: Engine, project: Project) -> int:
    """Says once more of fresh content that it was made, when it is shown under another version from now on; returns how many rows that takes.

    That is so after `when_model_changes` was changed, where a framework got a language or templates of its own or lost them, and in a project in
    which everything was told under the version of its own model.
    """
    with store.begin() as connection:
        if not any(_shown_otherwise(connection, project)):
            return 0
        lock_in_transaction(connection, "show versions")
        written = 0
        for shown in list(_shown_otherwise(connection, project)):  # somebody may have told it while this one waited
            assets = (shown.stage.inputs, shown.stage.outputs, shown.stage.content)
            rows = outbox.standing(connection, assets, sorted(shown.otherwise), shown.keys, shown.version)
            written += len(outbox.add(connection, rows))
            stage_versions.remember_told(connection, shown.name, shown.version)
        return written


class _Shown(NamedTuple):
    """A stage that is shown under another version than was told, in some frameworks, and the versions of what is to be told once more."""

    name: str
    stage: Stage
    version: str
    otherwise: frozenset[str]
    keys: list[str]


def _shown_otherwise(connection: Connection, project: Project) -> Iterator[_Shown]:
    """The stages of the project, and those of frameworks that have them otherwise or had so once, and are told apart since."""
    before, loaded = stage_versions.told_versions(connection), frameworks.loaded_keys(connection)
    for stage in project.stages:
        apart = [key for key in loaded if project.stages.in_framework(stage, key) is not stage or known_as(stage, key) in before]
        others = [key for key in loaded if key not in apart]
        for name, keys in ((stage.key, others), *((known_as(stage, key), [key]) for key in apart)):
            variant = project.stages.in_framework(stage, keys[0]) if name != stage.key else stage
            shown = _shown(connection, project, variant)
            was = before.get(name, before.get(stage.key))
            if was != shown.version or name not in before:
                otherwise = frozenset[str]() if was == shown.version else shown.fresh if was else shown.fresh - {shown.version}
                yield _Shown(name, variant, shown.version, otherwise, keys)


def _by_stage(connection: Connection, project: Project, key: str) -> list[tuple[Stage, ShownVersion]]:
    stages = [project.stages.in_framework(stage, key) for stage in project.stages]
    return [(stage, _shown(connection, project, stage)) for stage in stages]


def _shown(connection: Connection, project: Project, stage: Stage) -> ShownVersion:
    settings = stage_settings(project.configuration, stage)
    return ShownVersion(shown_stage_version(stage, settings), fresh_versions(connection, stage, settings))
