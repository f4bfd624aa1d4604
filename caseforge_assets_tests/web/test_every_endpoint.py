"""Every endpoint with every role: allowed or refused as the endpoint states. Endpoints are found by walking the application, so that a new one is tried without being named here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.web.access.addresses import SAFE
from caseforge_assets.web.access.callers import Needs, caller_of
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.web.signed_in import PASSWORD, add_person, sign_in
from caseforge_assets_tests.workbench import KEY

# For anybody: what leads in, what describes the service, and what tells nothing; messages of a provider are verified by their signature.
FOR_ANYBODY = {
    "GET /docs",
    "GET /docs/reference.css",
    "GET /api/v1/openapi.json",
    "GET /sign-in",
    "POST /sign-in",
    "GET /sign-in/key",
    "GET /sign-in/style.css",
    "GET /static/{name}",
    "GET /sign-in/openid",
    "GET /sign-in/openid/callback",
    "GET /account",
    "POST /api/v1/session",
    "GET /healthz",
    "GET /readyz",
    "POST /webhooks/openai",
}
# For every caller, whatever their roles: their own matters.
FOR_EVERY_CALLER = {"GET /api/v1/me", "PUT /api/v1/me/password", "DELETE /api/v1/session", "POST /sign-out"}
# Which role it takes depends on what is asked, or from where; the tests of these try that. Nobody in particular is refused here, too.
BY_WHAT_IS_ASKED = {"POST /api/v1/frameworks/{key}/editions", "GET /metrics"}


@dataclass(frozen=True)
class Endpoint:
    """A method on a path, with the roles that it states."""

    method: str
    path: str
    needs: tuple[Needs, ...]
    knows_caller: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def in_framework(self) -> bool:
        return "{key}" in self.path


def dependencies(dependant: Dependant) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from dependencies(dependency)


def endpoints(served: Served) -> list[Endpoint]:
    found = []
    for route in iter_route_contexts(served.app.routes):
        calls = list(dependencies(route.dependant))
        needs = tuple(call for call in calls if isinstance(call, Needs))
        found += [Endpoint(method, str(route.path), needs, caller_of in calls) for method in route.methods or ()]
    return found


def address(served: Served, endpoint: Endpoint) -> str:
    """The path with what is there, as far as it is known; with what could be there elsewhere."""
    plan_id = served.bench.column("select min(id) from caseforge.plan")[0]
    known = {"key": KEY, "code:path": "1.1.1", "plan_id": str(plan_id), "role": "reader", "name": "nobody"}
    path = endpoint.path
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        path = before + known.get(name, "1") + after
    return path


def call(client: TestClient, served: Served, endpoint: Endpoint, **headers: str) -> Any:
    return client.request(endpoint.method, address(served, endpoint), headers={"Idempotency-Key": secrets.token_hex(8), **headers})


@pytest.fixture
def served(serve: Serve) -> Served:
    opened = serve(bills=True)
    opened.bench.draft("1.1.1")
    return opened


def test_every_endpoint_states_whom_it_is_for(served: Served) -> None:
    found = endpoints(served)
    assert len(found) > 60
    silent = {endpoint.name for endpoint in found if not endpoint.needs}
    assert silent <= FOR_ANYBODY | FOR_EVERY_CALLER | BY_WHAT_IS_ASKED
    assert {endpoint.name for endpoint in found if not endpoint.knows_caller} <= FOR_ANYBODY | BY_WHAT_IS_ASKED
    assert [
        endpoint.name for endpoint in found if endpoint.method not in SAFE and endpoint.name in FOR_ANYBODY and endpoint.knows_caller
    ] == []


def test_every_endpoint_is_open_to_the_roles_that_it_states_and_to_no_other(served: Served) -> None:
    tokens = {(role, key): served.token(role, key) for role in Role for key in (None, KEY, "elsewhere")}
    with served.client(None) as client:
        assert [
            says
            for endpoint in endpoints(served)
            if endpoint.name not in FOR_ANYBODY
            for says in wrong_answers(client, served, endpoint, tokens)
        ] == []


def wrong_answers(client: TestClient, served: Served, endpoint: Endpoint, tokens: dict[tuple[Role, str | None], str]) -> Iterator[str]:
    """Finds wrong answers of an endpoint to roles; who has more roles than it needs is not tried, `Caller` is."""
    tried = [] if endpoint.name in BY_WHAT_IS_ASKED | FOR_EVERY_CALLER else list(tokens.items())
    answers = {"nobody": (call(client, served, endpoint).status_code, {401})}
    for (role, key), token in tried:
        right = expected(endpoint, role, key)
        if right or role in [need.role for need in endpoint.needs]:
            answers[f"{role} in {key}"] = (call(client, served, endpoint, Authorization=f"Bearer {token}").status_code, right)
    for who, (status, allowed) in answers.items():
        if status not in allowed if allowed else status in (401, 403) or status >= 500:
            yield f"{endpoint.name} as {who}: {status}"


def expected(endpoint: Endpoint, role: Role, key: str | None) -> set[int]:
    """The statuses that a refusal has; none: it is not refused for who is calling."""
    caller = Caller("test", (Grant(role, key),))
    asked, overall = max(need.role for need in endpoint.needs), any(need.overall for need in endpoint.needs)
    if endpoint.in_framework:
        return {404} if key == "elsewhere" else set() if caller.may(asked, KEY) else {403}
    if key is not None and not overall:
        return {403} if not caller.may(asked, key) else {200, 202, 403, 404, 409, 412, 422, 428}  # it depends on what is asked
    return set() if caller.may(asked) else {403}


@pytest.mark.slow
def test_nothing_of_a_framework_is_told_or_done_to_who_has_roles_elsewhere(served: Served) -> None:
    """Numbers are easily guessed: what is behind them is as if it were not there."""
    told = []
    stranger = served.client(Role.admin, "elsewhere")
    before = served.bench.query("select id, state from caseforge.plan") + served.bench.query("select count(*) from caseforge.plan_change")
    for endpoint in endpoints(served):
        if endpoint.name in FOR_ANYBODY | FOR_EVERY_CALLER:
            continue
        answer = call(stranger, served, endpoint)
        if answer.status_code < 400 and ("{" in endpoint.path or "Take in bicycles" in answer.text or f'"{KEY}"' in answer.text):
            told.append(f"{endpoint.name}: {answer.status_code} {answer.text[:200]}")
    for path, body in (("approve", {"expected_cost": None}), ("decline", {}), ("cancel", {}), ("raise", {"max_cost": None})):
        plan_id = served.bench.column("select min(id) from caseforge.plan")[0]
        answer = stranger.post(f"/api/v1/plans/{plan_id}/{path}", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
        told += [] if answer.status_code == 404 else [f"{path}: {answer.status_code}"]
    assert told == []
    assert before == served.bench.query("select id, state from caseforge.plan") + served.bench.query(
        "select count(*) from caseforge.plan_change"
    )


def test_nothing_is_changed_through_a_session_without_its_token_from_another_site_or_after_the_end(served: Served) -> None:
    add_person(served)
    browser, token = sign_in(served)
    revoked = served.client(Role.admin, revoked_at="2026-01-01T00:00:00Z")
    over = served.client(Role.admin, expires_at="2026-01-01T00:00:00Z")
    wrong = []
    changing = [endpoint for endpoint in endpoints(served) if endpoint.method not in SAFE]
    assert len(changing) > 25
    for endpoint in changing:
        kinds = {"foreign-origin": call(browser, served, endpoint, **{"X-CSRF-Token": token, "Origin": "https://evil.example"})}
        if endpoint.name not in FOR_ANYBODY:
            kinds["csrf"] = call(browser, served, endpoint, Origin="http://127.0.0.1")
            kinds["not-signed-in"] = call(revoked, served, endpoint)
            kinds["not-signed-in "] = call(over, served, endpoint)
        wrong += [
            f"{endpoint.name}, {kind}: {answer.status_code} {answer.text[:100]}"
            for kind, answer in kinds.items()
            if answer.status_code not in (401, 403) or answer.json()["type"] != f"/problems/{kind.strip()}"
        ]
    assert wrong == []
    assert browser.get("/api/v1/me").status_code == 200  # nobody was signed out on the way
    assert (
        browser.put("/api/v1/me/password", json={"current": PASSWORD, "new": PASSWORD}, headers={"X-CSRF-Token": token}).status_code == 200
    )
