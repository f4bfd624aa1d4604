"""export: current documents and candidates of a selection as files for readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from caseforge_assets.commands.exporting.choose_contents import Chosen, Selection, choose_contents, say_selection
from caseforge_assets.commands.exporting.export_pages import Heading, write_pages
from caseforge_assets.commands.exporting.export_tables import write_csv, write_text, write_workbook
from caseforge_assets.safe_text import json_text
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.figures import exports

SURPLUS = "surplus"


@dataclass(frozen=True)
class Exported:
    """How many documents and candidates were written, and how many things were left out, by reason.

    `others`: of the items of a project's own stages, how many of each name. `surplus` of the candidates are beyond as many as were asked for.
    """

    documents: int
    candidates: int
    others: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    surplus: int = 0


def export_contents(
    connection: Connection, stages: Stages, key: str, target: Path, kind: str, selection: Selection | None = None
) -> Exported:
    """Writes the current contents of a framework, each with where it is from.

    Args:
        target: a folder for `markdown`; a file for `csv`, `xlsx` and `jsonl`. A CSV file holds the candidates; the
            documents stand beside it in NAME-documents.csv, what a stage of one's own brought in a file of its own, and what all
            attempts cost, those that are not in the export too, in NAME-costs.csv.

    Raises:
        ValueError: a folder that exists already and was not written by an export, so that nothing is overwritten; or the selection
            makes no sense, such as a category that no candidate has.
        LookupError: no node is called so, or the framework has not been loaded.
    """
    selection = selection or Selection()
    chosen = choose_contents(connection, stages, key, selection)
    bodies, items = _read(connection, stages, selection, chosen)
    documents = [row for stage in stages if not stage.items_name for row in bodies[stage.key]]
    tables = {stage.items_name: items[stage.key] for stage in stages if items[stage.key]}  # each with columns of its own
    candidates = tables.pop("candidates", [])
    costs = exports.costs(connection, key, chosen.content_ids)
    if kind == "markdown":
        about = say_selection(selection, chosen.left_out)
        write_pages(target, key, _pages(stages, bodies, items, selection), _headings(connection, key), about)
    elif kind == "csv":
        write_csv(target, candidates)
        for name, rows in {"documents": documents, **tables, "costs": costs}.items():
            write_csv(target.with_name(f"{target.stem}-{name}{target.suffix}"), rows)
    elif kind == "xlsx":
        write_workbook(target, {"documents": documents, "candidates": candidates, **tables, "costs": costs})
    else:
        records = [("document", row) for row in documents] + [("candidate", row) for row in candidates]
        records += [(name, row) for name, rows in tables.items() for row in rows]
        write_text(
            target, (json_text(json.dumps({"record": name, **row}, default=str, ensure_ascii=False)) + "\n" for name, row in records)
        )
    surplus = sum(bool(row.get(SURPLUS)) for row in candidates)
    return Exported(len(documents), len(candidates), {name: len(rows) for name, rows in tables.items()}, chosen.left_out, surplus)


def _read(
    connection: Connection, stages: Stages, selection: Selection, chosen: Chosen
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]:
    """Bodies and items by stage."""
    bodies: dict[str, list[dict[str, Any]]] = {}
    items: dict[str, list[dict[str, Any]]] = {}
    for stage in stages:
        meant: dict[str, Any] = {"stage": stage.key, "rules": RULES, "retired": selection.retired}
        bodies[stage.key] = list(exports.contents(connection, chosen.content_ids, **meant))
        rows = list(exports.candidates(connection, chosen.content_ids, categories=selection.categories, **meant))
        if selection.all_candidates and stage.items_name:
            beyond = exports.surplus(connection, chosen.content_ids, categories=selection.categories, **meant)
            rows = _with_surplus(rows, [_named(stage, row) for row in beyond])
        items[stage.key] = rows
    return bodies, items


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


def _pages(
    stages: Stages, bodies: Mapping[str, Sequence[dict[str, Any]]], items: Mapping[str, Sequence[dict[str, Any]]], selection: Selection
) -> dict[str, list[dict[str, Any]]]:
    """Bodies by stage; where a stage has items, made of these: of those that are meant alone, and as they are shown today."""
    pages = {stage: list(rows) for stage, rows in bodies.items()}
    for stage in stages:
        if stage.render_items is None:
            continue
        meant: dict[int, list[Item]] = {}
        for row in items[stage.key]:
            meant.setdefault(row["content_id"], []).append(Item(row["title"], row))
        pages[stage.key] = [
            {**row, "body": stage.render_items(meant.get(row["content_id"], ()))}
            if selection.categories is not None or row["content_id"] in meant
            else row
            for row in pages[stage.key]
        ]
    return pages


def _headings(connection: Connection, key: str) -> dict[str, Heading]:
    return {row.code: Heading(row.code, row.name, row.parent_code) for row in nodes.all_nodes(connection, key)}
