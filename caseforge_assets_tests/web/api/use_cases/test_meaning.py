"""The search by meaning over HTTP and in the portal: what is found, walked through, marked as simulated, kept from whom, and what is said where it cannot be."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from caseforge_assets.stages.stage import stage_version
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.reading import due
from caseforge_assets.store.searching import meanings
from caseforge_assets.web.upkeep import lists_kept_up
from caseforge_assets_tests.choices import EMBEDDINGS
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.portal_pages import links, page, words
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, PROCESS, USECASES, OpenBench, Workbench

NODES = ("1.1.1", "2.1.1", "2.1.2")
SEARCH = "/api/v1/search"


def behind(shop: Workbench) -> bool:
    """Tells whether lists or vectors are behind what was made."""
    version = stage_version(EMBEDDINGS, shop.project.stage_settings[EMBEDDINGS.key])
    with shop.store.connect() as connection:
        return due.behind(connection).lists or meanings.behind(connection, EMBEDDINGS.key, version)


def test_without_embeddings_it_is_said_how_to_have_them(serve: Serve) -> None:
    client = serve().client()
    refused = client.get(SEARCH, params={"q": "bills", "by": "meaning"})
    assert (refused.status_code, "enabled = true under [stages.embeddings]" in refused.json()["detail"]) == (422, True)
    shown = page(client, "/search?q=bills&by=meaning")
    assert "enabled = true under [stages.embeddings]" in words(shown, "//main")
    assert "meaning" not in words(page(client, "/search?q=bills"), "//main//form")


@pytest.mark.slow
def test_what_is_near_is_found_and_shown(serve: Serve, bench: OpenBench) -> None:
    shop = replace(bench(), stages=Stages((PROCESS, USECASES, EMBEDDINGS)))
    shop.load()
    shop.generate(*NODES, stages=(PROCESS, USECASES, EMBEDDINGS))
    served = serve(shop)
    client = served.client()
    until = time.monotonic() + PATIENCE_S
    with lists_kept_up(served.service):  # beside the answers, whether or not anybody searches
        while shop.column("select count(*) from pg_stat_user_tables where relname = 'meaning'") == [0] or behind(shop):
            assert time.monotonic() < until
            time.sleep(0.05)
    title = shop.column("select title from caseforge.candidate where is_current and candidate_uid = '2.1.1-UC02'")[0]

    whole = client.get(SEARCH, params={"q": title, "by": "meaning", "limit": 50}).json()
    assert (whole["items"][0]["kind"], whole["items"][0]["name"], whole["simulated"], whole["behind"]) == (
        "candidate",
        "2.1.1-UC02",
        True,
        False,
    )
    met, cursor = [], None
    while True:
        asked = {"q": title, "by": "meaning", "limit": 9} | ({"cursor": cursor} if cursor else {})
        part = client.get(SEARCH, params=asked).json()
        met += [hit["name"] for hit in part["items"]]
        if (cursor := part["next"]) is None:
            break
    assert met == [hit["name"] for hit in whole["items"]]
    assert {hit["kind"] for hit in client.get(SEARCH, params={"q": title, "by": "meaning", "kind": "node"}).json()["items"]} == {"node"}
    assert shop.stats()["completions_since_start"] == 1
    assert client.get(SEARCH, params={"q": "x", "by": "meaning"}).status_code == 422
    other = served.client(framework_key="other")
    assert "nothing has a vector yet" in other.get(SEARCH, params={"q": title, "by": "meaning"}).json()["detail"]

    similar = client.get(f"/api/v1/frameworks/{KEY}/candidates/2.1.1-UC02/similar").json()
    assert similar["near"]
    assert not {candidate["code"] for candidate in similar["near"]} & {"2.1.1"}
    assert not {case["uid"] for case in similar["near"]} & {case["uid"] for case in similar["items"]}

    shown = page(client, f"/search?q={title}&by=meaning")
    assert words(shown, "//h1") == f"Nearest in meaning to “{title}”"
    assert "Simulated." in words(shown, "//main")
    assert f"/frameworks/{KEY}/use-cases/2.1.1-UC02" in links(shown)
    assert "Near in meaning" in words(page(client, f"/frameworks/{KEY}/use-cases/2.1.1-UC02"), "//main")
    node = page(client, f"/frameworks/{KEY}/nodes/2.1.1")
    assert f"/frameworks/{KEY}/nodes/2.1.2" in links(node, "//section[@aria-labelledby='near']//a/@href")
    assert "vectors of 512 numbers: of the process" in words(node, "//main")
    body = shop.column("select body from caseforge.content where stage = 'embeddings' and is_current limit 1")[0]
    assert body.split("\n")[1] not in words(node, "//main")
    assert {row["stage"] for row in client.get(f"/api/v1/frameworks/{KEY}/documents").json()["items"]} == {"process_details"}
    assert {hit["stage"] for hit in client.get(SEARCH, params={"q": "vectors", "limit": 50}).json()["items"]} <= {
        "process_details",
        "usecases",
    }
