"""Contents that were chosen, read whole: the rows of tables, of which other forms are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from caseforge_assets.commands.gathering.choose_contents import Chosen, Selection
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import frameworks, nodes
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.figures import exports

SURPLUS = "surplus"
CANDIDATES = "candidates"
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class ReadContents:
    """The contents that are exported, as rows.

    Attributes:
        bodies: By stage, contents with their texts.
        items: By stage, the items of its contents; none for stages of documents.
        nodes: Every node of the edition, by code, in its order.
        made_on: The database's day.
        quietly: Whether files are made at background priority.
    """

    key: str
    title: str
    edition: str
    made_on: date
    stages: Stages
    selection: Selection
    chosen: Chosen
    bodies: dict[str, Rows]
    items: dict[str, Rows]
    nodes: dict[str, NodeRow]
    quietly: bool = False

    @property
    def documents(self) -> Rows:
        """Contents of all stages that have no items."""
        return [row for stage in self.stages if not stage.items_name for row in self.bodies[stage.key]]

    @property
    def candidates(self) -> Rows:
        """The items that are called so."""
        return self.tables.get(CANDIDATES, [])

    @property
    def tables(self) -> dict[str, Rows]:
        """Items by what they are called, for each stage that has some; each with columns of its own."""
        return {stage.items_name: self.items[stage.key] for stage in self.stages if self.items[stage.key]}

    def shown(self, stage: Stage) -> Rows:
        """A stage's contents as people read them: made of its items where it has some, of those that are meant alone."""
        rows = self.bodies[stage.key]
        if stage.render_items is None:
            return rows
        meant: dict[int, list[Item]] = {}
        for row in self.items[stage.key]:
            meant.setdefault(row["content_id"], []).append(Item(row["title"], row))
        return [
            {**row, "body": stage.render_items(meant.get(row["content_id"], ()))}
            if self.selection.categories is not None or row["content_id"] in meant
            else row
            for row in rows
        ]


def read_contents(
    connection: Connection, stages: Stages, key: str, selection: Selection, chosen: Chosen, *, quietly: bool = False
) -> ReadContents:
    """Reads what was chosen."""
    bodies: dict[str, Rows] = {}
    items: dict[str, Rows] = {}
    for stage in stages:
        meant = exports.Meant(chosen.content_ids, stage.key, RULES, selection.categories, selection.retired)
        bodies[stage.key] = list(exports.contents(connection, meant))
        rows = list(exports.candidates(connection, meant))
        if selection.all_candidates and stage.items_name:
            rows = _with_surplus(rows, [_named(stage, row) for row in exports.surplus(connection, meant)])
        items[stage.key] = rows
    edition = frameworks.current_edition(connection, key)
    title, label = (edition.title, edition.label) if edition else (key, "")
    by_code = {row.code: row for row in nodes.all_nodes(connection, key)}
    return ReadContents(key, title, label, clock.now(connection).date(), stages, selection, chosen, bodies, items, by_code, quietly)


def _named(stage: Stage, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "candidate_uid": stage.item_uid(row["code"], row["position"])}


def _with_surplus(rows: Sequence[dict[str, Any]], beyond: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All rows, with a column that says which are surplus, in their content's place."""
    names = [name for name in (rows or beyond or [{}])[0] if name != "position"]
    after: dict[int, list[dict[str, Any]]] = {}
    for row in beyond:
        after.setdefault(row["content_id"], []).append({**{name: row.get(name) for name in names}, SURPLUS: True})
    merged: list[dict[str, Any]] = []
    for row, following in zip_longest(rows, rows[1:]):
        merged.append({**row, SURPLUS: False})
        if following is None or following["content_id"] != row["content_id"]:
            merged += after.pop(row["content_id"], [])
    return [*merged, *(row for rest in after.values() for row in rest)]  # of contents whose own candidates are of other categories
