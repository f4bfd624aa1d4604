"""The database's clock: what stored times are made with and compared with, because the clocks of several machines never agree.

That clock can be set back, too. A stored time that is ahead of it would let everything that waits for it wait until the clock has
caught up; so it counts as now from when it is seen first.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Engine, func, select, text

from caseforge_assets.batches.states import BatchState
from caseforge_assets.store.schema.columns import SCHEMA

NOW = func.clock_timestamp()
_TAKE_BACK = text(f"""
update {SCHEMA}.batch set created_at = least(created_at, clock_timestamp()), creating_at = least(creating_at, clock_timestamp()),
  final_at = least(final_at, clock_timestamp()), lost_since = least(lost_since, clock_timestamp()), short_since = least(short_since, clock_timestamp())
where state <> '{BatchState.collected}' and greatest(created_at, creating_at, final_at, lost_since, short_since) > clock_timestamp()
""")


def now(connection: Connection) -> datetime:
    """The time in the database."""
    return cast(datetime, connection.scalar(select(NOW)))


def now_in(store: Engine) -> datetime:
    """The same over a connection of its own."""
    with store.connect() as connection:
        return now(connection)


def take_back_times_ahead(connection: Connection) -> int:
    """Times of unfinished batches that are ahead of the clock become now; returns how many batches have had such times."""
    return connection.execute(_TAKE_BACK).rowcount


def seconds_since(column: str) -> str:
    """SQL for the age of a time in seconds, by the clock and not by the transaction; one that is ahead of it counts as a day old."""
    return f"case when {column} > clock_timestamp() then 86400 else extract(epoch from clock_timestamp() - {column}) end"
