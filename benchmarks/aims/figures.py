"""Figures: the rows of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured figure beside its aim: met when it is not larger."""

    work: str
    unit: str
    aim: float
    measured: float
    more: str = ""

    @property
    def met(self) -> bool:
        """Tells whether the aim is reached."""
        return self.measured <= self.aim
