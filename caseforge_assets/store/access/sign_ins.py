"""Failed sign-ins, counted by name and by address; all times are the database's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, text

from caseforge_assets.store.schema.access_tables import failed_sign_in


@dataclass(frozen=True, slots=True)
class Failures:
    """The number of sign-ins that failed lately, and the time since the last one."""

    count: int
    since_last: timedelta


def failures_of_name(connection: Connection, name: str, within: timedelta) -> Failures:
    """The failures in a name."""
    return _failures(connection, "name", name, within)


def failures_of_address(connection: Connection, address: str, within: timedelta) -> Failures:
    """The failures from an address."""
    return _failures(connection, "address", address, within)


def _failures(connection: Connection, column: str, value: str, within: timedelta) -> Failures:
    query = text(f"""
    select count(*), coalesce(clock_timestamp() - max(failed_at), interval '0') from caseforge.failed_sign_in
    where {column} = :value and failed_at > now() - cast(:within as interval)
    """)
    count, since_last = connection.execute(query, {"value": value, "within": within}).one()
    return Failures(count, since_last)


def note(connection: Connection, name: str, address: str) -> None:
    """Notes a failure, and forgets what is older than a day."""
    connection.execute(text("delete from caseforge.failed_sign_in where failed_at < now() - interval '1 day'"))
    connection.execute(insert(failed_sign_in), {"name": name, "address": address})


def forget(connection: Connection, name: str, address: str) -> None:
    """Forgets failures in a name from an address, because its person has signed in from there."""
    query = text("delete from caseforge.failed_sign_in where name = :name and address = :address")
    connection.execute(query, {"name": name, "address": address})
