"""With which models and in which styles a stage was asked for: a version of a stage each."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Versions are few and requests many: each version is looked up in the index by the one before it, and one body of each tells its style.
_ASKED = text("""
with recursive known(version) as (
    select min(stage_version) from caseforge.request where stage = :stage
    union all
    select (select min(r.stage_version) from caseforge.request r where r.stage = :stage and r.stage_version > known.version)
    from known where known.version is not null)
select known.version, body ->> 'model', cast(body ->> 'temperature' as double precision), body ->> 'reasoning_effort', body ->> 'verbosity'
from known cross join lateral (
    select cast(r.body as jsonb) as body from caseforge.request r where r.stage = :stage and r.stage_version = known.version limit 1) one
""")


def styles_asked_for(connection: Connection, stage: str) -> list[tuple[str, str, float | None, str | None, str | None]]:
    """(stage version, model, temperature, reasoning effort, verbosity) of each version that was ever asked for; None where it was left out."""
    return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(_ASKED, {"stage": stage})]
