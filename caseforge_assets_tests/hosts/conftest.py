"""The hosts, made once for all tests here, and the table of what was seen."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from caseforge_assets_tests.hosts.cluster import POSTGRES, PROJECT, Cluster
from caseforge_assets_tests.hosts.network import Network, has_way_out, missing_programs
from caseforge_assets_tests.hosts.verdict import STAGES, faults, is_done, running, targets

SAMPLE = PROJECT / "caseforge_assets/frameworks/sample/sample.csv"
SMALL = tuple(f"small{number}" for number in range(1, 11))
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
_AT_WORK = """
select p.host from caseforge.run_process p join runs r on r.run_id = p.run_id
where not p.is_through and r.status = 'STARTED' and r.pipeline_name = 'collect' order by p.began_at desc
"""


@dataclass
class Bench:
    """The hosts, and what was asked of the provider until now."""

    cluster: Cluster
    sources: dict[str, str]
    asked: list[str] = field(default_factory=list)
    questions: int = 0

    def at_work(self) -> list[str]:
        """The hosts on which a run collects answers just now, the newest run's first."""
        return [host for (host,) in self.cluster.rows(_AT_WORK)]

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
        key = next(key for key in self.sources if key not in self.asked)
        self.order(key)
        return key

    def settle(self, what: str, begun: float, patience_s: float = 900) -> None:
        """Waits until everything is there, and judges it; a row of the table.

        Raises:
            AssertionError: something was paid twice, was lost, or is shown wrong.
        """
        try:
            self.cluster.await_(lambda: is_done(self.cluster, self.asked) or False, what, patience_s, every_s=1)
            lasted_s = time.monotonic() - begun
            self.cluster.caseforge("flush")  # every command journals what waits for it
            wrong = faults(self.cluster, self.asked, self.questions)
        except TimeoutError as error:
            lasted_s = time.monotonic() - begun
            wrong = [str(error), *faults(self.cluster, self.asked, self.questions), *(f"run {run}" for run in running(self.cluster))]
        bill = self.cluster.bill()["answered"]["requests"]
        ROWS.append(f"| {what} | {lasted_s:,.0f} s | {self.questions:,} | {bill:,} | {'; '.join(wrong)[:300] or 'nothing'} |")
        sys.stderr.write(f"{ROWS[-1]}\n")  # with -s: what was measured outlives a session that is cut off
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


@contextmanager
def hosts_up(sources: Mapping[str, Path], *, requests_per_batch: int = 40, code: Path = PROJECT, several: bool = True) -> Iterator[Bench]:
    """All hosts up, with sensors on.

    Args:
        sources: files of frameworks, by key.
        requests_per_batch: how many at most.
        code: the version that runs on them.
        several: else one machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="caseforge-hosts-"))
    folder.chmod(0o755)
    names = {key: f"{key}{path.suffix}" for key, path in sources.items()}
    declared = "".join(FRAMEWORK.format(key=key, source=name) for key, name in names.items())
    text = CONFIGURATION.format(requests_per_batch=requests_per_batch) + declared
    network = Network(folder)
    try:
        cluster = Cluster(network, folder, text, {names[key]: path for key, path in sources.items()}, code=code, several=several)
        cluster.start_servers()
        cluster.caseforge("db", "migrate")
        cluster.start_code()
        cluster.start_daemon(cluster.dagster)
        for host in cluster.workers:
            cluster.start_worker(host)
        cluster.start_web()
        cluster.await_(lambda: cluster.caseforge("sensors", "on"), "sensors", every_s=3)
        yield Bench(cluster, names)
    finally:
        network.close()
        if not os.environ.get("KEEP_HOSTS"):
            shutil.rmtree(folder)


@pytest.fixture(scope="module")
def bench(hosts_possible: None) -> Iterator[Bench]:
    """Several hosts for small frameworks, the same ones for all tests of a module."""
    with hosts_up(dict.fromkeys(SMALL, SAMPLE)) as up:
        yield up


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.write_line(
            "\n| disturbance | until all was right | questions asked until then | answers paid for | wrong |\n|---|---|---|---|---|"
        )
        for row in ROWS:
            terminalreporter.write_line(row)
