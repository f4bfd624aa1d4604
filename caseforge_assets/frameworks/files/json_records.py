"""JSON and JSON Lines become a sheet: each object a row, each key a column. Objects inside a list of another one are on the level below it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from caseforge_assets.frameworks.files.json_trees import Record, by_their_ids, child_key, children_of, is_objects, texts_of, top_objects
from caseforge_assets.frameworks.files.sheets import Cell, Sheet
from caseforge_assets.frameworks.problems import FileRefusedError, quoted
from caseforge_assets.frameworks.records import Limits

# Deeper objects are refused by Limits.max_levels anyway.
_MAX_DEPTH = 100
_LEVEL_KEY = "Level"
_PATHS = ("path", "breadcrumb", "breadcrumbs", "pfad")
_BETWEEN_PARTS = " > "
_FORM = 'A framework is a list of objects, as in [{"code": "1", "name": "Sell"}], or one object a line.'


def read_json_records(data: bytes, limits: Limits) -> Sheet:
    """Reads a list of objects, an object that holds one or has them by their codes, objects that hold their children, or JSON Lines. Numbers stay as they are written.

    Rows are counted by objects; in JSON Lines by lines.

    Raises:
        FileRefusedError: No JSON, no list of objects, or more of them than limits.max_rows.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefusedError("The file is not UTF-8 text, as JSON has to be.") from None
    nested = list(_nested(by_their_ids(_top(text)), limits))
    keys = list(dict.fromkeys(key for _, record in nested for key in record))
    depths = {depth for depth, record in nested if record}
    with_level = len(depths) > 1 and _LEVEL_KEY.casefold() not in {key.casefold() for key in keys}
    rows: list[list[Cell]] = [[*keys, *([_LEVEL_KEY] if with_level else [])]]
    for depth, record in nested:
        cells = [_cell(record.get(key), key.casefold()) for key in keys]
        rows.append([*cells, *([str(depth) if record else ""] if with_level else [])])
    return Sheet(name=None, rows=rows, has_own_header=False)


def _top(text: str) -> Sequence[Any]:
    try:
        whole = _parsed(text)
    except json.JSONDecodeError as error:
        return _lines(text, error)
    except RecursionError:
        raise FileRefusedError("The JSON is nested too deeply to be a framework.") from None
    top = top_objects(whole)
    if top is None:
        raise FileRefusedError(f"The JSON is neither a list nor an object. {_FORM}")
    return top


def _parsed(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its pairs. A key that stands there twice with different values has two readings; a reader of JSON would take the last."""
    record = dict(pairs)
    for key, value in pairs if len(record) < len(pairs) else ():
        if value != record[key]:
            about = ", ".join(f"{name}: {quoted(str(part), 40)}" for name, part in list(pairs)[:6] if not isinstance(part, list | dict))
            raise FileRefusedError(
                f"The object with {about} has the key {quoted(key)} more than once, with different values. Keep one of them."
            )
    return record


def _lines(text: str, error: json.JSONDecodeError) -> list[Any]:
    """One object a line; an empty one for a blank line, so that lines are counted as an editor does."""
    lines = text.splitlines()
    filled = [line for line in lines if line.strip()]
    if len(filled) < 2 or not all(line.lstrip().startswith("{") for line in filled):
        raise FileRefusedError(f"The file is not JSON ({error.msg} in line {error.lineno}).", row=error.lineno) from None
    records: list[Any] = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(_parsed(line) if line.strip() else {})
        except FileRefusedError as error:
            raise FileRefusedError(error.what, row=number) from None
        except (json.JSONDecodeError, RecursionError):
            raise FileRefusedError("The line is not JSON. Every line has to be an object of its own.", row=number) from None
    return records


def _nested(top: Sequence[Any], limits: Limits) -> Iterator[tuple[int, Record]]:
    """All objects, each before its children and without them, with their depth from 1."""
    pattern = child_key(list(_all_objects(top)))
    pending = [(1, record) for record in reversed(top)]
    count = 0
    while pending:
        depth, record = pending.pop()
        count += 1
        if not isinstance(record, dict):
            raise FileRefusedError(f"The list holds something that is not an object. {_FORM}", row=count)
        if count > limits.max_rows or depth > _MAX_DEPTH:
            raise FileRefusedError(f"The file has more than {limits.max_rows:,} objects or {_MAX_DEPTH} levels, too many for a framework.")
        own, children = children_of(record, pattern)
        yield depth, own
        pending.extend((depth + 1, child) for child in reversed(children))


def _all_objects(top: Sequence[Any]) -> Iterator[Record]:
    pending = list(top)
    while pending:
        record = pending.pop()
        if isinstance(record, dict):
            yield record
            pending += [item for value in record.values() if is_objects(value) for item in value]


def _cell(value: Any, key: str) -> Cell:
    """A value as a cell: a parent by its id, a path with its parts, other lists of texts as lines, anything deeper as JSON."""
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return (_BETWEEN_PARTS if key in _PATHS else "\n").join(value)
    if key.startswith("parent") and (called := next(texts_of(value), "")):
        return called
    return json.dumps(value, ensure_ascii=False)
