"""Candidates over HTTP: filtered, sorted, counted and walked through, against what the store says without the rows that lists are read from."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.store.collecting.items import item_counts
from caseforge_assets.store.reading import due
from caseforge_assets.web import upkeep
from caseforge_assets.web.upkeep import lists_kept_up
from caseforge_assets_tests.web.candidates_there import LEVELS, spread, truth
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.walking import walk
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, SHOP, renamed

AT = f"/api/v1/frameworks/{KEY}/candidates"


def uids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["uid"] for row in rows]


@pytest.mark.slow
def test_candidates_are_those_that_the_commands_count(serve: Serve) -> None:
    served = serve(given=[])
    client = served.client()
    spread(served)
    known = truth(served)
    rows = walk(client, AT, limit=7)
    assert uids(rows) == [case["uid"] for case in known]
    with served.bench.store.connect() as connection:
        assert len(rows) == item_counts(connection, KEY)["usecases"].items
    for row, case in zip(rows, known, strict=True):
        assert (row["title"], row["code"], row["score"]) == (case["title"], case["code"], case["score"])
        assert row["values"] == {name: case[name] for name in ("category", "complexity", "roi", "risk")}
    assert uids(walk(client, "/api/v1/candidates", limit=500)) == uids(rows)
    first = client.get(f"{AT}/{rows[0]['uid']}").json()
    (whole,) = served.bench.column("select fields from caseforge.candidate where candidate_uid = :uid", uid=rows[0]["uid"])
    assert (first["fields"], first["score"], first["former_uids"]) == (whole, rows[0]["score"], [])
    _check_filters(served, known)
    _check_orders(served, known)
    _check_facets(served, known)


def _check_filters(served: Served, known: list[dict[str, Any]]) -> None:
    client = served.client()

    def found(**query: Any) -> list[str]:
        return uids(walk(client, AT, limit=9, **query))

    def meant(condition: Any) -> list[str]:
        return [case["uid"] for case in known if condition(case)]

    assert found(where="category:automation") == meant(lambda case: case["category"] == "automation") != []
    wanted = ["complexity:High", "complexity:Low", "risk:Low"]
    assert found(where=wanted) == meant(lambda case: case["complexity"] != "Medium" and case["risk"] == "Low") != []
    assert found(branch="2") == meant(lambda case: case["code"].startswith("2")) != []
    assert found(branch="2.1.2", where="roi:High") == meant(lambda case: case["code"] == "2.1.2" and case["roi"] == "High")
    for least, most in ((60, 100), (57, 64), (0, 59), (100, 100)):
        assert found(min_score=least, max_score=most) == meant(lambda case, least=least, most=most: least <= case["score"] <= most)
    assert found(simulated=True, stage="usecases") == meant(lambda _: True)
    for nothing in ({"simulated": False}, {"owner": "nobody"}, {"where": "category:poetry"}, {"stage": "process_details"}):
        assert found(**nothing) == []
    for query, status, word in (
        ({"where": "colour:red"}, 422, "category"),
        ({"where": "red"}, 422, "COLUMN:VALUE"),
        ({"sort": "colour"}, 422, "score"),
        ({"sort": "roi,-roi"}, 422, "once"),
        ({"stage": "poems"}, 404, "poems"),
        ({"branch": "9"}, 404, "'9'"),
        ({"cursor": "W10"}, 422, "cursor"),
    ):
        answer = client.get(AT, params=query)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert client.get("/api/v1/candidates", params={"branch": "2"}).status_code == 422


def _check_orders(served: Served, known: list[dict[str, Any]]) -> None:
    client = served.client()

    def key(name: str, one: dict[str, Any]) -> Any:
        return LEVELS.index(one[name]) if name in ("complexity", "roi", "risk") else one[name]

    for sort in (
        "-place",
        "score",
        "-score",
        "roi",
        "-roi,complexity",
        "risk,-score",
        "-score,category",
        "roi,score,-risk",
        "-category,-place",
    ):
        names = sort.split(",")
        turned = "-score" in names or "-place" in names
        rows = sorted(known, key=lambda case: case["place"], reverse=turned)
        for name in reversed([name for name in names if name.strip("-") != "place"]):
            rows.sort(key=lambda case, name=name: key(name.strip("-"), case), reverse=name.startswith("-"))
        said = uids(walk(client, AT, sort=sort, limit=5))
        assert said == [row["uid"] for row in rows], sort
        filtered = uids(walk(client, AT, sort=sort, limit=4, where="risk:Low", branch="1"))
        assert filtered == [row["uid"] for row in rows if row["risk"] == "Low" and row["code"].startswith("1")], sort


def _check_facets(served: Served, known: list[dict[str, Any]]) -> None:
    client = served.client()
    for query, condition in (
        ({}, lambda _: True),
        ({"branch": "2"}, lambda case: case["code"].startswith("2")),
        ({"min_score": 57}, lambda case: case["score"] >= 57),
        ({"min_score": 60}, lambda case: case["score"] >= 60),
    ):
        for where in ([], ["roi:High"], ["roi:High", "category:analytics"]):
            facets = client.get(AT, params={**query, "where": where, "facets": True, "limit": 1}).json()["facets"]
            wanted = dict(pair.split(":") for pair in where)
            rows = [case for case in known if condition(case)]
            chosen = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
            assert facets["total"] == facets["simulated"] == len(chosen)
            for column, counts in facets["columns"].items():
                others = {name: value for name, value in wanted.items() if name != column}
                expected = Counter(row[column] for row in rows if all(row[name] == value for name, value in others.items()))
                assert {facet["value"]: facet["count"] for facet in counts} == expected, (query, where, column)
            assert {branch["code"]: branch["count"] for branch in facets["branches"]} == Counter(branch["code"][0] for branch in chosen)
            assert {facet["value"]: facet["count"] for facet in facets["tens"]} == Counter(str(case["score"] // 10 * 10) for case in chosen)
            assert sum(facet["count"] for facet in facets["owners"]) == len(chosen)


@pytest.mark.slow
def test_a_walk_meets_every_row_that_stays_once_while_rows_change(serve: Serve) -> None:
    served = serve(given=["1.1.1", "1.1.3", "2.1.1", "2.1.3"])
    client = served.client()
    for sort in ("place", "-score,roi", "category,-complexity"):
        stays = {case["uid"] for case in truth(served) if case["code"] not in ("1.1.3", "2.1.2")}
        met: list[str] = []
        query: dict[str, Any] = {"sort": sort, "limit": 4}
        for step in range(100):
            page = client.get(AT, params=query).json()
            met += uids(page["items"])
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
            if step == 1:
                served.bench.change("update caseforge.candidate set is_current = not is_current where candidate_uid like '1.1.3-%'")
            if step == 2:
                served.bench.generate("2.1.2", ask_again=True)
        assert [uid for uid in met if uid in stays] == list(dict.fromkeys(uid for uid in met if uid in stays))
        assert stays <= set(met)
        served.bench.change("update caseforge.candidate set is_current = true where candidate_uid like '1.1.3-%'")


@pytest.mark.slow
def test_lists_follow_editions_edits_and_restores(serve: Serve) -> None:
    served = serve(given=["1.1.1", "2.1.2"])
    client = served.client()
    before = walk(client, AT)
    tag = client.get(AT).headers["etag"]
    assert client.get(AT, headers={"if-none-match": tag}).status_code == 304
    served.bench.load([row for row in renamed("2.1.2", "Mend everything") if row[0] != "1.1.1"])
    assert client.get(AT, headers={"if-none-match": tag}).status_code == 200
    after = walk(client, AT)
    assert {row["code"] for row in after} == {"2.1.2"}
    assert {row["name"] for row in after} == {"Mend everything"}
    served.bench.load(SHOP)
    assert walk(client, AT) == before
    served.bench.change("update caseforge.framework set owner = 'Ada'")
    assert {row["owner"] for row in walk(client, AT, owner="Ada")} == {"Ada"}
    total = client.get(AT, params={"facets": True}).json()["facets"]
    for table in ("candidate_row", "candidate_group", "candidate_count", "found_text", "reading_framework"):
        served.bench.change(f"delete from caseforge.{table}")
    served.bench.change("insert into caseforge.reading_due (framework_key) values ('shop')")
    assert not refresh_lists(served.bench.store, served.bench.project).lists
    assert client.get(AT, params={"facets": True}).json()["facets"] == total
    assert served.bench.column("select count(*) from caseforge.candidate_count where count < 0") == [0]


def test_nobody_meets_candidates_of_a_framework_that_he_may_not_see(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    served.bench.load(SHOP, key="other")
    served.bench.generate("2.1.1", key="other")
    reader = served.client(Role.reader, "other")
    mine = walk(reader, "/api/v1/candidates", limit=3)
    assert {row["framework"] for row in mine} == {"other"}
    assert len(mine) == len(walk(served.client(), "/api/v1/candidates", framework="other"))
    everything = served.client().get("/api/v1/candidates", params={"facets": True}).json()["facets"]
    facets = reader.get("/api/v1/candidates", params={"facets": True}).json()["facets"]
    assert facets["total"] == len(mine) < everything["total"]
    assert [framework["value"] for framework in facets["frameworks"]] == ["other"]
    assert {branch["framework"] for branch in facets["branches"]} == {"other"}
    for sort in ("score", "-roi", "-score,risk"):
        assert {row["framework"] for row in walk(reader, "/api/v1/candidates", sort=sort)} == {"other"}
    for address in (AT, f"{AT}/1.1.1-UC01", "/api/v1/candidates?framework=shop", "/api/v1/candidates?framework=other&framework=shop"):
        assert reader.get(address).status_code == 404
    assert reader.get("/api/v1/frameworks/other/candidates/1.1.1-UC01").status_code == 404
    stolen = served.client().get(AT, params={"limit": 1}).json()["next"]
    assert {row["framework"] for row in walk(reader, "/api/v1/candidates", cursor=stolen)} <= {"other"}


def test_lists_are_kept_up_beside_the_service_also_where_nobody_asks(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    until = time.monotonic() + PATIENCE_S
    with lists_kept_up(served.service):
        while time.monotonic() < until:
            with served.bench.store.connect() as connection:
                found = due.behind(connection)
            if not (found.lists or found.texts):
                break
            time.sleep(0.05)
    assert (found.lists, found.texts) == (False, False)
    assert served.bench.column("select count(*) from caseforge.candidate_row")[0] > 0


def test_what_nobody_reads_is_noted_in_few_rows(serve: Serve) -> None:
    served = serve()
    served.bench.change("delete from caseforge.reading_due")
    served.bench.change(
        "insert into caseforge.reading_due (framework_key, node_ids) select 'shop', array[n] from generate_series(1, 4000) n"
    )
    with served.bench.store.begin() as connection:
        due.condense(connection)
    assert served.bench.query("select framework_key, node_ids from caseforge.reading_due") == [("shop", None)]


def test_lists_are_kept_up_also_after_a_fault(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served, met = serve(), threading.Event()
    served.bench.generate("1.1.1")

    def once_faulty(*arguments: Any, **options: Any) -> Any:
        if not met.is_set():
            met.set()
            raise RuntimeError("a fault that nobody foresaw")
        return refresh_lists(*arguments, **options)

    monkeypatch.setattr(upkeep, "refresh_lists", once_faulty)
    monkeypatch.setattr(upkeep, "LISTS_EVERY_S", 0.05)
    until = time.monotonic() + PATIENCE_S
    with lists_kept_up(served.service):
        while not served.bench.column("select count(*) from caseforge.candidate_row")[0]:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert met.is_set()
