"""Answers that failed by their form and are readable now are kept, and nobody pays for others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caseforge_assets.commands.approving.plan_retry import plan_retry
from caseforge_assets.commands.collecting.judge_again import judge_again
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets.stages.judgement import Judgement, Outcome
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

STATES = "select stage, state, count(*) from caseforge.request where is_current group by 1, 2 order by 1, 2"


def strict(opened: Workbench) -> Workbench:
    """With judges as they were before, to whom no form was good enough."""
    judge = lambda _: Judgement(Outcome.sections_missing, "sections absent: Overview")  # noqa: E731
    return opened.with_stages(replace(PROCESS, judge_text=judge), USECASES)


def failed(bench: OpenBench, **configured: Any) -> Workbench:
    opened = bench(**configured)
    strict(opened).generate("1.1.1", "1.1.2", stages=[PROCESS])
    assert opened.query(STATES) == [("process_details", "failed", 2)]
    return opened


def again(opened: Workbench) -> int:
    return judge_again(opened.project)


def test_what_is_readable_now_is_kept_at_no_cost(bench: OpenBench) -> None:
    opened = failed(bench)
    costs = opened.column("select cost_usd from caseforge.attempt order by id")
    assert again(strict(opened)) == 0
    assert again(opened) == 2
    assert opened.query(STATES)[0] == ("process_details", "answered", 2)
    assert opened.column("select outcome from caseforge.attempt") == ["ok", "ok"]
    assert opened.column("select cost_usd from caseforge.attempt order by id") == costs
    assert opened.column("select count(*) from caseforge.content where is_current") == [2]
    assert opened.stats()["requests_accepted"] == 2
    assert again(opened) == 0
    assert not {"rows and artifacts differ", "missing row"} & {
        problem.kind for problem in verify(opened.store, opened.stages, opened.folder).problems
    }


def test_what_is_readable_now_says_by_what_name_its_model_was_asked(bench: OpenBench) -> None:
    opened = failed(bench, openai_model="gpt-ours", provider=ProviderSettings(models={"gpt-ours": "gpt-6.1-sol"}))
    assert again(opened) == 2
    origin = "local Batch API server (simulated), as gpt-ours"
    assert opened.query("select distinct model, generated_by from caseforge.content") == [("gpt-6.1-sol", origin)]


def test_a_retry_asks_only_for_what_is_still_unreadable(bench: OpenBench) -> None:
    opened = failed(bench)
    again(opened)
    with opened.store.begin() as connection:
        draft = plan_retry(connection, opened.project, Scope(KEY, [PROCESS], True))
    assert draft.nodes == 0


def test_what_was_asked_again_meanwhile_is_left(bench: OpenBench) -> None:
    opened = failed(bench)
    opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    newest = opened.column("select max(id) from caseforge.content where is_current")
    assert again(opened) == 2
    assert opened.column("select max(id) from caseforge.content where is_current and node_id = :id", id=opened.ids("1.1.1")[0]) == newest
