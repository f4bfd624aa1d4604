"""With which models and in which styles a stage was asked for: a version of a stage each."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection, text

from caseforge_assets.stages.stage import Stage, StageSettings, definition_version, stage_version
from caseforge_assets.store.schema.constants import PLANNED_ONCE


class Style(NamedTuple):
    """The way in which a model was asked, as it stands in a request's body; None for what was left out."""

    temperature: float | None
    reasoning_effort: str | None
    verbosity: str | None
    endpoint: str


# Of a body as jsonb, in the order of `Style`. The endpoint stands in requests that do not go to the one that all went to at first.
STYLE_OF_BODY = """
    cast(body ->> 'temperature' as double precision) as temperature, body ->> 'reasoning_effort' as reasoning_effort,
    body ->> 'verbosity' as verbosity, coalesce(body ->> 'endpoint', 'chat/completions') as endpoint"""

# Versions are few and requests many: each version is looked up in the index by the one before it, and one body of each tells its style.
_ASKED = text(f"""
with recursive known(version) as (
    select min(stage_version) from caseforge.request where stage = :stage
    union all
    select (select min(r.stage_version) from caseforge.request r where r.stage = :stage and r.stage_version > known.version)
    from known where known.version is not null)
select known.version, body ->> 'model', {STYLE_OF_BODY}
from known cross join lateral (
    select cast(r.body as jsonb) as body from caseforge.request r where r.stage = :stage and r.stage_version = known.version limit 1) one
""").execution_options(**PLANNED_ONCE)


def styles_asked_for(connection: Connection, stage: str) -> list[tuple[str, str, Style]]:
    """(stage version, model, style) of each version that was ever asked for."""
    return [(row[0], row[1], Style(*row[2:])) for row in connection.execute(_ASKED, {"stage": stage})]


def fresh_versions(connection: Connection, stage: Stage, settings: StageSettings) -> frozenset[str]:
    """The versions of a stage whose content counts as fresh: the current one, by whatever names its model has at the provider, and others.

    Where content is kept, these are all that differ in model and style alone.
    """
    current = stage_version(stage, settings)
    renamed = {
        stage_version(stage, replace(settings, model=name)) for name in settings.also_called
    }  # before it was said what they stand for
    if not settings.keeps_content:
        return frozenset({current, *renamed})
    asked = {
        version: replace(settings, model=model, **style._asdict()) for version, model, style in styles_asked_for(connection, stage.key)
    }
    alike = {version for version, style in asked.items() if stage_version(stage, style) == version}
    return frozenset({current, definition_version(stage), *renamed, *alike})
