"""Which code version Dagster is shown, so that what counts as fresh here is not stale there, whatever model it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caseforge_assets.commands.stage_settings import fresh_versions, shown_stage_version, stage_settings
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import Stage, all_stages
from caseforge_assets.store import outbox, told
from caseforge_assets.store.engine import Connection, Engine, lock_in_transaction


@dataclass(frozen=True)
class ShownVersion:
    """The code version that a stage's assets have in Dagster, and the versions of what counts as made with it."""

    version: str
    fresh: frozenset[str]

    def of(self, code_version: str) -> str:
        """What is shown for something that was made with a version."""
        return self.version if code_version in self.fresh else code_version


def shown_versions(connection: Connection, configuration: Configuration) -> Mapping[str, ShownVersion]:
    """What is shown of each stage, by the names of its stations."""
    return {
        station: shown for stage, shown in _by_stage(connection, configuration) for station in (stage.inputs, stage.outputs, stage.content)
    }


def repeat_under_new_versions(store: Engine, configuration: Configuration) -> int:
    """Says once more of fresh content that it was made, when it is shown under another version from now on; returns how many rows that takes.

    That is so after `when_model_changes` was changed, and in a project in which everything was told under the version of its own model.
    """
    with store.begin() as connection:
        if not _shown_otherwise(connection, configuration):
            return 0
        lock_in_transaction(connection, "show versions")
        written = 0
        for stage, shown, otherwise in _shown_otherwise(connection, configuration):  # somebody may have told it while this one waited
            rows = outbox.standing(connection, (stage.inputs, stage.outputs, stage.content), sorted(otherwise))
            written += len(outbox.add(connection, rows))
            told.remember_told(connection, stage.key, shown.version)
        return written


def _shown_otherwise(connection: Connection, configuration: Configuration) -> list[tuple[Stage, ShownVersion, frozenset[str]]]:
    """The stages that are shown under another version than was told, and the versions of what is to be told once more."""
    before = told.told_versions(connection)
    changed = [(stage, shown) for stage, shown in _by_stage(connection, configuration) if before.get(stage.key) != shown.version]
    return [(stage, shown, shown.fresh if stage.key in before else shown.fresh - {shown.version}) for stage, shown in changed]


def _by_stage(connection: Connection, configuration: Configuration) -> list[tuple[Stage, ShownVersion]]:
    found = []
    for stage in all_stages():
        settings = stage_settings(configuration, stage)
        found.append((stage, ShownVersion(shown_stage_version(stage, settings), fresh_versions(connection, stage, settings))))
    return found
