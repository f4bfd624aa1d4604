"""Partitions whose node is described anew."""

from __future__ import annotations

from caseforge_assets_tests.workbench import SHOP


def redescribed(code: str) -> list[tuple[str, ...]]:
    """The framework with another description of one node."""
    return [(*row[:3], "Now it says something else.") if row[0] == code else row for row in SHOP]
