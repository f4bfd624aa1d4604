"""Tells whether what is read has changed: one query, for whoever keeps what was read before."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.figures.changes import SO_FAR, SO_FAR_VALUES, Changes
from caseforge_assets.store.reading.due import Behind
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class ReadState:
    """The store's state: `changes` are other texts after each change, `revision` grows whenever rows of lists were made anew.

    `day` is today by the database's clock: what is due, or of the last days, is another one tomorrow.
    """

    changes: Changes
    revision: int
    behind: Behind
    day: str

    @property
    def holds(self) -> bool:
        """Tells whether what is read now is what is read again in the same state: while lists and texts are being caught up with, it is not."""
        return not (self.behind.lists or self.behind.texts)

    def __str__(self) -> str:
        """A text that is another one in another state."""
        return f"{self.changes.all} {self.revision} {self.behind.lists:d}{self.behind.texts:d} {self.day}"

    @property
    def of_texts(self) -> str:
        """A text that is another one where texts or rows of lists may be others; decisions on use cases are no matter."""
        return f"{self.changes.made} {self.revision}"


_STATE = text(f"""
select so_far.changes, so_far.made, (select coalesce(sum(revision), 0) from caseforge.reading_framework),
       exists (select 1 from caseforge.reading_due), exists (select 1 from caseforge.found_text where words is null), cast(current_date as text)
from ({SO_FAR}) so_far
""").execution_options(**PLANNED_ONCE)


def read_state(connection: Connection) -> ReadState:
    """The state of the store now."""
    row = connection.execute(_STATE, SO_FAR_VALUES).one()
    return ReadState(Changes(row[0], row[1]), int(row[2]), Behind(row[3], row[4]), row[5])
