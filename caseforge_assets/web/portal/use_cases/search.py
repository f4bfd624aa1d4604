"""The search over nodes, documents and use cases, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from caseforge_assets.commands.searching.embed_question import QuestionRefused
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.redaction import redact
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.store.curating.use_cases import use_cases_called
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.store.searching import search as reading
from caseforge_assets.store.searching.matching import LONGEST_QUERY
from caseforge_assets.store.searching.search import KINDS, Hit, Search
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.use_cases.candidates import seen_and_meant
from caseforge_assets.web.api.use_cases.search import ORDER, By, find_by_meaning, find_by_words, place_of
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.portal.use_cases.meant import up_to_date
from caseforge_assets.web.portal.work.money import frameworks_to_choose
from caseforge_assets.web.wire.pages import Cursor, encode_cursor

router = APIRouter(include_in_schema=False)
AT_ONCE = 20
NAMES = {"node": "Nodes", "document": "Documents", "candidate": "Use cases"}


@router.get("/search")
def show_search(
    pages: PagesNow,
    caller: Reader,
    q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    framework: Annotated[str, Query(max_length=40)] = "",
    by: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Show what is found, the best first, with the words marked where they stand; or what is nearest in meaning."""
    service, words = pages.service, q.strip()
    with service.reading.connect() as connection:
        keys = frameworks_to_choose(connection, caller)
        values: dict[str, Any] = {
            "q": q,
            "kind": kind,
            "key": framework,
            "keys": keys,
            "names": NAMES,
            "can_mean": any(stage.makes_vectors for stage in service.project.stages),
            "by": by,
            "meant": None,
            "refused": "",
            "behind": False,
            "found": None,
            "hits": [],
            "next": None,
            "named": [],
        }
        if not words:
            return pages.answer("search.html.jinja", values)
        if by == By.meaning:
            return pages.answer("search.html.jinja", values | _meant(pages, caller, words, kind, framework, cursor))
        state = up_to_date(service, connection)
        frameworks = seen_and_meant(caller, [framework] if framework else None)
        values["named"] = named_so(connection, [framework] if framework else keys, words)
        asked = Search(words, frameworks, [kind] if kind in KINDS else list(KINDS))
        found = find_by_words(service, connection, state, asked)
        page = found.page(place_of(cursor), AT_ONCE + 1)
        hits = reading.hits(connection, asked, page[:AT_ONCE])
    following = encode_cursor(ORDER, page[AT_ONCE - 1][1], page[AT_ONCE - 1][0]) if len(page) > AT_ONCE else None
    values |= {"found": found, "hits": [(hit, address_of(hit)) for hit in hits], "next": following, "behind": not state.holds}
    return pages.answer("search.html.jinja", values, keep=True)


def _meant(pages: PagesNow, caller: Reader, words: str, kind: str, framework: str, cursor: Cursor) -> dict[str, Any]:
    """Gives what is nearest in meaning; or why nothing can be found so, in the place of it."""
    frameworks = seen_and_meant(caller, [framework] if framework else None)
    try:
        meant = find_by_meaning(pages.service, words, [kind] if kind in KINDS else list(KINDS), frameworks, place_of(cursor), AT_ONCE + 1)
    except (QuestionRefused, ProviderError, ConfigurationError) as error:
        return {"refused": redact(str(error))}
    last = meant.hits[:AT_ONCE][-1:]
    following = encode_cursor(ORDER, last[0].rank, last[0].id) if len(meant.hits) > AT_ONCE else None
    return {"meant": meant, "hits": [(hit, address_of(hit)) for hit in meant.hits[:AT_ONCE]], "next": following}


def named_so(connection: Connection, keys: Sequence[str], name: str) -> list[tuple[str, str, str]]:
    """Use cases and nodes whose uid or code was typed into the search: address, what it is called, framework."""
    if not name or " " in name:
        return []
    found = []
    for key in keys:
        for use_case in use_cases_called(connection, key, {name, name.upper()}).values():
            found.append((f"/use-cases/{use_case.candidate_id}", f"{use_case.uid} {use_case.title}", key))
        with suppress(LookupError):
            node = named_node(connection, key, name)
            found.append((f"/frameworks/{quote(key, safe='')}/nodes/{quote(node.code, safe='')}", f"{node.code} {node.name}", key))
    return found


def address_of(hit: Hit) -> str:
    """Says where a hit is shown."""
    of_framework = f"/frameworks/{quote(hit.framework, safe='')}"
    if hit.kind == "candidate":
        return f"{of_framework}/use-cases/{quote(hit.name, safe='')}"
    return f"{of_framework}/nodes/{quote(hit.code, safe='')}" + (f"#{quote(hit.stage, safe='')}" if hit.stage else "")
