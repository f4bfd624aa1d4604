"""Keys that stand twice in one object of JSON. A reader of JSON takes the last and says nothing; here that which has two readings is kept apart.

What was found stands in the object itself, under keys that no answer has, because a reader of JSON has no other place for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from caseforge_assets.stages.canonical import canonical_json

CONTESTED = "\x00contested"
REPEATED = "\x00repeated"
MARKS = frozenset({CONTESTED, REPEATED})


def read_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of its pairs, as an `object_pairs_hook`.

    A key that stands there several times with one value, or with one and empty ones, has that value. One with different values has none.

    Args:
        pairs: All keys with their values, in their order.
    """
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    for name in [name for name in value if sum(other == name for other, _ in pairs) > 1]:
        filled = {canonical_json(part): part for other, part in pairs if other == name and part not in (None, "", [], {})}
        if len(filled) > 1:
            del value[name]
            value[CONTESTED] = [*_names(value, CONTESTED), name]
        else:
            value[name] = next(iter(filled.values()), value[name])
            value[REPEATED] = [*_names(value, REPEATED), name]
    return value


def contested_names(value: Mapping[str, object]) -> list[str]:
    """Give the keys of an object that stood there with different values, so that none of these was taken."""
    return _names(value, CONTESTED)


def repeated_names(value: Mapping[str, object]) -> list[str]:
    """Give the keys of an object that stood there several times with one value."""
    return _names(value, REPEATED)


def _names(value: Mapping[str, object], mark: str) -> list[str]:
    names = value.get(mark, [])
    return [str(name) for name in names] if isinstance(names, list) else []
