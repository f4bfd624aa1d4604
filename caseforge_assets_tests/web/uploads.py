"""Tables that are sent to the service."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from caseforge_assets_tests.workbench import KEY, SHOP

HEAD = "code,id,name,description\n"


def table(rows: Any = SHOP) -> bytes:
    return (HEAD + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)).encode()


def load(client: TestClient, data: bytes, name: str = "shop 2.csv", key: str = KEY, **query: Any) -> Any:
    return client.post(f"/api/v1/frameworks/{key}/editions", files={"file": (name, data)}, params=query)
