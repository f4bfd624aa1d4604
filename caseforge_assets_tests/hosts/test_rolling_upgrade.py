"""A rolling upgrade with real processes of two versions: host by host on the old schema, then the schema, and what is left of the old version refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.store.database.engine import HEAD
from caseforge_assets.store.schema.columns import SCHEMA, VERSION_TABLE
from caseforge_assets_tests.hosts.conftest import SAMPLE, SMALL, Bench, hosts_up
from caseforge_assets_tests.hosts.previous import NoPreviousVersion, unpack_previous_version

pytestmark = pytest.mark.hosts
REFUSAL = "which a newer CaseForge made"


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the version before."""
    folder = tmp_path_factory.mktemp("upgrade") / "previous"
    try:
        unpack_previous_version(folder)
    except NoPreviousVersion as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module")
def old(hosts_possible: None, previous: Path) -> Iterator[Bench]:
    """Hosts on which the version before runs."""
    with hosts_up(dict.fromkeys(SMALL[:5], SAMPLE), code=previous) as up:
        yield up


def revision(bench: Bench) -> str:
    return str(bench.cluster.rows(f"select version_num from {SCHEMA}.{VERSION_TABLE}")[0][0])


def test_host_by_host_then_the_schema(old: Bench) -> None:
    cluster = old.cluster
    first, last = cluster.workers
    before, begun = revision(old), time.monotonic()
    old.order_small()
    cluster.await_(lambda: old.at_work() or False, "a collect", every_s=0.02)
    for host in (cluster.web, cluster.dagster, first):
        cluster.upgrade(host)
    old.settle("webserver, service, code server, daemon and a worker are of the new version; a worker and the schema of the old one", begun)

    begun = time.monotonic()
    old.order_small()
    cluster.await_(lambda: old.at_work() or False, "a collect", every_s=0.02)
    assert revision(old) == before != HEAD
    cluster.caseforge("db", "migrate")
    with pytest.raises(RuntimeError, match=REFUSAL):
        cluster.run(last, "caseforge", "status")
    old.order_small()
    cluster.await_(
        lambda: cluster.rows("select 1 from event_logs where event like %s limit 1", f"%{REFUSAL}%"), "a run that is refused", 300
    )
    cluster.upgrade(last)
    old.settle("the schema is migrated; a worker of the old version refuses its runs until it is replaced", begun, 1_500)

    begun = time.monotonic()
    old.order_small()
    old.settle("everything is of the new version", begun)
