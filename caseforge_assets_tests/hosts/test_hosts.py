"""Several hosts, disturbed one way after the other: nothing is paid twice, nothing is lost, every partition is right.

The tests build on each other's hosts, and run in this order.
"""

from __future__ import annotations

import time

import pytest

from caseforge_assets_tests.hosts.conftest import Bench
from caseforge_assets_tests.hosts.network import Host

pytestmark = pytest.mark.hosts


def test_a_framework_through_both_stages(bench: Bench) -> None:
    begun = time.monotonic()
    bench.order_small()
    bench.settle("none", begun)


def test_a_workers_host_is_cut_off_in_the_middle_of_a_collect(bench: Bench) -> None:
    """Its run is ended when nothing was heard of it, another worker goes on; later it is there again, with what it had begun."""
    begun = time.monotonic()
    bench.order_small()
    host = _worker_collecting(bench)
    host.cut_off()
    try:
        bench.settle(f"{host.name} cut off in the middle of a collect", begun)
    finally:
        host.let_back()
    bench.order_small()
    bench.settle(f"{host.name} back again", time.monotonic())


def _worker_collecting(bench: Bench) -> Host:
    names: list[str] = bench.cluster.await_(lambda: bench.at_work() or False, "a collect on a worker", every_s=0.02)
    return bench.cluster.network.hosts[names[0]]


def test_the_database_restarts(bench: Bench) -> None:
    """As after a loss of power, while answers are collected."""
    begun = time.monotonic()
    bench.order_small()
    _worker_collecting(bench)
    bench.cluster.database.kill("postgres")
    time.sleep(5)
    bench.cluster.start_database()
    bench.settle("database killed in the middle of a collect, back after 5 s", begun)


def test_the_bucket_is_away_for_a_minute(bench: Bench) -> None:
    begun = time.monotonic()
    bench.order_small()
    _worker_collecting(bench)
    bench.cluster.database.freeze("s3", 60)
    bench.settle("bucket answers nobody for 60 s", begun)


def test_the_daemon_moves_to_another_host(bench: Bench) -> None:
    begun = time.monotonic()
    bench.order_small()
    _worker_collecting(bench)
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


def test_clocks_are_five_minutes_apart(bench: Bench) -> None:
    """Of the workers one is ahead, the other behind, as the daemon is; the database's is right. A host is cut off, so that leases and ages count."""
    cluster = bench.cluster
    ahead, behind = cluster.workers
    for host, ahead_s in ((ahead, 300), (behind, -300), (cluster.dagster, -300)):
        cluster.set_clock(host, ahead_s)
        shown = float(cluster.run(host, "python", "-c", "import time; print(time.time())"))
        assert abs(shown - time.time() - ahead_s) < 60
    begun = time.monotonic()
    bench.order_small()
    bench.settle("clocks of workers 5 minutes ahead and behind, the daemon's behind", begun)
    begun = time.monotonic()
    bench.order_small()
    host = _worker_collecting(bench)
    host.cut_off()
    try:
        bench.settle(f"the same, {host.name} cut off in the middle of a collect", begun)
    finally:
        host.let_back()
