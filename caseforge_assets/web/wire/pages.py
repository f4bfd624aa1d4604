"""Pages of long lists: a cursor says after which row the next page begins, so that the last page costs what the first one costs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, Field, TypeAdapter

from caseforge_assets.web.wire.problems import Refused

LARGEST_PAGE = 500
LARGEST_ID = 2**63 - 1
Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=BaseModel)
Listed = TypeVar("Listed")
Place = tuple[int, int] | tuple[int, str, int]

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description=f"how many at most on a page; up to {LARGEST_PAGE}")]
Id = Annotated[int, Path(ge=1, le=LARGEST_ID, description="its number")]
Cursor = Annotated[str | None, Query(max_length=2_000, description="`next` of the page before; without it, the first page")]


class Page(BaseModel, Generic[Row]):
    """Some rows of a list, in the order that the list states."""

    items: list[Row]
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")


@lru_cache(maxsize=100)
def _reader(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def rows_of(model: type[Shown], found: Sequence[object]) -> list[Shown]:
    """Rows of the store as they go over the wire, by the names of their fields: a page at once, which takes a ninth of what one after another takes."""
    rows: list[Shown] = _reader(model).validate_python(found, from_attributes=True)
    return rows


def encode_cursor(order: str, *keys: object) -> str:
    """A cursor: under which order, and the values of it at the last row that was given."""
    plain = [order, *(str(key) if isinstance(key, (Decimal, datetime)) else key for key in keys)]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, order: str, count: int) -> Sequence[object] | None:
    """The values that a cursor holds; None: there is no cursor.

    Raises:
        Refused: it is none of this list's, or the list is ordered otherwise now.
    """
    if cursor is None:
        return None
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, UnicodeError):
        plain = None
    if not isinstance(plain, list) or len(plain) != count + 1 or plain[0] != order:
        raise _foreign()
    return plain[1:]


def cursor_number(key: object) -> int:
    """A whole number that a cursor holds, as the database can hold it.

    Raises:
        Refused: it is none.
    """
    if not isinstance(key, int) or abs(key) >= 1 << 63:
        raise _foreign()
    return key


def cursor_fraction(key: object) -> float:
    """A number that a cursor holds.

    Raises:
        Refused: it is none.
    """
    if not isinstance(key, (int, float)) or not abs(key) < 1e9:
        raise _foreign()
    return float(key)


def cursor_texts(key: object, count: int) -> list[str | None]:
    """So many texts, or nothing in place of one, that a cursor holds.

    Raises:
        Refused: it holds something else.
    """
    if not isinstance(key, list) or len(key) != count or not all(value is None or isinstance(value, str) for value in key):
        raise _foreign()
    return key


def page_of(
    rows: Sequence[Listed], place: Callable[[Listed], Place], order: str, limit: int, cursor: str | None
) -> tuple[list[Listed], str | None]:
    """A page of a list that was put together as a whole, and the cursor of the next one.

    Args:
        place: of a row in the order of the list; no two have the same one.

    Raises:
        Refused: the cursor is none of this list's.
    """
    left = list(rows)
    if left and cursor is not None:
        after = decode_cursor(cursor, order, len(place(left[0])))
        try:
            left = [row for row in left if place(row) > tuple(after or ())]
        except TypeError:
            raise _foreign() from None
    page = left[:limit]
    return page, encode_cursor(order, *place(page[-1])) if len(left) > limit else None


def _foreign() -> Refused:
    return Refused(422, "cursor", "This cursor is of another list or order. Begin again without one.")


def id_before(cursor: str | None, order: str) -> int | None:
    """The number before which a page of a list by number begins; None: the first page.

    Raises:
        Refused: the cursor is none of this list's.
    """
    keys = decode_cursor(cursor, order, 1)
    if keys is None:
        return None
    return cursor_number(keys[0])
