"""export: current documents and candidates as files for readers."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from caseforge_assets.reports.cells import file_name, link_text, safe_markdown, spreadsheet_cell
from caseforge_assets.stages.stage import all_stages
from caseforge_assets.store import readers
from caseforge_assets.store.engine import Connection


@dataclass(frozen=True)
class Exported:
    """How many documents and candidates were written, and of the items of a project's own stages, how many of each name."""

    documents: int
    candidates: int
    others: dict[str, int] = field(default_factory=dict)


def export_contents(
    connection: Connection,
    key: str,
    target: Path,
    kind: str,
    *,
    owner: str | None = None,
    node_ids: Sequence[int] | None = None,
    retired: bool = False,
) -> Exported:
    """Writes the current contents of a framework.

    Args:
        target: a folder for `markdown`; a file for `csv`, `xlsx` and `jsonl`. A CSV file holds the candidates; the
            documents stand beside it in NAME-documents.csv, and what a stage of one's own brought in a file of its own.
        retired: instead, those of nodes that are in an older edition only.

    Raises:
        ValueError: a folder that exists already and was not written by an export, so that nothing is overwritten.
    """
    chosen: dict[str, Any] = {"owner": owner, "node_ids": node_ids, "retired": retired}
    bodies = {stage.key: list(readers.current_of_stage(connection, key, stage.key, **chosen)) for stage in all_stages()}
    items = {stage.key: list(readers.current_candidates(connection, key, stage.key, **chosen)) for stage in all_stages()}
    documents = [row for stage_key, rows in bodies.items() if not items[stage_key] for row in rows]
    tables = {stage.items_name: items[stage.key] for stage in all_stages() if items[stage.key]}  # each with columns of its own
    candidates = tables.pop("candidates", [])
    if kind == "markdown":
        _write_folder(target, key, bodies)
    elif kind == "csv":
        _write_csv(target, candidates)
        for name, rows in {"documents": documents, **tables}.items():
            _write_csv(target.with_name(f"{target.stem}-{name}{target.suffix}"), rows)
    elif kind == "xlsx":
        _write_workbook(target, {"documents": documents, "candidates": candidates, **tables})
    else:
        rows = [*documents, *candidates, *(row for rows in tables.values() for row in rows)]
        _write_text(target, (json.dumps(row, default=str, ensure_ascii=False) + "\n" for row in rows))
    return Exported(len(documents), len(candidates), {name: len(rows) for name, rows in tables.items()})


def _write_folder(target: Path, key: str, bodies: dict[str, list[dict[str, Any]]]) -> None:
    marker = target / ".caseforge-export"
    if target.exists() and any(target.iterdir()) and not marker.exists():
        raise ValueError(f"{target} is not empty and was not made by an export; name another folder")
    target.mkdir(parents=True, exist_ok=True)
    marker.touch()
    index = [f"# {key}\n"]
    for stage_key, rows in bodies.items():
        index.append(f"\n## {stage_key}\n")
        for row in rows:
            path = target / stage_key / f"{file_name(row['partition_key'])}.md"
            path.parent.mkdir(exist_ok=True)
            _write_text(path, [_page(row)])
            index.append(f"- [{link_text(row['code'] + ' ' + row['name'])}]({stage_key}/{path.name})")
    _write_text(target / "index.md", ["\n".join(index) + "\n"])


def _page(row: dict[str, Any]) -> str:
    simulated = " (simulated)" if row["simulated"] else ""
    batch = f" · batch {row['remote_batch_id']}" if row["remote_batch_id"] else ""
    facts = f"{row['code']} · {row['framework_key']} {row['edition']} · {row['model'] or row['generated_by']}{simulated} · {row['answered_at']:%Y-%m-%d}{batch}"
    return f"# {safe_markdown(row['title'])}\n\n*{facts}*\n\n{safe_markdown(row['body'])}\n"


def _write_csv(target: Path, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0]) if rows else []

    def lines() -> Iterator[str]:
        buffer = _Line()
        writer = csv.DictWriter(buffer, names)
        writer.writeheader()
        yield buffer.text
        for row in rows:
            writer.writerow({name: spreadsheet_cell(_plain(value)) for name, value in row.items()})
            yield buffer.text

    _write_text(target, lines(), encoding="utf-8-sig")  # Excel needs the mark to read UTF-8


class _Line:
    """The newest line that a csv writer wrote."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def _write_workbook(target: Path, sheets: dict[str, list[dict[str, Any]]]) -> None:
    import pandas as pd

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        with pd.ExcelWriter(
            part, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False, "strings_to_urls": False}}
        ) as writer:
            for name, rows in sheets.items():
                frame = pd.DataFrame([{column: spreadsheet_cell(_cell(value)) for column, value in row.items()} for row in rows])
                frame.to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 0))
                if rows:
                    writer.sheets[name].autofilter(0, 0, len(rows), len(frame.columns) - 1)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _cell(value: object) -> object:
    """Excel knows no time zones and no Decimal."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return float(value) if type(value).__name__ == "Decimal" else _plain(value)  # type: ignore[arg-type]


def _plain(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


def _write_text(target: Path, parts: Iterable[str], encoding: str = "utf-8") -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding=encoding, newline="") as file:
            file.writelines(parts)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
