"""export: current documents and candidates of a selection as files for readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caseforge_assets.commands.export_pages import Heading, write_pages
from caseforge_assets.commands.export_tables import write_csv, write_text, write_workbook
from caseforge_assets.stages.stage import all_stages
from caseforge_assets.store import nodes, readers
from caseforge_assets.store.engine import Connection

KINDS = ("markdown", "csv", "xlsx", "jsonl")


@dataclass(frozen=True)
class Selection:
    """Which contents are meant; None means all.

    Attributes:
        categories: Only candidates of these, and only documents of nodes that have one.
        retired: Instead, contents of nodes that are in an older edition only.
    """

    owner: str | None = None
    node_ids: Sequence[int] | None = None
    categories: Sequence[str] | None = None
    retired: bool = False


@dataclass(frozen=True)
class Exported:
    """How many documents and candidates were written, and of the items of a project's own stages, how many of each name."""

    documents: int
    candidates: int
    others: dict[str, int] = field(default_factory=dict)


def export_contents(connection: Connection, key: str, target: Path, kind: str, selection: Selection | None = None) -> Exported:
    """Writes the current contents of a framework, each with where it is from.

    Args:
        target: a folder for `markdown`; a file for `csv`, `xlsx` and `jsonl`. A CSV file holds the candidates; the
            documents stand beside it in NAME-documents.csv, and what a stage of one's own brought in a file of its own.

    Raises:
        ValueError: a folder that exists already and was not written by an export, so that nothing is overwritten; or there is no such category.
    """
    chosen = selection or Selection()
    bodies, items = _contents(connection, key, chosen)
    documents = [row for stage_key, rows in bodies.items() if not items[stage_key] for row in rows]
    tables = {stage.items_name: items[stage.key] for stage in all_stages() if items[stage.key]}  # each with columns of its own
    candidates = tables.pop("candidates", [])
    if kind == "markdown":
        write_pages(target, key, bodies, _headings(connection, key))
    elif kind == "csv":
        write_csv(target, candidates)
        for name, rows in {"documents": documents, **tables}.items():
            write_csv(target.with_name(f"{target.stem}-{name}{target.suffix}"), rows)
    elif kind == "xlsx":
        write_workbook(target, {"documents": documents, "candidates": candidates, **tables})
    else:
        records = [("document", row) for row in documents] + [("candidate", row) for row in candidates]
        records += [(name, row) for name, rows in tables.items() for row in rows]
        write_text(target, (json.dumps({"record": name, **row}, default=str, ensure_ascii=False) + "\n" for name, row in records))
    return Exported(len(documents), len(candidates), {name: len(rows) for name, rows in tables.items()})


def _contents(
    connection: Connection, key: str, chosen: Selection
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[dict[str, Any]]]]:
    """Bodies and items by stage."""
    stages = [stage.key for stage in all_stages()]
    wanted: dict[str, Any] = {"owner": chosen.owner, "node_ids": chosen.node_ids, "retired": chosen.retired}
    bodies = {stage: list(readers.current_of_stage(connection, key, stage, **wanted)) for stage in stages}
    if chosen.categories is None:
        return bodies, {stage: list(readers.current_candidates(connection, key, stage, **wanted)) for stage in stages}
    _check_categories(connection, key, chosen.categories)
    items = {stage: list(readers.current_candidates(connection, key, stage, categories=chosen.categories, **wanted)) for stage in stages}
    codes = {row["code"] for rows in items.values() for row in rows}
    return {stage: [row for row in rows if row["code"] in codes] for stage, rows in bodies.items()}, items


def _check_categories(connection: Connection, key: str, asked: Sequence[str]) -> None:
    known = readers.categories(connection, key)
    for category in asked:
        if category not in known:
            raise ValueError(f"no candidate of {key} has the category {category!r}; there are: {', '.join(known) or 'none yet'}")


def _headings(connection: Connection, key: str) -> dict[str, Heading]:
    return {row.code: Heading(row.code, row.name, row.parent_code) for row in nodes.all_nodes(connection, key)}
