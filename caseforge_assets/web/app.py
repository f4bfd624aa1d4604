"""The application: middleware, problem documents, and the routers of the API."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from caseforge_assets.web.api import (
    audit,
    documents,
    editions,
    edits,
    events,
    frameworks,
    node,
    nodes,
    plan_decisions,
    plans,
    retries,
    runs,
    standing,
    tokens,
    users,
)
from caseforge_assets.web.api.editions import largest_body
from caseforge_assets.web.reference import pages
from caseforge_assets.web.reference.document import operation_id
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.bodies import BoundedBodies
from caseforge_assets.web.wire.etags import answer_not_modified
from caseforge_assets.web.wire.problems import answer_with_problems

API = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = (
    frameworks.router,
    nodes.router,
    node.router,
    documents.router,
    edits.router,
    editions.router,
    standing.router,
    events.router,
    plans.router,
    plan_decisions.router,
    retries.router,
    runs.router,
    users.router,
    tokens.router,
    audit.router,
)  # fmt: skip


def make_app(service: Service) -> FastAPI:
    """The application that serves a project.

    Args:
        service: what it works with; closed by who made it.
    """
    app = FastAPI(
        title="CaseForge", version=version("caseforge-assets"), openapi_url=None, generate_unique_id_function=operation_id
    )  # the document and its pages are ours
    app.state.service = service
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    app.add_middleware(BoundedBodies, bound=largest_body(service))
    answer_with_problems(app)
    answer_not_modified(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(pages.router)
    return app
