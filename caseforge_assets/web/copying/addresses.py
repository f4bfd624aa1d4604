"""Chooses the pages to copy and names a file for each: names on which all systems agree, and nothing of them a path that somebody gave."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from caseforge_assets.safe_text import file_name

_USE_CASE = re.compile(r"^/use-cases/(\d+)$")
_IDEA = re.compile(r"^/ideas/(\d+)$")
_STATIC = re.compile(r"^/static/([a-z.]+)$")
_LONGEST_ADDRESS = 2_000
_OF_LISTS = frozenset({"cursor", "after", "under", "framework"})  # what of an address may say which part of a list or tree is meant


class CopiedPages:
    """From addresses of a framework's pages to files."""

    def __init__(self, key: str, ideas: Mapping[int, int] | None = None) -> None:
        """Takes the framework's key, and of each candidate that tells an idea as others do, the one that its idea is shown as: an idea is one page, not one for each that tells it."""
        self._tree = f"/frameworks/{quote(key, safe='')}"
        self._ideas = dict(ideas or {})

    def file_of(self, address: str, *, is_next: bool = False) -> str | None:
        """The file that holds a page; None: it is not copied.

        Args:
            address: path and query, as in a link.
            is_next: whether the link leads to the next part of a list.
        """
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or len(address) > _LONGEST_ADDRESS:
            return None
        asked = dict(parse_qsl(parts.query))
        path = parts.path
        if path == self._tree and set(asked) <= {"under"}:
            return "index.html" if not asked else f"branches/{_named(asked['under'])}.html"
        if path.startswith(f"{self._tree}/nodes/") and not asked and "/" not in (code := path.removeprefix(f"{self._tree}/nodes/")):
            return f"nodes/{_named(unquote(code))}.html"
        if (found := _USE_CASE.match(path)) and not asked:
            return f"use-cases/{found[1]}.html"
        name = self._list_at(path)
        if name is None or (asked and not (is_next and set(asked) <= _OF_LISTS)):
            return None
        return f"{name}-{hashlib.sha256(parts.query.encode()).hexdigest()[:12]}.html" if asked else f"{name}.html"

    def _list_at(self, path: str) -> str | None:
        """The file of a list, without its ending; the parts of a long one are numbered behind it."""
        if path in ("/use-cases", "/ideas", "/matrix"):
            return path[1:]
        found = _IDEA.match(path)
        shown = self._ideas.get(int(found[1])) if found else None
        return None if shown is None else f"ideas/{shown}"

    def starts(self, codes: Iterable[str]) -> list[str]:
        """Pages from which all others are found, and those of all nodes; ideas by the address under which they are shown."""
        ideas = (f"/ideas/{shown}" for shown in sorted(set(self._ideas.values())))
        return [self._tree, "/use-cases", "/matrix", "/ideas", *ideas, *(f"{self._tree}/nodes/{quote(code, safe='')}" for code in codes)]


def static_file(address: str) -> str | None:
    """The file of a stylesheet or picture; None: it is none."""
    found = _STATIC.match(urlsplit(address).path)
    return f"static/{found[1]}" if found else None


def relative(target: str, here: str) -> str:
    """From one file to another, for a link."""
    return quote(posixpath.relpath(target, posixpath.dirname(here) or "."))


def _named(code: str) -> str:
    name = file_name(code)
    return name if name == code else f"{name[:60]}-{hashlib.sha256(code.encode()).hexdigest()[:8]}"
