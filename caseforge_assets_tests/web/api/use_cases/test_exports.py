"""Exports over HTTP: asked for, fetched as a file, and gone after a day."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.exporting.ask_export import ask_export
from caseforge_assets.commands.exporting.find_export import ExportWish
from caseforge_assets.commands.gathering.choose_contents import Selection
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY


def ask(client: TestClient, kind: str, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/exports", json={"framework": KEY, "format": kind, **wanted})
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def test_exports_are_asked_for_and_fetched(serve: Serve) -> None:
    served = serve(given=["1.1.1", "1.1.2"])
    client = served.client(Role.reader, KEY)

    def fetch(kind: str, **wanted: Any) -> bytes:
        path = f"/api/v1/exports/{ask(client, kind, **wanted)['id']}"
        state = client.get(path).json()
        assert (state["state"], state["format"]) == ("ready", kind)
        file = client.get(f"{path}/file")
        assert file.status_code == 200
        assert len(file.content) == state["size_bytes"]
        assert file.headers["content-disposition"].startswith(f'attachment; filename="{KEY}.')
        return file.content

    book = openpyxl.load_workbook(io.BytesIO(fetch("xlsx", nodes="1.1.1")))
    assert [row[0].value for row in book["documents"].iter_rows(min_row=2)] == ["1.1.1"]
    assert {json.loads(line)["record"] for line in fetch("jsonl").splitlines()} == {"document", "candidate"}
    with zipfile.ZipFile(io.BytesIO(fetch("csv"))) as archive:
        assert {f"{KEY}.csv", f"{KEY}-documents.csv", f"{KEY}-costs.csv"} <= set(archive.namelist())
    with zipfile.ZipFile(io.BytesIO(fetch("markdown"))) as archive:
        assert any(name.endswith("index.md") for name in archive.namelist()), archive.namelist()
    assert client.post("/api/v1/exports", json={"framework": KEY, "format": "xlsx", "categories": ["none such"]}).status_code == 422
    assert client.post("/api/v1/exports", json={"framework": KEY, "format": "xlsx", "nodes": "99"}).status_code == 404


def test_an_export_is_seen_by_whoever_may_see_its_framework_and_by_its_id_alone(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    stranger = served.client(Role.admin, "elsewhere")
    assert stranger.post("/api/v1/exports", json={"framework": KEY, "format": "xlsx"}).status_code == 404
    export_id = ask(served.client(), "jsonl")["id"]
    assert served.client().get(f"/api/v1/exports/{export_id}/file").status_code == 200
    for path in (f"/api/v1/exports/{export_id}", f"/api/v1/exports/{export_id}/file"):
        assert stranger.get(path).status_code == 404
        assert served.client(None).get(path).status_code == 401
    secret = served.bench.path / "artifacts" / "secret"
    secret.write_text("secret")
    for tricky in (
        "../secret",
        "..%2Fsecret",
        "%2e%2e/secret",
        f"{export_id}/../../secret",
        "....//secret",
        "%00",
        "x" * 100,
        export_id[:-1] + "g",
    ):
        for end in ("", "/file"):
            answer = served.client().get(f"/api/v1/exports/{tricky}{end}")
            assert answer.status_code in (404, 422), tricky
            assert "secret" not in answer.text or answer.headers["content-type"] == "application/problem+json"


def test_an_export_that_nobody_makes_any_more_is_made_when_it_is_asked_after(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client, now = served.client(), datetime.now(UTC)

    def asked_at(when: datetime) -> str:
        """As by a process that was killed before it came to it."""
        with served.bench.store.connect() as connection:
            return ask_export(
                connection, served.bench.stages, served.bench.folder, ExportWish(KEY, "jsonl", Selection()), by="me", now=when
            )

    export_id = asked_at(now)
    waiting = client.get(f"/api/v1/exports/{export_id}/file")
    assert (waiting.status_code, waiting.json()["type"]) == (409, "/problems/not-ready")
    assert client.get(f"/api/v1/exports/{export_id}").json()["state"] == "making"
    assert client.get(f"/api/v1/exports/{export_id}").json()["state"] == "ready"
    old = asked_at(now - timedelta(days=1, seconds=5))
    assert client.get(f"/api/v1/exports/{old}").status_code == 200
    ask(client, "jsonl")
    assert client.get(f"/api/v1/exports/{old}").status_code == 404
    left = {Path(name).parts[1] for name in served.bench.folder.names("exports")}
    assert export_id in left
    assert old not in left
