"""A workbook that was decided in comes back through a browser: what would change is shown first, and hostile files are refused in words."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.portal_pages import HTML, page, read, words
from caseforge_assets_tests.web.signed_in import add_person, sign_in
from caseforge_assets_tests.workbench import KEY, SHOP

HOSTILE = "<script>alert(1)</script>\u202eeb"
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def served(serve: Serve) -> Served:
    served = serve()
    served.bench.load([*SHOP[:3]], key="other")
    served.bench.generate("1.1.1")
    return served


def candidates(served: Served) -> dict[str, int]:
    return dict(served.bench.query("select candidate_uid, id from caseforge.candidate where is_current"))


class Book:
    """A portfolio's workbook, to be changed as a person does."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.cells = self.book["Decide"]
        self.columns = [cell.value for cell in self.cells[1]]

    def cell(self, uid: str, name: str) -> Any:
        row = next(row for row in self.cells.iter_rows(min_row=2) if row[0].value == uid)
        return row[self.columns.index(name)]

    def bytes(self) -> bytes:
        data = io.BytesIO()
        self.book.save(data)
        return data.getvalue()


def send(browser: TestClient, token: str, content: bytes, name: str = "mine.xlsx") -> Any:
    return browser.post("/decisions", data={"csrf_token": token}, files={"file": (name, content, MEDIA)}, headers=HTML)


def take(browser: TestClient, token: str, tree: Any, meanwhile: str = "refuse") -> Any:
    fields = {name: tree.xpath(f"//input[@name='{name}']/@value")[0] for name in ("digest", "seen")}
    return browser.post(
        "/decisions/take", data={"csrf_token": token, "meanwhile": meanwhile, **fields}, headers=HTML, follow_redirects=False
    )


@pytest.mark.slow
def test_a_portfolios_workbook_comes_back(served: Served) -> None:
    ids = candidates(served)
    add_person(served, "ben", Grant(Role.editor, KEY))
    add_person(served, "ruth", Grant(Role.reader))
    browser, token = sign_in(served, "ben")
    made = browser.post(
        "/portfolios/entries",
        data={"csrf_token": token, "candidate": [ids["1.1.1-UC01"], ids["1.1.1-UC02"]], "name": "Mine"},
        headers=HTML,
        follow_redirects=False,
    )
    address = made.headers["location"]
    assert "/decisions" in browser.get(address, headers=HTML).text
    book = Book(browser.get(f"{address}/file?as=xlsx").content)
    untouched = read(send(browser, token, book.bytes()))
    assert "Nothing would change" in words(untouched)
    assert untouched.xpath("//form[@action='/decisions/take']") == []

    book.cell("1.1.1-UC01", "Status").value = "Shortlisted"
    book.cell("1.1.1-UC01", "Owner").value = HOSTILE
    book.cell("1.1.1-UC02", "Note").value = "First of all."
    seen = send(browser, token, book.bytes())
    tree = read(seen)
    assert "<script>alert" not in seen.text
    assert "\u202e" not in seen.text
    assert "2 use cases would change; nothing is taken yet" in words(tree)
    assert "status Idea Shortlisted" in words(tree, "//table")
    assert served.bench.column("select count(*) from caseforge.use_case where status <> 'idea'") == [0]
    ruth, ruths = sign_in(served, "ruth")
    assert send(ruth, ruths, book.bytes()).status_code == 403
    assert "/decisions" not in ruth.get("/portfolios", headers=HTML).text
    assert browser.post("/decisions/take", data={"csrf_token": "x"}, headers=HTML).status_code == 403

    with served.bench.store.begin() as connection:  # somebody decides the same before it is taken: what was seen counts
        decide_use_cases(connection, {ids["1.1.1-UC01"]: Change(owner="Cleo")}, by="cleo")
    late = take(browser, token, tree)
    assert late.status_code == 409
    again = read(late, 409)
    assert "Look at it again; nothing was taken" in words(again)
    assert "changed by somebody else, too" in words(again, "//table")
    assert take(browser, token, again, "refuse").status_code == 409
    done = take(browser, token, again, "keep")
    assert done.headers["location"].startswith("/decisions?taken=2&portfolio=")
    assert "2 use cases were changed. Back to Mine" in words(page(browser, done.headers["location"]))
    query = "select status, owner from caseforge.use_case where candidate_id = :id"
    assert served.bench.query(query, id=ids["1.1.1-UC01"]) == [("shortlisted", "Cleo")]
    assert served.bench.column("select note from caseforge.portfolio_entry order by position") == ["", "First of all."]
    assert take(browser, token, again, "overwrite").status_code == 410  # it was taken


@pytest.mark.slow
def test_what_cannot_be_taken_is_said_and_no_file_does_harm(served: Served) -> None:
    served.bench.change("insert into caseforge.portfolio (name, description, owner, is_shared) values ('All', '', 'anna', true)")
    add_person(served, "anna")
    browser, token = sign_in(served)
    ids = candidates(served)
    browser.post("/portfolios/entries", data={"csrf_token": token, "candidate": list(ids.values())[:3], "portfolio": 1}, headers=HTML)
    content = browser.get("/portfolios/1/file?as=xlsx").content

    book = Book(content)
    uid = book.cells.cell(2, 1).value
    book.cell(uid, "Status").value = "Done"
    book.cell(uid, "Owner").value = "Ada"
    tree = read(send(browser, token, book.bytes()))
    assert "'Done' is no status" in words(tree)
    assert tree.xpath("//form[@action='/decisions/take']") == []

    known = json.loads(Book(content).cell(uid, "as exported").value)
    for wrong in (
        "[" * 20_000,
        "{}",
        json.dumps(known | {"candidate": "x"}),
        json.dumps(known | {"candidate": [1]}),
        json.dumps(known | {"candidate": 2**70}),
        json.dumps(known | {"portfolio": True}),
        json.dumps(known | {"fields": {"status": 1}}),
        json.dumps(known | {"fields": {}}),
    ):
        book = Book(content)
        book.cell(uid, "as exported").value = wrong
        assert "did not come from an export" in words(read(send(browser, token, book.bytes())))

    far = openpyxl.Workbook()
    far.active.title = "Decide"
    far.active.cell(1_048_576, 16_384).value = "x"
    data = io.BytesIO()
    far.save(data)
    assert "are read" in words(read(send(browser, token, data.getvalue()), 422), "//div[@role='alert']")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", " " * 300_000_000)
    refused = {
        "bomb": send(browser, token, bomb.getvalue()),
        "text": send(browser, token, b"nothing of the kind"),
        "other": send(browser, token, _empty()),
        "name": send(browser, token, content, "<b>x.csv"),
        "path": send(browser, token, content, "../x.xlsx"),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(refused, 422)
    assert all("notice wrong" in answer.text and "<b>x" not in answer.text for answer in refused.values())
    assert "has no sheet" in refused["other"].text


def _empty() -> bytes:
    data = io.BytesIO()
    openpyxl.Workbook().save(data)
    return data.getvalue()
