"""Signing in with a password, sessions, and what protects browsers."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.access import hash_password as passwords
from caseforge_assets.web.access.one_time_key import OneTimeKey
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.signed_in import PASSWORD, add_person, sign_in
from caseforge_assets_tests.workbench import KEY

COOKIE = "caseforge_session"
ME = "/api/v1/me"


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_a_person_signs_in_is_known_and_signs_out(serve: Serve) -> None:
    served = serve()
    add_person(served, "anna", Grant(Role.editor, KEY))
    browser, token = sign_in(served, "Anna")
    cookie = next(value for name, value in browser.get("/sign-in").request.headers.items() if name == "cookie")
    assert COOKIE in cookie
    assert browser.get(ME).json() | {"csrf_token": ""} == {
        "name": "anna",
        "roles": [{"role": "editor", "framework": KEY}],
        "limit": None,
        "frameworks": [KEY],
        "csrf_token": "",
    }
    stolen = browser.cookies[COOKIE]
    assert stolen not in str(served.bench.query("select * from caseforge.web_session"))  # kept as a digest
    assert browser.delete("/api/v1/session").status_code == 403
    assert browser.delete("/api/v1/session", headers={"X-CSRF-Token": token}).status_code == 204
    browser.cookies.set(COOKIE, stolen)
    assert browser.get(ME).status_code == 401
    actions = served.bench.column("select action from caseforge.audit_entry where actor = 'anna' order by id")
    assert actions == ["session.begun", "session.ended"]


def test_a_session_that_somebody_planted_is_not_taken_on(serve: Serve) -> None:
    served = serve()
    add_person(served)
    browser = served.client(None)
    for planted in ("planted-by-another", sign_in(served)[0].cookies[COOKIE]):
        browser.cookies.set(COOKIE, planted)
        answer = browser.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
        assert answer.cookies[COOKIE] != planted
        other = served.client(None)
        other.cookies.set(COOKIE, planted)
        assert other.get(ME).status_code == 401
        browser = served.client(None)


def test_sessions_end_after_idle_time_with_the_account_and_with_the_password(serve: Serve) -> None:
    served = serve()
    add_person(served)
    admin = served.client(Role.admin)
    ends = (
        lambda: served.bench.change("update caseforge.web_session set last_seen_at = now() - interval '61 minutes'"),
        lambda: served.bench.change("update caseforge.web_session set created_at = now() - interval '13 hours'"),
        lambda: admin.post("/api/v1/users/anna/disable"),
        lambda: admin.put("/api/v1/users/anna/password", json={"password": PASSWORD}),
    )
    for end in ends:
        admin.post("/api/v1/users/anna/enable")
        browser, _ = sign_in(served)
        assert browser.get(ME).status_code == 200
        end()
        assert browser.get(ME).status_code == 401


def test_one_takes_another_password_and_other_sessions_end(serve: Serve) -> None:
    served = serve()
    add_person(served)
    (browser, token), (other, _) = sign_in(served), sign_in(served)
    headers = {"X-CSRF-Token": token}
    asked = {"current": PASSWORD, "new": "another horse battery"}
    assert browser.put("/api/v1/me/password", json=asked | {"current": "wrong"}, headers=headers).status_code == 401
    assert browser.put("/api/v1/me/password", json=asked | {"new": "short"}, headers=headers).status_code == 422
    assert browser.put("/api/v1/me/password", json=asked, headers=headers).status_code == 200
    assert (browser.get(ME).status_code, other.get(ME).status_code) == (200, 401)
    sign_in(served, password="another horse battery")


def test_guessing_is_slowed_down_also_many_at_once_and_for_names_that_nobody_has(serve: Serve) -> None:
    served = serve()
    add_person(served)

    def guess(name: str, password: str = "wrong") -> int:
        return served.client(None).post("/api/v1/session", json={"name": name, "password": password}).status_code

    for name in ("anna", "nobody"):
        with ThreadPoolExecutor(8) as threads:
            answers = sorted(threads.map(lambda _, name=name: guess(name), range(8)))
        assert answers == [401] * 5 + [429] * 3
    served.bench.change("update caseforge.failed_sign_in set failed_at = now() + interval '20 seconds'")
    refused = served.client(None).post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    assert refused.status_code == 429  # the right one does not get through either
    assert 0 < int(refused.headers["retry-after"]) <= 60
    served.bench.change("update caseforge.failed_sign_in set failed_at = failed_at - interval '2 minutes'")
    assert guess("anna", PASSWORD) == 200
    assert served.bench.column("select count(*) from caseforge.failed_sign_in where name = 'anna'") == [0]
    served.bench.change("insert into caseforge.failed_sign_in (name, address) select 'n' || i, 'testclient' from generate_series(1, 40) i")
    assert guess("anna", PASSWORD) == 429  # by address


def test_unknown_names_cost_as_much_work_as_known_ones_and_are_answered_alike(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    add_person(served)
    verified = []

    class Counting:
        hash = passwords._HASHER.hash
        inner = passwords._HASHER.verify

        def verify(self, kept: str, password: str) -> bool:
            verified.append(password)
            return Counting.inner(kept, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    answers = [
        served.client(None).post("/api/v1/session", json={"name": name, "password": "wrong"}).json() for name in ("anna", "nobody", "?")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert verified == ["wrong"] * 3
    assert not passwords.is_password(None, "nobody has this password")  # what stands in for a hash opens nothing


def test_the_form_works_without_a_script_and_leads_back(serve: Serve) -> None:
    served = serve()
    add_person(served)
    browser = served.client(None)
    page = browser.get("/sign-in?next=/docs")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy + page.text
    sent = fields(page.text) | {"name": "anna", "password": PASSWORD}
    wrong = browser.post("/sign-in", data=sent | {"password": "wrong"})
    assert (wrong.status_code, "do not belong" in wrong.text, "wrong" in wrong.text) == (401, True, False)
    sent |= fields(wrong.text)
    assert browser.post("/sign-in", data=sent | {"csrf_token": "forged"}).status_code == 403
    sent |= fields(browser.get("/sign-in?next=/docs").text)
    answer = browser.post("/sign-in", data=sent, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    account = browser.get("/account")
    assert "Signed in as <strong>anna</strong>" in account.text
    assert browser.post("/sign-out").status_code == 403
    assert browser.post("/sign-out", data=fields(account.text), follow_redirects=False).headers["location"] == "/sign-in"
    assert browser.get("/account", follow_redirects=False).headers["location"] == "/sign-in?next=/account"


def test_signing_in_leads_nowhere_else(serve: Serve) -> None:
    browser = serve().client(None)
    for path in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "/ä"):
        assert fields(browser.get("/sign-in", params={"next": path}).text)["next"] == "/", path


def test_a_page_of_another_site_changes_nothing(serve: Serve) -> None:
    served = serve()
    add_person(served)
    browser, token = sign_in(served)
    path, body, right = "/api/v1/users/anna/limit", {"limit_usd": "3"}, {"X-CSRF-Token": token}
    for wrong in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": sign_in(served)[1]}, {"X-CSRF-Token": "ä".encode()}):
        assert browser.put(path, json=body, headers=wrong).json()["type"] == "/problems/csrf"
    for origin in ("http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:81", "http://127.0.0.1.evil.example"):
        assert browser.put(path, json=body, headers=right | {"Origin": origin}).json()["type"] == "/problems/foreign-origin"
    assert browser.put(path, json=body, headers=right | {"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert browser.put(path, json=body, headers=right | {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_the_service_answers_to_its_own_names_alone(serve: Serve) -> None:
    served = serve(service={"allowed_hosts": ["cases.example.org"]})
    client = served.client()
    for host in ("rebound.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "", "127.0.0.1/x", "[::1"):
        assert client.get("/api/v1/frameworks", headers={"Host": host}).status_code == 421, host
    for host in ("localhost:8321", "[::1]:8321", "Cases.Example.org", "127.0.0.1"):
        assert client.get("/api/v1/frameworks", headers={"Host": host}).status_code == 200, host


def test_behind_tls_cookies_are_bound_to_it(serve: Serve) -> None:
    served = serve(service={"behind_tls_proxy": True})
    add_person(served)
    answer = served.client(None).post(
        "/api/v1/session", json={"name": "anna", "password": PASSWORD}, headers={"Origin": "https://127.0.0.1"}
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-caseforge_session=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_a_header_of_a_proxy_is_believed_from_the_proxy_alone(serve: Serve) -> None:
    settings = {
        "proxy_header": "X-Forwarded-User",
        "proxy_groups_header": "X-Forwarded-Groups",
        "proxy_peers": ["10.1.0.0/24"],
        "roles_by_group": {"finance": [f"planner in {KEY}"], "it": "admin"},
    }
    served = serve(service=settings)
    headers = {"X-Forwarded-User": "carla@example.org", "X-Forwarded-Groups": "finance, other"}

    def from_address(address: str) -> TestClient:
        return TestClient(served.app, base_url="http://127.0.0.1", client=(address, 1), raise_server_exceptions=False)

    for address in ("10.2.0.1", "127.0.0.1", "::1", "testclient"):
        assert from_address(address).get(ME, headers=headers | {"X-Forwarded-For": "10.1.0.7"}).status_code == 401
    proxy = from_address("10.1.0.7")
    me = proxy.get(ME, headers=headers).json()
    assert (me["name"], me["roles"]) == ("carla@example.org", [{"role": "planner", "framework": KEY}])
    assert proxy.get(ME, headers={"X-Forwarded-User": "unknown"}).status_code == 401  # in no group that has a role
    assert proxy.get(ME, headers=[("X-Forwarded-User", "carla@example.org"), ("X-Forwarded-User", "root")]).status_code == 401
    admin = headers | {"X-Forwarded-User": "root", "X-Forwarded-Groups": "it"}
    token = proxy.get(ME, headers=admin).json()["csrf_token"]
    path, body = "/api/v1/users/carla@example.org/limit", {"limit_usd": "3"}
    for wrong in ({}, {"X-CSRF-Token": me["csrf_token"]}):
        assert proxy.put(path, json=body, headers=admin | wrong).json()["type"] == "/problems/csrf"
    assert proxy.put(path, json=body, headers=admin | {"X-CSRF-Token": token}).status_code == 200
    assert proxy.get(ME, headers=headers).json()["limit"]["amount"] == "3.000000"
    served.client(Role.admin).post("/api/v1/users/carla@example.org/disable")
    assert proxy.get(ME, headers=headers).status_code == 401


def test_a_session_of_the_machines_user_is_worth_nothing_where_others_reach_the_service(serve: Serve) -> None:
    served = serve()
    keys: list[str] = []
    served.service.local_user, served.service.key = "me", OneTimeKey(keys.append)
    browser = served.client(None)
    assert browser.get("/sign-in/key?key=wrong").status_code == 403
    assert '<a class="who" href="/account">me</a>' in browser.get(f"/sign-in/key?key={keys[0]}").text
    assert browser.get(f"/sign-in/key?key={keys[0]}").status_code == 403
    assert browser.get(ME).status_code == 200
    served.service.local_user = None
    assert browser.get(ME).status_code == 401
    assert browser.get(f"/sign-in/key?key={keys[-1]}").status_code == 403
