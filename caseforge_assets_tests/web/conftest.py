"""Fixtures of the service: its app on a workbench, and clients with a token of any role."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import insert
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.settings import FrameworkSettings, Settings
from caseforge_assets.settings.environment import Environment
from caseforge_assets.settings.project import settings_of
from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.schema.access_tables import api_token
from caseforge_assets.web.app import make_app
from caseforge_assets.web.service import Service
from caseforge_assets_tests.http_servers import running
from caseforge_assets_tests.web.receiver import Receiver
from caseforge_assets_tests.workbench import KEY, OpenBench, Workbench


@dataclass
class Served:
    """A workbench that is served."""

    bench: Workbench
    service: Service
    app: FastAPI
    _open: ExitStack = field(default_factory=ExitStack)

    def token(self, role: Role = Role.reader, framework_key: str | None = None, **columns: Any) -> str:
        """A new token of a role, in one framework or all."""
        secret = secrets.token_urlsafe(32)
        row = {
            "name": f"test-{secrets.token_hex(4)}",
            "digest": digest_of(secret),
            "role": role,
            "framework_key": framework_key,
            "created_by": "test",
        }
        with self.bench.store.begin() as connection:
            connection.execute(insert(api_token), row | columns)
        return secret

    def client(self, role: Role | None = Role.reader, framework_key: str | None = None, **columns: Any) -> TestClient:
        """A client with a token of a role; None: without any. Faults of the service are answers, as they are for others."""
        headers = {} if role is None else {"authorization": f"Bearer {self.token(role, framework_key, **columns)}"}
        client = TestClient(self.app, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False)
        self._open.callback(client.close)
        return client


Serve = Callable[..., Served]
NOTHING_MORE: Mapping[str, str] = {}


@contextmanager
def listening(served: Served, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """A real server in a thread, for what a test client cannot do; gives its address."""
    with running(uvicorn.Config(served.app, log_config=None, lifespan=lifespan, timeout_graceful_shutdown=1)) as (host, port):
        yield f"http://{host}:{port}"


def settings_for(bench: Workbench, more: Mapping[str, str]) -> Settings:
    """Settings that lead to a workbench's store, artifacts and server."""
    entry = FrameworkSettings(title=KEY, source=f"{KEY}.csv")
    configuration = bench.configuration.model_copy(update={"frameworks": {KEY: entry, **bench.configuration.frameworks}})
    variables = {
        "CASEFORGE_POSTGRES_URL": bench.store.url.render_as_string(hide_password=False),
        "CASEFORGE_HOME": str(bench.path / "var"),
        "CASEFORGE_ARTIFACTS": str(bench.path / "artifacts"),
        "OPENAI_BASE_URL": bench.provider.base_url,
        "OPENAI_API_KEY": "sk-test-0123456789",
        **more,
    }
    return settings_of(bench.path, Environment(variables), configuration, bench.stages)


@pytest.fixture
def serve(bench: OpenBench) -> Iterator[Serve]:
    """Serves a workbench, which `bench` opens with the same arguments; `given` are codes of nodes that are generated before."""
    with ExitStack() as stack:

        def start(
            opened: Workbench | None = None,
            *,
            given: Sequence[str] | None = None,
            variables: Mapping[str, str] = NOTHING_MORE,
            **options: Any,
        ) -> Served:
            opened = opened or bench(**options)
            if given is not None:
                opened.given(*given)
            service = Service(settings_for(opened, variables))
            stack.callback(service.close)
            served = Served(opened, service, make_app(service))
            stack.callback(served._open.close)
            return served

        yield start


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
