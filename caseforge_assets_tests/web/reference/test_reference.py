"""The OpenAPI document and its pages."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.routing import iter_route_contexts

from caseforge_assets.web.app import make_app
from caseforge_assets.web.reference.document import describe
from caseforge_assets.web.wire.parameters import known_parameters
from caseforge_assets_tests.web.conftest import Serve


@pytest.mark.slow
def test_the_document_is_made_without_opening_anything(serve: Serve) -> None:
    served = serve()
    document = describe(make_app(served.service))
    assert document["openapi"].startswith("3.1")
    assert "_store" not in served.service.__dict__
    assert served.client(None).get("/api/v1/openapi.json").json() == json.loads(json.dumps(document))


def test_every_operation_says_what_it_does_and_what_it_refuses_with(serve: Serve) -> None:
    document = describe(serve().app)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"], operation["operationId"]
        assert "Raises:" not in operation.get("description", "")
        for status, answer in operation["responses"].items():
            assert status < "400" or list(answer["content"]) == ["application/problem+json"], operation["operationId"]
    text = json.dumps(document)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(document["components"]["schemas"])


def test_a_parameter_that_an_endpoint_does_not_know_is_refused_and_every_one_in_the_document_is_known(serve: Serve) -> None:
    served = serve()
    document = describe(served.app)
    routes = [route for route in iter_route_contexts(served.app.routes) if str(route.path).startswith("/api/v1/")]
    known = {route.name: set(known_parameters(route.dependant)) for route in routes}
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        written = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
        assert known[operation["operationId"]] == written, operation["operationId"]
        assert "422" in operation["responses"]
    client = served.client()
    refused = client.get("/api/v1/candidates?category=analytics&limit=1")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unknown-parameter")
    assert refused.json()["detail"].startswith("there is no parameter 'category'; there are branch, ")
    assert client.get("/api/v1/me?x=1").json()["detail"] == "there is no parameter 'x'; this address takes none"


def test_the_pages_need_no_other_host_and_no_script(serve: Serve) -> None:
    client = serve().client(None)
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/api/v1/frameworks" in page.text
    assert re.findall(r"(?:https?:)?//|<script|style=|\son\w+=", page.text) == []
    (stylesheet,) = re.findall(r'href="([^"#]+\.css)"', page.text)
    assert client.get(stylesheet).headers["content-type"].startswith("text/css")
    for anchor in set(re.findall(r'href="#([^"]+)"', page.text)):
        assert f'id="{anchor}"' in page.text, anchor
