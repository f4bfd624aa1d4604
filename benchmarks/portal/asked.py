"""Pages that readers open: each kind in several states, first and last pages alike."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.service.asked import Asked
from benchmarks.service.client import Client
from benchmarks.service.world import KEY

PAGES = "pages"
AIM_MS, AIM_KB, AIM_FIRST_PAINT_MS = 100, 150, 1_000
AT = f"/frameworks/{KEY}"
FACETS: tuple[dict[str, Any], ...] = (
    {},
    {"where": ["category:automation", "roi:High"]},
    {"where": ["complexity:Low", "risk:Low"]},
    {"branch": f"{KEY}/3"},
    {"w_value": 9, "w_effort": 1, "w_risk": 0, "w_quality": 4},
    {"view": "cards"},
)


def pages(client: Client, words: list[str]) -> list[Asked]:
    """Pages, one after another by chance."""
    chance = random.Random(11)
    codes = [row["code"] for row in client.get(f"/api/v1{AT}/nodes?level=4&limit=500")["items"]]
    uids = [row["uid"] for row in client.get(f"/api/v1{AT}/candidates?limit=500")["items"]]
    asked = [("home", "/"), ("framework", AT), ("framework, opened", f"{AT}?{urlencode({'open': '4.9'})}")]
    asked += [("heat map", f"{AT}?{urlencode({'view': 'heat', 'by': by})}") for by in ("coverage", "quality", "items", "cost")]
    asked += [("node", f"{AT}/nodes/{quote(code)}") for code in chance.sample(codes, 30)]
    asked += [("use case", client.led_to(f"{AT}/use-cases/{quote(uid)}")) for uid in chance.sample(uids, 30)]
    asked += [("use cases", f"/use-cases?{urlencode(facets, doseq=True)}") for facets in FACETS] * 3
    asked += [("use cases by words", f"/use-cases?{urlencode({'q': word})}") for word in words[:10]]
    asked += [("matrix", f"/matrix?{urlencode(facets, doseq=True)}") for facets in FACETS]
    asked += [("search", f"/search?{urlencode({'q': word})}") for word in words[:20]]
    asked += [
        (path.strip("/"), path) for path in ("/portfolios", "/reviews", "/money", "/plans", "/batches", "/failed", "/alerts", "/report")
    ]
    return [Asked(name, PAGES, address) for name, address in asked]
