"""Workbooks over HTTP: judged, looked at, loaded; and what is refused of them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from caseforge_assets.access.roles import Role
from caseforge_assets.settings import read_configuration
from caseforge_assets.web.wire.bodies import PLAIN_BYTES
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.uploads import HEAD, load, table
from caseforge_assets_tests.workbench import CODES, KEY, renamed


def test_a_new_edition_is_looked_at_and_then_loaded(serve: Serve) -> None:
    served = serve(given=["1.1.1"])
    client = served.client(Role.planner, KEY)
    data = table(renamed("1.1.1", "Advertise everywhere"))
    looked = load(client, data)
    assert looked.status_code == 200, looked.text
    said = looked.json()
    assert (said["dry_run"], said["changed"], said["new_framework"], said["judged"]["targets"]) == (True, True, False, len(CODES))
    assert said["difference"]["renamed"]["examples"] == ["1.1.1 Advertise everywhere"]
    assert (said["to_send"]["process_details"], said["expected_cost"]["currency"]) == (len(CODES), "USD")
    assert client.get(f"/api/v1/frameworks/{KEY}").json()["source"] == "shop.csv"

    done = load(client, data, dry_run=False)
    assert (done.status_code, done.json()["dry_run"]) == (201, False)
    assert client.get(f"/api/v1/frameworks/{KEY}").json()["source"] == "shop 2.csv"
    assert load(client, data, dry_run=False).status_code == 200  # it is loaded already
    (kept,) = served.bench.folder.names("workbooks")
    assert b"".join(served.bench.folder.read(kept)) == data
    entry = read_configuration(served.bench.path / "caseforge.toml").frameworks[KEY]
    assert (served.bench.path / entry.source).read_bytes() == data
    assert served.bench.column("select action from caseforge.audit_entry where actor <> 'test'") == ["framework.loaded"]


def test_a_new_framework_needs_an_admin_and_can_be_planned_at_once(serve: Serve) -> None:
    served = serve()
    for role in (Role.reader, Role.editor, Role.planner):
        assert load(served.client(role), table(), key="mine").status_code == 403
    assert load(served.client(Role.planner, "elsewhere"), table()).status_code == 404
    assert load(served.client(Role.editor), table()).status_code == 403
    admin = served.client(Role.admin)
    done = load(admin, table(), "mine.csv", key="mine", dry_run=False)
    assert (done.status_code, done.json()["new_framework"]) == (201, True), done.text
    made = admin.post("/api/v1/plans", json={"framework": "mine"}, headers={"Idempotency-Key": "plan-mine"})
    assert made.status_code == 201, made.text
    other = [(f"9.{number}", f"z{number}", f"Other {number}", "") for number in range(20)]
    doubted = load(admin, table(other), key=KEY, dry_run=False)
    assert (doubted.status_code, doubted.json()["type"]) == (409, "/problems/other-framework")
    assert load(admin, table(other), key="No/Key").status_code in (404, 422)


def test_files_that_cannot_be_used_are_refused(serve: Serve) -> None:
    served = serve()
    client = served.client(Role.admin)
    for name in ("../../etc/passwd.csv", "a\\b.csv", "x/y.csv", ".hidden.csv", "shop.exe", "shop", "x" * 300 + ".csv"):
        refused = load(client, table(), name)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/file-name"), name
    faulty = load(client, (HEAD + "1,a,Sell,\n1.1,b,,\n").encode())
    assert (faulty.status_code, faulty.json()["type"]) == (422, "/problems/workbook")
    assert faulty.json()["errors"][0]["row"] == 3
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(300 << 20))
    assert load(client, bomb.getvalue(), "bomb.xlsx").status_code == 422
    assert load(client, b"not a workbook", "book.xlsx").status_code == 422
    assert served.bench.folder.names("workbooks") == []
    packed = client.post(f"/api/v1/frameworks/{KEY}/editions", content=b"x", headers={"Content-Encoding": "gzip"})
    assert (packed.status_code, packed.json()["type"]) == (415, "/problems/packed")


def test_what_a_table_is_read_as_can_be_said(serve: Serve) -> None:
    served = serve()
    admin = served.client(Role.admin)
    data = b"Practice ID,Practice\n1,Sell\n1.1,Advertise\n1.2,Deliver\n"

    def look(said: dict[str, Any], **query: Any) -> Any:
        path = "/api/v1/frameworks/practices/editions"
        return admin.post(path, files={"file": ("practices.csv", data)}, data=said, params=query)

    assert look({"map": ["code"]}).status_code == 422
    assert look({"language": ["klingon language"]}).status_code == 422
    said = {"map": ["code=Practice ID", "name=Practice"], "language": ["de"], "title": "Practices", "targets": "level:2"}
    assert look(said, dry_run=False).status_code == 201
    entry = read_configuration(served.bench.path / "caseforge.toml").frameworks["practices"]
    assert (entry.title, entry.targets, entry.language, entry.map["code"]) == ("Practices", "level:2", "de", "Practice ID")


def test_a_large_workbook_of_somebody_who_is_not_known_is_not_read(serve: Serve) -> None:
    """A form is read before the endpoint looks who sends it."""
    served = serve()
    large = {"file": ("shop.csv", b"x" * (PLAIN_BYTES + 1))}
    path = f"/api/v1/frameworks/{KEY}/editions"
    for stranger in (served.client(None), served.client(None)):
        refused = stranger.post(path, files=large)
        assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
        assert "Sign in first" in refused.json()["detail"]
        stranger.headers["authorization"] = "Bearer caseforge_forged"
    assert served.client(None).post(path, files={"file": ("shop.csv", table())}).status_code == 401
    assert served.client(Role.planner).post(path, files=large).status_code == 422  # it is read, and no table
