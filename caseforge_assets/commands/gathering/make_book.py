"""Contents as a book: pages in the framework's order, each beneath the nodes above it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseforge_assets.commands.gathering.choose_contents import say_selection
from caseforge_assets.commands.gathering.read_contents import ReadContents
from caseforge_assets.handing_on.records import Book, Page, Place, Source
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.editions.nodes import NodeRow


def make_book(read: ReadContents, *, documents_only: bool = False) -> Book:
    """All contents that were read.

    Args:
        documents_only: without those that are lists of items.
    """
    stages = [stage for stage in read.stages if not (documents_only and stage.is_list)]
    by_code: dict[str, list[tuple[Stage, dict[str, Any]]]] = {}
    for stage in stages:
        for row in read.shown(stage):
            by_code.setdefault(row["code"], []).append((stage, row))
    order = {code: place for place, code in enumerate(read.nodes)}
    above = {code: nodes_above(read.nodes, code) for code in by_code}
    deepest = max((len(places) for places in above.values()), default=0) + 1
    entries: list[Place | Page] = []
    shown: set[str] = set()
    for code in sorted(by_code, key=lambda code: order.get(code, len(order))):
        for depth, node in enumerate(above[code], 1):
            if node.code not in shown:
                shown.add(node.code)
                entries.append(Place(node.code, node.name, depth))
        entries += [_page(stage, row, deepest) for stage, row in by_code[code]]
    is_one = len(by_code) == 1
    return Book(
        _title(read, entries, is_one),
        read.title,
        read.edition,
        read.made_on,
        entries,
        say_selection(read.selection, read.chosen.left_out),
        is_one,
    )


def nodes_above(nodes: Mapping[str, NodeRow], code: str) -> list[NodeRow]:
    """The nodes above one, the highest first."""
    found: list[NodeRow] = []
    here = nodes.get(code)
    while here is not None and here.parent_code is not None and (here := nodes.get(here.parent_code)) is not None:
        found.insert(0, here)
    return found


def source_of(row: dict[str, Any]) -> Source:
    """Says where a content, or one of its items, is from."""
    return Source(
        edition=row["edition"],
        made_by=row["generated_by"] or "",
        model=row["model"],
        made_at=row["answered_at"],
        simulated=row["simulated"],
        cost_usd=row["cost_usd"],
        batch=row["remote_batch_id"],
        quality=row["quality_score"],
        edited=row["edited"],
    )


def _page(stage: Stage, row: dict[str, Any], depth: int) -> Page:
    return Page(row["code"], row["name"], row["title"], stage.key, row["body"], source_of(row), depth)


def _title(read: ReadContents, entries: list[Place | Page], is_one: bool) -> str:
    """The one document's title; that of the one branch; else the framework's."""
    first = next((entry for entry in entries if isinstance(entry, Page)), None)
    if is_one and first is not None:
        return first.title
    tops = [entry for entry in entries if isinstance(entry, Place) and entry.depth == 1]
    return f"{tops[0].code} {tops[0].name}" if len(tops) == 1 else read.title
