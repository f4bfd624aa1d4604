"""Another model, temperature, effort, verbosity or endpoint: what was paid for is kept, or made anew where that is wanted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from caseforge_assets.commands.mirroring.show_versions import repeat_under_new_versions
from caseforge_assets.commands.surveying.choose_nodes import nodes_of_model
from caseforge_assets.settings import StageOverrides
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.stage import stage_version
from caseforge_assets.store.database.engine import lock_in_transaction
from caseforge_assets.store.mirroring.stage_versions import remember_told
from caseforge_assets_tests.commands.elsewhere import ELSEWHERE
from caseforge_assets_tests.commands.model_changes import BOTH, stale, to_send
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, PROCESS, USECASES, OpenBench, Workbench, renamed

OTHERS: dict[str, dict[str, Any]] = {
    "model": {"openai_model": "gpt-6.1-terra"},
    "unknown model": {"openai_model": "a-model-of-our-own", "openai_temperature": 0.3},
    "temperature": {"openai_model": "gpt-5.2", "openai_temperature": 0.3},
    "effort": {"stages": {stage.key: StageOverrides(reasoning_effort="low") for stage in BOTH}},
    "verbosity": {"stages": {stage.key: StageOverrides(verbosity="high") for stage in BOTH}},
    "endpoint": {"stages": {stage.key: StageOverrides(endpoint="responses") for stage in BOTH}},
}
MODELS_OF = "select stage, model, count(*) from caseforge.request where is_current group by 1, 2 order by 1, 2"


@pytest.mark.parametrize("other", OTHERS)
def test_what_another_model_made_is_kept_and_stale_only_where_that_is_wanted(bench: OpenBench, other: str) -> None:
    opened = bench()
    opened.given()
    kept = opened.configured(**OTHERS[other])
    assert (to_send(kept), stale(kept)) == ([0, 0], 0)
    renewing = kept.configured(when_model_changes="regenerate")
    assert (to_send(renewing), stale(renewing)) == ([6, 6], 2 * 3 * 6)
    assert to_send(kept) == [0, 0]


def test_each_stage_has_a_rule_of_its_own(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    stages = {"usecases": StageOverrides(model="gpt-6.1-terra", when_model_changes="regenerate")}
    assert to_send(opened.configured(openai_model="gpt-6-luna", stages=stages)) == [0, 6]


def test_other_templates_are_no_other_model(bench: OpenBench) -> None:
    """Prompts, sections and schemas decide what is asked; their versions differ whatever the model is."""
    opened = bench(reuse="off")
    opened.generate()
    opened.change("update caseforge.request set stage_version = 'older', question = 'older'")
    opened.change("update caseforge.content set stage_version = 'older', question = 'older'")
    assert to_send(opened) == [6, 6]


def test_what_was_made_anew_is_kept_as_well_when_the_first_model_is_back(bench: OpenBench) -> None:
    opened = bench()
    opened.generate()
    opened.configured(openai_model="gpt-6.1-terra", when_model_changes="regenerate").generate()
    assert opened.stats()["requests_accepted"] == 4 * 6
    assert (to_send(opened), stale(opened)) == ([0, 0], 0)


def test_the_same_model_again_under_the_other_rule_costs_nothing(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    assert to_send(opened.configured(when_model_changes="regenerate")) == [0, 0]


def test_what_was_not_sent_yet_goes_to_the_model_that_is_chosen_now(bench: OpenBench) -> None:
    opened = bench()
    opened.draft(stages=[PROCESS])
    later = opened.configured(openai_model="gpt-6.1-terra")
    later.generate(stages=[PROCESS])
    assert later.query(MODELS_OF) == [("process_details", "gpt-6.1-terra", 6), ("usecases", "gpt-6.1-terra", 6)]
    assert later.column("select distinct model from caseforge.batch") == ["gpt-6.1-terra"]


def test_what_is_under_way_is_waited_for(bench: OpenBench) -> None:
    opened = bench(latency_s=3.0)
    opened.approve(stages=[PROCESS])
    opened.round()
    later = opened.configured(openai_model="gpt-6.1-terra")
    assert to_send(later)[0] == 0
    later.work()
    assert later.stats()["requests_accepted"] == 6
    assert (to_send(later), stale(later)) == ([0, 6], 0)


def test_what_failed_is_asked_of_the_model_that_is_chosen_now(bench: OpenBench) -> None:
    opened = bench(faults=["truncate:batch=1"])
    opened.generate("1.1.1", stages=[PROCESS])
    later = opened.configured(openai_model="gpt-6.1-terra")
    later.generate("1.1.1", stages=[PROCESS])
    assert later.query(MODELS_OF)[0] == ("process_details", "gpt-6.1-terra", 1)
    assert later.column("select count(*) from caseforge.content where is_current") == [1]


def test_use_cases_of_one_model_are_made_from_documents_of_another(bench: OpenBench) -> None:
    opened = bench()
    opened.given(stages=[PROCESS])
    later = opened.configured(openai_model="gpt-6.1-terra")
    later.generate()
    assert later.query(MODELS_OF) == [("process_details", "gpt-6.1-sol", 6), ("usecases", "gpt-6.1-terra", 6)]
    assert stale(later) == 0


def test_another_framework_takes_over_what_another_model_made(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    opened.load(ELSEWHERE, key="other")
    later = opened.configured(openai_model="gpt-6.1-terra")
    assert to_send(later, "other") == [3, 3]
    assert to_send(later.configured(when_model_changes="regenerate"), "other") == [4, 4]
    assert to_send(later.configured(reuse="exact"), "other") == [4, 4]


def test_a_new_edition_leaves_at_no_cost_what_it_would_leave_with_the_same_model(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    later = opened.configured(openai_model="gpt-6.1-terra")
    loaded = later.load(renamed("1.1", "Win riders"))
    assert loaded.carried is not None
    assert loaded.carried.confirmed == {"process_details": 3, "usecases": 3}
    assert (to_send(later), stale(later)) == ([0, 0], 0)


def test_what_was_simulated_is_asked_of_the_model_that_is_chosen_now_once_it_is_paid_for(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    billing = bench(bills=True, budget_usd=5, openai_model="gpt-6.1-terra")
    billing.generate("1.1.1", stages=[PROCESS])
    assert billing.column(
        "select model from caseforge.batch b join caseforge.provider p on p.id = b.provider_id where not p.simulated"
    ) == ["gpt-6.1-terra"]


def test_a_plan_says_how_many_are_kept_from_which_model(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    later = opened.configured(openai_model="gpt-6.1-terra")
    assert [part.kept_of_others for part in later.draft().stages] == [{"gpt-6.1-sol": 6}] * 2
    assert [part.kept_of_others for part in opened.draft().stages] == [{}, {}]


@pytest.mark.slow
def test_what_one_model_made_is_renewed_and_nothing_else(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1", "1.1.2")
    later = opened.configured(openai_model="gpt-6.1-terra")
    later.generate()
    with later.store.connect() as connection:
        chosen = nodes_of_model(connection, KEY, [PROCESS.key, USECASES.key], None, "gpt-6.1-sol")
        with pytest.raises(LookupError, match=r"gpt-5 made nothing that is there; what is there is from: gpt-6\.1-sol, gpt-6\.1-terra"):
            nodes_of_model(connection, KEY, [PROCESS.key], None, "gpt-5")
    assert chosen == later.ids("1.1.1", "1.1.2")
    before = later.stats()["requests_accepted"]
    later.generate("1.1.1", "1.1.2", model_of="gpt-6.1-sol")
    assert later.stats()["requests_accepted"] - before == 4
    assert later.query("select model, count(*) from caseforge.content where is_current group by 1") == [("gpt-6.1-terra", 12)]


def test_two_who_tell_new_versions_at_once_tell_them_once(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    repeat_under_new_versions(opened.store, opened.project)
    opened.change("update caseforge.outbox set flushed_at = now()")
    renewing = opened.configured(when_model_changes="regenerate")
    rows = "select count(*) from caseforge.outbox"
    with ThreadPoolExecutor(1) as pool:
        with opened.store.begin() as connection:
            lock_in_transaction(connection, "show versions")
            second = pool.submit(repeat_under_new_versions, renewing.store, renewing.project)
            wait_until_somebody_waits(opened)
            for stage in BOTH:
                remember_told(connection, stage.key, stage_version(stage, stage_settings(renewing.configuration, stage)))
        before = opened.column(rows)
        assert second.result(timeout=PATIENCE_S) == 0, "the other one has told them already"
    assert opened.column(rows) == before


def wait_until_somebody_waits(bench: Workbench) -> None:
    """Waits until a session of the database waits for an advisory lock."""
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    end = time.monotonic() + PATIENCE_S
    while bench.column(waiting) == [0]:
        assert time.monotonic() < end
        time.sleep(0.02)
