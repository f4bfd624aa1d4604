"""Use cases and portfolios over HTTP, for programs and on pages: by the revision that was read, for who may, and nothing of others is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.web.portal.curating import portfolios
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.signed_in import add_person, sign_in
from caseforge_assets_tests.workbench import KEY, SHOP, USECASES

HTML = {"accept": "text/html"}
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) \u202eeb"


@pytest.fixture
def served(serve: Serve) -> Served:
    served = serve()
    served.bench.load([*SHOP[:3]], key="other")
    served.bench.generate("1.1.1")
    served.bench.generate("1.1.1", key="other")
    return served


def candidates(served: Served, key: str = KEY) -> list[int]:
    query = "select id from caseforge.candidate where framework_key = :key and is_current order by position"
    return served.bench.column(query, key=key)


def post(browser: TestClient, path: str, token: str, **fields: Any) -> Any:
    """Sends a form, as a browser without scripts does."""
    return browser.post(path, data={"csrf_token": token, **fields}, headers=HTML, follow_redirects=False)


def revision(page: str) -> str:
    return re.findall(r'name="revision" value="(\d+)"', page)[0]


def test_a_use_case_is_decided_on_by_the_revision_that_was_read(served: Served) -> None:
    first, *_ = candidates(served)
    path = f"/api/v1/use-cases/{first}"
    ada, ben = served.client(Role.editor, KEY), served.client(Role.editor)
    read = ada.get(path)
    assert (read.headers["ETag"], read.json()["status"], read.json()["revision"]) == ('"0"', "idea", 0)
    assert ada.get(path, headers={"If-None-Match": '"0"'}).status_code == 304

    def patch(client: TestClient, tag: str | None, **given: Any) -> Any:
        return client.patch(path, json=given, headers={} if tag is None else {"If-Match": tag})

    assert patch(ada, None, status="live").status_code == 428
    assert patch(ada, "0", status="live").status_code == 412
    assert patch(ada, '"0"', status="rejected").status_code == patch(ada, '"0"', status="done").status_code == 422
    assert patch(served.client(Role.reader), '"0"', status="live").status_code == 403
    assert patch(served.client(Role.editor, "other"), '"0"', status="live").status_code == 404
    done = patch(ada, '"0"', status="shortlisted", review_on="2020-01-31", tags=["quick"], owner="Ada")
    assert (done.status_code, done.headers["ETag"], done.json()["tags"]) == (200, '"1"', ["quick"]), done.text
    late = patch(ben, '"0"', status="rejected", reason="no")
    assert (late.status_code, late.headers["ETag"]) == (412, '"1"')
    assert "it is shortlisted now" in late.json()["detail"]
    assert [row["id"] for row in ada.get("/api/v1/reviews").json()["items"]] == [first]
    assert served.client(Role.reader, "other").get("/api/v1/reviews").json()["items"] == []
    assert patch(ben, '"1"', review_on=None).json()["review_on"] is None

    said = ada.post(f"{path}/comments", json={"text": "Ours."})
    assert (said.status_code, said.json()["text"]) == (201, "Ours.")
    one = f"{path}/comments/{said.json()['id']}"
    assert served.client(Role.reader).post(f"{path}/comments", json={"text": "x"}).status_code == 403
    assert ben.delete(one).status_code == 403
    assert (ada.delete(one).status_code, ada.delete(one).status_code, ben.get(f"{path}/comments").json()) == (204, 404, [])
    assert served.bench.column("select count(*) from caseforge.journal_mark") == [0]  # what people decided outlasts the database


def test_portfolios_over_http(served: Served) -> None:
    first, second, third, *_ = candidates(served)
    (foreign, *_) = candidates(served, "other")
    ada, stranger, ben = served.client(Role.reader), served.client(Role.editor, "other"), served.client(Role.editor, KEY)
    made = ada.post("/api/v1/portfolios", json={"name": "Next year", "description": "*All*"})
    assert (made.status_code, made.json()["shared"], made.json()["entries"]) == (201, False, 0), made.text
    path = f"/api/v1/portfolios/{made.json()['id']}"
    assert ada.post("/api/v1/portfolios", json={"name": "Next year"}).status_code == 422
    assert stranger.get(path).status_code == 404
    added = ada.post(f"{path}/entries", json={"use_cases": [first, second, foreign], "note": "go"})
    assert [item["use_case"]["uid"] for item in added.json()["items"]] == ["1.1.1-UC01", "1.1.1-UC02", "1.1.1-UC01"]
    assert added.json()["sums"]["processes"] == 2
    one, two, _ = (entry["id"] for entry in added.json()["items"])
    tag = added.headers["ETag"]
    assert ada.patch(path, json={"shared": True}).status_code == 428
    shared = ada.patch(path, json={"shared": True}, headers={"If-Match": tag})
    assert shared.json()["shared"] is True
    assert ada.patch(path, json={"name": "Late"}, headers={"If-Match": tag}).status_code == 412
    seen = stranger.get(path).json()
    assert ([entry["use_case"]["framework"] for entry in seen["items"]], seen["hidden"], seen["sums"]["entries"]) == (["other"], 2, 1)
    assert ben.delete(path, headers={"If-Match": shared.headers["ETag"]}).status_code == 403
    assert stranger.post(f"{path}/entries", json={"use_cases": [third]}).status_code == 404
    assert stranger.delete(f"{path}/entries/{one}", headers={"If-Match": shared.headers["ETag"]}).status_code == 404
    moved = ben.patch(f"{path}/entries/{two}", json={"place": 1, "note": "first"}, headers={"If-Match": shared.headers["ETag"]})
    assert [(entry["id"], entry["note"]) for entry in moved.json()["items"]] == [(two, "first"), (one, "go")], moved.text
    taken = ben.patch(f"{path}/entries/{one}", json={"use_case": third}, headers={"If-Match": moved.headers["ETag"]})
    assert taken.json()["items"][1]["use_case"]["id"] == third
    left = ben.delete(f"{path}/entries/{two}", headers={"If-Match": taken.headers["ETag"]})
    assert [entry["use_case"]["id"] for entry in left.json()["items"]] == [third]
    assert [row["name"] for row in stranger.get("/api/v1/portfolios").json()["items"]] == ["Next year"]
    assert ada.delete(path, headers={"If-Match": left.headers["ETag"]}).status_code == 204
    assert ada.get(path).status_code == 404


def test_the_page_of_a_use_case(served: Served) -> None:
    first, second, *_ = candidates(served)
    add_person(served, "ada", Grant(Role.editor, KEY))
    browser, token = sign_in(served, "ada")
    path = f"/use-cases/{first}"
    page = browser.get(path, headers=HTML).text
    assert all(part in page for part in ("1.1.1-UC01", "Value (return on investment)", "simulated", "Advertise", "Keep this decision"))
    assert f'href="/use-cases/{second}"' in page
    assert browser.get(f"/frameworks/{KEY}/use-cases/1.1.1-UC01", headers=HTML, follow_redirects=False).headers["location"] == path
    assert browser.get(f"/use-cases/{candidates(served, 'other')[0]}", headers=HTML).status_code == 404
    form = {"revision": revision(page), "status": "rejected", "owner": HOSTILE, "review_on": "2020-01-31", "tags": "a, b"}
    refused = post(browser, f"{path}/decision", token, **form)
    assert refused.status_code == 422
    assert "say why it is rejected" in refused.text
    assert 'value="a, b"' in refused.text
    assert post(browser, f"{path}/decision", token, **form, reason=HOSTILE).status_code == 303
    late = post(browser, f"{path}/decision", token, **(form | {"status": "live", "tags": "mine"}))
    assert late.status_code == 409
    assert "was changed by ada meanwhile: it is rejected now" in late.text
    assert 'value="mine"' in late.text
    assert post(browser, f"{path}/decision", token, **(form | {"review_on": "soon"})).status_code == 422
    assert post(browser, f"{path}/comments", token, text=f"# Well\n\n{HOSTILE}").status_code == 303
    assert post(browser, f"{path}/comments", token, text=" ").status_code == 422
    page = browser.get(path, headers=HTML).text
    assert all(part in page for part in ("status: idea → rejected", "wrote a comment", "2020-01-31, due", "&lt;script&gt;"))
    assert not any(part in page for part in ("<script>alert", 'href="javascript', "\u202e"))
    assert "1 use case is to be looked at again" in browser.get("/", headers=HTML).text
    assert "1 day" not in browser.get("/reviews", headers=HTML).text
    assert f'href="{path}"' in browser.get("/reviews", params={"owner": HOSTILE}, headers=HTML).text
    (comment_id,) = re.findall(r'id="comment-(\d+)"', page)
    assert post(browser, f"{path}/comments/{comment_id}/remove", token).status_code == 303

    reader = served.client(Role.reader)
    shown = reader.get(path, headers=HTML).text
    assert "To decide takes the role editor" in shown
    assert "Similar elsewhere" in shown
    assert "2 use cases tell this idea" in shown
    assert "2 use cases tell this idea" not in page  # the other one is in a framework that ada does not see
    assert "/decision" not in shown

    edit = browser.get(f"{path}/edit", headers=HTML).text
    (version,) = re.findall(r'name="version" value="(\w+)"', edit)
    written = {"version": version, "field-title": "Count at night", "field-estimated_roi": "Low"}
    assert post(browser, f"{path}/edit", token, **(written | {"field-title": " "})).status_code == 422
    kept = post(browser, f"{path}/edit", token, **written)
    assert kept.status_code == 303
    late = post(browser, f"{path}/edit", token, **(written | {"field-title": "Count by day"}))
    assert late.status_code == 409
    assert "It says now: Count at night" in late.text
    assert 'value="Count by day"' in late.text
    now = browser.get(kept.headers["location"], headers=HTML).text
    assert "<h1>Count at night</h1>" in now
    assert "s-rejected" in now
    assert "A person has edited these use cases since" in browser.get(path, headers=HTML).text
    assert post(browser, f"{path}/decision", token, **form, reason="again").status_code == 409  # what is decided belongs to the edited one


@pytest.mark.slow
def test_pages_of_portfolios(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third, *_ = candidates(served)
    (foreign, *_) = candidates(served, "other")
    add_person(served, "ada", Grant(Role.reader))
    add_person(served, "ben", Grant(Role.editor, KEY))
    browser, token = sign_in(served, "ada")
    made = post(browser, "/portfolios/entries", token, candidate=[first, second, foreign], name=f"Mine {HOSTILE}", note="*go*")
    path = made.headers["location"]
    page = browser.get(path, headers=HTML).text
    assert all(part in page for part in ("private", "<em>go</em>", "1.1.1-UC02", "3</dd>"))
    assert "<script>alert" not in page
    entry, other, _ = re.findall(r'id="entry-(\d+)"', page)
    assert post(browser, "/portfolios/entries", token, candidate=[first], name="").status_code == 422
    assert post(browser, "/portfolios/entries", token, candidate=[first], portfolio="99").status_code == 404
    assert post(browser, f"{path}/entries/{entry}/place", token, revision=revision(page), place=2).status_code == 303
    late = post(browser, f"{path}/entries/{entry}/note", token, revision=revision(page), text="late words")
    assert late.status_code == 409
    assert "was changed meanwhile" in late.text
    assert ">late words</textarea>" in late.text
    page = browser.get(path, headers=HTML).text
    assert re.findall(r'id="entry-(\d+)"', page)[:2] == [other, entry]
    assert post(browser, f"{path}/entries/{entry}/note", token, revision=revision(page), text="new words").status_code == 303
    page = browser.get(path, headers=HTML).text
    assert post(browser, path, token, revision=revision(page), shared="yes").status_code == 303

    ben, bens_token = sign_in(served, "ben")
    seen = ben.get(path, headers=HTML).text
    assert "1 more that you may not see is in it" in seen
    assert "use case that you may not see" in seen
    assert "Make it private" not in seen
    assert "Take it out" in seen
    assert path in ben.get("/portfolios", headers=HTML).text
    assert post(ben, f"{path}/entries/{other}/remove", bens_token, revision=revision(seen)).status_code == 303
    second_one = post(ben, "/portfolios", bens_token, name="Ben's").headers["location"]
    assert post(ben, "/portfolios/entries", bens_token, candidate=[first, third], portfolio=second_one.rsplit("/", 1)[1]).status_code == 303
    compared = ben.get("/portfolios/compare", params={"left": path.rsplit("/", 1)[1], "right": second_one.rsplit("/", 1)[1]}, headers=HTML)
    assert "In both (1)" in compared.text
    assert "Only in Ben&#39;s (1)" in compared.text
    assert browser.get(second_one, headers=HTML).status_code == 404
    for kind in ("xlsx", "pptx"):
        file = ben.get(f"{path}/file", params={"as": kind})
        assert (file.status_code, file.content[:2], file.headers["content-disposition"][-6:]) == (200, b"PK", f'.{kind}"')
    assert browser.get(f"{second_one}/file").status_code == 404
    with monkeypatch.context() as patch:
        patch.setattr(portfolios, "ENTRIES_AT_ONCE", 1)
        page = ben.get(second_one, params={"from": 2}, headers=HTML).text
        (last,) = re.findall(r'id="entry-(\d+)"', page)
        assert "2 to 2 of 2" in page
        kept = post(ben, f"{second_one}/entries/{last}/note", bens_token, revision=revision(page), text="here", **{"from": 2})
        assert kept.headers["location"] == f"{second_one}?from=2#entry-{last}"
        page = ben.get(second_one, headers=HTML).text
        assert post(ben, f"{second_one}/entries/{last}/place", bens_token, revision=revision(page), place=1).status_code == 303

    served.bench.generate("1.1.1", stages=[USECASES], ask_again=True)
    page = ben.get(path, headers=HTML).text
    assert "Take the new one" in page
    assert "superseded" in page
    fresh = candidates(served)[0]
    assert post(ben, f"{path}/entries/{entry}/replace", bens_token, revision=revision(page), candidate=fresh).status_code == 303
    page = ben.get(path, headers=HTML).text
    assert "superseded" not in page.partition('<ol class="entries">')[2].partition("</ol>")[0]
    assert "Its process has newer use cases" in ben.get(f"/use-cases/{first}", headers=HTML).text
    decided = {"revision": 1, "status": "approved", "tags": "a", "review_on": "2020-01-31"}
    assert post(ben, f"/use-cases/{first}/decision", bens_token, **decided).status_code == 303
    assert post(ben, f"/use-cases/{first}/carry", bens_token, candidate=foreign).status_code == 404
    assert post(ben, f"/use-cases/{first}/carry", bens_token, candidate=fresh).headers["location"] == f"/use-cases/{fresh}"
    carried = ben.get(f"/api/v1/use-cases/{fresh}").json()
    assert (carried["status"], carried["tags"], carried["review_on"]) == ("approved", ["a"], "2020-01-31")
    assert post(ben, f"/use-cases/{first}/carry", bens_token, candidate=fresh).status_code == 409
    page = browser.get(path, headers=HTML).text
    assert post(browser, f"{path}/remove", token, revision=revision(page)).headers["location"] == "/portfolios"
    assert browser.get(path, headers=HTML).status_code == 404
