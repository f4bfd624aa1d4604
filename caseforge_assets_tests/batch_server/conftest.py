from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from caseforge_assets.batch_server import RunningServer, serve_in_thread

Serve = Callable[..., OpenAI]


@pytest.fixture
def serve(tmp_path: Path, closing: ThreadPoolExecutor) -> Iterator[Serve]:
    """Starts servers and returns a client for each; the same ``name`` means the same state folder."""
    with ExitStack() as stack:

        def start(name: str = "server", *, latency_s: float = 0.1, max_retries: int = 0, **options: Any) -> OpenAI:
            server = stack.enter_context(serve_in_thread(tmp_path / name, latency_s=latency_s, **options))
            return stack.enter_context(OpenAI(base_url=server.base_url, api_key="any", max_retries=max_retries))

        yield start
        closing.submit(stack.pop_all().close)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A quick server without faults, shared by the tests of a module."""
    with serve_in_thread(tmp_path_factory.mktemp("server"), latency_s=0.1) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="any", max_retries=0) as client:
        yield client
