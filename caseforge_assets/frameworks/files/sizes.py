"""Refuses sheets that are too large to be read, before room is made for their cells."""

from __future__ import annotations

from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import Limits


def refuse_large(name: str, rows: int, columns: int, limits: Limits) -> None:
    """Refuses a sheet by the number of its rows and columns.

    Raises:
        FileRefusedError: They are above the limits.
    """
    if rows > limits.max_rows or rows * columns > limits.max_cells:
        raise FileRefusedError(
            f"The sheet has values down to row {rows:,} and over {columns:,} columns, too many to read. Delete what stands below and beside the table.",
            sheet=name,
        )
