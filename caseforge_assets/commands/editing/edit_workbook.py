"""edit --workbook: use cases that were changed in an exported workbook or table of text are taken back, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseforge_assets.commands.editing.edit_content import ContentOf, Taken, edit_content
from caseforge_assets.commands.editing.edit_version import with_fields
from caseforge_assets.frameworks import OF_ONES_OWN, WORKBOOK_SUFFIXES, Limits, read_exported_sheet
from caseforge_assets.handing_on.sheets.tables import cell_address
from caseforge_assets.safe_text import CUT_OFF, csv_cell, live_csv_cell, spreadsheet_cell
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import content_ids, contents
from caseforge_assets.store.collecting.contents import NewCandidate, StoredContent
from caseforge_assets.store.database.engine import Connection

SHEET = "candidates"
MOST_SAID = 20
_NEEDED = ("candidate_uid", "version", "title")


@dataclass(frozen=True)
class ChangedCandidate:
    """A row that a person changed: its number in the sheet, the candidate, its node's code, and the columns that differ."""

    row: int
    uid: str
    code: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    """A row of the sheet: its number, and its cells by column name; `is_text` in a table of text."""

    number: int
    cells: Mapping[str, Any]
    is_text: bool

    @property
    def uid(self) -> str:
        """Of the candidate, as it stands there."""
        return str(self.cells["candidate_uid"]).strip()


def edit_workbook(
    connection: Connection, project: Project, key: str, path: Path, *, by: str, overwrite: bool = False, limits: Limits = OF_ONES_OWN
) -> list[ChangedCandidate]:
    """Takes back what was changed in the sheet of candidates, in the caller's transaction; rows that are not there are left alone.

    Args:
        by: who wrote it.
        overwrite: also where a node's use cases have changed since the workbook was exported.
        limits: how large the workbook may be.

    Returns:
        The rows that were changed.

    Raises:
        ValueError: the file is no such workbook, or something in it cannot be taken back; with the addresses of the cells. Nothing is written then.
    """
    columns, rows = _read_sheet(path, key, limits)
    stage = next(stage for stage in project.stages if stage.items_name == SHEET)
    stored = _stored(connection, key, stage)
    problems = list(_unknown(rows, columns, stored))
    changes: dict[int, dict[int, tuple[_Row, dict[str, Any]]]] = {}
    for row in rows:
        if (found := stored.get(row.uid)) is None:
            continue
        content, place = found
        now, was = content.candidates[place], _as_exported(connection, stage, row, content, place)
        changed = _changed(row, (was or now).title, (was or now).fields)
        if not changed or _is_said(stage, Item(now.title, now.fields), changed):
            continue
        if (was is None or (was.title, was.fields) != (now.title, now.fields)) and not overwrite:
            what = f"{row.uid} has changed since the export; export again, or replace what came meanwhile with --overwrite"
            problems.append(f"{cell_address(columns, 'version', row.number)}: {what}")
        changes.setdefault(content.id, {})[place] = (row, changed)
    by_id = {content.id: content for content, _ in stored.values()}
    made = {content_id: _made(stage, by_id[content_id], of_content, columns, problems) for content_id, of_content in changes.items()}
    made = {content_id: items for content_id, items in made.items() if any(changed for _, changed in changes[content_id].values())}
    if problems:
        more = f"\n… and {len(problems) - MOST_SAID:,} more" if len(problems) > MOST_SAID else ""
        raise ValueError(f"nothing was taken back from {path.name}:\n" + "\n".join(problems[:MOST_SAID]) + more)
    codes, node_ids = content_ids.places(connection, list(made))
    for content_id, items in made.items():
        edit_content(connection, project, ContentOf(key, node_ids[content_id], stage), Taken("", items), by=by)
    done = [(codes[content_id], row) for content_id in made for row in changes[content_id].values() if row[1]]
    said = [ChangedCandidate(row.number, row.uid, code, tuple(changed)) for code, (row, changed) in done]
    return sorted(said, key=lambda change: change.row)


def _read_sheet(path: Path, key: str, limits: Limits) -> tuple[list[str], list[_Row]]:
    table = read_exported_sheet(path, SHEET, limits)
    if table is None:
        raise ValueError(
            f"{path.name} has no sheet {SHEET!r}: give a workbook or table that `caseforge export NAME.xlsx --framework {key}` (or `NAME.csv`) wrote"
        )
    columns = [str(cell).strip() for cell in table[0]] if table else []
    if missing := [name for name in _NEEDED if name not in columns]:
        raise ValueError(f"{path.name}, sheet {SHEET}: the columns {', '.join(missing)} are missing from its first row")
    is_text = path.suffix.lower() not in WORKBOOK_SUFFIXES
    blank = dict.fromkeys(_NEEDED, "")  # a table of text may end a row where nothing follows
    rows = [_Row(number, blank | dict(zip(columns, cells, strict=False)), is_text) for number, cells in enumerate(table[1:], 2)]
    return columns, [row for row in rows if any(str(cell).strip() for cell in row.cells.values())]


def _stored(connection: Connection, key: str, stage: Stage) -> dict[str, tuple[StoredContent, int]]:
    """By uid, each current candidate: its content, and its place there."""
    ids = content_ids.current_ids(connection, key, stage.key)
    found: dict[str, tuple[StoredContent, int]] = {}
    for content in contents.stored_contents(connection, ids).values():
        found |= {item.candidate_uid: (content, place) for place, item in enumerate(content.candidates)}
    return found


def _as_exported(connection: Connection, stage: Stage, row: _Row, content: StoredContent, place: int) -> NewCandidate | None:
    """The candidate as it was when the workbook was exported; None where that content is not known."""
    if row.cells["version"] == content.version:
        return content.candidates[place]
    _, node_ids = content_ids.places(connection, [content.id])
    base_id = content_ids.id_of_version(connection, stage.key, node_ids[content.id], str(row.cells["version"]))
    candidates = contents.stored_contents(connection, [base_id])[base_id].candidates if base_id else ()
    return candidates[place] if place < len(candidates) else None


def _unknown(rows: Sequence[_Row], columns: Sequence[str], stored: Mapping[str, object]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for row in rows:
        uid, where = row.uid, cell_address(columns, "candidate_uid", row.number)
        if str(row.cells.get("surplus")).lower() == "true":
            continue  # surplus is shown, not edited
        if uid not in stored:
            yield f"{where}: there is no use case {uid or '(blank)'} now"
        elif uid in seen:
            yield f"{where}: {uid} stands in row {seen[uid]}, too"
        seen.setdefault(uid, row.number)


def _changed(row: _Row, title: str, fields: Mapping[str, object]) -> dict[str, Any]:
    """The cells that say something else than the export wrote into them, by column."""
    written = {"title": title, **fields}
    changed = {name: row.cells[name] for name, value in written.items() if name in row.cells and not _is_as_written(row.cells[name], value)}
    return {name: live_csv_cell(str(cell)) if row.is_text else cell for name, cell in changed.items()}


def _is_as_written(cell: Any, value: object) -> bool:
    if isinstance(value, int | float):
        return bool(cell == value) or str(cell).strip() == str(value)
    return _plain(cell) in (_plain(spreadsheet_cell(str(value))), _plain(csv_cell(str(value))))


def _plain(cell: object) -> list[str]:
    return [line.rstrip() for line in str(cell).replace("_x000D_", "").strip().splitlines()]


def _made(
    stage: Stage, content: StoredContent, of_content: Mapping[int, tuple[_Row, dict[str, Any]]], columns: Sequence[str], problems: list[str]
) -> tuple[Item, ...]:
    """The items of a content with the changes in them; what is wrong with a cell is added to the problems, and what changes nothing taken out."""
    items = [Item(candidate.title, candidate.fields) for candidate in content.candidates]
    for place, (row, changed) in of_content.items():
        for name, cell in changed.items():
            if str(cell).endswith(CUT_OFF):
                problems.append(
                    f"{cell_address(columns, name, row.number)}: {name} was longer than a cell can be, and its end would be lost; edit its page instead"
                )
        before = items[place]
        try:
            items[place] = _with(stage, before, changed)
        except ValueError as error:
            named = next((name for name in changed if name in str(error)), next(iter(changed)))
            problems.append(f"{cell_address(columns, named, row.number)}: {error}")
            continue
        for name in [name for name in changed if _value(items[place], name) == _value(before, name)]:
            del changed[name]
    return tuple(items)


def _is_said(stage: Stage, item: Item, changed: Mapping[str, Any]) -> bool:
    """Tells whether an item says already what a person typed, maybe in another way, such as High for 3."""
    try:
        return _with(stage, item, changed) == item
    except ValueError:
        return False


def _with(stage: Stage, item: Item, changed: Mapping[str, Any]) -> Item:
    written = {name: _typed(cell) for name, cell in changed.items()}
    return with_fields(stage, item, written)


def _value(item: Item, name: str) -> object:
    return item.title if name == "title" else item.fields.get(name)


def _typed(cell: Any) -> object:
    """Gives what a person typed; the apostrophe that the export put before what a spreadsheet would compute is taken off."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    text = str(cell).replace("_x000D_", "").strip()
    return text[1:] if text.startswith("'") and spreadsheet_cell(text[1:]) == text else text
