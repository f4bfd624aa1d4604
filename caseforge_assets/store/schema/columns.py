"""The schema, and the columns that most of its tables have."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, MetaData, Text, func

SCHEMA = "caseforge"
# Not alembic_version: for a database role called caseforge, this schema comes first, and Dagster would take the table for its own.
VERSION_TABLE = "schema_version"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    },
)


def id_column() -> Column[int]:
    """The number that a row is known by."""
    return Column("id", BigInteger, primary_key=True)


def now_column(name: str) -> Column[object]:
    """The time at which a row was written."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def time_column(name: str) -> Column[object]:
    """A time that is not known from the start."""
    return Column(name, DateTime(timezone=True))


def reference(name: str, target: str, *, nullable: bool = False, closes_cycle: bool = False, comment: str | None = None) -> Column[int]:
    """The id of a row elsewhere."""
    return Column(name, BigInteger, ForeignKey(f"{SCHEMA}.{target}", use_alter=closes_cycle), nullable=nullable, comment=comment)


def framework_reference() -> Column[str]:
    """The framework that a row belongs to."""
    return Column("framework_key", Text, ForeignKey(f"{SCHEMA}.framework.key"), nullable=False)
