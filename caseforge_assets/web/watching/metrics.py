"""Figures for Prometheus (/metrics): what is in the store, read at most every some seconds, and HTTP requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.money.sum_budgets import ALL, all_budgets_left
from caseforge_assets.costs.sums import total
from caseforge_assets.settings.environment import FIGURES_FOLDER, read_environment
from caseforge_assets.store.serving.service_figures import Counted, ServiceFigures, service_figures
from caseforge_assets.web.access.addresses import LOOPBACK, client_address, is_peer
from caseforge_assets.web.access.callers import ServiceNow, recognize_again
from caseforge_assets.web.service import Service

KEPT_S = 10.0
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
router = APIRouter(tags=["watching"])


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, service: ServiceNow) -> Response:
    """Figures, for those who may read everything, and for watchers that are configured or on this machine."""
    if not _is_watcher(request, service):
        recognize_again(request, service).demand(Role.reader)
    figures: Metrics = request.app.state.metrics
    return Response(figures.text(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _is_watcher(request: Request, service: Service) -> bool:
    """By address: a proxy on this machine speaks for others, and is none."""
    settings = service.settings.configuration.service
    if is_peer(client_address(request, settings.proxy_peers), settings.metrics_peers):
        return True
    peer = request.client.host if request.client else ""
    is_proxied = settings.behind_tls_proxy or settings.proxy_peers or any(name in request.headers for name in _FORWARDED)
    return peer in LOOPBACK and not is_proxied


class Metrics:
    """The figures of a process: a registry of its own, so that two in one process share nothing."""

    def __init__(self, service: Service, prefix: str) -> None:
        """Takes the service whose store is read, and under which path the API is."""
        self._prefix = prefix
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "caseforge_http_requests", "HTTP requests that were answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "caseforge_http_request_seconds", "seconds until an answer began", ["method", "route"], buckets=SECONDS, registry=self.registry
        )
        self._store = _StoreCollector(service)
        self.registry.register(self._store)

    def text(self) -> bytes:
        """All figures, as Prometheus reads them: requests of all processes that answer side by side, where there are several."""
        folder = read_environment().get(FIGURES_FOLDER)
        if folder is None:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
        together.register(self._store)
        return generate_latest(together)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Counts a request by its route, never by its address, of which there are any number."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = str(getattr(scope.get("route"), "path", "none"))
        if scope.get("route") is not None and scope["path"].startswith(f"{self._prefix}/") and not route.startswith(self._prefix):
            route = f"{self._prefix}{route}"  # a router's own path is without the one under which it is included
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


class Measured:
    """Middleware: counts each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Takes where it counts."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, and counts it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            self._metrics.count(scope, 500, time.perf_counter() - began)  # answered outside of this
            raise


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _StoreCollector(Collector):
    """Reads the store when somebody looks, and not again for some seconds."""

    def __init__(self, service: Service) -> None:
        self._service, self._lock = service, threading.Lock()
        self._until, self._found = 0.0, list[Metric]()

    def describe(self) -> list[Metric]:
        """Nothing is read when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families of figures."""
        with self._lock:
            if time.monotonic() >= self._until:
                with self._service.store.connect() as connection:
                    figures = service_figures(connection)
                    left = all_budgets_left(connection, self._service.project)
                self._found = [*_of_work(figures), *_of_money(figures, left), *_of_queues(figures)]
                self._until = time.monotonic() + KEPT_S
            yield from self._found


def _of_work(figures: ServiceFigures) -> Iterator[Metric]:
    yield _gauge("caseforge_requests", "requests as they stand now, by state", "state", figures.requests)
    yield _gauge("caseforge_batches", "batches by state", "state", figures.batches)
    oldest = {state: found.oldest_s for state, found in figures.unsettled.items()}
    yield _gauge("caseforge_oldest_batch_seconds", "age of the oldest batch in a state that is not settled", "state", oldest)
    attempts = CounterMetricFamily("caseforge_attempts", "attempts that were sent and came to an end", labels=["payment", "outcome"])
    for came in figures.came:
        attempts.add_metric([came.kind, came.name], came.attempts)
    yield attempts


def _of_money(figures: ServiceFigures, left: dict[str, Any]) -> Iterator[Metric]:
    tokens = CounterMetricFamily("caseforge_tokens", "tokens of answers", labels=["payment", "direction"])
    cost = CounterMetricFamily(
        "caseforge_cost_usd", "known costs in US dollars; of simulated answers what they would have cost", labels=["payment"]
    )
    unknown = CounterMetricFamily("caseforge_unknown_costs", "attempts of which nobody knows what they cost", labels=["payment"])
    for kind in sorted({came.kind for came in figures.came}):
        of_kind = [came for came in figures.came if came.kind == kind]
        tokens.add_metric([kind, "input"], sum(came.input_tokens or 0 for came in of_kind))
        tokens.add_metric([kind, "output"], sum(came.output_tokens or 0 for came in of_kind))
        cost.add_metric([kind], float(total(came.cost for came in of_kind).known_usd))
        unknown.add_metric([kind], sum(came.unknown_costs for came in of_kind))
    yield from (tokens, cost, unknown)
    budgets = {"" if key == ALL else key: float(found.usd) for key, found in left.items()}
    yield _gauge(
        "caseforge_budget_left_usd", "what of a budget is neither spent nor reserved; without a framework, of all", "framework", budgets
    )


def _of_queues(figures: ServiceFigures) -> Iterator[Metric]:
    def of(part: str) -> dict[str, float]:
        return {name: getattr(found, part) for name, found in figures.queues.items() if isinstance(found, Counted)}

    yield _gauge("caseforge_queue_length", "what waits: to be shown in Dagster, numbered, delivered, done", "queue", of("count"))
    yield _gauge("caseforge_queue_oldest_seconds", "for how long the oldest of it has waited", "queue", of("oldest_s"))
    yield _gauge("caseforge_webhook_deliveries", "deliveries to webhooks by state", "state", figures.deliveries)


def _gauge(name: str, says: str, label: str, values: dict[str, Any]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, figure in values.items():
        family.add_metric([value], figure)
    return family
