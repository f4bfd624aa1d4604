"""Candidates as use cases that people judge: with readable levels, the processes above, a priority, and what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseforge_assets.commands.exporting.make_book import nodes_above, source_of
from caseforge_assets.commands.exporting.read_contents import SURPLUS, ReadContents
from caseforge_assets.curation.priority import Weights, priority
from caseforge_assets.handing_on.records import Decided, Idea
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.usecases.record import LEVEL_NUMBERS
from caseforge_assets.stages.usecases.rendering import TEXTS
from caseforge_assets.store.curating.exported import Exported

_LEVELS: Mapping[object, str] = {number: level.value for level, number in LEVEL_NUMBERS.items()}


def make_ideas(read: ReadContents, decisions: Mapping[tuple[int, str], Exported], weights: Weights | None = None) -> list[Idea]:
    """All use cases that were read, but for surplus ones, in the framework's order.

    Args:
        decisions: what was decided, by content and uid.
        weights: how much counts what of a priority.
    """
    made = []
    for stage in read.stages:
        for row in read.items[stage.key]:
            found = decisions.get((row["content_id"], row["candidate_uid"]))
            if found is not None and not row.get(SURPLUS):
                made.append(_idea(read, stage, row, found, weights or Weights()))
    return made


def _idea(read: ReadContents, stage: Stage, row: dict[str, Any], found: Exported, weights: Weights) -> Idea:
    levels = {name: _level(row.get(field)) for name, field in stage.item_columns.items() if name != "category"}
    category = str(row.get(stage.item_columns.get("category", "category")) or "")
    decision = found.decision
    rank = priority(
        weights, value=levels.get("roi"), effort=levels.get("complexity"), risk=levels.get("risk"), quality=row["quality_score"]
    )
    return Idea(
        candidate_id=found.candidate_id,
        uid=row["candidate_uid"],
        title=row["title"],
        code=row["code"],
        process=row["name"],
        above=tuple(f"{node.code} {node.name}" for node in nodes_above(read, row["code"])),
        category=category,
        levels=levels,
        texts={heading: str(row[name]) for name, heading in TEXTS.items() if row.get(name)},
        source=source_of(row),
        priority=rank,
        decided=Decided(decision.status, decision.reason, decision.owner, decision.review_on, decision.tags, found.note, found.revision),
        superseded=not found.is_current,
    )


def _level(value: object) -> str:
    return _LEVELS.get(value, str(value or ""))


def by_priority(ideas: list[Idea]) -> list[Idea]:
    """The same, the highest priority first; of equal ones in the framework's order."""
    return sorted(ideas, key=lambda idea: -(idea.priority or 0))
