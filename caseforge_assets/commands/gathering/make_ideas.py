"""Candidates as use cases that people judge: with readable levels, the processes above, a priority, and what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseforge_assets.commands.gathering.make_book import nodes_above, source_of
from caseforge_assets.commands.gathering.read_contents import SURPLUS, ReadContents
from caseforge_assets.commands.portfolios.view_portfolio import PortfolioView
from caseforge_assets.curation.columns import column_values, priority_of
from caseforge_assets.curation.priority import Weights
from caseforge_assets.handing_on.records import Decided, Idea
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.usecases.record import TEXTS
from caseforge_assets.store.curating.exported import Exported, decided_in, sources_of
from caseforge_assets.store.curating.use_cases import Decision
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes

CATEGORY = "category"


def make_ideas(connection: Connection, read: ReadContents) -> list[Idea]:
    """All use cases that were read, but for surplus ones; the highest priority first, of equal ones in the framework's order."""
    decisions = decided_in(connection, read.chosen.content_ids)
    made = []
    for stage in read.stages:
        for row in read.items[stage.key]:
            found = decisions.get((row["content_id"], row["candidate_uid"]))
            if found is not None and not row.get(SURPLUS):
                made.append(_idea(read, stage, row, found))
    return sorted(made, key=lambda idea: -(idea.priority or 0))


def _idea(read: ReadContents, stage: Stage, row: dict[str, Any], found: Exported) -> Idea:
    levels = _levels(column_values(stage, row))
    return Idea(
        framework=row["framework_key"],
        candidate_id=found.candidate_id,
        uid=row["candidate_uid"],
        title=row["title"],
        code=row["code"],
        process=row["name"],
        above=tuple(f"{node.code} {node.name}" for node in nodes_above(read.nodes, row["code"])),
        category=levels.pop(CATEGORY, ""),
        levels=levels,
        texts=_texts(row),
        source=source_of(row),
        priority=priority_of(Weights(), levels, row["quality_score"]),
        decided=_decided(found.decision, ""),
        superseded=not found.is_current,
    )


def ideas_of_portfolio(connection: Connection, view: PortfolioView) -> list[Idea]:
    """The use cases of a portfolio, in its order, of whichever frameworks."""
    described = [entry.row.described for entry in view.entries]
    keys = {row.use_case.framework_key for row in described}
    trees = {key: {node.code: node for node in nodes.all_nodes(connection, key)} for key in keys}
    sources = sources_of(connection, [row.use_case.candidate_id for row in described], RULES)
    made = []
    for entry, row in zip(view.entries, described, strict=True):
        of = row.use_case
        levels = _levels(entry.values)
        above = () if row.is_retired else nodes_above(trees[of.framework_key], row.code)
        made.append(
            Idea(
                framework=of.framework_key,
                candidate_id=of.candidate_id,
                uid=of.uid,
                title=of.title,
                code=row.code,
                process=row.name,
                above=tuple(f"{node.code} {node.name}" for node in above),
                category=levels.pop(CATEGORY, ""),
                levels=levels,
                texts=_texts(row.fields),
                source=source_of(sources[of.candidate_id]),
                priority=entry.priority,
                decided=_decided(of.decision, entry.row.note),
                superseded=entry.is_superseded,
            )
        )
    return made


def _levels(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value or "" for name, value in values.items()}


def _texts(fields: Mapping[str, Any]) -> dict[str, str]:
    return {heading: str(fields[name]) for name, heading in TEXTS.items() if fields.get(name)}


def _decided(decision: Decision, note: str) -> Decided:
    return Decided(decision.status, decision.reason, decision.owner, decision.review_on, decision.tags, note)
