"""Real workbooks at once through both stages, on several hosts and on one machine, and how long either takes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from caseforge_assets_tests.hosts.cluster import PROJECT
from caseforge_assets_tests.hosts.conftest import hosts_up

pytestmark = pytest.mark.hosts
WORKBOOKS = PROJECT.parent / "shared" / "data" / "apqc"
NAMES = ("cross-industry-v7.4.xlsx", "retail-v7.2.1.xlsx", "cross-industry-v7.2.1.xlsx")
COUNT = int(os.environ.get("HOSTS_FRAMEWORKS", "2"))


@pytest.mark.parametrize("several", [True, False], ids=["several hosts", "one machine"])
def test_frameworks_at_once_through_both_stages(hosts_possible: None, several: bool) -> None:
    if not WORKBOOKS.is_dir():
        pytest.skip("needs the official PCF workbooks in shared/data/apqc beside the checkout")
    sources: dict[str, Path] = {f"large{number + 1}": WORKBOOKS / NAMES[number % len(NAMES)] for number in range(COUNT)}
    with hosts_up(sources, requests_per_batch=400, several=several) as bench:
        begun = time.monotonic()
        bench.order(*sources)
        asked = time.monotonic() - begun
        machines = "several hosts" if several else "one machine"
        bench.settle(f"{COUNT} frameworks, {bench.questions // 2:,} nodes, {machines}; planned within {asked:,.0f} s", begun, 3_600)
