"""Reads the server's own result files from its folder: no fault of a reply stands between."""

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

    @property
    def text(self) -> str:
        """The text that was written, of a chat completion or a response."""
        if "choices" in self.body:
            return str(self.body["choices"][0]["message"]["content"])
        parts = [part for item in self.body["output"] if item["type"] == "message" for part in item["content"]]
        return "".join(part.get("text", "") for part in parts)

    @property
    def tokens(self) -> tuple[int, int, int] | None:
        """Tokens in, those of them that came from the prompt cache, and out; None where the answer says nothing of them."""
        if not (usage := self.body.get("usage")):
            return None
        given, made = ("prompt", "completion") if "choices" in self.body else ("input", "output")
        details = usage.get(f"{given}_tokens_details") or {}
        return usage[f"{given}_tokens"], details.get("cached_tokens") or 0, usage[f"{made}_tokens"]


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
    return [answer for answer in given.values() if answer.custom_id in asked]


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
    return body if body.get("choices") or body.get("object") == "response" else None
