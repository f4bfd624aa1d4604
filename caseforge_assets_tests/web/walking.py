"""Lists that are read page by page."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient


def walk(client: TestClient, address: str, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        answer = client.get(address, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= query.get("limit", 500)
        rows += page["items"]
        if page["next"] is None:
            return rows
        query["cursor"] = page["next"]
