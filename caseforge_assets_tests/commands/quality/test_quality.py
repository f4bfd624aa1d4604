"""Measures beside contents: written when these are stored, carried when they are reused, made up for later; and retries by score."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.quality import measure_quality
from caseforge_assets.commands.quality.measure_quality import measure_missing, measured_stages
from caseforge_assets.commands.quality.plan_quality_retry import QualityRetryPlan, plan_quality_retry
from caseforge_assets.commands.quality.read_quality import check_quality, read_quality
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import quality_scores
from caseforge_assets.store.planning import plans
from caseforge_assets_tests.stages.answers import document
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench

SCORES = """
select n.identity, c.stage, q.score from caseforge.quality q join caseforge.content c on c.id = q.content_id and c.is_current
join caseforge.node n on n.id = c.node_id where c.framework_key = :key order by 1, 2
"""
LOWER = """
update caseforge.quality q set score = :score from caseforge.content c join caseforge.node n on n.id = c.node_id
where c.id = q.content_id and c.is_current and c.stage = :stage and n.identity = :identity
"""


@pytest.fixture
def made(bench: OpenBench) -> Workbench:
    """The small framework with all its content."""
    opened = bench()
    opened.given()
    return opened


def plan_below(opened: Workbench, below: int, stages: tuple[Stage, ...] = (PROCESS, USECASES), *codes: str) -> QualityRetryPlan:
    ids = opened.ids(*codes) if codes else None
    with opened.store.begin() as connection:
        return plan_quality_retry(connection, opened.project, Scope(KEY, stages, opened.provider.simulated, ids), below)


def approve(opened: Workbench, plan: QualityRetryPlan, *, approved: bool = True) -> None:
    with opened.store.begin() as connection:
        plans.decide(connection, plan.id, approved)


def lower(opened: Workbench, identity: str, stage: Stage, score: int = 10) -> None:
    opened.change(LOWER, identity=identity, stage=stage.key, score=score)


def named(plan: QualityRetryPlan) -> list[tuple[str, str]]:
    return [(row.code, row.stage) for row in plan.asked]


def edit(opened: Workbench, text: str, code: str = "1.1.1") -> None:
    with opened.store.begin() as connection:
        edit_content(connection, opened.project, ContentOf(KEY, opened.ids(code)[0], PROCESS), text, by="Ada", anyway=True)


def test_everything_collected_is_measured(made: Workbench) -> None:
    scores = made.query(SCORES, key=KEY)
    assert len(scores) == 2 * len(CODES)
    assert all(score >= 60 for _, _, score in scores)
    assert made.column("select distinct rules from caseforge.quality") == [RULES]
    assert measure_missing(made.store, made.stages, KEY) == 0


def test_scores_by_older_rules_are_in_no_mean_until_they_are_measured_anew(made: Workbench) -> None:
    made.change(LOWER.replace("set score", "set rules = '1', score"), identity="c", stage=PROCESS.key, score=0)

    def documents() -> tuple[int, int | None]:
        with made.store.connect() as connection:
            (summary,) = [measured.summary for measured in read_quality(connection, made.project, KEY, [PROCESS])]
        return summary.measured, summary.lowest

    counted, lowest = documents()
    assert (counted, lowest != 0) == (5, True)
    before = made.column("select count(*) from caseforge.request")
    assert measure_missing(made.store, made.stages, KEY) == 1
    assert documents()[0] == 6
    assert made.column("select count(*) from caseforge.request") == before  # nothing became stale by it, nothing is asked for


def test_an_edit_is_measured_as_what_it_is(made: Workbench) -> None:
    edit(made, "## Overview\n\nNothing of that kind.")
    ((_, _, score),) = [row for row in made.query(SCORES, key=KEY) if row[:2] == ("c", "process_details")]
    assert score <= 10


def test_reused_contents_carry_their_measures(made: Workbench) -> None:
    lower(made, "c", PROCESS, 77)
    made.load(SHOP, key="other")
    made.generate(key="other")
    assert made.query(SCORES, key="other") == made.query(SCORES, key=KEY)
    assert ("c", "process_details", 77) in made.query(SCORES, key="other")


def test_what_was_made_before_is_measured_once_by_whoever_comes_first(made: Workbench) -> None:
    before = made.query(SCORES, key=KEY)
    made.change("delete from caseforge.quality where id % 2 = 0")
    made.change("update caseforge.quality set rules = 'old' where id % 3 = 0")
    with ThreadPoolExecutor(2) as pool:
        measured = list(pool.map(lambda _: measure_missing(made.store, made.stages, KEY), range(2)))
    assert sum(measured) > 0
    assert made.query(SCORES, key=KEY) == before


def test_a_fault_of_measuring_loses_no_answer(bench: OpenBench, caplog: pytest.LogCaptureFixture) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError("this measure is broken")

    whole = bench()
    opened = whole.with_stages(*(replace(stage, measure=breaks) for stage in whole.stages))
    with caplog.at_level("WARNING"):
        opened.generate()
    assert caplog.text.count("could not be measured") == 12
    assert opened.query(SCORES, key=KEY) == []
    assert opened.column("select count(*) from caseforge.content where is_current") == [12]
    with opened.store.connect() as connection:
        stages = read_quality(connection, opened.project, KEY)
        checks = {check.name: check for check in check_quality(connection, opened.project, KEY)}
    assert [(stage.summary.contents, stage.summary.measured, stage.summary.mean) for stage in stages] == [(6, 0, None), (6, 0, None)]
    assert checks["scores_sufficient"].figures["unmeasured"] == 6
    assert measure_missing(opened.store, whole.stages, KEY) == 12


def test_a_stage_without_a_measure_is_left_out(made: Workbench) -> None:
    without = replace(PROCESS, measure=None)
    with made.store.begin() as connection:
        assert measure_quality.measure_contents(connection, made.stages, without, {}) == 0
    assert [stage.key for stage in measured_stages(made.stages)] == [stage.key for stage in stages_as_they_come().shared]


def test_only_what_scores_too_little_is_asked_for_again(made: Workbench) -> None:
    lower(made, "e", PROCESS)
    lower(made, "i", USECASES)
    before = made.stats()["requests_accepted"]
    plan = plan_below(made, 60)
    assert named(plan) == [("1.1.3", "process_details"), ("2.1.2", "usecases")]
    assert (plan.later, plan.edited, plan.under_way) == (1, 0, 0)
    approve(made, plan)
    made.work()
    generations = made.query("""
    select n.identity, r.stage, r.generation from caseforge.request r join caseforge.node n on n.id = r.node_id where r.generation > 0 order by 1
    """)
    assert generations == [("e", "process_details", 1), ("i", "usecases", 1)]
    assert made.stats()["requests_accepted"] - before >= 2
    assert named(plan_below(made, 60)) == []  # the new answers have measures of their own


def test_use_cases_of_a_document_that_is_asked_again_are_not_asked_beside_it(made: Workbench) -> None:
    lower(made, "e", PROCESS)
    lower(made, "e", USECASES)
    plan = plan_below(made, 60)
    assert (named(plan), plan.later) == ([("1.1.3", "process_details")], 1)
    assert named(plan_below(made, 60, (USECASES,))) == [("1.1.3", "usecases")]


def test_what_a_person_wrote_is_left(made: Workbench) -> None:
    edit(made, document(leave_out=("Best Practices",)))
    lower(made, "c", PROCESS)
    plan = plan_below(made, 60, (PROCESS,))
    assert (named(plan), plan.edited) == ([], 1)


def test_asking_twice_asks_once_and_a_declined_draft_is_taken_over(made: Workbench) -> None:
    lower(made, "e", PROCESS)
    declined = plan_below(made, 60, (PROCESS,))
    approve(made, declined, approved=False)
    again = plan_below(made, 60, (PROCESS,))
    assert named(again) == [("1.1.3", "process_details")]
    assert made.column("select count(*) from caseforge.request where generation = 1") == [1]
    approve(made, again)
    third = plan_below(made, 60, (PROCESS,))
    assert (named(third), third.under_way) == ([], 1)


def test_simulated_contents_are_not_asked_for_again_at_a_provider_that_bills(made: Workbench) -> None:
    lower(made, "e", PROCESS)
    with made.store.begin() as connection:
        plan = plan_quality_retry(connection, made.project, Scope(KEY, (PROCESS,), False), 60)
    assert named(plan) == []


def test_what_follows_is_in_the_plan_s_cost(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=100)
    opened.generate()
    lower(opened, "e", USECASES)
    alone = plan_below(opened, 60)
    lower(opened, "j", PROCESS)
    both = plan_below(opened, 60)
    assert alone.expected_cost_usd is not None
    assert both.expected_cost_usd is not None
    assert (alone.later, both.later) == (0, 1)
    assert both.expected_cost_usd > 2 * alone.expected_cost_usd


def test_scores_are_read_in_the_framework_s_order_with_the_branch_s_levels(made: Workbench) -> None:
    with made.store.connect() as connection:
        rows = quality_scores.scored(connection, KEY, [PROCESS.key], RULES)
        documents, use_cases = read_quality(connection, made.project, KEY)
        (one,) = read_quality(connection, made.project, KEY, [PROCESS], made.ids("1.1.2"))
    assert [row.code for row in rows] == list(CODES)
    assert [row.code for row in one.rows] == ["1.1.2"]
    assert (documents.compared, documents.near_duplicates) == (0, ())  # simulated ones are not compared
    assert set(use_cases.levels) == {"", "1 Sell", "2 Repair"}
    assert use_cases.real_levels == {"": {}}
