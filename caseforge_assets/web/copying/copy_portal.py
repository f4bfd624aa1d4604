"""export site: a framework's pages as files that work without a server."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.similar.similar_groups import speaking_candidates
from caseforge_assets.web.copying.addresses import CopiedPages
from caseforge_assets.web.copying.asking import app_for_reader, ask_page
from caseforge_assets.web.copying.rewriting import Rewritten, rewrite
from caseforge_assets.web.portal.shared.static import FOLDER as STATIC
from caseforge_assets.web.service import Service

MARKER = ".caseforge-site"
SEARCH = "search.html"
OWN_SCRIPT = "search.js"
_MAIN = re.compile(r"(<main\b[^>]*>).*(</main>)", re.DOTALL)
_MAIN_BEGINS = re.compile(r"<main\b[^>]*>")
SAYS = '<p class="notice" role="note">A copy of {day:%Y-%m-%d}, to be read: nothing can be chosen, decided or said here. That is done in CaseForge itself.</p>'
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_ONE_PLACE = re.compile(r"aria-current=\"page\"")


class PageFailed(RuntimeError):
    """A page could not be made."""


def copy_portal(
    service: Service,
    key: str,
    target: Path,
    *,
    comments: bool = False,
    costs: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Writes the pages of a framework: its tree, its nodes, its use cases, ideas, lists and matrix, and a search that works in the browser; returns how many.

    Args:
        service: what the portal works with.
        target: a folder that is empty, not there yet, or an earlier copy.
        comments: also what people said, and the history of decisions.
        costs: also amounts.
        progress: is told how many pages there are by now.

    Raises:
        ValueError: the folder holds something else.
        PageFailed: a page could not be made.
    """
    if target.exists() and any(target.iterdir()) and not (target / MARKER).exists():
        raise ValueError(f"{target} is not empty and is no earlier copy; name another folder")
    target.mkdir(parents=True, exist_ok=True)
    (target / MARKER).touch()
    refresh_lists(service.store, service.project)
    refresh_similar(service.store, service.project)
    with service.store.connect() as connection:
        copied, says = CopiedPages(key, speaking_candidates(connection, key)), SAYS.format(day=clock.now(connection))
        what = _Copied(copied, copied.starts(_codes(connection, key)), says)
    index = asyncio.run(_copy(service, key, target, what, progress, comments=comments, costs=costs))
    written = "window.pages = " + json.dumps(index, ensure_ascii=True, separators=(",", ":")) + ";\n"
    _write(target / "search-index.js", written)
    _write(target / OWN_SCRIPT, (files(__package__) / OWN_SCRIPT).read_text(encoding="utf-8"))
    _write(target / SEARCH, _search_page((target / "index.html").read_text(encoding="utf-8"), says))
    for path in STATIC.iterdir():
        if path.suffix in (".css", ".svg"):
            _write(target / "static" / path.name, path.read_text(encoding="utf-8"))
    return len(index)


def _codes(connection: Connection, key: str) -> list[str]:
    return [node.code for node in nodes.all_nodes(connection, key)]


@dataclass(frozen=True, slots=True)
class _Copied:
    """The pages to copy, the addresses that lead to all others, and the notice on each page that it is a copy."""

    pages: CopiedPages
    starts: list[str]
    says: str


async def _copy(
    service: Service, key: str, target: Path, what: _Copied, progress: Callable[[int], None], *, comments: bool, costs: bool
) -> list[tuple[str, str, str]]:
    """Copies pages and those that they lead to; returns what the search finds: file, title, excerpt."""
    app, copied = app_for_reader(service, key), what.pages
    waiting, known = deque(what.starts), {copied.file_of(address) for address in what.starts}
    index: list[tuple[str, str, str]] = []
    while waiting:
        address = waiting.popleft()
        file = copied.file_of(address, is_next=True)
        if file is None:
            continue
        status, body, _ = await ask_page(app, address)
        if status != 200:
            raise PageFailed(f"the page {address} could not be made: it answers {status}. Its text: {body[:300].decode(errors='replace')}")
        page: Rewritten = rewrite(body.decode(), file, copied, comments=comments, costs=costs)
        _write(target / file, _MAIN_BEGINS.sub(lambda main: f"{main[0]}\n{what.says}", page.text, count=1))
        index.append((file, page.title, page.excerpt))
        for link in page.leads_to:
            if (found := copied.file_of(link, is_next=True)) not in known:
                known.add(found)
                waiting.append(link)
        progress(len(index))
    return sorted(index)


def _search_page(page: str, says: str) -> str:
    """The search in the frame of another page."""
    inside = (
        f"{says}\n"
        '<h1>Search</h1>\n<p id="found" role="status">Type words into the field above.</p>\n<ol id="results"></ol>\n'
        "<noscript><p>The search needs JavaScript; the tree and the lists do not.</p></noscript>\n"
        f'<script src="search-index.js"></script>\n<script src="{OWN_SCRIPT}"></script>\n'
    )
    framed = _MAIN.sub(lambda found: f"{found[1]}\n{inside}{found[2]}", _ONE_PLACE.sub("", page))
    return _TITLE.sub("<title>Search · CaseForge</title>", framed)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
