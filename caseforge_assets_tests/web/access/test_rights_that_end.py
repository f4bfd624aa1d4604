"""Rights that end while something is being served: whatever was begun or kept before, nothing more is given of what may not be seen any more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets.commands.exporting.find_export import export_path
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.serving.events import Told, tell_all
from caseforge_assets.web.api.use_cases import exports
from caseforge_assets_tests.web.conftest import Serve, Served, listening
from caseforge_assets_tests.web.portal_pages import HTML
from caseforge_assets_tests.web.signed_in import PASSWORD, add_person
from caseforge_assets_tests.workbench import KEY

AT = f"/api/v1/frameworks/{KEY}"
KEPT = (AT, f"{AT}/nodes", f"{AT}/documents/1.1.1", f"{AT}/candidates?facets=true", "/api/v1/search?q=offers")
PAGES = ("/", f"/frameworks/{KEY}", f"/frameworks/{KEY}/nodes/1.1.1", "/use-cases", "/search?q=offers")
EXPORT_MB = 48  # more than lies between a server and a client that does not read
AS_IT_IS = {"accept-encoding": "identity"}  # packed, it is so small that all of it comes before anybody can say otherwise
WAYS: dict[str, Callable[[Any, str], Any]] = {
    "token revoked": lambda admin, name: admin.delete(f"/api/v1/tokens/{name}"),
    "account disabled": lambda admin, name: admin.post(f"/api/v1/users/{name}/disable"),
    "password set anew": lambda admin, name: admin.put(f"/api/v1/users/{name}/password", json={"password": "another horse battery"}),
    "role taken away": lambda admin, name: admin.delete(f"/api/v1/users/{name}/roles/reader", params={"framework": KEY}),
    "other framework": lambda admin, name: (
        admin.post(f"/api/v1/users/{name}/roles", json={"role": "editor", "framework": "elsewhere"}),
        admin.delete(f"/api/v1/users/{name}/roles/reader", params={"framework": KEY}),
    ),
}


def told(served: Served, subject: str, *keys: str | None) -> None:
    with served.bench.store.begin() as connection:
        tell_all(connection, [Told(EventKind.plan_waiting, subject, key, {}) for key in keys])


def heard(lines: Iterator[str], last: str) -> list[str]:
    """Listens to a stream until it ends, or has told the last of these; gives the subjects that it told."""
    found = list[str]()
    for line in lines:
        if line.startswith("data:"):
            found.append(json.loads(line[5:])["subject"])
            if found[-1] == last:
                break
    return found


def fetched(pieces: Iterator[bytes]) -> int:
    """Counts the bytes of a file that come before the connection ends in the middle."""
    got = 0
    try:
        for piece in pieces:
            got += len(piece)
    except httpx2.RemoteProtocolError:
        return got
    raise AssertionError("the file came to its end")


def large_export(served: Served, admin: Any) -> str:
    """The id of an export that takes a while to be fetched."""
    asked = admin.post("/api/v1/exports", json={"framework": KEY, "format": "jsonl"})
    served.bench.folder.write(export_path(asked.json()["id"], "file"), [b"x" * (1 << 20)] * EXPORT_MB)
    return str(asked.json()["id"])


def let_in(served: Served, client: httpx2.Client, way: str) -> str:
    """Lets somebody in who sees the framework; returns their name."""
    if way == "token revoked":
        asked = {"name": "nightly", "role": "reader", "framework": KEY, "expires": "1d"}
        client.headers["authorization"] = f"Bearer {served.client(Role.admin).post('/api/v1/tokens', json=asked).json()['token']}"
        return "nightly"
    add_person(served, "anna", Grant(Role.reader, KEY))
    assert client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD}).status_code == 200
    return "anna"


@pytest.mark.parametrize("way", WAYS)
def test_nothing_more_is_given_of_what_may_not_be_seen_any_more(serve: Serve, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(exports, "LOOKS_EVERY_S", 0.0)
    served = serve()
    served.bench.generate("1.1.1")
    refresh_lists(served.bench.store, served.bench.project)
    admin = served.client(Role.admin)
    export_id = large_export(served, admin)
    with listening(served) as url, httpx2.Client(base_url=url, timeout=60) as client:
        name = let_in(served, client, way)
        for path in KEPT:
            assert [client.get(path).status_code for _ in range(2)] == [200, 200], path
        for page in PAGES:
            assert [client.get(page, headers=HTML).status_code for _ in range(2)] == [200, 200], page
        tags = {path: client.get(path).headers["etag"] for path in KEPT}
        with (
            client.stream("GET", "/api/v1/events", headers={"accept": "text/event-stream"}) as events,
            client.stream("GET", f"/api/v1/exports/{export_id}/file", headers=AS_IT_IS) as file,
        ):
            lines, pieces = events.iter_lines(), file.iter_bytes()
            assert next(lines).startswith(":")
            told(served, "plan 1", KEY)
            assert heard(lines, "plan 1") == ["plan 1"]
            assert next(pieces)
            WAYS[way](admin, name)
            told(served, "plan 2", KEY, None)
            told(served, "plan 3", "elsewhere")
            assert heard(lines, "plan 3") == (["plan 3"] if way == "other framework" else [])
            assert fetched(pieces) < EXPORT_MB << 20
        for path in KEPT:
            for headers in ({}, {"if-none-match": tags[path]}):
                answer = client.get(path, headers=headers)
                assert answer.status_code in (401, 403, 404) or answer.json().get("items") == [], (path, answer.text[:200])
        for page in PAGES:
            answer = client.get(page, headers=HTML)
            assert answer.status_code in (303, 401, 403, 404) or KEY not in answer.text, page
        assert client.get(f"/api/v1/exports/{export_id}/file").status_code in (401, 403, 404)
