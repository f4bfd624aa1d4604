"""Addresses that clients ask for, by class, with the aim of each: reads, filtered lists, and searches with facets; first and last pages."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.service.client import Client
from benchmarks.service.world import KEY

API = "/api/v1"
AT = f"{API}/frameworks/{KEY}"
READS, LISTS, SEARCH = "reads", "filtered lists", "search with facets"
AIMS_MS = {READS: 50, LISTS: 50, SEARCH: 120}
SORTS = ("place", "-score", "-roi,complexity,-score", "risk,category", "category,-place", "-score,roi")
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"where": ["category:automation", "roi:High"]},
    {"where": ["complexity:Low", "risk:Low", "roi:High"], "simulated": "false"},
    {"where": ["category:integration"], "branch": "3"},
    {"min_score": 80},
    {"owner": "Finance", "where": "roi:High"},
    {"branch": "5.7"},
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An address, what it is called in the table, and its class."""

    name: str
    group: str
    address: str


def everything(client: Client, words: list[str]) -> list[Asked]:
    """Gathers the addresses to ask for, by chance; those of last pages are found beforehand."""
    chance = random.Random(7)
    codes = [row["code"] for row in client.get(f"{AT}/nodes?level=4&limit=500")["items"]]
    uids = [row["uid"] for row in client.get(f"{AT}/candidates?limit=500")["items"]]
    asked = [
        Asked("frameworks", READS, f"{API}/frameworks"),
        Asked("nodes, last page", READS, f"{AT}/nodes?cursor={_cursor('position', 29_900)}"),
        Asked("documents, last page", READS, f"{AT}/documents?cursor={_cursor('position,stage', 29_900, '')}"),
        Asked("nodes of a level and branch", READS, f"{AT}/nodes?level=4&branch=7"),
        Asked("nodes by text", READS, f"{AT}/nodes?text=complaint"),
        Asked("a branch as a tree", READS, f"{AT}/tree?branch=4.9"),
        Asked("documents of an owner", READS, f"{AT}/documents?owner=Sales&min_score=70"),
    ]
    for code in chance.sample(codes, 40):
        asked += [Asked("a node", READS, f"{AT}/nodes/{quote(code)}"), Asked("a document", READS, f"{AT}/documents/{quote(code)}")]
        asked += [Asked("history", READS, f"{AT}/history/{quote(code)}")] if code.endswith("1") else []
    asked += [Asked("nodes", READS, f"{AT}/nodes?limit=50")] * 10 + [Asked("documents", READS, f"{AT}/documents?limit=50")] * 10
    asked += [Asked("a candidate", READS, f"{AT}/candidates/{quote(uid)}") for uid in chance.sample(uids, 40)]
    return asked + _lists(client) + _searches(client, words)


def _lists(client: Client) -> list[Asked]:
    asked = []
    for sort in SORTS:
        for meant in FILTERS:
            query = {**meant, "sort": sort, "limit": 50}
            first = f"{AT}/candidates?{urlencode(query, doseq=True)}"
            asked.append(Asked(f"candidates by {sort}", LISTS, first))
            last = client.get(f"{AT}/candidates?{urlencode({**query, 'sort': _turned(sort), 'limit': 40}, doseq=True)}")["next"]
            if last:
                asked.append(Asked(f"candidates by {sort}, last page", LISTS, f"{first}&cursor={_renamed(last, sort)}"))
    asked += [
        Asked("candidates with facets", LISTS, f"{AT}/candidates?{urlencode({**meant, 'facets': 'true'}, doseq=True)}") for meant in FILTERS
    ] * 2
    return asked


def _searches(client: Client, words: list[str]) -> list[Asked]:
    asked = []
    for number, query in enumerate(words):
        address = f"{API}/search?{urlencode({'q': query, 'facets': 'true'})}"
        asked.append(Asked("search", SEARCH, address))
        if number % 6:
            continue
        page, cursor = client.get(f"{address}&limit=50"), None
        while page["next"]:
            cursor = page["next"]
            page = client.get(f"{address}&limit=50&cursor={cursor}")
        if cursor:
            asked.append(Asked("search, last page", SEARCH, f"{address}&cursor={cursor}"))
    return asked * 2


def _turned(sort: str) -> str:
    """The order turned round, whose first page is the last one of this."""
    turned = [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in sort.split(",")]
    return ",".join(turned if "score" in sort or "place" in sort else [*turned, "-place"])


def _renamed(cursor: str, sort: str) -> str:
    """The cursor of the same row in the order as it is."""
    _, *keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return _cursor(sort, *keys)


def _cursor(*keys: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")
