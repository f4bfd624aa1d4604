"""Texts are split into words once each, whatever the database thinks of how many there are."""

from __future__ import annotations

from sqlalchemy import text

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.reading import upkeep


def test_a_text_is_split_before_it_is_looked_for(store: Engine) -> None:
    with store.connect() as connection:
        query = text(f"explain (costs off) {upkeep._SPLIT.text}")
        plan = "\n".join(connection.scalars(query, {"limit": 200, "longest": upkeep.LONGEST_TEXT}))
    assert "CTE split" in plan  # as part of a join, all texts were split again for each of them
