"""What is read is answered as FastAPI alone would have it answered, whatever stands in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fastapi import Request
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.web.app import make_app
from caseforge_assets.web.wire import quick_routes
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.portal_pages import HTML
from caseforge_assets_tests.workbench import KEY

AT = f"/api/v1/frameworks/{KEY}"
ADDRESSES = (
    f"{AT}/nodes?limit=2",
    f"{AT}/nodes?limit=0",
    f"{AT}/nodes?limit=two",
    f"{AT}/nodes?limit=2&limit=3",
    f"{AT}/nodes?branch=&level=3",
    f"{AT}/nodes?state=none&cursor=x",
    f"{AT}/nodes?unknown=1",
    f"{AT}/nodes/1.1.1",
    f"{AT}/nodes/99",
    f"{AT}/tree?level=101",
    f"{AT}/documents?simulated=yes&min_score=20",
    f"{AT}/documents/1.1.1?stage=nothing",
    f"{AT}/candidates?where=category:automation&where=roi:High&facets=1",
    f"{AT}/candidates?where=category&sort=-score",
    f"{AT}/candidates?status=idea&status=live&tag=",
    f"{AT}/candidates?status=nothing&limit=900&sort=none",
    "/api/v1/candidates?framework=elsewhere",
    "/api/v1/search?q=offers&facets=true&kind=node&kind=document",
    "/api/v1/search",
    "/api/v1/search?q=&kind=none&limit=51",
    "/api/v1/frameworks",
    f"/frameworks/{KEY}?view=heat&by=quality&open=1&open=1.1",
    f"/frameworks/{KEY}?view=none&after=-2",
    f"/frameworks/{KEY}/nodes/1.1.1",
    "/use-cases?where=category:automation&view=cards",
    "/matrix?w_value=11",
    "/search?q=offers",
    "/money?days=",
    "/money?days=0&by=none",
    "/batches?state=open",
)


def asked(clients: Sequence[TestClient]) -> list[Any]:
    """All that is answered, page or not."""
    return [
        client.get(address, headers={} if address.startswith("/api/") else HTML, follow_redirects=False)
        for client in clients
        for address in ADDRESSES
    ]


def test_answers_are_those_of_fastapi(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    served.bench.generate("1.1.1")
    refresh_lists(served.bench.store, served.bench.project)
    clients = [served.client(), served.client(None), served.client(Role.reader, "elsewhere")]
    handled, of = list[str](), quick_routes._Taken.of

    async def note(taken: quick_routes._Taken, request: Request, known: dict[Callable[..., Any], Any]) -> dict[str, Any]:
        handled.append(request.url.path)
        return await of(taken, request, known)

    monkeypatch.setattr(quick_routes._Taken, "of", note)
    quickly = asked(clients)
    assert len(handled) > len(quickly)
    handled.clear()
    monkeypatch.setattr(quick_routes, "_taking", lambda _dependant: None)
    usual = make_app(served.service)
    as_ever = asked([TestClient(usual, base_url="http://127.0.0.1", headers=client.headers) for client in clients])
    assert not handled
    for one, other in zip(quickly, as_ever, strict=True):
        assert (one.status_code, one.text, one.headers.get("etag")) == (other.status_code, other.text, other.headers.get("etag")), one.url
    assert {answer.status_code for answer in quickly} >= {200, 401, 404, 422}
