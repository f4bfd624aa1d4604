"""Trees as people write them in JSON: objects by their codes or names, names alone, children by their ids. They become objects with lists of others inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from caseforge_assets.frameworks.problems import FileRefusedError, quoted

Record = Mapping[str, Any]
CHILDREN = "children"
_NAMES = frozenset({"name", "title", "label", "process", "bezeichnung", "titel"})
_IDS = ("id", "code", "key", "name", "title")
_FIELDS = _NAMES | {"code", "id", "key", "description", "definition", "beschreibung", "parent", "level"}
# Of lists of objects, these have what belongs below; lists of other things stand beside them in the same objects.
_CHILD_WORDS = re.compile(
    r"child|kinder|sub|unter|teil|nodes?$|items?$|elements?$|process|prozess|capabilit|activit|aktivit|tasks?$|steps?$|groups?$|practices?$|controls?$"
)
_OTHERS = re.compile(
    r"(?:kpis?|metrics?|measures?|risks?|owners?|roles?|people|persons?|tags?|labels?|applications?|systems?|documents?|links?|attributes|properties|inputs?|outputs?|params?|props?|parts?"
    r"|comments?|references?|sources|relations\w*|kennzahlen|risiken|rollen|systeme|dokumente)"
)


def top_objects(whole: Any) -> Sequence[Any] | None:
    """Gives the objects on the top level of a whole file; None where it is neither a list nor an object."""
    if isinstance(whole, list):
        return _unwrapped(whole)
    if not isinstance(whole, dict):
        return None
    inner = whole
    while isinstance(inner, dict) and len(inner) == 1 and not _has_fields(inner):
        (inner,) = inner.values()
        if is_objects(inner):
            return _unwrapped(inner)
    if not _has_fields(whole) and (keyed := _keyed(whole)) is not None:
        return keyed
    lists = [value for value in whole.values() if is_objects(value)]
    return _unwrapped(lists[0]) if len(lists) == 1 and not {key.casefold() for key in whole} & {*_NAMES, "code", "id"} else [whole]


def is_objects(value: Any) -> bool:
    """Tells whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def child_key(records: Sequence[Record]) -> re.Pattern[str] | None:
    """Gives a pattern of the keys that hold what belongs below, where objects have lists of other things, too; None where all lists of objects do."""
    keys = {key.casefold() for record in records for key, value in record.items() if is_objects(value)}
    return _CHILD_WORDS if any(_CHILD_WORDS.search(key) for key in keys) else None


def children_of(record: Record, pattern: re.Pattern[str] | None) -> tuple[Record, list[Any]]:
    """Splits an object into what it says of itself, and the objects below it.

    Args:
        record: The object.
        pattern: Of the keys of what belongs below, as `child_key` gives it.

    Raises:
        FileRefusedError: Which of its lists belong below it cannot be told.
    """
    own, below, names = {}, [], []
    for key, value in record.items():
        found = _below(key, value, pattern)
        if found is None:
            own[key] = value
        else:
            below += found
            names.append(key)
    if pattern is None and len(names) > 1:
        about = ", ".join(quoted(str(part), 40) for part in own.values() if isinstance(part, str))
        raise FileRefusedError(
            f"The object {about or quoted(str(list(record)), 60)} has several lists of objects ({', '.join(map(quoted, names))}). "
            f'Which of them belongs below it cannot be told; call that one "{CHILDREN}".'
        )
    return own, below


def by_their_ids(records: Sequence[Record]) -> Sequence[Record]:
    """Gives objects that name their children by ids or names in the same file a parent each instead."""
    if not all(isinstance(record, dict) for record in records):
        return records
    known = {str(record[key]): record for record in records for key in _IDS if isinstance(record.get(key), str | int)}
    parents: dict[str, str] = {}
    named = [(record, key, value) for record in records for key, value in record.items() if _is_texts(value) and _is_child_word(key)]
    if not named or not all(text in known for _, _, value in named for text in value):
        return records
    for record, _, value in named:
        own = next((str(record[key]) for key in _IDS if isinstance(record.get(key), str | int)), "")
        parents.update(dict.fromkeys(map(str, value), own))
    keys = {key for _, key, _ in named}
    return [
        {key: value for key, value in record.items() if key not in keys}
        | {"parent": next((parents[str(record[key])] for key in _IDS if str(record.get(key)) in parents), "")}
        for record in records
    ]


def _below(key: str, value: Any, pattern: re.Pattern[str] | None) -> list[Any] | None:
    """The objects that a value puts below its object; None where it says something of the object itself."""
    if _OTHERS.fullmatch(key.casefold()):
        return None
    if is_objects(value):
        return _unwrapped(value) if pattern is None or pattern.search(key.casefold()) else None
    if isinstance(value, dict) and value and _is_child_word(key):
        return _keyed(value)
    return [{"name": text} for text in value] if _is_texts(value) and _is_child_word(key) else None


def _keyed(value: Record) -> list[Record] | None:
    """Objects by their codes or names, or names by names; None where the keys are something else."""
    parts = list(value.items())
    if all(isinstance(part, dict) and _has_fields(part) for _, part in parts):
        key_of = "code" if all({key.casefold() for key in part} & _NAMES for _, part in parts) else "name"
        return [{key_of: key} | part for key, part in parts]
    if _is_outline(value) and any(isinstance(part, dict | list) for part in value.values()):
        return [_named(key, part) for key, part in parts]
    return None


def _is_outline(value: Any) -> bool:
    """Tells whether all there is are names below names, with a text for the last at most."""
    if isinstance(value, dict):
        return not _has_fields(value) and all(map(_is_outline, value.values()))
    return value is None or isinstance(value, str) or _is_texts(value) or value == []


def _named(name: str, part: Any) -> Record:
    if isinstance(part, dict):
        return {"name": name, CHILDREN: [_named(key, below) for key, below in part.items()]}
    if isinstance(part, list):
        return {"name": name, CHILDREN: [{"name": text} for text in part]}
    return {"name": name, "description": part or ""}


def _has_fields(value: Record) -> bool:
    return any(key.casefold() in _FIELDS or _is_child_word(key) for key in value)


def _is_child_word(key: str) -> bool:
    return bool(re.match(r"child|kinder|sub", key.casefold()))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _unwrapped(items: Sequence[Any]) -> list[Any]:
    """Objects that stand each alone in another one, as in {"node": {…}}, without that."""
    return [_inside(item) for item in items]


def _inside(item: Any) -> Any:
    inner = next(iter(item.values()), None) if isinstance(item, dict) and len(item) == 1 else None
    return inner if isinstance(inner, dict) and _has_fields(inner) else item


def texts_of(value: Any) -> Iterator[str]:
    """The id, code or name of an object that another one refers to."""
    if isinstance(value, dict):
        yield from (str(value[key]) for key in _IDS if isinstance(value.get(key), str | int))
