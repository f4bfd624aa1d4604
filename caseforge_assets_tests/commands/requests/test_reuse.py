"""Reuse before paying: a question that was answered is answered from the store."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config

from caseforge_assets.store.database.engine import MIGRATIONS, migrate
from caseforge_assets_tests.commands.elsewhere import ELSEWHERE
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, OpenBench, Workbench, renamed

REUSED = "select stage, count(*) from caseforge.content where framework_key = 'other' group by 1 order by 1"


def with_the_same_framework_again(bench: Workbench) -> Workbench:
    bench.generate()
    bench.load(SHOP, key="other")
    return bench


def test_the_same_questions_are_answered_from_the_store_through_all_stages(bench: OpenBench) -> None:
    opened = with_the_same_framework_again(bench())
    before = opened.stats()
    opened.generate(key="other")
    assert opened.query(REUSED) == [("process_details", 6), ("usecases", 6)]
    assert opened.stats()["accepted"] == before["accepted"]
    assert opened.query("select distinct state from caseforge.request") == [("answered",)]


def test_a_reused_content_names_its_source_and_costs_nothing(bench: OpenBench) -> None:
    opened = with_the_same_framework_again(bench())
    opened.generate(stages=[PROCESS], key="other")
    pairs = opened.query("""
    select c.cost_usd, c.input_tokens, c.output_tokens, c.attempt_id, c.model_type, c.version = s.version, c.remote_request_id = s.remote_request_id
    from caseforge.content c join caseforge.content s on s.id = c.reused_from where c.framework_key = 'other' and c.is_current
    """)
    assert pairs == [(0, 0, 0, None, "other", True, True)] * 6


def test_reused_candidates_have_uids_in_their_own_framework(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    opened.load(
        [("9", "z", "Sell", SHOP[0][3]), ("9.1", "y", "Win customers", SHOP[1][3]), ("9.1.1", "x", "Advertise", SHOP[2][3])], key="other"
    )
    opened.generate(key="other")
    uids = opened.column("select candidate_uid from caseforge.candidate where framework_key = 'other' and is_current order by position")
    assert uids == [f"9.1.1-UC{number:02}" for number in range(1, len(uids) + 1)]
    assert len(uids) == opened.column("select count(*) from caseforge.candidate where framework_key = :key", key=KEY)[0]


def test_reused_contents_show_in_dagster_like_any_other(bench: OpenBench) -> None:
    opened = with_the_same_framework_again(bench())
    opened.generate(key="other")
    events = "select asset, count(*) from caseforge.outbox where framework_key = :key and node_id is not null and kind = 'made' group by 1 order by 1"
    assert opened.query(events, key="other") == opened.query(events, key=KEY)
    chain = """
    select count(*) from caseforge.outbox o join caseforge.outbox u on u.id = (o.upstream ->> :reads)::bigint
    where o.framework_key = 'other' and o.asset = :asset and u.asset = :reads and u.node_id = o.node_id
    """
    for asset, reads in (
        ("process_batch_outputs", "process_batch_inputs"),
        ("process_documents", "process_batch_outputs"),
        ("usecase_batch_inputs", "process_documents"),
        ("usecase_candidates", "usecase_batch_outputs"),
    ):
        assert opened.column(chain, asset=asset, reads=reads) == [6]


def test_reuse_can_be_switched_off(bench: OpenBench) -> None:
    opened = with_the_same_framework_again(bench(reuse="off"))
    opened.generate(stages=[PROCESS], key="other")
    assert opened.column("select count(*) from caseforge.content where reused_from is not null") == [0]
    assert opened.stats()["accepted"]["max_multiplicity"] == 2


def test_another_answer_to_the_same_question_is_not_taken_from_the_store(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1", stages=[PROCESS])
    opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    assert opened.stats()["accepted"] == {"requests": 2, "distinct_bodies": 1, "max_multiplicity": 2}


def test_a_provider_that_bills_is_never_answered_for_by_simulated_answers(bench: OpenBench) -> None:
    simulated, real = bench(), bench(bills=True, budget_usd=5)
    simulated.generate("1.1.1", stages=[PROCESS])
    real.load(SHOP, key="other")
    real.generate("1.1.1", stages=[PROCESS], key="other")
    assert real.stats()["requests_accepted"] == 1
    assert real.column("select count(*) from caseforge.content where reused_from is not null") == [0]


"""Another framework: one node is the same by id, name and description; of the others one of the three differs."""


@pytest.mark.slow
def test_the_same_node_elsewhere_is_reused_with_its_use_cases_although_its_ancestors_differ(bench: OpenBench) -> None:
    opened = bench()
    opened.generate()
    opened.load(ELSEWHERE, key="other")
    before = opened.stats()["requests_accepted"]
    opened.generate(key="other")
    reused = """
    select nv.code, c.stage, c.cost_usd, c.notes ->> 0 from caseforge.content c
    join caseforge.node_version nv on nv.node_id = c.node_id where c.framework_key = 'other' and c.reused_from is not null order by 1, 2
    """
    rows = opened.query(reused)
    assert [row[:3] for row in rows] == [("7.1.1", "process_details", 0), ("7.1.1", "usecases", 0)]
    assert all(row[3].endswith("shop 1.1.1 is the same node by id, name and description") for row in rows)
    assert opened.stats()["requests_accepted"] - before == 6
    same = "select version from caseforge.content c join caseforge.node n on n.id = c.node_id where n.identity = 'c' and stage = 'process_details'"
    assert len(set(opened.column(same))) == 1


def test_the_plan_says_what_is_reused_by_which_rule_and_counts_no_cost_for_it(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    opened.load(ELSEWHERE, key="other")
    documents, use_cases = opened.draft(key="other").stages
    assert (documents.reused, documents.now, documents.later) == ({"identity": {KEY: 1}}, 3, 0)
    assert (use_cases.reused, use_cases.now, use_cases.later) == ({"identity": {KEY: 1}}, 0, 3)
    assert documents.states == {"missing": 4}


def test_exact_reuse_takes_nothing_from_another_context(bench: OpenBench) -> None:
    opened = bench(reuse="exact")
    opened.generate("1.1.1", stages=[PROCESS])
    opened.load(ELSEWHERE, key="other")
    assert opened.draft(key="other").reused == 0


def test_identity_does_not_hide_a_change_of_settings(bench: OpenBench) -> None:
    opened = bench(when_model_changes="regenerate")
    opened.generate(stages=[PROCESS])
    opened.load(ELSEWHERE, key="other")
    assert opened.configured(openai_model="gpt-6.1-terra").draft(key="other", stages=[PROCESS]).reused == 0
    assert opened.configured(batch_max_completion_tokens_process=9_000).draft(key="other", stages=[PROCESS]).reused == 1


def test_two_frameworks_that_are_pending_at_the_same_time_send_the_same_node_once(bench: OpenBench) -> None:
    opened = bench()
    opened.load(ELSEWHERE, key="other")
    opened.approve()
    opened.approve(key="other")
    opened.work()
    assert opened.stats()["requests_accepted"] == 2 * (6 + 4 - 1)
    assert opened.query(REUSED) == [("process_details", 4), ("usecases", 4)]


def test_a_refreshed_context_asks_anew_where_an_answer_was_made_elsewhere_and_nowhere_else(bench: OpenBench) -> None:
    opened = bench()
    opened.generate(stages=[PROCESS])
    opened.load(ELSEWHERE, key="other")
    opened.generate(key="other", stages=[PROCESS])
    before = opened.stats()["requests_accepted"]
    opened.generate(key="other", stages=[PROCESS], refresh_context=True)
    assert opened.stats()["requests_accepted"] - before == 1
    opened.generate(key="other", stages=[PROCESS], refresh_context=True)
    assert opened.stats()["requests_accepted"] - before == 1
    borrowed = "select count(*) from caseforge.content where framework_key = 'other' and is_current and reused_from is not null"
    assert opened.column(borrowed) == [0]


def test_a_refreshed_context_is_asked_for_from_the_start(bench: OpenBench) -> None:
    opened = bench()
    opened.given(stages=[PROCESS])
    opened.load(ELSEWHERE, key="other")
    assert opened.draft(key="other", stages=[PROCESS], refresh_context=True).reused == 0


def test_only_the_ancestors_changed_the_node_keeps_its_document_at_no_cost(bench: OpenBench) -> None:
    opened = bench()
    opened.generate()
    before = opened.stats()["requests_accepted"]
    opened.load(renamed("1.1", "Win riders"))
    opened.generate()
    assert opened.stats()["requests_accepted"] == before
    versions = (
        "select node_id, count(distinct version), count(*) from caseforge.content where stage = 'process_details' group by 1 order by 1"
    )
    assert [row[1:] for row in opened.query(versions)] == [(1, 2)] * 3 + [(1, 1)] * 3


def test_old_requests_get_the_key_that_new_ones_would_have(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    keys = opened.query("select id, identity_key from caseforge.request order by id")
    with opened.store.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    migrate(opened.store)
    assert opened.query("select id, identity_key from caseforge.request order by id") == keys
