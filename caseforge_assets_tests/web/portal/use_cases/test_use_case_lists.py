"""The pages of all use cases: what is chosen stands in the address, what is counted is what is there, and only editors decide."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.curation.columns import priority_of
from caseforge_assets.curation.priority import Weights
from caseforge_assets_tests.web.candidates_there import spread, truth
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.signed_in import add_person, sign_in
from caseforge_assets_tests.web.walking import walk
from caseforge_assets_tests.workbench import KEY, SHOP

HTML = {"accept": "text/html"}
API = "/api/v1/candidates"


@pytest.fixture
def served(serve: Serve) -> Served:
    opened = serve(given=[])
    spread(opened)
    return opened


def page(client: TestClient, address: str, **query: Any) -> str:
    answer = client.get(address, params=query or None, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


def titles(text: str) -> list[str]:
    """Titles of the table's rows, in their order."""
    return [unescape(title) for title in re.findall(r'<th scope="row" class="name"><a href="/use-cases/\d+">(.*?)</a>', text)]


def total(text: str) -> int:
    found = re.search(r"<h1>([\d,]+) use case", text)
    assert found
    return int(found[1].replace(",", ""))


def counts(text: str, name: str) -> dict[str, int]:
    """Of a facet, how many each of its values has."""
    found = re.findall(rf'name="{name}" value="([^"]*)"[^>]*> [^<]*</label><span class="count">([\d,]+)</span>', text)
    return {unescape(value): int(count.replace(",", "")) for value, count in found}


def by_priority(rows: list[dict[str, Any]], weights: Weights) -> list[int | None]:
    return [priority_of(weights, {name: row[name] for name in ("roi", "complexity", "risk")}, row["score"]) for row in rows]


def test_lists_and_pictures_show_what_is_there(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    check_matrix(served)
    check_facets(served)
    monkeypatch.setattr("caseforge_assets.web.portal.use_cases.use_cases.AT_ONCE", 7)
    check_order(served)


def check_order(served: Served) -> None:
    """The list is all of it by priority, and its state is the address."""
    client, known = served.client(), truth(served)
    weights = Weights(9, 0, 4, 2)
    address: str | None = "/use-cases?w_value=9&w_effort=0&w_risk=4&w_quality=2&where=risk%3ALow"
    met, shown = list[str](), list[int]()
    while address:
        text = page(client, address)
        met += titles(text)
        shown += [int(priority) for priority in re.findall(r'<td class="right" data-label="Priority"><strong>(\d+)</strong>', text)]
        following = re.search(r'<a href="([^"]+)" rel="next">', text)
        address = unescape(following[1]) if following else None
    meant = [case for case in known if case["risk"] == "Low"]
    assert sorted(met) == sorted(case["title"] for case in meant)
    assert shown == sorted((priority for priority in by_priority(meant, weights) if priority is not None), reverse=True)
    assert weights.formula in unescape(page(client, "/use-cases?w_value=9&w_effort=0&w_risk=4&w_quality=2"))
    for sort in ("-roi,complexity", "-score", "place"):
        rows = client.get(API, params={"sort": sort, "limit": 7}).json()["items"]
        assert titles(page(client, "/use-cases", sort=sort)) == [row["title"] for row in rows]


def check_facets(served: Served) -> None:
    """Facets count what choosing them leaves."""
    client, known = served.client(), truth(served)
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    editor = served.client(Role.editor)
    assert editor.post("/use-cases", data={"candidate": first, "do": "shortlist"}).status_code == 200
    assert editor.post("/use-cases", data={"candidate": first, "do": "tag", "tag": "quick win"}).status_code == 200
    text = page(client, "/use-cases", where=["roi:High", "complexity:Low", "complexity:High"], branch=f"{KEY}/2")
    rows = [case for case in known if case["code"].startswith("2")]
    fits = [row for row in rows if row["roi"] == "High" and row["complexity"] != "Medium"]
    assert total(text) == len(fits)
    expected = Counter(f"roi:{row['roi']}" for row in rows if row["complexity"] != "Medium")
    expected += Counter(f"complexity:{row['complexity']}" for row in rows if row["roi"] == "High")
    assert {value: number for value, number in counts(text, "where").items() if value.startswith(("roi", "complexity"))} == expected
    every = [case for case in known if case["roi"] == "High" and case["complexity"] != "Medium"]
    assert counts(text, "branch") == Counter(f"{KEY}/{case['code'][0]}" for case in every)
    plain = page(client, "/use-cases")
    for name in ("where", "branch", "status", "tag", "quality"):
        for value, count in counts(plain, name).items():
            assert total(page(client, "/use-cases", **{name: value})) == count, (name, value)
    assert counts(plain, "status") == {"idea": len(known) - 1, "shortlisted": 1}
    assert counts(plain, "tag") == {"quick win": 1}
    for chip in re.findall(r'<a href="([^"]+)" aria-label="Without Value: High">', text):
        assert total(page(client, unescape(chip))) == sum(row["complexity"] != "Medium" for row in rows)
    both = client.get(API, params={"status": ["shortlisted", "approved"], "tag": "quick win", "facets": True}).json()
    assert (len(both["items"]), both["facets"]["statuses"]) == (1, [{"value": "shortlisted", "count": 1}])
    assert len(walk(client, API, status="idea")) == len(known) - 1


def test_words_codes_and_what_was_mistyped_are_found(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served.client()
    served.bench.change("""update caseforge.candidate set fields = fields || '{"description": "Everything about dirigibles."}'""")
    served.bench.change("update caseforge.candidate set title = 'Dirigibles ' || id where position = 2")
    served.bench.change("update caseforge.candidate set title = 'Foresee punctures' where candidate_uid = '1.1.1-UC01'")
    of_node = [case["title"] for case in truth(served) if case["code"] == "2.1.2"]
    for asked, meant in (("2.1.2", of_node), ("punctures", ["Foresee punctures"]), ("1.1.1-UC01", ["Foresee punctures"])):
        assert sorted(titles(page(client, "/use-cases", q=asked))) == sorted(meant), asked
    text = page(client, "/use-cases", q="punctuers")
    assert titles(text) == ["Foresee punctures"]
    assert "Nothing has the words “punctuers”. Shown is what has “punctures”." in text
    assert total(page(client, "/use-cases", q="zeppelin")) == 0
    assert total(page(client, "/use-cases", q="zeppelin", where="roi:High")) == 0
    assert client.get("/use-cases", params={"q": "-only"}, headers=HTML).status_code == 422
    check_very_many(served, monkeypatch)


def check_very_many(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many hits, those in titles are shown, and the page says so."""
    client = served.client()
    assert total(page(client, "/use-cases", q="dirigible")) == len(truth(served))
    monkeypatch.setattr("caseforge_assets.store.searching.candidate_words.MOST_FOUND", 10)
    served.bench.change("update caseforge.candidate set former_uids = former_uids")
    text = page(client, "/use-cases", q="dirigible")
    assert "Shown are those that have them in their title" in text
    assert {title.split()[0] for title in titles(text)} == {"Dirigibles"}
    assert total(text) == sum(case["place"][1] == 2 for case in truth(served))


def test_only_editors_of_the_framework_decide_and_all_or_nothing_is_done(served: Served) -> None:
    ids = served.bench.column("select id from caseforge.candidate where is_current order by id limit 3")
    assert served.client(Role.reader).post("/use-cases", data={"candidate": ids, "do": "shortlist"}, headers=HTML).status_code == 403
    assert (
        served.client(Role.editor, "other").post("/use-cases", data={"candidate": ids, "do": "shortlist"}, headers=HTML).status_code == 404
    )
    editor = served.client(Role.editor, KEY)
    for data, status in (
        ({"do": "shortlist"}, 422),
        ({"candidate": ids, "do": "reject", "reason": " "}, 422),
        ({"candidate": [*ids, 10**9], "do": "shortlist"}, 404),
        ({"candidate": ids, "do": "paint"}, 422),
        ({"candidate": ids, "do": "tag"}, 422),
    ):
        assert editor.post("/use-cases", data=data, headers=HTML).status_code == status, data
    assert served.bench.column("select count(*) from caseforge.use_case") == [0]
    sent = {"candidate": ids, "do": "reject", "reason": "done already", "back": "where=roi%3AHigh&q=a+b&done=tag&of=9"}
    answer = editor.post("/use-cases", data=sent, headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/use-cases?where=roi%3AHigh&q=a+b&done=reject&of=3")
    assert served.bench.query("select distinct status, reason from caseforge.use_case") == [("rejected", "done already")]
    for tag in ("data", "quick win, Data"):
        editor.post("/use-cases", data={"candidate": ids[0], "do": "tag", "tag": tag})
    editor.post("/use-cases", data={"candidate": ids[:2], "do": "owner", "owner": "Ada"})
    assert served.bench.query("select tags, owner, status from caseforge.use_case order by candidate_id") == [
        (["data", "quick win"], "Ada", "rejected"),
        ([], "Ada", "rejected"),
        ([], "", "rejected"),
    ]
    text = page(editor, "/use-cases", owner="Ada")
    assert (total(text), 'name="candidate"' in text) == (2, True)
    reader = served.client(Role.reader)
    assert 'value="shortlist"' not in page(reader, "/use-cases")
    assert reader.post("/use-cases", data={"candidate": ids, "do": "portfolio", "name": "First"}).status_code == 200
    (number,) = served.bench.column("select id from caseforge.portfolio")
    assert f'<option value="{number}" selected>First (private)' in page(reader, "/use-cases")
    assert editor.post("/use-cases", data={"candidate": ids, "do": "portfolio", "portfolio": number}).status_code == 404
    assert reader.post("/use-cases", data={"candidate": ids, "do": "portfolio", "portfolio": "x"}).status_code == 404
    assert served.bench.column("select count(*) from caseforge.portfolio_entry") == [3]
    check_forged_forms(served)


def check_forged_forms(served: Served) -> None:
    """A form of another site decides nothing."""
    add_person(served, "eva", Grant(Role.editor))
    browser, _ = sign_in(served, "eva")
    (first,) = served.bench.column("select min(id) from caseforge.candidate where is_current")
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page(browser, "/use-cases"))
    assert token
    data = {"candidate": first, "do": "shortlist"}
    assert browser.post("/use-cases", data=data, headers=HTML).status_code == 403
    assert browser.post("/use-cases", data=data | {"csrf_token": token[1]}, headers=HTML).status_code == 200


def check_matrix(served: Served) -> None:
    """The matrix counts what its cells lead to."""
    client, known = served.client(), truth(served)
    text = page(client, "/matrix", where="risk:Low")
    meant = [case for case in known if case["risk"] == "Low"]
    cells = re.findall(r'<a href="([^"]+)" aria-label="([\d,]+) with (\w+) value and (\w+) effort">', text)
    assert len(cells) == 9
    for address, count, value, effort in cells:
        fits = [case for case in meant if (case["roi"], case["complexity"]) == (value.capitalize(), effort.capitalize())]
        assert int(count) == len(fits)
        listed = page(client, unescape(address))
        assert total(listed) == len(fits)
        best = by_priority(fits, Weights())
        if fits:
            first = titles(listed)[0]
            assert first in unescape(text)
            assert priority_of(Weights(), *_told(fits, first)) == max(priority for priority in best if priority is not None)
    heat = re.findall(r'<td class="h\d"><a href="([^"]+)">(\d+)</a>', text)
    assert sum(int(count) for _, count in heat) == len(meant)
    for address, count in heat[:4]:
        assert total(page(client, unescape(address))) == int(count)
    assert "<style" not in text
    assert 'style="' not in text


def _told(rows: list[dict[str, Any]], title: str) -> tuple[dict[str, Any], int | None]:
    row = next(row for row in rows if row["title"] == title)
    return row, row["score"]


@pytest.mark.slow
def test_nothing_of_other_frameworks_is_counted_and_what_models_write_does_nothing(serve: Serve) -> None:
    opened = serve(given=["1.1.1"])
    opened.bench.load(SHOP, key="other")
    opened.bench.generate("2.1.1", key="other")
    evil = "<script>alert(1)</script>\u202e" + "x" * 300
    opened.bench.change("update caseforge.candidate set title = :evil where framework_key = 'other'", evil=evil)
    reader = opened.client(Role.reader, "other")
    mine = opened.bench.column("select count(*) from caseforge.candidate where framework_key = 'other' and is_current")[0]
    for path in ("/use-cases", "/matrix", "/use-cases?view=cards"):
        text = page(reader, path)
        assert total(text) == mine
        assert not {"<script>alert", "\u202e", KEY} & set(re.findall(rf"<script>alert|\u202e|{KEY}/", text))
    for query in ({"framework": KEY}, {"branch": f"{KEY}/1"}):
        assert reader.get("/use-cases", params=query, headers=HTML).status_code == 404
    for query in (
        {"where": "colour:red"},
        {"quality": "95"},
        {"status": "great"},
        {"branch": "other/"},
        {"sort": "colour"},
        {"w_value": "11"},
    ):
        assert reader.get("/use-cases", params=query, headers=HTML).status_code == 422, query
