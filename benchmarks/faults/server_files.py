"""What the server's own result files hold, read from its folder: no fault of a reply stands between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.faults.world import Project


@dataclass(frozen=True)
class Given:
    """An answer that was given to a request: which file it stands in, and the body of the response."""

    file: str
    custom_id: str
    body: dict[str, Any]


def answers_given(project: Project) -> list[Given]:
    """Every answer to a request that was asked; one that stands in a file twice, once. What cannot be read is none."""
    asked: set[str] = set()
    given: dict[tuple[str, str], Given] = {}
    for path in sorted((project.folder / "server" / "files").iterdir()):
        for line in _lines(path):
            response = line.get("response")
            if isinstance(line.get("body"), dict):
                asked.add(line["custom_id"])
            elif isinstance(response, dict) and (body := _body(response)):
                given.setdefault((path.name, line["custom_id"]), Given(path.name, line["custom_id"], body))
    return [one for one in given.values() if one.custom_id in asked]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and isinstance(found.get("custom_id"), str):
            yield found


def _body(response: dict[str, Any]) -> dict[str, Any] | None:
    body = json.loads(response["body"]) if isinstance(response["body"], str) else response["body"]
    return body if body.get("choices") else None
