"""A document that comes out to the letter as it was: what is made from it is asked for where it has no answer that counts, and never twice.

Another server is asked the first time, and answers as the one before it did.
"""

from __future__ import annotations

import pytest

from caseforge_assets.store.requests.requests import count_left
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

REAL = "select stage, count(*) from caseforge.content where is_current and not simulated group by 1 order by 1"
VERSIONS = "select count(distinct version) from caseforge.content where stage = 'process_details' group by node_id"
BOTH = [("process_details", 2), ("usecases", 2)]


def left(bench: Workbench, plan_id: int) -> int:
    with bench.store.connect() as connection:
        return count_left(connection, plan_id, USECASES.key, PROCESS.key)


def sent(bench: Workbench) -> tuple[int, int]:
    """Requests that the provider took, and how often the one that it took most often."""
    stats = bench.stats()
    return stats["requests_accepted"], stats["accepted"]["max_multiplicity"]


def test_a_simulated_answer_that_does_not_count_is_asked_for_in_the_same_plan(bench: OpenBench) -> None:
    bench().generate("1.1.1", "1.1.2")
    opened = bench(bills=True, budget_usd=50)
    plan = opened.approve("1.1.1", "1.1.2")
    opened.work()
    assert opened.query(REAL) == BOTH
    assert opened.column(VERSIONS) == [1, 1]
    assert sent(opened) == (4, 1)
    assert opened.column("select distinct plan_id from caseforge.request where is_current") == [plan.id]
    assert left(opened, plan.id) == 0


@pytest.mark.parametrize("state", ["parked", "failed"])
def test_what_was_cancelled_or_failed_under_another_plan_is_asked_for_again(bench: OpenBench, state: str) -> None:
    bench().generate("1.1.1", "1.1.2")
    opened = bench(bills=True, budget_usd=50)
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    opened.approve("1.1.1", "1.1.2", stages=[USECASES])
    opened.round()
    opened.change(
        "update caseforge.attempt a set outcome = 'truncated' from caseforge.batch b where b.id = a.batch_id and a.outcome is null and b.stage = 'usecases'"
    )
    opened.change("update caseforge.request set state = :state where is_current and stage = 'usecases'", state=state)
    opened = bench(bills=True, budget_usd=50)
    plan = opened.approve("1.1.1", "1.1.2", ask_again=True)
    assert [stage.nodes for stage in plan.stages] == [2, 2]
    opened.work()
    assert opened.query(REAL) == BOTH
    assert opened.column(VERSIONS) == [1, 1]


def test_a_good_answer_is_left_and_counted(bench: OpenBench) -> None:
    bench().generate("1.1.1", "1.1.2")
    opened = bench()
    plan = opened.approve("1.1.1", "1.1.2", ask_again=True)
    opened.work()
    assert left(opened, plan.id) == 2
    assert opened.column("select count(*) from caseforge.request where plan_id = :id and stage = 'usecases'", id=plan.id) == [0]
    assert opened.column("select count(*) from caseforge.content where framework_key = :key and is_current", key=KEY) == [4]


def test_what_a_person_wrote_is_neither_asked_for_nor_counted(bench: OpenBench) -> None:
    bench().generate("1.1.1", "1.1.2")
    opened = bench(bills=True, budget_usd=50)
    opened.change("update caseforge.content set edited_after = 99, simulated = false where stage = 'usecases'")
    plan = opened.approve("1.1.1", "1.1.2")
    opened.work()
    assert sent(opened) == (2, 1)
    assert left(opened, plan.id) == 0
