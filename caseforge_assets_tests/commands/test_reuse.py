"""Reuse before paying: a question that was answered is answered from the store."""

from __future__ import annotations

from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, OpenBench, Workbench

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
    opened.generate("1.1.1")
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
