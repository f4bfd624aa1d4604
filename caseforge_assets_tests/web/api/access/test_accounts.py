"""Accounts, tokens and the audit log over HTTP."""

from __future__ import annotations

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY

PASSWORD = "correct horse battery"


def test_accounts_are_added_changed_listed_and_disabled(serve: Serve) -> None:
    admin = serve().client(Role.admin)
    asked = {"name": "Anna", "password": PASSWORD, "roles": [{"role": "planner", "framework": KEY}], "limit_usd": "20.5"}
    made = admin.post("/api/v1/users", json=asked)
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["limit"]["amount"]) == ("anna", "20.500000")
    assert PASSWORD not in made.text
    assert admin.post("/api/v1/users", json=asked).json()["detail"] == "there is an account anna already, or one of the same person"
    for name in ("ben", "cleo"):
        assert admin.post("/api/v1/users", json={"name": name, "issuer": "proxy", "subject": name}).status_code == 201
    assert admin.post("/api/v1/users/ben/roles", json={"role": "editor"}).json()["roles"] == [{"role": "editor", "framework": None}]
    assert admin.delete(f"/api/v1/users/anna/roles/planner?framework={KEY}").json()["roles"] == []
    assert admin.delete("/api/v1/users/anna/roles/planner").status_code == 404
    assert admin.put("/api/v1/users/anna/limit", json={"limit_usd": None}).json()["limit"] is None
    assert admin.put("/api/v1/users/anna/password", json={"password": PASSWORD[::-1]}).status_code == 200
    assert admin.put("/api/v1/users/ben/password", json={"password": PASSWORD}).status_code == 422  # signs in elsewhere
    assert admin.post("/api/v1/users/ben/disable").json()["disabled_at"] is not None
    assert admin.post("/api/v1/users/ben/enable").json()["disabled_at"] is None
    assert admin.get("/api/v1/users/nobody").status_code == 404
    first = admin.get("/api/v1/users?limit=2").json()
    rest = admin.get("/api/v1/users", params={"limit": 2, "cursor": first["next"]}).json()
    assert [row["name"] for row in first["items"] + rest["items"]] == ["anna", "ben", "cleo"]
    assert rest["next"] is None


def test_passwords_that_are_easy_to_guess_are_refused_and_never_repeated(serve: Serve) -> None:
    admin = serve().client(Role.admin)
    for password, says in (
        ("short-pw", "12 characters"),
        ("a" * 20, "easy to guess"),
        ("longest.name.ever", "easy to guess"),
        ("x" * 2000, "at most"),
    ):
        answer = admin.post("/api/v1/users", json={"name": "longest.name.ever", "password": password})
        assert answer.status_code == 422
        assert says in answer.json()["detail"]
        assert password not in answer.text
    answer = admin.post("/api/v1/users", json={"name": "anna", "password": {"is": PASSWORD}})
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


def test_a_token_is_shown_once_and_ends_at_once(serve: Serve) -> None:
    served = serve()
    admin = served.client(Role.admin)
    answer = admin.post("/api/v1/tokens", json={"name": "nightly", "role": "reader", "framework": KEY, "limit_usd": "5", "expires": "12h"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()["token"]
    assert token.startswith("caseforge_")
    program = {"authorization": f"Bearer {token}"}
    nobody = served.client(None)
    assert nobody.get("/api/v1/frameworks", headers=program).status_code == 200
    listed = admin.get("/api/v1/tokens")
    assert token not in listed.text
    assert next(row for row in listed.json()["items"] if row["name"] == "nightly")["last_used_at"] is not None
    assert admin.post("/api/v1/tokens", json={"name": "nightly", "role": "reader"}).status_code == 422
    assert admin.post("/api/v1/tokens", json={"name": "odd", "role": "reader", "expires": "soon"}).status_code == 422
    assert admin.delete("/api/v1/tokens/nightly").json()["revoked_by"].startswith("token test-")
    assert admin.delete("/api/v1/tokens/nightly").status_code == 404
    assert nobody.get("/api/v1/frameworks", headers=program).status_code == 401
    assert "nightly" not in admin.get("/api/v1/tokens").text
    assert "nightly" in admin.get("/api/v1/tokens?ended=true").text
    assert token not in "".join(str(row) for row in served.bench.query("select * from caseforge.api_token"))
    over = served.client(Role.reader, expires_at="2020-01-01T00:00:00Z")
    assert over.get("/api/v1/frameworks").status_code == 401


def test_the_audit_log_shows_who_is_admin_in_a_framework_what_concerns_it_alone(serve: Serve) -> None:
    served = serve()
    admin, local = served.client(Role.admin), served.client(Role.admin, KEY)
    admin.post("/api/v1/users", json={"name": "anna", "password": PASSWORD})
    for number in range(3):
        admin.post("/api/v1/users/anna/roles", json={"role": "editor", "framework": KEY if number else "elsewhere"})
    everything = admin.get("/api/v1/audit").json()["items"]
    assert [row["action"] for row in everything] == ["role.given"] * 3 + ["account.added", "framework.loaded"]
    assert PASSWORD not in str(everything)
    assert [row["framework"] for row in local.get("/api/v1/audit").json()["items"]] == [KEY, KEY, KEY]
    assert local.get("/api/v1/audit?framework=elsewhere").status_code == 404
    assert len(admin.get("/api/v1/audit?action=role&framework=elsewhere").json()["items"]) == 1
    page = admin.get("/api/v1/audit?limit=3").json()
    assert [row["action"] for row in admin.get("/api/v1/audit", params={"cursor": page["next"]}).json()["items"]] == [
        "account.added",
        "framework.loaded",
    ]
    assert served.client(Role.editor).get("/api/v1/audit").status_code == 403
    assert local.get("/api/v1/users").status_code == 403
