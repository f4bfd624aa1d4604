"""Several hosts, disturbed one way after the other: nothing is paid twice, nothing is lost, every partition is right.

The tests build on each other's hosts, and run in this order.
"""

from __future__ import annotations

import time

import pytest

from caseforge_assets_tests.hosts.conftest import Bench
from caseforge_assets_tests.hosts.network import Host

pytestmark = pytest.mark.hosts
_AT_WORK = """
select p.host from caseforge.run_process p join runs r on r.run_id = p.run_id
where not p.is_through and r.status = 'STARTED' and r.pipeline_name = 'collect' order by p.began_at desc
"""


def test_a_framework_through_both_stages(bench: Bench) -> None:
    begun = time.monotonic()
    bench.order_small()
    bench.settle("none", begun)


def test_a_workers_host_is_cut_off_in_the_middle_of_a_collect(bench: Bench) -> None:
    """Its run is ended when nothing was heard of it, another worker goes on; later it is there again, with what it had begun."""
    begun = time.monotonic()
    bench.order_small()
    host = bench.cluster.await_(lambda: _worker_collecting(bench) or False, "a collect on a worker", every_s=0.02)
    host.cut_off()
    try:
        bench.settle(f"{host.name} cut off in the middle of a collect", begun)
    finally:
        host.let_back()
    bench.order_small()
    bench.settle(f"{host.name} back again", time.monotonic())


def _worker_collecting(bench: Bench) -> Host | None:
    rows = bench.cluster.rows(_AT_WORK)
    return bench.cluster.network.hosts[rows[0][0]] if rows else None


def test_the_database_restarts(bench: Bench) -> None:
    """As after a loss of power, while answers are collected."""
    begun = time.monotonic()
    bench.order_small()
    bench.cluster.await_(lambda: bool(bench.cluster.rows(_AT_WORK)), "a collect", every_s=0.02)
    bench.cluster.database.kill("postgres")
    time.sleep(5)
    bench.cluster.start_database()
    bench.settle("database killed in the middle of a collect, back after 5 s", begun)


def test_the_bucket_is_away_for_a_minute(bench: Bench) -> None:
    begun = time.monotonic()
    bench.order_small()
    bench.cluster.await_(lambda: bool(bench.cluster.rows(_AT_WORK)), "a collect", every_s=0.02)
    bench.cluster.database.freeze("s3", 60)
    bench.settle("bucket answers nobody for 60 s", begun)


def test_the_daemon_moves_to_another_host(bench: Bench) -> None:
    begun = time.monotonic()
    bench.order_small()
    bench.cluster.await_(lambda: bool(bench.cluster.rows(_AT_WORK)), "a collect", every_s=0.05)
    bench.cluster.dagster.kill("daemon")
    bench.cluster.start_daemon(bench.cluster.web)
    bench.settle("daemon killed, started on another host", begun)


def test_two_daemons_at_once(bench: Bench) -> None:
    bench.cluster.start_daemon(bench.cluster.dagster)
    try:
        time.sleep(20)
        begun = time.monotonic()
        bench.order_small()
        bench.settle("two daemons at once", begun)
    finally:
        bench.cluster.web.kill("daemon")
