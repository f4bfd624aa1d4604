"""Pages in tests: fetched as a browser fetches them, and looked at as trees."""

from __future__ import annotations

from typing import Any

from lxml import html
from starlette.testclient import TestClient

HTML = {"accept": "text/html"}


def page(client: TestClient, path: str, status: int = 200) -> Any:
    """A page as a tree."""
    return read(client.get(path, headers=HTML), status)


def send(client: TestClient, path: str, status: int = 200, **fields: Any) -> Any:
    """The page that a form is answered with."""
    return read(client.post(path, data=fields, headers=HTML), status)


def read(answer: Any, status: int = 200) -> Any:
    """An answer as a tree."""
    assert answer.status_code == status, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"].startswith("text/html")
    return html.fromstring(answer.text)


def words(tree: Any, path: str = ".") -> str:
    """The words of a part of a page."""
    return " ".join(" ".join(text for part in tree.xpath(path) for text in part.itertext()).split())


def links(tree: Any, path: str = "//main//a/@href") -> list[str]:
    """The addresses of a page's links."""
    return [str(found) for found in tree.xpath(path)]
