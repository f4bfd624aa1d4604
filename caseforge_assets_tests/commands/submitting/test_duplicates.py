"""A submission that became two batches: one is adopted, the other cancelled, and what both answered is kept and counted."""

from __future__ import annotations

from typing import Any

import pytest

from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.store.planning.plans import committed_by_framework
from caseforge_assets.store.submitting.batches import claim_for_collecting
from caseforge_assets_tests.commands.created_twice import DUPLICATE, FIRST, LOST_ANSWER, contents, created_twice
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, OpenBench, Workbench


def outcomes(opened: Workbench) -> list[tuple[int, str, int]]:
    return opened.query("""
    select case when b.duplicate_of is null then 1 else 2 end, a.outcome, count(*) from caseforge.attempt a
    join caseforge.batch b on b.id = a.batch_id group by 1, 2 order by 1, 2
    """)


def standing(opened: Workbench) -> dict[tuple[str, str], str]:
    """The newest row of each asset and partition."""
    rows = opened.query("select distinct on (asset, partition_key) asset, partition_key, kind from caseforge.outbox order by 1, 2, id desc")
    return {(asset, partition): kind for asset, partition, kind in rows if partition}


def assert_accounts_are_right(opened: Workbench) -> None:
    """Every answer that the server gave has an attempt with its cost; nothing was asked more than these two times."""
    stats = opened.stats()
    assert stats["batches_created"] == 2
    assert opened.column("select count(*) from caseforge.attempt where cost_usd > 0") == [stats["answered"]["requests"]]
    assert opened.query("select state, count(*) from caseforge.request where stage = 'process_details' group by 1") == [
        ("answered", len(CODES))
    ]
    assert opened.column("select state from caseforge.batch") == ["collected", "collected"]


def test_both_answer_everything_and_each_is_stored_once_but_paid_twice(bench: OpenBench, caplog: pytest.LogCaptureFixture) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER]))
    opened.work()
    assert contents(opened) == [(FIRST, 6)]
    assert outcomes(opened) == [(FIRST, "ok", 6), (DUPLICATE, "ok", 6)]
    assert_accounts_are_right(opened)
    assert "was created twice at the provider" in caplog.text
    [reason] = opened.column("select reason from caseforge.batch where duplicate_of is not null")
    [cost] = opened.column(
        "select sum(cost_usd) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where duplicate_of is not null"
    )
    assert reason.endswith(f"this one brought 6 answers for ${cost:,.4f}, 0 of them are used")


@pytest.mark.slow
def test_the_adopted_one_expires_half_way_and_the_duplicate_has_the_rest(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER, "expire:share=0.5,batch=1"]))
    opened.work()
    assert contents(opened) == [(FIRST, 3), (DUPLICATE, 3)]
    assert outcomes(opened) == [(FIRST, "expired", 3), (FIRST, "ok", 3), (DUPLICATE, "ok", 6)]
    assert_accounts_are_right(opened)
    assert set(standing(opened).values()) == {"made"}


@pytest.mark.slow
def test_lines_that_failed_or_are_missing_are_filled_up_from_the_duplicate(bench: OpenBench) -> None:
    faults = ["http_500:batch=1,match=1-1-1", "truncate:batch=1,match=1-1-2", "missing_line:batch=1,match=1-1-3"]
    opened = created_twice(bench(faults=[LOST_ANSWER, *faults]))
    opened.work()
    assert contents(opened) == [(FIRST, 3), (DUPLICATE, 3)]
    assert_accounts_are_right_but_for_the_missing_line(opened)
    assert set(standing(opened).values()) == {"made"}


def assert_accounts_are_right_but_for_the_missing_line(opened: Workbench) -> None:
    assert outcomes(opened) == [
        (FIRST, "missing_line", 1),
        (FIRST, "ok", 3),
        (FIRST, "server_error", 1),
        (FIRST, "truncated_reasoning", 1),
        (DUPLICATE, "ok", 6),
    ]
    assert opened.query("select state, count(*) from caseforge.request where stage = 'process_details' group by 1") == [("answered", 6)]
    assert opened.stats()["batches_created"] == 2


@pytest.mark.slow
def test_what_neither_has_fails_as_the_adopted_one_says(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER, "truncate:match=1-1-1", "http_500:batch=2,match=1-1-1"]))
    opened.work()
    assert opened.query("select state, count(*) from caseforge.request where stage = 'process_details' group by 1 order by 1") == [
        ("answered", 5),
        ("failed", 1),
    ]
    assert standing(opened)["process_documents", "1.1.1_c"] == "failed"
    assert contents(opened) == [(FIRST, 5)]


@pytest.mark.slow
def test_nothing_is_asked_again_before_the_duplicate_is_over(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER, "expire:share=0.5,batch=1"], latency_s=1.0))
    opened.work()
    assert opened.stats()["batches_created"] == 2 + (
        opened.column("select count(*) from caseforge.batch where duplicate_of is null")[0] - 1
    )
    assert opened.query("select state, count(*) from caseforge.request where stage = 'process_details' group by 1") == [("answered", 6)]
    assert opened.query("select request_id from caseforge.content group by 1 having count(*) > 1") == []


@pytest.mark.slow
@pytest.mark.parametrize("calls", ["1-2", "1-6"])  # it shows the first batch while the second is under way, or when that is collected
def test_a_duplicate_that_a_list_shows_late_is_found_and_accounted_for(bench: OpenBench, calls: str) -> None:
    """No listing shows the first batch until the second one is there: what the grace period cannot prevent is at least seen."""
    opened = bench(faults=[LOST_ANSWER, f"list_late:newest=2,call={calls},match=^GET /v1/batches$"], create_grace_s=0)
    opened.approve(stages=[PROCESS])
    for _ in range(8):
        opened.work()
    assert_accounts_are_right(opened)
    assert outcomes(opened) == [(FIRST, "ok", 6), (DUPLICATE, "ok", 6)]
    assert contents(opened) == [(FIRST, 6)]


@pytest.mark.slow
def test_collecting_again_changes_nothing(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER, "expire:share=0.5,batch=1"]))
    opened.work()
    before = (outcomes(opened), contents(opened), opened.column("select sum(cost_usd) from caseforge.attempt"))
    opened.change("update caseforge.batch set state = 'final'")
    opened.work()
    assert (outcomes(opened), contents(opened), opened.column("select sum(cost_usd) from caseforge.attempt")) == before


def test_the_sensor_hands_out_a_batch_only_with_its_duplicate_over_and_the_duplicate_only_after_it(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER], latency_s=60))
    settle = reconcile_batches(opened.configured(create_grace_s=0).project)
    assert settle == 0
    adopted, duplicate = opened.column("select id from caseforge.batch order by id")

    def claimed(adopted_state: str, duplicate_state: str) -> list[int]:
        states = {"adopted": adopted_state, "duplicate": duplicate_state}
        opened.change(
            "update caseforge.batch set collect_lease_until = null, state = case when duplicate_of is null then :adopted else :duplicate end",
            **states,
        )
        with opened.store.begin() as connection:
            return [batch_id for batch_id, _ in claim_for_collecting(connection, opened.provider.id, 600)]

    assert claimed("final", "open") == []
    assert claimed("open", "final") == []
    assert claimed("final", "final") == [adopted]
    assert claimed("collected", "final") == [duplicate]
    assert claimed("unknown", "final") == [duplicate]


@pytest.mark.slow
def test_what_a_duplicate_may_cost_is_reserved_until_it_is_collected(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER], bills=True, budget_usd=5))

    def committed() -> tuple[Any, Any]:
        with opened.store.connect() as connection:
            return committed_by_framework(connection)[KEY].known_usd, opened.column("select sum(expected_cost_usd) from caseforge.attempt")[
                0
            ]

    reserved, expected = committed()
    assert reserved == expected
    reconcile_batches(opened.configured(create_grace_s=0).project)
    assert committed() == (2 * expected, expected)
    opened.work()
    spent, _ = committed()
    assert spent == opened.column("select sum(cost_usd) from caseforge.attempt")[0]


@pytest.mark.slow
def test_a_duplicate_is_taken_in_although_the_adopted_batch_is_lost_at_the_provider(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER]), create_grace_s=0)
    reconcile_batches(opened.configured(create_grace_s=0).project)
    opened.change("update caseforge.batch set remote_id = 'batch_gone' where duplicate_of is null")
    for _ in range(6):
        opened.round()
    assert opened.query("select state, duplicate_of is null from caseforge.batch order by id") == [("unknown", True), ("collected", False)]
    assert contents(opened) == [(DUPLICATE, 6)]
    assert opened.query("select state, count(*) from caseforge.request where stage = 'process_details' group by 1") == [("answered", 6)]
