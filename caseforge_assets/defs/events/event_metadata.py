"""Dagster metadata of an outbox row: what a person sees beside a partition: figures, previews of 2 KB, links, and the content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from dagster import MetadataValue, TableColumn, TableRecord, TableSchema

from caseforge_assets.safe_text import plain_text, safe_markdown
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Asset
from caseforge_assets.store.editions.frameworks import Edition
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring.previews import ANSWER_CHARACTERS, PREVIEW_CHARACTERS, WHOLE_CHARACTERS, Preview

SHOW = "caseforge show"
PARTITION_ROWS, ALL_ROWS = "dagster/partition_row_count", "dagster/row_count"
LISTED_PARTITIONS = 2_000  # Dagster's page shows all rows at once: 5,000 of them take it twice as long
OPENAI_API, OPENAI_BATCH_PAGE = "https://api.openai.com/", "https://platform.openai.com/batches/{}"


def framework_metadata(edition: Edition, levels: Sequence[tuple[int, int, int, int]], targets: Sequence[NodeRow]) -> dict[str, Any]:
    """Figures of a framework: its edition, how many nodes it has, and by which partition each of them is found."""
    names = ("level", "nodes", "targets", "without_description")
    records = [TableRecord(dict(zip(names, level, strict=True))) for level in levels]
    return {
        "edition": edition.label,
        "file": edition.source_name,
        "nodes": sum(level[1] for level in levels),
        "targets": sum(level[2] for level in levels),
        "levels": MetadataValue.table(records, TableSchema([TableColumn(name, "int") for name in names])),
        _named("partitions_by_name", len(targets)): _partition_table(targets),
    }


def _named(table: str, rows: int) -> str:
    """The name of a table says so when it does not have all rows."""
    return table if rows <= LISTED_PARTITIONS else f"{table}_first_{LISTED_PARTITIONS}"


def _partition_table(targets: Sequence[NodeRow]) -> MetadataValue[Any]:
    """Partition keys say code and id; people look for names."""
    rows = [{"name": row.name, "partition": str(row.partition_key)} for row in targets[:LISTED_PARTITIONS]]
    records = [TableRecord({name: plain_text(value) for name, value in row.items()}) for row in sorted(rows, key=lambda row: row["name"])]
    return MetadataValue.table(records, TableSchema([TableColumn("name"), TableColumn("partition")]))


def event_metadata(row: Preview, asset: Asset, place_of: Callable[[str], str]) -> dict[str, Any]:
    """Metadata of a row.

    Args:
        row: a preview of the store. A node that has left the framework shows nothing.
        asset: where it happened.
        place_of: from an artifact's path to its full name.
    """
    if row.code is None:
        return {}
    shown: dict[str, Any] = {"node": f"{row.code} {row.name}"}
    if row.context_text is not None:
        shown |= {"context": _with_line_breaks(row.context_text, row.context_characters), "context_characters": row.context_characters}
    if row.request_tokens is not None and asset.stage is not None:
        shown |= _request(row, asset.stage)
    if row.title is not None:
        shown |= _content(row, asset.stage)
    if row.outcome is not None:
        shown |= _answer(row, asset.stage, place_of)
    if asset.stage is None and row.context_text is None:
        shown |= {"level": row.level, "description": MetadataValue.md(safe_markdown(row.description or "*none*"))}
    return {name: plain_text(value) if isinstance(value, str) else value for name, value in shown.items()}


def _request(row: Preview, stage: Stage) -> dict[str, Any]:
    shorter = {"shortened": "made from half of what belongs in it, because the whole was too long for the model"} if row.shortened else {}
    elsewhere = {"endpoint": f"/v1/{row.request_endpoint}"} if row.request_endpoint else {}
    return shorter | {
        "model": row.request_model,
        **elsewhere,
        "input_tokens": row.request_tokens,
        "max_completion_tokens": row.max_completion_tokens,
        "generation": row.generation,
        "fingerprint": row.fingerprint,
        "request": _with_line_breaks(row.request_text or "", None, f"caseforge preview --stage {stage.key} {row.code}"),
    }


def _answer(row: Preview, stage: Stage | None, place_of: Callable[[str], str]) -> dict[str, Any]:
    path = row.output_path or row.error_path
    figures: Mapping[str, Any] = {
        "outcome": row.outcome,
        "why": row.detail or None,
        "model": row.answer_model,
        "finish_reason": row.finish_reason,
        "input_tokens": row.input_tokens,
        "cached_tokens": row.cached_tokens or None,
        "cache_write_tokens": row.cache_write_tokens or None,
        "output_tokens": row.output_tokens,
        "reasoning_tokens": row.reasoning_tokens,
        "simulated_cost_usd" if row.answer_simulated else "cost_usd": _number(row.cost_usd),
        "batch": _batch(row),
    }
    shown = {name: value for name, value in figures.items() if value is not None}
    if row.answer_text is not None:
        shown["answer"] = _markdown(stage.shown(row.answer_text) if stage else row.answer_text, None, ANSWER_CHARACTERS)
    if path:
        shown["file"] = MetadataValue.path(place_of(path))
        shown["line"] = row.line_number or 0
    return shown


def _batch(row: Preview) -> Any:
    """A link, where the provider has a page for its batches."""
    name = row.remote_id or f"batch {row.batch_id}"
    return (
        MetadataValue.url(OPENAI_BATCH_PAGE.format(quote(name, safe=""))) if row.remote_id and row.base_url.startswith(OPENAI_API) else name
    )


def _content(row: Preview, stage: Stage | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "title": row.title,
        "characters": row.body_characters,
        "generated_by": row.generated_by,
        "simulated": bool(row.simulated),
    }
    if row.reused_from is not None:
        shown |= {"reused_from": row.reused_from, "cost_usd": 0.0}
    if row.notes:
        shown["notes"] = " ".join(row.notes)
    if row.score is not None:
        shown |= {"quality_score": row.score, "quality": _quality(row)}
    if row.items and stage is not None:
        return shown | {stage.items_name: _item_table(row.items, stage.item_columns), PARTITION_ROWS: len(row.items)}
    if stage is not None and stage.makes_vectors:
        return shown | {"vectors": stage.shown(row.body or "")}
    return shown | {"document": _markdown(row.body, row.body_characters, WHOLE_CHARACTERS), "read": f"caseforge show {row.code}"}


def _quality(row: Preview) -> str:
    """The parts of a score, and what holds it down."""
    parts = ", ".join(f"{part} {points}" for part, points in row.score_parts.items() if points is not None)
    return "; ".join([parts, *row.score_limits])


def _item_table(items: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> MetadataValue[Any]:
    rows = [{"id": item["id"], "title": item["title"], **{name: item["fields"].get(of) for name, of in columns.items()}} for item in items]
    records = [TableRecord({name: plain_text(str(value or "")) for name, value in row.items()}) for row in rows]
    return MetadataValue.table(records, TableSchema([TableColumn(name) for name in ("id", "title", *columns)]))


def _with_line_breaks(text: str, whole_length: int | None, command: str = SHOW) -> MetadataValue[Any]:
    """A text that was no markdown: its lines stay lines."""
    return _markdown(text, whole_length, PREVIEW_CHARACTERS, command, line_end="  \n")


def _markdown(text: str, whole_length: int | None, limit: int, command: str = SHOW, *, line_end: str = "\n") -> MetadataValue[Any]:
    """A text, or a beginning that ends with a whole line and says which command shows all of it.

    Args:
        whole_length: None where nobody counted: what is as long as the limit is taken for a beginning.
    """
    cut = len(text) >= limit if whole_length is None else whole_length > limit
    shown = text.rpartition("\n")[0] or text if cut else text
    return MetadataValue.md(safe_markdown(shown.replace("\n", line_end)) + (f"\n\n*… the rest: {command}*" if cut else ""))


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
