"""Keeps what stages are made of, version by version, so that content of an older one can say what changed since, and when that was.

A framework with a language or templates of its own has versions of its own; one that had them once goes on being told apart, so that it is known when they went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from caseforge_assets.reports.freshness import StaleReason
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import fingerprint
from caseforge_assets.stages.definition_parts import LANGUAGE, STYLE, UNSET, definition_parts, say_change
from caseforge_assets.stages.stage import Stage, StageSettings, definition_version, known_as, stage_version
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.mirroring.stage_versions import SeenDefinition, remember_definition, seen_definitions


class _Defined(NamedTuple):
    """A stage as it is now, under the name that its versions are kept under, with those that were seen."""

    name: str
    stage: Stage
    settings: StageSettings
    seen: list[SeenDefinition]

    @property
    def is_new(self) -> bool:
        return not _is_current(self.seen, stage_version(self.stage, self.settings))


def definitions_are_new(connection: Connection, project: Project) -> bool:
    """Tells whether any stage is another one now than when Dagster was told of it last: what is stale has to be found anew."""
    return any(defined.is_new for defined in _all_defined(connection, project))


def shown_definitions(project: Project) -> str:
    """A short name of what the stages are now."""
    stages = [project.stages.in_framework(stage, key) for key in (*project.configuration.frameworks, "") for stage in project.stages]
    return fingerprint([stage_version(stage, project.stage_settings[stage.key]) for stage in stages])[:12]


def remember_definitions(store: Engine, project: Project) -> bool:
    """Keeps what the stages are made of now; returns whether any of them was another one before."""
    with store.connect() as connection:
        if not definitions_are_new(connection, project):
            return False
    with store.begin() as connection:
        for defined in _all_defined(connection, project):
            if defined.is_new:
                versions = {stage_version(defined.stage, defined.settings), definition_version(defined.stage)}
                remember_definition(connection, defined.name, sorted(versions), definition_parts(defined.stage, defined.settings))
    return True


def changes_since(connection: Connection, key: str, stage: Stage, settings: StageSettings) -> Callable[[str], StaleReason]:
    """From the version that something of a framework was made with to why it does not fit any more, and since when."""
    shared, own = (seen_definitions(connection, known_as(stage, scope)) for scope in (None, key))
    seen, version = own or shared, stage_version(stage, settings)
    at = seen[-1].current_since if _is_current(seen, version) else None
    parts = {definition.version: definition.parts for definition in (*shared, *own)}
    now = definition_parts(stage, settings)

    def reason(version: str) -> StaleReason:
        return StaleReason(say_change(stage.title, parts.get(version), now, at, keeps_content=settings.keeps_content), at)

    return reason


def language_change(connection: Connection, key: str, stage: Stage, version: str) -> tuple[str, str] | None:
    """The language that a version of a stage was asked for in, and that of now; None where it is the same, more has changed, or it is not known."""
    seen = [definition for scope in (None, key) for definition in seen_definitions(connection, known_as(stage, scope))]
    before = next((definition.parts for definition in seen if definition.version == version), None)
    now = definition_parts(stage, StageSettings())
    others = {*now, *(before or {})} - {*STYLE, LANGUAGE}
    if before is None or before.get(LANGUAGE) == now.get(LANGUAGE) or any(before.get(name) != now.get(name) for name in others):
        return None
    return before.get(LANGUAGE, UNSET), now.get(LANGUAGE, UNSET)


def _all_defined(connection: Connection, project: Project) -> Iterator[_Defined]:
    for stage in project.stages:
        settings = project.stage_settings[stage.key]
        yield _Defined(stage.key, stage, settings, seen_definitions(connection, stage.key))
        for key in project.configuration.frameworks:
            name, own = known_as(stage, key), project.stages.in_framework(stage, key)
            seen = seen_definitions(connection, name)
            if seen or own is not stage:
                yield _Defined(name, own, settings, seen)


def _is_current(seen: list[SeenDefinition], version: str) -> bool:
    return bool(seen) and version in {definition.version for definition in seen if definition.current_since == seen[-1].current_since}
