"""What stages are made of is kept, version by version, so that content of an older one can say what changed since, and when that was."""

from __future__ import annotations

from collections.abc import Callable

from caseforge_assets.commands.stage_settings import stage_settings
from caseforge_assets.reports.freshness import StaleReason
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.definition_parts import definition_parts, say_change
from caseforge_assets.stages.stage import Stage, StageSettings, all_stages, definition_version, fingerprint, stage_version
from caseforge_assets.store.definitions import SeenDefinition, remember_definition, seen_definitions
from caseforge_assets.store.engine import Connection, Engine


def definitions_are_new(connection: Connection, configuration: Configuration) -> bool:
    """Whether any stage is another one now than when Dagster was told of it last: what is stale has to be found anew."""
    return any(
        not _is_current(seen_definitions(connection, stage.key), stage_version(stage, stage_settings(configuration, stage)))
        for stage in all_stages()
    )


def shown_definitions(configuration: Configuration) -> str:
    """A short name of what the stages are now."""
    return fingerprint([stage_version(stage, stage_settings(configuration, stage)) for stage in all_stages()])[:12]


def remember_definitions(store: Engine, configuration: Configuration) -> bool:
    """Keeps what the stages are made of now; returns whether any of them was another one before."""
    with store.connect() as connection:
        if not definitions_are_new(connection, configuration):
            return False
    with store.begin() as connection:
        for stage in all_stages():
            settings = stage_settings(configuration, stage)
            version = stage_version(stage, settings)
            if not _is_current(seen_definitions(connection, stage.key), version):
                versions = {version, definition_version(stage)}
                remember_definition(connection, stage.key, sorted(versions), definition_parts(stage, settings))
    return True


def changes_since(connection: Connection, stage: Stage, settings: StageSettings) -> Callable[[str], StaleReason]:
    """From the version that something was made with to why it does not fit any more, and since when."""
    seen = seen_definitions(connection, stage.key)
    at = seen[-1].current_since if _is_current(seen, stage_version(stage, settings)) else None
    parts = {one.version: one.parts for one in seen}
    now = definition_parts(stage, settings)

    def reason(version: str) -> StaleReason:
        return StaleReason(say_change(stage.title, parts.get(version), now, at, keeps_content=settings.keeps_content), at)

    return reason


def _is_current(seen: list[SeenDefinition], version: str) -> bool:
    return bool(seen) and version in {one.version for one in seen if one.current_since == seen[-1].current_since}
