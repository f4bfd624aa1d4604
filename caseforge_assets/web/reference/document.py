"""The OpenAPI document of the service: made from the endpoints, with problem documents for every refusal and without what docstrings say to programmers."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from caseforge_assets.web.wire.idempotency import REPLAYED
from caseforge_assets.web.wire.problems import MEDIA_TYPE, Problem

_SECTION = re.compile(r"\n\s*(?:Args|Raises|Returns):\n.*", re.DOTALL)
OF_BODIES = ("408", "413", "415")  # too slow, too large, packed: refused before an endpoint sees it
_NOT_OURS = ("HTTPValidationError", "ValidationError")
SUMMARY = "Process documents and AI use-case candidates of a process framework: read, planned, paid for and exported over HTTP."
SIGN_IN = {
    "token": {"type": "http", "scheme": "bearer", "description": "a token of `caseforge tokens create`"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "caseforge_session",
        "description": "the session of a browser that signed in. Over TLS its cookie is called __Host-caseforge_session; without, a port stands behind the name. "
        "What changes something takes the header X-CSRF-Token as well, which GET /api/v1/me shows",
    },
}


def operation_id(route: APIRoute) -> str:
    """An operation is called as its function is."""
    return route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """The document of an app; made once, as the endpoints do not change while it runs."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=SUMMARY, routes=app.routes, separate_input_output_schemas=False
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name in _NOT_OURS:
            schemas.pop(name, None)
        schemas["Problem"] = Problem.model_json_schema()
        document["components"]["securitySchemes"] = SIGN_IN
        for operations in document["paths"].values():
            for operation in operations.values():
                _finish(operation)
        app.openapi_schema = document
    return app.openapi_schema


def _finish(operation: dict[str, Any]) -> None:
    said = _SECTION.sub("", operation.pop("description", "")).strip()
    operation["summary"], _, more = said.partition("\n")
    if more.strip():
        operation["description"] = more.strip()
    if "requestBody" in operation:
        operation["responses"] |= {status: {"description": HTTPStatus(int(status)).phrase} for status in OF_BODIES}
    operation["responses"].setdefault("422", {"description": HTTPStatus(422).phrase})  # a parameter that there is none of, at least
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ())):
        for answer in (answer for status, answer in operation["responses"].items() if status[0] == "2"):
            answer["headers"] = {
                REPLAYED: {"schema": {"type": "string", "enum": ["false", "true"]}, "description": "whether this was answered before"}
            }
    for status, answer in operation["responses"].items():
        if status[0] in "45":
            answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if "401" in operation["responses"]:
        operation["security"] = [{name: []} for name in SIGN_IN]
