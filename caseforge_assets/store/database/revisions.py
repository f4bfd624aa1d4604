"""Judges whether this version works with the schema that a database has: with its own, and with the one before where its newest migration says so.

During a rolling upgrade processes of both versions work side by side on the older schema, until a person has it migrated.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.script import Script

MIGRATIONS = Path(__file__).parents[1] / "migrations"
# Of a migration that only adds: code of its version works without what it adds, and says so where that is asked for.
RUNS_BEFORE = "RUNS_ON_THE_SCHEMA_BEFORE"
_MIGRATE = "`caseforge db migrate` brings its tables up to date"


class Fit(StrEnum):
    """Ways in which a schema and this version of the code go together."""

    current = "current"
    before = "the one before, which this version works with"
    old = "too old"
    newer = "of a newer version"
    none = "none"


class SchemaNotUsable(RuntimeError):
    """The database has the schema of another version; the text says what to do. Nothing was changed."""


def fit_of(revision: str | None) -> Fit:
    """Says how a database's revision fits; None: it has no schema of CaseForge's."""
    if revision is None:
        return Fit.none
    head = _scripts()[0]
    if revision == head.revision:
        return Fit.current
    if revision == head.down_revision and getattr(head.module, RUNS_BEFORE, False):
        return Fit.before
    return Fit.old if revision in {script.revision for script in _scripts()} else Fit.newer


def refuse_unless_usable(revision: str | None) -> None:
    """Looks before anything is done.

    Raises:
        SchemaNotUsable: the schema is too old, or that of a newer version.
    """
    fit = fit_of(revision)
    if fit is Fit.old:
        raise SchemaNotUsable(
            f"The database is at revision {revision}, and this CaseForge needs {_scripts()[0].revision}: {_MIGRATE}, while nothing else works with "
            "it. Make a backup before. Nothing was changed."
        )
    if fit is Fit.newer:
        raise SchemaNotUsable(
            f"The database is at revision {revision}, which a newer CaseForge made; this one knows revisions up to {_scripts()[0].revision}. Nothing "
            "was changed. Install the newer CaseForge here, too, or restore a backup of before."
        )


def behind(what: str) -> SchemaNotUsable:
    """The refusal of something that the schema before does not have a place for."""
    return SchemaNotUsable(f"{what} needs tables that the database does not have yet: {_MIGRATE}. Nothing was changed.")


@cache
def _scripts() -> list[Script]:
    """All migrations, the newest first."""
    from alembic.script import ScriptDirectory

    return list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
