"""Fixtures of tests of several folders: a PostgreSQL server for the session, an empty database and a Dagster instance for each test."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from caseforge_assets.store.database.embedded_postgres import ensure_running, stop
from caseforge_assets_tests.databases import copy_database, execute, new_database, url_of

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from caseforge_assets.store.database.engine import Engine
    from caseforge_assets_tests.made_once import MadeOnce
    from caseforge_assets_tests.workbench import OpenBench, Workbench

_NUMBERS = itertools.count(1)
VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "CASEFORGE_POSTGRES_URL",
    "CASEFORGE_HOME",
    "CASEFORGE_PROJECT",
    "CASEFORGE_WEBSERVER_URL",
    "CASEFORGE_ALERT_URLS",
    "DAGSTER_HOME",
)
os.environ.pop("COLUMNS", None)  # what commands print is as wide on every machine, and in every worker of pytest
DAGSTER_YAML = """
storage: {custom: {module: caseforge_assets.defs.storage, class: CaseforgeStorage, config: {}}}
telemetry: {enabled: false}
"""


def pytest_collection_finish() -> None:
    """Keeps what is imported by now: looking through it for garbage again and again took a tenth of the time of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def models_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model ends while tests run, on whatever day; those about ends say when."""
    from caseforge_assets.stages.model_rules import MODELS

    for name, rules in MODELS.items():
        monkeypatch.setitem(MODELS, name, replace(rules, shutdown=None))


@pytest.fixture(autouse=True)
def no_instance_left() -> None:
    """Dagster loads definitions with the instance that was opened last, also when that is closed, and its database dropped, because another was closed before it."""
    if (loaded := sys.modules.get("dagster._core.storage.defs_state.base")) is not None:
        loaded._current_storage.set(None)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; no variable is set, and those that a `.env` file sets are gone afterwards."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of the maintenance database of an embedded server of this test process (one for each xdist worker)."""
    home = Path(tempfile.mkdtemp(prefix="caseforge-tests-", dir=_quick_folder()))
    home.chmod(0o755)  # root's server runs as another user, who has to get in
    try:
        url = ensure_running(home)
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):  # no database here outlives a minute
            execute(url, f"ALTER SYSTEM SET {setting} = off")
        execute(url, "SELECT pg_reload_conf()")
        yield url
    finally:
        stop(home)
        shutil.rmtree(home)


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """URL of an empty database, dropped after the test."""
    with new_database(postgres_url, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def store_template(postgres_url: str) -> str:
    """Name of a database with CaseForge's tables, to be copied."""
    from caseforge_assets.store.database.engine import open_store

    execute(postgres_url, "CREATE DATABASE store_template")
    open_store(url_of(postgres_url, "store_template")).dispose()
    return "store_template"


@pytest.fixture
def store(postgres_url: str, store_template: str) -> Iterator[Engine]:
    """An engine on a database that has CaseForge's tables and nothing in them."""
    from caseforge_assets.store.database.engine import open_store

    with new_database(postgres_url, store_template) as url:
        engine = open_store(url)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def closing() -> Iterator[ThreadPoolExecutor]:
    """A pool in which things are closed that no later test waits for: a server takes longer to stop than many tests to run."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def empty_store(postgres_url: str, store_template: str) -> Iterator[Engine]:
    """Another such database."""
    from caseforge_assets.store.database.engine import open_store

    with new_database(postgres_url, store_template) as url:
        engine = open_store(url)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def shop_template(postgres_url: str, store_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database in which the small framework is loaded, to be copied."""
    from caseforge_assets.store.database.engine import open_store
    from caseforge_assets_tests.workbench import load_shop

    copy_database(postgres_url, store_template, "shop_template")
    engine = open_store(url_of(postgres_url, "shop_template"))
    load_shop(engine, tmp_path_factory.mktemp("shop"))
    engine.dispose()
    return "shop_template"


@pytest.fixture(scope="session")
def made_once(postgres_url: str, shop_template: str, tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """The beginnings that benches were given, to be copied."""
    from caseforge_assets_tests.made_once import MadeOnce

    return MadeOnce(postgres_url, tmp_path_factory.mktemp("made_once"), shop_template)


@pytest.fixture
def bench_store(postgres_url: str, shop_template: str) -> Iterator[Engine]:
    """The store of benches: the small framework is loaded."""
    from caseforge_assets.store.database.engine import open_store

    with new_database(postgres_url, shop_template) as url:
        engine = open_store(url)
        yield engine
        engine.dispose()


@pytest.fixture
def bench(bench_store: Engine, made_once: MadeOnce, tmp_path: Path, closing: ThreadPoolExecutor) -> Iterator[OpenBench]:
    """Opens a workbench with a small framework loaded, at a server of its own: `bench(faults=[…], bills=…, **configuration)`."""
    from caseforge_assets_tests.workbench import open_workbench, serving

    with ExitStack() as stack:

        def start(*, faults: Sequence[str] = (), bills: bool = False, latency_s: float = 0.0, **configuration: Any) -> Workbench:
            folder = tmp_path / f"bench{next(_NUMBERS)}"
            served = {"faults": faults, "bills": bills, "latency_s": latency_s}
            url = stack.enter_context(serving(folder, **served))
            opened = open_workbench(bench_store, folder, url, **configuration)
            opened.load_if_changed()
            return replace(opened, made_once=made_once, opened_with=(served, configuration))

        yield start
        closing.submit(stack.pop_all().close)


@pytest.fixture(scope="session")
def dagster_template(postgres_url: str) -> str:
    """Name of a database with Dagster's tables and CaseForge's, to be copied: creating them takes ten times as long."""
    from caseforge_assets.defs.storage import CaseforgeStorage
    from caseforge_assets.store.database.engine import open_store

    execute(postgres_url, "CREATE DATABASE dagster_template")
    CaseforgeStorage(url_of(postgres_url, "dagster_template"))
    open_store(url_of(postgres_url, "dagster_template")).dispose()
    return "dagster_template"


@pytest.fixture
def dagster_database_url(postgres_url: str, dagster_template: str) -> Iterator[str]:
    """URL of a database that has Dagster's tables and CaseForge's, and nothing in them."""
    with new_database(postgres_url, dagster_template) as url:
        yield url


@pytest.fixture
def dagster_instance(dagster_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """A Dagster instance over `dagster_database_url`, which CASEFORGE_POSTGRES_URL names as well, for subprocesses and settings."""
    from dagster import DagsterInstance

    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", dagster_database_url)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3_600, max_overflow=20)  # or each query connects anew
        yield instance


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A real S3 server on this machine, with a bucket."""
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="kept")
        yield "s3://kept/project"
    server.stop()


def _quick_folder() -> str | None:
    """Memory, where there is enough: a database for each test is some 300 files, which takes a disk ten times as long."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 10**9 else None
