"""An account that has as many tokens waiting as it may, and says so when a batch is created: smaller batches follow, and nothing is sent twice."""

from __future__ import annotations

import pytest

from caseforge_assets.batches.states import WAITS_FOR_ROOM
from caseforge_assets.commands.submitting import reconcile_batches
from caseforge_assets_tests.commands.open_alerts import OPEN, check
from caseforge_assets_tests.commands.submissions import plan
from caseforge_assets_tests.workbench import PROCESS, OpenBench

FULL = "reply_error:when=before,status={status},code=token_limit_exceeded,call={call},match=^POST /v1/batches$"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_batches, "REFUSED_GRACE_S", 0.1)


@pytest.mark.parametrize("status", [400, 429, 500])
def test_fewer_are_sent_and_all_get_through(bench: OpenBench, status: int) -> None:
    opened = plan(bench(faults=[FULL.format(status=status, call=1)]))
    rounds = opened.work()
    assert opened.stats()["accepted"] == {"requests": 6, "distinct_bodies": 6, "max_multiplicity": 1}
    assert opened.column("select count(*) from caseforge.attempt where outcome = 'ok'") == [6]
    assert rounds[-1].refused == ()
    assert opened.stats()["batches_created"] >= 2
    states = dict(opened.query("select state, count(*) from caseforge.batch group by 1"))
    assert states["refused"] == 1
    (reason,) = opened.column("select reason from caseforge.batch where state = 'refused'")
    assert reason.startswith(WAITS_FOR_ROOM)
    (limits,) = opened.column("select enqueued_token_limits from caseforge.provider")
    assert len(limits) == 1
    check(opened)
    assert opened.query(OPEN) == []


def test_a_single_request_that_is_refused_with_nothing_else_waiting_is_refused_as_any_other(bench: OpenBench) -> None:
    opened = bench(faults=[FULL.format(status=400, call="1-50")])
    opened.approve("1.1.1", stages=[PROCESS])
    (batch,) = opened.work()[-1].refused
    assert (batch.state, (batch.reason or "").startswith(WAITS_FOR_ROOM)) == ("refused", False)
    assert opened.stats()["batches_created"] == 0
