"""A workbook that was exported and changed comes back over HTTP: looked at first, all of it or nothing."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY

AT = f"/api/v1/frameworks/{KEY}/workbook-edits"


def exported(client: TestClient) -> Workbook:
    asked = client.post("/api/v1/exports", json={"framework": KEY, "format": "xlsx"})
    assert asked.status_code == 202, asked.text
    return load_workbook(io.BytesIO(client.get(f"/api/v1/exports/{asked.json()['id']}/file").content))


def send(client: TestClient, book: Workbook | bytes, name: str = "mine.xlsx", **query: Any) -> Any:
    data = io.BytesIO()
    if isinstance(book, bytes):
        data.write(book)
    else:
        book.save(data)
    return client.post(AT, files={"file": (name, data.getvalue())}, params=query)


def with_title(book: Workbook, title: str) -> Workbook:
    sheet = book["candidates"]
    column = next(cell.column for cell in sheet[1] if cell.value == "title")
    sheet.cell(2, column).value = title
    return book


@pytest.mark.slow
def test_what_was_changed_is_said_and_then_kept(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    editor = served.client(Role.editor)
    book = with_title(exported(editor), "Another title")
    looked = send(editor, book)
    assert (looked.status_code, looked.json()["dry_run"]) == (200, True), looked.text
    ((row, uid, fields),) = [(changed["row"], changed["uid"], changed["fields"]) for changed in looked.json()["rows"]]
    assert (row, fields) == (2, ["title"])
    assert editor.get(f"/api/v1/frameworks/{KEY}/candidates/{uid}").json()["title"] != "Another title"
    assert send(editor, book, dry_run=False).json()["rows"] == looked.json()["rows"]
    found = editor.get(f"/api/v1/frameworks/{KEY}/candidates/{uid}").json()
    assert (found["title"], found["edited"]) == ("Another title", True)
    assert send(editor, book, dry_run=False).json()["rows"] == []  # it says that already
    late = send(editor, with_title(exported(editor), ""), dry_run=False)
    assert (late.status_code, "title" in late.json()["detail"]) == (422, True)


@pytest.mark.slow
def test_who_may_not_edit_and_what_is_no_such_workbook_is_refused(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    book = exported(served.client())
    assert send(served.client(Role.planner), book).status_code == 403
    assert send(served.client(Role.editor, "elsewhere"), book).status_code == 404
    editor = served.client(Role.editor)
    assert send(editor, book, "../mine.xlsx").status_code == 422
    assert send(editor, book, "mine.csv").status_code == 422
    assert "no sheet 'candidates'" in send(editor, Workbook()).json()["detail"]
    assert send(editor, b"nothing of the kind").status_code == 422
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", " " * 900_000_000)
    assert (send(editor, bomb.getvalue()).status_code, len(bomb.getvalue()) < 4_000_000) == (422, True)
