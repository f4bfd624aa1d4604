"""The application: middleware, problem documents, and the routers of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from caseforge_assets.web.access import openid_pages
from caseforge_assets.web.access import pages as access_pages
from caseforge_assets.web.access.addresses import OwnAddress
from caseforge_assets.web.api.access import audit, session, tokens, users
from caseforge_assets.web.api.editions import editions, frameworks, pairs, removal
from caseforge_assets.web.api.editions.uploads import largest_body
from caseforge_assets.web.api.nodes import documents, edits, node, nodes, standing, workbook_edits
from caseforge_assets.web.api.service import alerts, configuration, events, figures, webhooks
from caseforge_assets.web.api.use_cases import candidates, exports, portfolios, search, similar, use_cases
from caseforge_assets.web.api.work import batches, plan_decisions, plans, retries, runs, weighing
from caseforge_assets.web.events import messages_in
from caseforge_assets.web.keeping.etags import answer_not_modified
from caseforge_assets.web.keeping.kept_answers import KeptAnswers
from caseforge_assets.web.portal.curating import decided, portfolio_entries, portfolio_files, reviews, specifying
from caseforge_assets.web.portal.curating import portfolios as portfolio_pages
from caseforge_assets.web.portal.nodes.of_frameworks import FRAMEWORK_PAGES
from caseforge_assets.web.portal.shared import static
from caseforge_assets.web.portal.shared.problems import problem_page
from caseforge_assets.web.portal.use_cases import ideas, use_case, use_case_edit
from caseforge_assets.web.portal.use_cases import matrix as matrix_pages
from caseforge_assets.web.portal.use_cases import search as search_pages
from caseforge_assets.web.portal.use_cases import use_cases as use_case_pages
from caseforge_assets.web.portal.work import batches as batch_pages
from caseforge_assets.web.portal.work import home
from caseforge_assets.web.portal.work import money as money_pages
from caseforge_assets.web.portal.work import plans as plan_pages
from caseforge_assets.web.portal.work import standing as standing_pages
from caseforge_assets.web.reference import pages
from caseforge_assets.web.reference.document import operation_id
from caseforge_assets.web.service import Service
from caseforge_assets.web.upkeep import alerts_kept_up, events_kept_up, lists_kept_up
from caseforge_assets.web.watching import health, metrics
from caseforge_assets.web.watching.health import Readiness
from caseforge_assets.web.watching.metrics import Measured, Metrics
from caseforge_assets.web.wire.bodies import BoundedBodies
from caseforge_assets.web.wire.parameters import refuse_unknown_parameters
from caseforge_assets.web.wire.problems import answer_with_problems
from caseforge_assets.web.wire.writers import WritersInTurn

API = "/api/v1"
WAIT_FOR_NO_ONE = (f"{API}/session", "/sign-in", "/sign-out", "/webhooks/")
ROUTERS: tuple[APIRouter, ...] = (
    frameworks.router,
    nodes.router,
    node.router,
    documents.router,
    edits.router,
    editions.router,
    removal.router,
    workbook_edits.router,
    similar.router,  # before candidates, whose address would take its one
    candidates.router,
    use_cases.router,
    portfolios.router,
    search.router,
    standing.router,
    events.router,
    weighing.router,
    plans.router,
    plan_decisions.router,
    retries.router,
    runs.router,
    exports.router,
    batches.router,
    figures.router,
    alerts.router,
    pairs.router,
    configuration.router,
    users.router,
    tokens.router,
    audit.router,
    session.router,
    webhooks.router,
)  # fmt: skip

PAGES: tuple[APIRouter, ...] = (
    home.router,
    search_pages.router,
    use_case_pages.router,
    ideas.router,
    matrix_pages.router,
    money_pages.router,
    plan_pages.router,
    batch_pages.router,
    standing_pages.router,
    use_case_edit.router,
    use_case.router,
    portfolio_pages.router,
    portfolio_entries.router,
    portfolio_files.router,
    decided.router,
    specifying.router,
    reviews.router,
    *FRAMEWORK_PAGES,
    static.router,
)  # fmt: skip


def make_app(service: Service) -> FastAPI:
    """The application that serves a project.

    Args:
        service: what it works with; closed by who made it.
    """
    app = FastAPI(
        title="CaseForge",
        version=version("caseforge-assets"),
        openapi_url=None,  # the document and its pages are ours
        generate_unique_id_function=operation_id,
        lifespan=_lifespan,
    )
    app.state.service, app.state.readiness, app.state.metrics = service, Readiness(), Metrics(service, API)
    app.add_middleware(WritersInTurn, turns=service.writers, besides=WAIT_FOR_NO_ONE)  # the innermost
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    app.add_middleware(KeptAnswers, service=service)
    app.add_middleware(BoundedBodies, bound=largest_body(service))
    app.add_middleware(OwnAddress, settings=service.settings.configuration.service)
    app.add_middleware(Measured, metrics=app.state.metrics)  # the outermost
    answer_with_problems(app, problem_page)
    answer_not_modified(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API, dependencies=[Depends(refuse_unknown_parameters)])
    app.include_router(messages_in.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(pages.router)
    app.include_router(access_pages.router)
    app.include_router(openid_pages.router)
    for router in PAGES:
        app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Gives what runs beside the answers, while a server serves them."""
    service = app.state.service
    with lists_kept_up(service), events_kept_up(service), alerts_kept_up(service):
        yield
