"""The hosts, made once for all tests here, and the table of what was seen."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from caseforge_assets_tests.hosts.cluster import POSTGRES, PROJECT, Cluster
from caseforge_assets_tests.hosts.network import Network, has_way_out, missing_programs
from caseforge_assets_tests.hosts.verdict import STAGES, faults, is_done, running, targets

SAMPLE = PROJECT / "caseforge_assets/frameworks/sample/sample.csv"
SMALL = tuple(f"small{number}" for number in range(1, 13))
CONFIGURATION = """
poll_interval_s = 1
quiet_period_s = 1
reuse = "off"
max_requests_per_batch = {requests_per_batch}
budget_usd = 100000
[service]
behind_tls_proxy = true
"""
FRAMEWORK = '[frameworks.{key}]\ntitle = "{key}"\nsource = "{source}"\ntargets = "leaf"\n'
ROWS: list[str] = []


@dataclass
class Bench:
    """The hosts, and what was asked of the provider until now."""

    cluster: Cluster
    asked: list[str] = field(default_factory=list)
    questions: int = 0
    left: list[str] = field(default_factory=lambda: list(SMALL))
    sources: dict[str, str] = field(default_factory=dict)

    def order(self, *keys: str) -> None:
        """Loads frameworks, plans both stages and approves; the sensors do the rest."""
        for key in keys:
            self.cluster.caseforge("load", str(self.cluster.web.folder / self.sources[key]), "--framework", key, "--yes")
            plan = self.cluster.caseforge("plan", "--framework", key, "--keep", "--json")
            self.cluster.caseforge("approve", _number(plan))
            self.asked.append(key)
            self.questions += targets(self.cluster, [key])[key] * len(STAGES)

    def order_small(self) -> str:
        """The next small framework that nobody asked for yet."""
        key = self.left.pop(0)
        self.order(key)
        return key

    def settle(self, what: str, begun: float, patience_s: float = 900) -> None:
        """Waits until everything is there, and judges it; a row of the table.

        Raises:
            AssertionError: something was paid twice, was lost, or is shown wrong.
        """
        try:
            self.cluster.await_(lambda: is_done(self.cluster, self.asked) or False, what, patience_s, every_s=1)
            wrong = faults(self.cluster, self.asked, self.questions)
        except TimeoutError as error:
            wrong = [str(error), *faults(self.cluster, self.asked, self.questions), *(f"run {run}" for run in running(self.cluster))]
        bill = self.cluster.bill()["answered"]["requests"]
        ROWS.append(
            f"| {what} | {time.monotonic() - begun:,.0f} s | {self.questions:,} | {bill:,} | {'; '.join(wrong)[:300] or 'nothing'} |"
        )
        assert wrong == []


def _number(plan_json: str) -> str:
    import json

    return str(json.loads(plan_json)["plan"])


@pytest.fixture(scope="session")
def hosts_possible() -> None:
    if os.geteuid() != 0:
        pytest.skip("making hosts takes root")
    if missing := missing_programs("ip", "unshare", "setpriv", "hostname", "redis-server"):
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: iproute2, util-linux, hostname, redis-server)")
    if not POSTGRES.is_dir():
        pytest.skip("not installed: PostgreSQL's server (Debian: postgresql)")
    if has_way_out():
        pytest.skip("this process can reach a network; `make test-hosts` takes it into one without a way out")


@pytest.fixture(scope="session")
def bench(hosts_possible: None) -> Iterator[Bench]:
    """All hosts up, with sensors on."""
    folder = Path(tempfile.mkdtemp(prefix="caseforge-hosts-"))
    folder.chmod(0o755)
    sources = {key: f"{key}.csv" for key in SMALL}
    text = CONFIGURATION.format(requests_per_batch=40) + "".join(FRAMEWORK.format(key=key, source=name) for key, name in sources.items())
    files = dict.fromkeys(sources.values(), SAMPLE)
    network = Network(folder)
    kept = os.environ.get("KEEP_HOSTS")
    try:
        cluster = Cluster(network, folder, text, files)
        cluster.start_servers()
        cluster.caseforge("db", "migrate")
        cluster.start_code()
        cluster.start_daemon(cluster.dagster)
        for host in cluster.workers:
            cluster.start_worker(host)
        cluster.start_web()
        cluster.await_(lambda: cluster.caseforge("sensors", "on"), "sensors", every_s=3)
        yield Bench(cluster, sources=sources)
    finally:
        network.close()
        if not kept:
            shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.write_line(
            "\n| disturbance | until all was right | questions asked until then | answers paid for | wrong |\n|---|---|---|---|---|"
        )
        for row in ROWS:
            terminalreporter.write_line(row)
