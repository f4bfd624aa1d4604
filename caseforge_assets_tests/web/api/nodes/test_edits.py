"""Edits over HTTP: each names the version that it was made from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY

DOCUMENT = f"/api/v1/frameworks/{KEY}/documents/1.1.1"


def put(client: TestClient, tag: str | None, body: str, **more: Any) -> Any:
    return client.put(DOCUMENT, json={"body": body, **more}, headers={} if tag is None else {"If-Match": tag})


def test_a_document_is_edited_by_the_version_that_was_read(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    anna, ben = served.client(Role.editor), served.client(Role.editor, KEY)
    read = anna.get(DOCUMENT)
    tag, body = read.headers["ETag"], read.json()["body"]
    assert put(anna, None, body).status_code == 428
    assert put(served.client(Role.reader), tag, body).status_code == 403
    assert put(served.client(Role.planner), tag, body).status_code == 403
    assert put(served.client(Role.admin, "elsewhere"), tag, body).status_code == 404
    assert put(anna, tag, body).json()["changed"] is False
    assert put(anna, tag, "no sections").status_code == 422

    mine = body + "\n\nCall the shop before noon."
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda edit: put(edit[0], tag, edit[1]), [(anna, mine), (ben, body + "\n\nNever on Mondays.")]))
    kept, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert (kept.status_code, kept.json()["changed"], refused.status_code) == (200, True, 412)
    assert refused.headers["ETag"] == kept.headers["ETag"] != tag
    assert "edited by token test-" in refused.json()["detail"]
    now = anna.get(DOCUMENT)
    assert (now.headers["ETag"], now.json()["edited"]) == (kept.headers["ETag"], True)
    second = put(ben, refused.headers["ETag"], now.json()["body"] + "\n\nNor on Sundays.")  # reads again, and edits that
    assert second.json()["changed"] is True
    entries = served.bench.query(
        "select action, subject, framework_key from caseforge.audit_entry where action like 'content.%' order by id"
    )
    assert entries == [("content.edited", "node 1.1.1", KEY)] * 2
    assert served.bench.column("select count(*) from caseforge.journal_mark") == [0]  # what people wrote outlasts the database


def test_a_candidate_is_edited_with_its_set(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client(Role.editor)
    uid = "1.1.1-UC01"
    path = f"/api/v1/frameworks/{KEY}/candidates/{uid}"
    read = client.get(path)
    version = read.json()["version"]
    assert read.headers["ETag"] == f'"{version}"'

    def patch(tag: str, **fields: Any) -> Any:
        return client.patch(path, json={"fields": fields}, headers={"If-Match": tag})

    assert client.patch(path, json={"fields": {"title": "x"}}).status_code == 428
    assert patch('"another"', title="x").status_code == 412
    assert patch(f'"{version}"', colour="red").status_code == 422
    assert patch(f'"{version}"', complexity_score="enormous").status_code == 422
    done = patch(f'"{version}"', title="Sort the mail", complexity_score="Low")
    assert (done.status_code, done.json()["changed"]) == (200, True), done.text
    assert client.get(path).headers["ETag"] == done.headers["ETag"] != f'"{version}"'
    title, fields = served.bench.query("select title, fields from caseforge.candidate where is_current and candidate_uid = :uid", uid=uid)[
        0
    ]
    assert (title, fields["complexity_score"]) == ("Sort the mail", 1)
    assert patch(f'"{version}"', title="Lost").status_code == 412
    assert client.patch(f"{path}9", json={"fields": {"title": "x"}}, headers={"If-Match": '"a"'}).status_code == 404
