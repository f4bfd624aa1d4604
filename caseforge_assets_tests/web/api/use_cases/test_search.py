"""The search over HTTP: what is found, in whose language, how passages are marked, and what hostile words do."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.editing.edit_version import edit_item
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stages import project_stages
from caseforge_assets.store.searching import search
from caseforge_assets_tests.choices import decide
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.queries import queries
from caseforge_assets_tests.workbench import KEY, SHOP, USECASES

SEARCH = "/api/v1/search"


def found(client: TestClient, q: str, **query: Any) -> dict[str, Any]:
    answer = client.get(SEARCH, params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def names(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["name"]) for hit in page["items"]]


def said(parts: list[dict[str, Any]]) -> str:
    return "".join(part["text"] for part in parts)


def test_nodes_documents_and_candidates_are_found_by_rank_with_passages(serve: Serve) -> None:
    served = serve(given=["1.1.1", "2.1.2"])
    served.bench.change("""
    update caseforge.candidate set title = 'Zebra crossing', fields = fields || '{"description": "A <script>alert(1)</script> zebra & <b>zebras</b> \\u0002everywhere\\u0003."}'
    where candidate_uid = '2.1.2-UC02'
    """)
    client = served.client()
    assert names(found(client, "advertisements", kind="node")) == [("node", "1.1.1")]
    assert names(found(client, "2.1.2", kind="node")) == [("node", "2.1.2")]
    everything = found(client, "mending or advertise", limit=50, facets=True)
    assert {hit["kind"] for hit in everything["items"]} == {"node", "document", "candidate"}
    assert [hit["rank"] for hit in everything["items"]] == sorted((hit["rank"] for hit in everything["items"]), reverse=True)
    assert everything["found"] == sum(kind["count"] for kind in everything["kinds"])
    counted = {kind["value"]: kind["count"] for kind in everything["kinds"]}
    assert everything["candidates"]["total"] == counted["candidate"]
    (zebra,) = found(client, "zebra")["items"]
    assert [part for part in zebra["title"] if part["hit"]] == [{"text": "Zebra", "hit": True}]
    passage = zebra["passages"][0]
    assert {part["text"] for part in passage if part["hit"]} == {"zebra", "zebras"}
    assert "\x02" not in said(passage)
    assert "<script>" in said(passage) or "alert(1)" in said(passage)
    assert "everywhere." in said(passage)


def test_a_search_is_walked_through_page_by_page(serve: Serve) -> None:
    served = serve(given=["1.1.1", "1.1.3", "2.1.2"])
    client = served.client()
    whole = names(found(client, "advertise or mend or offers", limit=50))
    met, cursor = list[tuple[str, str]](), None
    while True:
        page = found(client, "advertise or mend or offers", limit=4, **({} if cursor is None else {"cursor": cursor}))
        met += names(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert met == whole
    assert len(met) == len(set(met)) > 4


def test_where_many_are_called_so_texts_are_not_looked_through(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve(given=["1.1.1", "2.1.2"])
    served.bench.change("update caseforge.candidate set title = 'Zebra crossing' where candidate_uid like '2.1.2-%'")
    client = served.client()
    everything = found(client, "mending or advertise", limit=50)
    called = [hit for hit in everything["items"] if any(part["hit"] for part in hit["title"])]
    assert 1 < len(called) < everything["found"]
    assert not everything["more"]
    monkeypatch.setattr(search, "RANKED_HEADINGS", len(called))
    assert found(client, "mending or  advertise", limit=50)["found"] == everything["found"]
    monkeypatch.setattr(search, "RANKED_HEADINGS", len(called) - 1)
    few = found(client, "mending  or advertise", limit=50)
    assert few["more"]
    assert few["found"] == len(few["items"]) == len(called) - 1
    assert {hit["name"] for hit in few["items"]} < {hit["name"] for hit in called}
    monkeypatch.setattr(search, "RANKED_TEXTS", 1)
    texts = found(client, "mending", kind="candidate")
    assert (texts["found"], texts["more"]) == (1, True)


def test_a_phrase_that_many_are_called_is_not_looked_for_in_texts(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve(given=["1.1.1", "2.1.2"])
    served.bench.change("update caseforge.candidate set title = 'Zebra crossing' where candidate_uid like '2.1.2-%'")
    served.bench.change(
        """update caseforge.candidate set fields = fields || '{"description": "Crossing, zebra; zebra crossing."}' where candidate_uid = '1.1.1-UC01'"""
    )
    client = served.client()
    everything = found(client, '"zebra crossing"', limit=50)
    assert ("candidate", "1.1.1-UC01") in names(everything)
    assert ("candidate", "1.1.1-UC01") not in names(found(client, '"crossing zebra crossing"', limit=50))
    monkeypatch.setattr(search, "RANKED_HEADINGS", everything["found"] - 2)
    few = found(client, '"zebra  crossing"', limit=50)
    assert few["more"]
    assert set(names(everything)) - set(names(few)) == {("candidate", "1.1.1-UC01")}


def test_what_is_found_is_found_once_until_texts_change(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client, ranks = served.client(), "ts_rank"
    with queries(served) as asked:
        before = found(client, "advertise", limit=2, facets=True)
    assert ranks in str(asked)
    decide(served.bench, "shortlisted", "1.1.1-UC01")
    with queries(served) as asked:
        after = found(client, "advertise", limit=2, facets=True)
        found(client, "advertise", limit=2, cursor=before["next"])
    assert ranks not in str(asked)
    assert {status["value"]: status["count"] for status in after["candidates"]["statuses"]}["shortlisted"] == 1
    assert ("candidate", "1.1.1-UC01") in names(found(client, "advertise", kind="candidate"))
    (version,) = served.bench.column("select version from caseforge.content where stage = :stage and is_current", stage=USECASES.key)
    with served.bench.store.begin() as connection:
        edit_item(connection, served.bench.project, KEY, "1.1.1-UC01", {"title": "Zebra crossing"}, version=version, by="ada")
    assert [hit["name"] for hit in found(client, "advertise zebra", kind="candidate")["items"]] == ["1.1.1-UC01"]
    with queries(served) as asked:
        found(client, "advertise", limit=2, facets=True)
    assert ranks in str(asked)


def test_hostile_words_find_nothing_and_break_nothing(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client()
    for words in (
        "advertise'; drop table x; --",
        "a & | ! ( ) <-> :*",
        '"unclosed advertise',
        "%s %(words)s {0}",
        "\\",
        "🚲",
        "<b>advertise</b>",
        "' or 1=1 --",
    ):
        answer = client.get(SEARCH, params={"q": words})
        assert answer.status_code in (200, 422), words
        listed = client.get(f"/api/v1/frameworks/{KEY}/candidates", params={"text": words})
        assert listed.status_code in (200, 422), words
    for words, said_of_it in (
        ("\0", "character"),
        ("x" * 201, "200"),
        ("-advertise", "word that is to occur"),
        ("the", "word that is to occur"),
        ("", "q"),
    ):
        answer = client.get(SEARCH, params={"q": words})
        expected = 200 if words == "the" else 422
        assert answer.status_code == expected, words
        assert expected == 200 or said_of_it in answer.json()["detail"]
    assert found(client, "the")["items"] == []
    assert client.get(SEARCH, params={"q": "x", "cursor": "WyJyYW5rIixudWxsLDFd"}).status_code == 422


def test_candidates_are_filtered_by_words(serve: Serve) -> None:
    served = serve(given=["1.1.1", "2.1.2"])
    served.bench.change("update caseforge.candidate set title = 'Zebra ' || title, fields = fields where position = 2")
    client = served.client()
    at = f"/api/v1/frameworks/{KEY}/candidates"
    for sort in ("place", "-score,roi"):
        page = client.get(at, params={"text": "zebras", "sort": sort, "facets": True}).json()
        assert sorted(row["uid"] for row in page["items"]) == ["1.1.1-UC02", "2.1.2-UC02"]
        assert page["facets"]["total"] == 2
    assert client.get(at, params={"text": "zebras -zebra"}).json()["items"] == []


def test_words_are_those_of_the_framework_s_language(serve: Serve) -> None:
    served = serve(given=["2.1.2"])
    bench = served.bench
    bench.change("update caseforge.candidate set title = 'Häuser abreißen' where candidate_uid = '2.1.2-UC01'")
    german = FrameworkSettings(title=KEY, source="shop.csv", language="de")
    settings = served.service.settings
    client = served.client()
    assert found(client, "haus")["items"] == []
    configuration = settings.configuration.model_copy(update={"frameworks": {KEY: german}})
    assert not refresh_lists(bench.store, Project(configuration, project_stages(bench.path, configuration))).texts
    (hit,) = found(client, "haus")["items"]
    assert (hit["name"], [part["text"] for part in hit["title"] if part["hit"]]) == ("2.1.2-UC01", ["Häuser"])
    assert names(found(client, "advertisements", kind="node")) == [("node", "1.1.1")]


def test_nobody_finds_what_he_may_not_see(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    served.bench.load(SHOP, key="other")
    reader = served.client(Role.reader, "other")
    page = found(reader, "advertise", limit=50, facets=True)
    assert names(page) == [("node", "1.1.1")]
    assert [framework["value"] for framework in page["frameworks"]] == ["other"]
    assert (page["found"], page["candidates"]["total"]) == (1, 0)
    assert reader.get(SEARCH, params={"q": "advertise", "framework": KEY}).status_code == 404
    assert served.client(Role.reader, "nowhere").get(SEARCH, params={"q": "advertise"}).json()["items"] == []
