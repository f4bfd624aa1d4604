"""A framework is taken out over HTTP, looked at first; what was made for it stays."""

from __future__ import annotations

from caseforge_assets.access.roles import Role
from caseforge_assets.settings import read_configuration
from caseforge_assets.settings.configuration import CONFIG_NAME
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.uploads import load, table

AT = "/api/v1/frameworks/mine"


def test_a_framework_is_looked_at_and_taken_out_and_comes_back(serve: Serve) -> None:
    served = serve()
    admin = served.client(Role.admin)
    assert load(admin, table(), "mine.csv", key="mine", dry_run=False).status_code == 201
    for role, key, status in ((Role.planner, None, 403), (Role.editor, "mine", 403), (Role.admin, "elsewhere", 404)):
        assert served.client(role, key).delete(AT, params={"dry_run": "false"}).status_code == status
    looked = admin.delete(AT)
    assert looked.json() == {"framework": "mine", "dry_run": True, "loaded": True, "declared": True, "contents": 0, "under_way": 0}
    assert admin.get(AT).status_code == 200
    done = admin.delete(AT, params={"dry_run": "false"})
    assert (done.status_code, done.json()["dry_run"]) == (200, False), done.text
    assert admin.get(AT).status_code == 404
    assert "mine" not in read_configuration(served.bench.path / CONFIG_NAME).frameworks
    assert admin.post("/api/v1/plans", json={"framework": "mine"}, headers={"Idempotency-Key": "plan-mine"}).status_code == 404
    assert served.bench.column("select action from caseforge.audit_entry where framework_key = 'mine' order by id") == [
        "framework.loaded",
        "framework.removed",
    ]
    assert admin.delete("/api/v1/frameworks/nothing").status_code == 404
    assert load(admin, table(), "mine.csv", key="mine", dry_run=False).status_code in (200, 201)
    assert admin.get(AT).status_code == 200
