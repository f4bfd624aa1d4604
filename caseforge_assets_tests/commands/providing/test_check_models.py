"""Rules of models before money is spent: in plans, in retries, and of requests that are older than the configuration."""

from __future__ import annotations

import pytest

from caseforge_assets.commands.approving.plan_retry import plan_retry
from caseforge_assets.commands.providing.check_models import refuse_broken_rules
from caseforge_assets.commands.requests.retry_failed import next_step
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.settings import Configuration, ConfigurationError, StageOverrides
from caseforge_assets.settings.stage_settings import largest_budget, stage_settings
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import requests
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench


@pytest.mark.parametrize(
    ("configuration", "stage", "key"),
    [
        (Configuration(openai_model="gpt-5.4", openai_temperature=0.2, stages={"process_details": StageOverrides(reasoning_effort="low")}), PROCESS,
         "openai_temperature: gpt-5.4 accepts 1 only"),
        (Configuration(openai_temperature=0.2), PROCESS, "openai_temperature: gpt-6.1-sol is to be sent none"),
        (Configuration(openai_model="gpt-5.5-pro", stages={"process_details": StageOverrides(endpoint="chat/completions")}), PROCESS,
         "stages.process_details.endpoint: gpt-5.5-pro answers at /v1/responses only"),
        (Configuration(stages={"usecases": StageOverrides(model="gpt-4o")}, batch_max_completion_tokens_usecase=20_000), USECASES,
         "batch_max_completion_tokens_usecase: gpt-4o writes 16,384"),
        (Configuration(stages={"usecases": StageOverrides(model="gpt-4-turbo", max_completion_tokens=4_000)}), USECASES,
         "stages.usecases.model: gpt-4-turbo does not hold"),
        (Configuration(stages={"usecases": StageOverrides(reasoning_effort="extreme")}), USECASES, "stages.usecases.reasoning_effort: gpt-6.1-sol"),
    ],
)  # fmt: skip
def test_the_key_that_has_to_change_is_named(configuration: Configuration, stage: Stage, key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        refuse_broken_rules(configuration, [stage], {})
    refuse_broken_rules(configuration.model_copy(update={"check_model_rules": False}), [stage], {})


def test_stages_may_have_different_models() -> None:
    configuration = Configuration(
        openai_temperature=1.0,
        stages={"usecases": StageOverrides(model="gpt-4o", temperature=0.3), "process_details": StageOverrides(temperature="none")},
    )
    refuse_broken_rules(configuration, [PROCESS, USECASES], {})
    assert (stage_settings(configuration, PROCESS).model, stage_settings(configuration, PROCESS).temperature) == ("gpt-6.1-sol", None)
    assert (stage_settings(configuration, USECASES).model, stage_settings(configuration, USECASES).temperature) == ("gpt-4o", 0.3)


def test_requests_that_their_model_would_refuse_are_not_sent(bench: OpenBench) -> None:
    """They were made before somebody corrected the configuration, or without a plan, as in Dagster."""
    opened = bench(openai_temperature=0.2)
    opened.approve("1.1.1", "1.1.2", stages=[PROCESS])
    held = opened.round()
    assert held.submitted == ()
    assert "2 requests are not sent, because their model would refuse them (temperature: gpt-6.1-sol is to be sent none" in held.held_back
    assert opened.column("select count(*) from caseforge.batch") == [0]
    mended = opened.configured(openai_temperature=1.0)
    mended.generate("1.1.1", "1.1.2", stages=[PROCESS])
    assert mended.column("select count(*) from caseforge.content where is_current") == [2]


@pytest.mark.parametrize("how", ["settings", "retry", "another"])
def test_a_budget_that_the_model_would_refuse_is_mended_by_the_next_plan(bench: OpenBench, how: str) -> None:
    """The question is the same, so that nothing else would make the request anew."""
    opened = bench(faults=["no_text:batch=1"])
    if how == "settings":
        opened.configured(batch_max_completion_tokens_process=500_000).approve("1.1.1", stages=[PROCESS])
    elif how == "retry":
        opened.generate("1.1.1", stages=[PROCESS])
        with opened.store.begin() as connection:
            draft = plan_retry(connection, opened.project, Scope(KEY, [PROCESS], True), (), 500_000)
            plans.decide(connection, draft.id, True)
    else:
        opened.generate("1.1.2", stages=[PROCESS])
        opened.generate("1.1.1", stages=[PROCESS])
        opened.configured(batch_max_completion_tokens_process=500_000).approve("1.1.1", stages=[PROCESS], ask_again=True)
    assert "gpt-6.1-sol writes 128,000 tokens at most, not 500,000" in opened.round().held_back
    sent = """
    select count(*), max(r.max_completion_tokens) from caseforge.attempt a join caseforge.request r on r.id = a.request_id
    where r.node_id = :id and r.stage = 'process_details'
    """
    (node_id,) = opened.ids("1.1.1")
    ((before, _),) = opened.query(sent, id=node_id)
    assert opened.draft("1.1.1", stages=[PROCESS]).stages[0].now == 0, "it stays under the plan that was approved"
    assert not any(done.held_back for done in opened.work())
    assert opened.query(sent, id=node_id) == [(before + 1, PROCESS.default_max_completion_tokens)]


def test_one_bad_stage_does_not_hold_up_the_other(bench: OpenBench) -> None:
    opened = bench(stages={"usecases": StageOverrides(reasoning_effort="none")})
    opened.approve("1.1.1")
    while opened.column("select count(*) from caseforge.content") == [0]:
        opened.round()
    assert "reasoning_effort: gpt-6.1-sol does not know 'none'" in opened.round().held_back
    assert opened.column("select distinct stage from caseforge.batch") == ["process_details"]


def test_a_retry_does_not_go_beyond_what_the_model_can_write(bench: OpenBench) -> None:
    opened = bench(faults=["truncate"], openai_model="gpt-4o", batch_max_completion_tokens_process=12_000)
    opened.generate("1.1.1", stages=[PROCESS])
    assert largest_budget(PROCESS, "gpt-4o") == 16_384
    with opened.store.begin() as connection:
        budgets = opened.column("select max_completion_tokens from caseforge.request order by id")
        failed = requests.failed_requests(connection, KEY, PROCESS.key)
        steps = [next_step(opened.project, PROCESS, failure, asked=True) for failure in failed]
    assert max([*budgets, *(step.max_completion_tokens or 0 for step in steps)]) <= 16_384
