"""Frameworks that are declared elsewhere than in caseforge.toml: a table of the database has them where the file cannot be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of a framework by a load.

    It holds for as long as caseforge.toml says what it said then: whoever speaks last, a load or who edits the file, is the one that counts.

    Attributes:
        entry: As a table `[frameworks.KEY]`; None: the framework was taken out.
        instead_of: The table in caseforge.toml at that time; None: there was none.
    """

    entry: Mapping[str, Any] | None
    instead_of: Mapping[str, Any] | None
    declared_by: str
    declared_at: datetime

    def holds_beside(self, in_file: object) -> bool:
        """Tells whether it counts where caseforge.toml says this of the framework."""
        return bool(as_stored(in_file) == self.instead_of)

    @property
    def origin(self) -> str:
        """Says where it comes from."""
        return f"database (declared by {self.declared_by} on {self.declared_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"


def as_stored(table: Any) -> Any:
    """A table of TOML as it can be stored and compared: dates and the like are texts."""
    return None if table is None else json.loads(json.dumps(table, default=str))
