"""Decides which code version Dagster is shown, so that what counts as fresh here is not stale there, whatever model it was made with."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, known_as, shown_stage_version
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction
from caseforge_assets.store.editions import frameworks
from caseforge_assets.store.mirroring import outbox, stage_versions
from caseforge_assets.store.requests.styles import fresh_versions


def shown_versions(connection: Connection, project: Project, key: str, stage: Stage, made_with: Collection[str]) -> dict[str, str]:
    """Gives, by the version that something of a stage in a framework was made with, the one that it is shown with: that of now, where it counts as fresh."""
    stage = project.stages.in_framework(stage, key)
    settings = project.stage_settings[stage.key]
    shown, fresh = shown_stage_version(stage, settings), fresh_versions(connection, stage, settings)
    return {version: shown if version in fresh else version for version in made_with}


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
            settings = project.stage_settings[stage.key]
            version, was = shown_stage_version(variant, settings), before.get(name, before.get(stage.key))
            if was != version or name not in before:
                fresh = fresh_versions(connection, variant, settings)
                otherwise = frozenset[str]() if was == version else fresh if was else fresh - {version}
                yield _Shown(name, variant, version, otherwise, keys)
