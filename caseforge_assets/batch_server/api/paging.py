"""Lists: the parameters ``limit``, ``after`` and ``order``, and the shape of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from caseforge_assets.batch_server.api.errors import ApiError

ALL = 1_000_000


def read_limit(request: Request, *, usual: int, most: int) -> int:
    """Reads how many entries a page is to have.

    Raises:
        ApiError: 400 if it is no number between 1 and ``most``.
    """
    text = request.query_params.get("limit", str(usual))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise ApiError(400, f"Invalid 'limit': expected a whole number between 1 and {most}, got '{text}'.", param="limit")
    return int(text)


def read_ascending(request: Request) -> bool:
    """Tells whether the oldest entries come first.

    Raises:
        ApiError: 400 if the order is neither asc nor desc.
    """
    order = request.query_params.get("order", "desc")
    if order not in ("asc", "desc"):
        raise ApiError(400, f"Invalid 'order': expected asc or desc, got '{order}'.", param="order")
    return order == "asc"


def whole_json(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A list without pages."""
    return {"object": "list", "data": list(entries)}


def page_json(entries: Sequence[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    """One page."""
    return {
        "object": "list",
        "data": list(entries),
        "first_id": entries[0]["id"] if entries else None,
        "last_id": entries[-1]["id"] if entries else None,
        "has_more": has_more,
    }
