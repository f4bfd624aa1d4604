"""Signing in at an OpenID provider: a real one, in a process of its own thread on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, OctKey, RSAKey
from oidc_provider_mock import User, run_server_in_thread
from starlette.testclient import TestClient

from caseforge_assets.settings.service import ServiceSettings
from caseforge_assets.web.access.openid import Person, read_id_token
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.public_clients import for_public_clients
from caseforge_assets_tests.web.signed_in import add_person
from caseforge_assets_tests.workbench import KEY, OpenBench

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider, which is another's program
PEOPLE = (
    User(sub="17", claims={"preferred_username": "Dora", "groups": ["finance"]}),
    User(sub="18", claims={"preferred_username": "anna", "groups": ["finance"]}),
    User(sub="19", claims={"preferred_username": "emil", "groups": ["other"]}),
)
SECRET = {"CASEFORGE_OIDC_CLIENT_SECRET": "0123456789-abcdef"}
ROLES = {"finance": [f"planner in {KEY}", "reader"], "it": "admin"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(require_nonce=True, user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    return {"oidc_issuer": issuer, "oidc_client_id": "caseforge", "roles_by_group": ROLES, **more}


def go(browser: TestClient, next_path: str = "/docs") -> str:
    """The provider's address to which the browser is sent."""
    answer = browser.get("/sign-in/openid", params={"next": next_path}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def consent(address: str, subject: str, action: str = "accept") -> str:
    """Does as a person does at the provider; gives the path to which it sends the browser back."""
    sent = {"action": "deny"} if action == "deny" else {"sub": subject}
    answer = requests.post(address, data=sent, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def signed_in(served: Served, subject: str) -> TestClient:
    browser = served.client(None)
    answer = browser.get(consent(go(browser), subject), follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/docs"), answer.text
    return browser


def test_who_signs_in_elsewhere_has_the_roles_of_their_groups_and_signs_out_there(serve: Serve, issuer: str) -> None:
    served = serve(service=settings(issuer), variables=SECRET)
    browser = signed_in(served, "17")
    me = browser.get("/api/v1/me").json()
    assert (me["name"], [role["role"] for role in me["roles"]]) == ("dora", ["reader", "planner"])
    served.bench.change("update caseforge.account_role set role = 'admin' where role = 'planner'")  # as if a group had been left
    served.bench.change(
        f"insert into caseforge.account_role (account_id, role, given_by) values ({served.bench.column('select id from caseforge.account')[0]}, 'editor', 'ada')"
    )
    again = signed_in(served, "17").get("/api/v1/me").json()
    assert sorted(role["role"] for role in again["roles"]) == ["editor", "planner", "reader"]
    page = browser.get("/account")
    assert f"form-action 'self' {issuer}" in page.headers["content-security-policy"]
    ending = browser.post("/sign-out", headers={"X-CSRF-Token": me["csrf_token"]}, follow_redirects=False).headers["location"]
    assert ending.startswith(f"{issuer}/")
    assert parse_qs(urlsplit(ending).query)["post_logout_redirect_uri"] == ["http://127.0.0.1/sign-in"]
    assert browser.get("/api/v1/me").status_code == 401
    assert "organization" in browser.get("/sign-in").text


def test_an_attempt_holds_for_the_browser_that_began_it_and_for_what_it_asked(serve: Serve, issuer: str) -> None:
    served = serve(service=settings(issuer), variables=SECRET)
    browser = served.client(None)
    address = go(browser)
    asked = parse_qs(urlsplit(address).query)
    kept = json.loads(base64.urlsafe_b64decode(browser.cookies["caseforge_openid"].strip('"').partition(".")[0]))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["verifier"].encode()).digest()).decode().rstrip("=")
    assert (asked["code_challenge"], asked["code_challenge_method"]) == ([challenge], ["S256"])
    back = consent(address, "17")
    other = served.client(None)
    assert other.get(back).status_code == 403  # another's code, in a browser that began nothing
    go(other)
    assert other.get(back).status_code == 403  # nor one that began something else
    plain, _, signature = browser.cookies["caseforge_openid"].strip('"').partition(".")
    forged = base64.urlsafe_b64encode(json.dumps(kept | {"nonce": "forged"}).encode()).decode()
    for cookie in (f"{forged}.{signature}", f"{plain}.{signature[::-1]}"):
        other.cookies.clear()
        other.cookies.set("caseforge_openid", cookie)
        assert other.get(back).status_code == 403
    assert browser.get(back, follow_redirects=False).status_code == 303
    assert browser.get(back).status_code == 403  # once


def test_a_public_client_has_no_secret_and_its_code_is_worth_nothing_to_others(
    serve: Serve, bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_public_clients(monkeypatch)
    with run_server_in_thread(require_nonce=True, user_claims=PEOPLE) as server:
        address = f"http://localhost:{server.server_port}"
        made = bench(service=settings(address))
        served = serve(made)
        assert signed_in(served, "17").get("/api/v1/me").json()["name"] == "dora"
        back = consent(go(served.client(None)), "17")
        stolen = {"client_id": "caseforge", "grant_type": "authorization_code", "redirect_uri": "http://127.0.0.1/sign-in/openid/callback"}
        stolen["code"] = parse_qs(urlsplit(back).query)["code"][0]
        for verifier in ({}, {"code_verifier": "x" * 64}):
            assert requests.post(f"{address}/oauth2/token", data=stolen | verifier, timeout=10).status_code == 400
        with_secret = serve(made, variables=SECRET).client(None)
        refused = with_secret.get(consent(go(with_secret), "17"))
        assert (refused.status_code, "cannot be believed" in refused.json()["detail"]) == (403, True)  # it takes none with a secret


@pytest.mark.slow
def test_who_may_not_is_told_so_and_no_account_is_taken_over(serve: Serve, issuer: str) -> None:
    served = serve(service=settings(issuer), variables=SECRET)
    add_person(served, "anna")
    browser = served.client(None)
    taken = browser.get(consent(go(browser), "18"))
    assert (taken.status_code, taken.json()["detail"]) == (422, "there is an account anna already, or one of the same person")
    assert "no group gives a role" in browser.get(consent(go(browser), "19")).json()["detail"]
    assert browser.get(consent(go(browser), "17", "deny")).status_code == 403
    assert browser.get("/api/v1/me").status_code == 401
    assert signed_in(served, "17").get("/api/v1/me").status_code == 200
    served.bench.change("update caseforge.account set disabled_at = now() where name = 'dora'")
    assert browser.get(consent(go(browser), "17")).status_code == 403


@pytest.mark.slow
def test_what_the_provider_says_is_not_believed_when_it_is_over_of_another_or_for_another(
    serve: Serve, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_server_in_thread(user_claims=PEOPLE, access_token_max_age=timedelta(minutes=-5)) as late:
        address = f"http://localhost:{late.server_port}"
        served = serve(service=settings(address), variables=SECRET)
        browser = served.client(None)
        answer = browser.get(consent(go(browser), "17"))
        assert (answer.status_code, "cannot be believed" in answer.json()["detail"]) == (403, True)
    elsewhere = serve(
        served.bench.configured(service=served.service.settings.configuration.service.model_copy(update={"oidc_issuer": f"{issuer}/"}))
    )
    refused = elsewhere.client(None).get("/sign-in/openid")
    assert (refused.status_code, "calls itself" in refused.json()["detail"]) == (502, True)
    nowhere = serve(
        served.bench.configured(
            service=served.service.settings.configuration.service.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
        )
    )
    assert nowhere.client(None).get("/sign-in/openid").status_code == 502


def test_an_id_token_is_believed_when_it_is_the_providers_for_this_service_for_this_attempt_and_not_over() -> None:
    key, other = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
    settings = ServiceSettings(oidc_issuer="https://login.example.org", oidc_client_id="caseforge")
    now = int(time.time())
    claims = {"iss": "https://login.example.org", "aud": "caseforge", "nonce": "n", "sub": "17", "exp": now + 60, "groups": "finance"}

    def read(header: dict[str, str], signed_by: Key, **changed: Any) -> Person:
        plain = {name: value for name, value in (claims | changed).items() if value is not None}
        text = jwt.encode(header, plain, signed_by, algorithms=[header["alg"]])
        return read_id_token(settings, KeySet([RSAKey.import_key(key.as_dict(private=False))]), text, "n")

    assert read({"alg": "RS256"}, key) == Person("17", "17", ["finance"])
    for wrong in (
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"exp": now - 3_600},
        {"exp": None},
        {"sub": None},
    ):
        with pytest.raises(JoseError):
            read({"alg": "RS256"}, key, **wrong)
    with pytest.raises(JoseError):
        read({"alg": "RS256"}, other)
    with pytest.raises((JoseError, ValueError)):
        read({"alg": "none"}, OctKey.generate_key())
    with pytest.raises((JoseError, ValueError)):
        read({"alg": "HS256"}, OctKey.import_key(key.as_pem(private=False)))  # signed with what everybody knows
