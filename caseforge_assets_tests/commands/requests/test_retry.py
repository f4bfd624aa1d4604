"""Retrying: a new request with a better chance, as often as a node may have, then only when a person asks."""

from __future__ import annotations

from collections.abc import Collection

from caseforge_assets.commands.approving.plan_retry import RetryPlan, plan_retry
from caseforge_assets.commands.planning.retry_unattended import decide_retry, retry_unattended
from caseforge_assets.commands.requests.retry_failed import Retried, Retry, retry_failed
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.store.planning import plans
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench

REQUESTS = """
select max_completion_tokens, generation, attempts_counted, state, is_current, (body::jsonb ->> 'max_completion_tokens')::int
from caseforge.request where stage = 'process_details' and node_id = :id order by id
"""


def retry(bench: Workbench, *codes: str, asked: bool = False, outcomes: Collection[str] = (), budget: int | None = None) -> Retried:
    with bench.store.begin() as connection:
        wish = Retry(outcomes, asked, max_completion_tokens=budget)
        return retry_failed(connection, bench.project, KEY, PROCESS, bench.ids(*codes) if codes else None, wish)


def failed_with(bench: OpenBench, *faults: str, **configuration: int) -> Workbench:
    opened = bench(faults=faults, **configuration)
    opened.generate(stages=[PROCESS])
    return opened


def history(bench: Workbench, code: str = "1.1.1") -> list[tuple[object, ...]]:
    return bench.query(REQUESTS, id=bench.ids(code)[0])


def test_a_truncated_answer_gets_twice_the_budget(bench: OpenBench) -> None:
    opened = failed_with(bench, "truncate:match=-1-1-1-r")
    assert list(retry(opened).node_ids) == opened.ids("1.1.1")
    assert history(opened) == [(8000, 0, 0, "replaced", False, 8000), (16000, 0, 1, "pending", True, 16000)]
    assert len(set(opened.column("select fingerprint from caseforge.request where node_id = :id", id=opened.ids("1.1.1")[0]))) == 2
    assert len(set(opened.column("select question from caseforge.request where node_id = :id", id=opened.ids("1.1.1")[0]))) == 1


def test_the_budget_ends_at_what_a_request_of_the_stage_may_have(bench: OpenBench) -> None:
    opened = failed_with(bench, "truncate:match=-1-1-1-r", batch_max_completion_tokens_process=20_000)
    retry(opened)
    assert [row[0] for row in history(opened)] == [20_000, PROCESS.max_max_completion_tokens]


def test_a_server_error_is_asked_again_as_it_was_in_the_next_generation(bench: OpenBench) -> None:
    opened = failed_with(bench, "http_500:match=-1-1-1-r")
    retry(opened)
    assert history(opened) == [(8000, 0, 0, "replaced", False, 8000), (8000, 1, 1, "pending", True, 8000)]
    assert len(set(opened.column("select fingerprint from caseforge.request where node_id = :id", id=opened.ids("1.1.1")[0]))) == 1


def test_a_retried_node_can_come_good(bench: OpenBench) -> None:
    opened = failed_with(bench, "http_500:batch=1,match=-1-1-1-r", "truncate:batch=1,match=-1-1-2-r")
    opened.generate(stages=[PROCESS])
    assert opened.column("select count(*) from caseforge.content") == [6]
    good = opened.column(
        "select kind = 'made' from caseforge.outbox where kind <> 'waiting' and asset like 'process_%' and partition_key = '1.1.1_c' order by id"
    )
    assert False in good
    assert good[-1] is True


def test_after_the_allowed_attempts_only_a_person_can_ask_again(bench: OpenBench) -> None:
    opened = failed_with(bench, "http_500:match=-1-1-1-r", max_attempts=2)
    opened.generate(stages=[PROCESS])
    given_up = retry(opened)
    assert not given_up.node_ids
    assert list(given_up.left.values()) == [1]
    assert "2 attempts were made; a person decides" in next(iter(given_up.left))
    assert list(retry(opened, asked=True).node_ids) == opened.ids("1.1.1")
    assert [row[2] for row in history(opened)] == [0, 1, 2]


def test_a_retry_is_due_once_for_what_has_failed(bench: OpenBench) -> None:
    opened = bench(faults=["http_500:match=-1-1-[12]-r"], frameworks={KEY: FrameworkSettings(title=KEY, source=f"{KEY}.csv")})
    opened.generate(stages=[PROCESS])
    (newest,) = opened.column("select max(id) from caseforge.request where state = 'failed'")
    with opened.store.begin() as connection:
        assert decide_retry(connection, opened.project).key == f"retry-{newest}-2"
    assert retry_unattended(opened.store, opened.project, True, only="bank").node_ids == ()
    opened.change("update caseforge.provider set stopped_reason = 'no credit', stopped_at = now()")
    with opened.store.begin() as connection:
        due = decide_retry(connection, opened.project)
    assert (due.key, "no credit" in due.why_not) == ("", True)
    assert sorted(retry_unattended(opened.store, opened.project, True, only=KEY).node_ids) == sorted(opened.ids("1.1.1", "1.1.2"))


def test_a_plan_says_what_it_retries_and_what_it_gives_up(bench: OpenBench) -> None:
    opened = failed_with(bench, "http_500:match=-1-1-1-r", max_attempts=2)
    first = opened.approve(stages=[PROCESS]).stages[0]
    assert (first.states, first.now, first.retries, first.given_up) == ({"done": 5, "failed": 1}, 1, 1, {})
    opened.work()
    second = opened.draft(stages=[PROCESS]).stages[0]
    assert (second.now, second.retries, list(second.given_up.values())) == (0, 0, [1])


def test_what_a_person_decides_waits_for_a_person(bench: OpenBench) -> None:
    opened = failed_with(bench, "reject:line=1,batch=1,code=missing_required_parameter")
    assert not retry(opened).node_ids
    assert list(retry(opened, asked=True).node_ids) == opened.ids("1.1.1")


def test_only_some_outcomes_or_nodes_with_a_budget_of_ones_own(bench: OpenBench) -> None:
    opened = failed_with(bench, "http_500:match=-1-1-1-r", "truncate:match=-2-1-[12]-r")
    assert list(retry(opened, "2.1.1", outcomes=["truncated_reasoning"], budget=30_000).node_ids) == opened.ids("2.1.1")
    assert [row[0] for row in history(opened, "2.1.1")] == [8000, 30_000]
    assert list(retry(opened, outcomes=["truncated_reasoning"]).node_ids) == opened.ids("2.1.2")
    assert list(retry(opened).node_ids) == opened.ids("1.1.1")


def test_a_retry_writes_the_event_of_its_new_request(bench: OpenBench) -> None:
    opened = failed_with(bench, "truncate:match=-1-1-1-r")
    retry(opened)
    rows = opened.query(
        "select data_version, request_id from caseforge.outbox where asset = 'process_batch_inputs' and partition_key = '1.1.1_c'"
    )
    assert len({version for version, _ in rows}) == 2
    assert rows[-1][1] == opened.column("select max(id) from caseforge.request")[0]


def plan_of_failed(bench: Workbench) -> RetryPlan:
    with bench.store.begin() as connection:
        return plan_retry(connection, bench.project, Scope(KEY, [PROCESS], bench.provider.simulated))


def test_a_retry_plan_counts_and_prices_only_what_failed(bench: OpenBench) -> None:
    opened = failed_with(bench, "truncate:batch=1,match=-1-1-[12]-r")
    plan = plan_of_failed(opened)
    assert plan.nodes == 2
    assert plan.expected_cost_usd is not None
    assert 0 < plan.expected_cost_usd < 1
    with opened.store.begin() as connection:
        plans.decide(connection, plan.id, True)
    opened.work()
    # The retry is carried on to the use cases of these two nodes; the others' belong to no approved plan.
    assert opened.query("select stage, count(*) from caseforge.content group by 1 order by 1") == [("process_details", 6), ("usecases", 2)]
