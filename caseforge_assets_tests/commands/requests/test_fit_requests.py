"""Requests that are too long for their model: shortened once before they cost anything, or failed with what to do; never held back for good."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from caseforge_assets.commands.approving.plan_retry import RetryPlan, plan_retry
from caseforge_assets.commands.planning.make_plan import draft_plan
from caseforge_assets.commands.planning.retry_unattended import decide_retry, retry_unattended
from caseforge_assets.commands.quality.plan_quality_retry import plan_quality_retry
from caseforge_assets.commands.requests.retry_failed import next_steps
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.surveying.explain_node import explain_node
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings import FrameworkSettings, StageOverrides
from caseforge_assets.settings.stage_settings import largest_budget
from caseforge_assets.stages.model_rules import MODELS
from caseforge_assets.store.collecting.attempts import failures
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests.pending import Consent
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench

LONG = " ".join(f"Place number {number} is looked at in the morning and again at night." for number in range(1, 90))
LONG_SHOP = [(code, key, name, LONG if code == "1.1.1" else text) for code, key, name, text in SHOP]
ROOM, LITTLE_ROOM = 2_000, 1_450  # for the input of a document: enough for half of the long one, and not enough
LONG_DOCUMENT = "long_answer:megabytes=0.1,match=process.*-1-1-1-r"
REQUESTS = (
    "select shortened, state, input_tokens, generation from caseforge.request where stage = :stage and framework_key = :key order by id"
)
NOTES = "select notes #>> '{}' from caseforge.content where is_current and stage = :stage and framework_key = :key order by node_id"
Window = Callable[[int], None]


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    """Gives gpt-6.1-sol a window with so much room beside the budget of a document."""

    def set_room(tokens: int) -> None:
        small = replace(MODELS["gpt-6.1-sol"], context_tokens=PROCESS.default_max_completion_tokens + tokens)
        monkeypatch.setitem(MODELS, "gpt-6.1-sol", small)

    return set_room


def long_bench(bench: OpenBench, **options: object) -> Workbench:
    opened = bench(**options)
    opened.load(LONG_SHOP)
    return opened


def requests_of(opened: Workbench, stage: str = PROCESS.key, key: str = KEY) -> list[tuple[bool, str, int, int]]:
    return opened.query(REQUESTS, stage=stage, key=key)


def failed(opened: Workbench) -> list[tuple[str, str, str]]:
    with opened.store.connect() as connection:
        return [(row.code, row.outcome, row.detail) for row in failures(connection, KEY)]


def retried(opened: Workbench, budget: int | None = None) -> RetryPlan:
    with opened.store.begin() as connection:
        plan = plan_retry(connection, opened.project, Scope(KEY, [PROCESS], True), (), budget)
        plans.decide(connection, plan.id, True)
    return plan


def test_what_is_too_long_is_sent_shorter_and_is_not_refused(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench, faults=["context_length:tokens=2100"])
    opened.configured(check_model_rules=False).generate("1.1.1", stages=[PROCESS], ask_again=True)
    assert opened.column("select outcome from caseforge.attempt") == ["context_length"], "the server has a window, too"
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS], ask_again=True)
    assert opened.column("select outcome from caseforge.attempt order by id") == ["context_length", "ok", "ok"]


def test_a_shortened_request_is_no_attempt_more_and_its_content_says_so(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench)
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    whole, other, half = requests_of(opened)
    assert (whole[:2], other[:2], half[:2]) == ((False, "replaced"), (False, "answered"), (True, "answered"))
    assert whole[2] > ROOM >= half[2]
    assert opened.column("select attempts_counted from caseforge.request where shortened") == [0]
    assert opened.column("select count(distinct question) from caseforge.request where stage = :stage", stage=PROCESS.key) == [2]
    assert opened.stats()["accepted"]["requests"] == 2
    said = "The request was made from half of the context, because the whole was too long for the model."
    notes = opened.column(NOTES, stage=PROCESS.key, key=KEY)
    assert [said in note for note in notes] == [True, False]
    assert opened.column("select count(*) from caseforge.attempt where notes #>> '{}' like :said", said=f"%{said}%") == [1]
    lineage = """
    select r.shortened from caseforge.outbox o join caseforge.outbox i on i.id = (o.upstream ->> 'process_batch_inputs')::bigint
    join caseforge.request r on r.id = i.request_id where o.asset = 'process_batch_outputs' and o.kind = 'made' order by o.node_id
    """
    assert opened.column(lineage) == [True, False]


def test_a_plan_counts_what_is_shortened_and_prices_what_is_sent(bench: OpenBench, window: Window) -> None:
    opened = long_bench(bench)
    without = opened.draft("1.1.1", stages=[PROCESS]).stages[0]
    window(ROOM)
    for _ in ("once", "and again"):
        planned = opened.draft("1.1.1", stages=[PROCESS]).stages[0]
        assert (without.shortened, planned.shortened, planned.now, planned.too_long) == (0, 1, 1, ())
        assert planned.input_tokens < ROOM < without.input_tokens
        assert (planned.expected_cost_usd or 0) < (without.expected_cost_usd or 0)
    opened.generate("1.1.1", stages=[PROCESS])
    assert opened.column("select input_tokens from caseforge.batch") == [planned.input_tokens]


def test_a_long_document_is_cut_for_the_stage_that_reads_it(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody planned it: the document came after the plan."""
    small = replace(MODELS["gpt-6.1-sol"], context_tokens=USECASES.default_max_completion_tokens + 20_000)
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", small)
    opened = bench(faults=[LONG_DOCUMENT])
    rounds = opened.generate("1.1.1", "1.1.2")
    assert sum(done.shortened for done in rounds) == 1
    assert [row[:2] for row in requests_of(opened, USECASES.key)] == [(False, "replaced"), (False, "answered"), (True, "answered")]
    said = (
        "The request was made from half of the context and of the content of process_details, because the whole was too long for the model."
    )
    assert [said in note for note in opened.column(NOTES, stage=USECASES.key, key=KEY)] == [True, False]
    assert opened.column("select length(body) > 100000 from caseforge.content where stage = 'process_details' order by node_id") == [
        True,
        False,
    ]
    assert opened.stats()["accepted"]["requests"] == 4


def test_what_is_too_long_even_so_fails_and_says_what_to_do(bench: OpenBench, window: Window) -> None:
    window(LITTLE_ROOM)
    opened = long_bench(bench)
    process, usecases = opened.draft("1.1.1", "1.1.2").stages
    assert (process.now, usecases.later, [node.code for node in process.too_long], process.shortened) == (1, 1, ["1.1.1"], 0)
    assert not any(done.held_back for done in opened.generate("1.1.1", "1.1.2", stages=[PROCESS]))
    ((code, outcome, detail),) = failed(opened)
    assert (code, outcome) == ("1.1.1", "context_length")
    assert detail.startswith("gpt-6.1-sol has room for 1,450 tokens beside the budget of 8,000, and the request has ")
    assert "when it is made from half; it was not sent. Choose a model with more room (openai_model)" in detail
    assert "batch_max_completion_tokens_process" in detail
    assert "`caseforge retry --framework shop`" in detail
    assert opened.query("select shortened, state from caseforge.request where not_sent_because = :why and is_current", why=detail) == [
        (False, "failed")
    ]
    assert opened.stats()["accepted"]["requests"] == 1, "the other node goes on"
    shown = "select distinct asset, reason from caseforge.outbox where kind = 'failed'"
    assert opened.query(shown) == [("process_batch_outputs", f"context_length: {detail}")]
    with opened.store.connect() as connection:
        assert list(next_steps(connection, opened.project, KEY).values()) == ["waits: it is too long for its model"]


def test_what_could_not_be_sent_is_left_by_itself_and_looked_at_again_when_a_person_asks(bench: OpenBench, window: Window) -> None:
    window(LITTLE_ROOM)
    opened = long_bench(bench, frameworks={KEY: FrameworkSettings(title="A shop", source="shop.csv")})
    opened.generate("1.1.1", stages=[PROCESS])
    with opened.store.connect() as connection:
        assert decide_retry(connection, opened.project).key == ""
    assert retry_unattended(opened.store, opened.project, True).left == {"context_length: it is too long for its model": 1}
    again = retried(opened)
    assert (again.nodes, [node.code for node in again.too_long]) == (0, ["1.1.1"])
    assert [code for code, _, _ in failed(opened)] == ["1.1.1"]
    assert opened.column("select count(*) from caseforge.attempt") == [0]


@pytest.mark.parametrize("how", some_at_once(["budget", "rules", "retry", "room", "model"], "budget", "model"))
def test_what_could_not_be_sent_is_sent_when_it_was_mended(bench: OpenBench, window: Window, how: str) -> None:
    window(LITTLE_ROOM)
    opened = long_bench(bench)
    opened.generate("1.1.1", stages=[PROCESS])
    if how == "retry":
        assert (retried(opened, 7_000).nodes, retried(opened).nodes) == (1, 0)
        opened.work()
    elif how == "room":
        window(ROOM)
        assert retried(opened).shortened == 1
        opened.work()
    else:
        mended = {
            "budget": {"batch_max_completion_tokens_process": 7_000},
            "rules": {"check_model_rules": False},
            "model": {"openai_model": "gpt-5.1"},
        }
        opened.configured(**mended[how]).generate("1.1.1", stages=[PROCESS])
    assert failed(opened) == []
    assert opened.column("select outcome from caseforge.attempt") == ["ok"]
    assert opened.column("select shortened from caseforge.request where state = 'answered'") == [how == "room"]


def test_requests_that_are_older_than_the_rules_are_shortened_when_they_are_sent(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench)
    opened.configured(check_model_rules=False).approve("1.1.1", "1.1.2", stages=[PROCESS])
    (first,) = opened.column("select id from caseforge.request where node_id = :node", node=opened.ids("1.1.1")[0])
    done = opened.round(consent=Consent(request_ids=frozenset({first})))
    assert (done.shortened, done.too_long, done.held_back, len(done.submitted)) == (1, (), "", 1)
    assert opened.column("select request_count from caseforge.batch") == [1]
    opened.work()
    assert opened.stats()["accepted"]["requests"] == 2


def test_settings_that_a_model_refuses_hold_long_requests_back_as_they_are(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench, openai_temperature=0.2)
    opened.approve("1.1.1", stages=[PROCESS])
    done = opened.round()
    assert "temperature: gpt-6.1-sol is to be sent none" in done.held_back
    assert [row[:2] for row in requests_of(opened)] == [(False, "pending")]


def test_a_window_that_is_too_small_for_any_request_is_a_matter_of_settings(bench: OpenBench, window: Window) -> None:
    window(500)
    opened = long_bench(bench)
    opened.approve("1.1.1", stages=[PROCESS])
    assert "max_completion_tokens: gpt-6.1-sol has room for 8,500 tokens" in opened.round().held_back
    assert failed(opened) == []


def test_why_a_shortened_answer_is_stale_does_not_speak_of_the_other_half(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench, when_model_changes="regenerate")
    opened.generate("1.1.1", stages=[PROCESS])
    later = opened.configured(stages={"process_details": StageOverrides(reasoning_effort="low")})
    with later.store.connect() as connection:
        why = explain_node(connection, later.project, KEY, later.ids("1.1.1")[0], True)[0]
    assert (why.state, why.differences, why.diff) == (NodeState.STALE, ("reasoning_effort: not set → low",), "")


def test_what_scores_little_and_cannot_be_sent_is_not_said_to_be_asked_for(bench: OpenBench, window: Window) -> None:
    opened = long_bench(bench)
    opened.generate("1.1.1", "1.1.2")
    window(LITTLE_ROOM)
    with opened.store.begin() as connection:
        plan = plan_quality_retry(connection, opened.project, Scope(KEY, [PROCESS], True), 101)
    assert ([row.code for row in plan.asked], [node.code for node in plan.too_long], plan.later) == (["1.1.2"], ["1.1.1"], 1)


@pytest.mark.parametrize("reuse", ["identity", "exact"])
def test_an_answer_that_is_taken_over_says_that_it_was_asked_shorter(bench: OpenBench, window: Window, reuse: str) -> None:
    window(ROOM)
    opened = long_bench(bench, reuse=reuse)
    opened.generate("1.1.1", stages=[PROCESS])
    opened.load(LONG_SHOP, key="other")
    opened.generate("1.1.1", stages=[PROCESS], key="other")
    assert opened.stats()["accepted"]["requests"] == 1
    (note,) = opened.column(NOTES, stage=PROCESS.key, key="other")
    assert "its request was shortened, because it was too long for the model" in note


def test_only_what_is_kept_is_told(bench: OpenBench, window: Window, caplog: pytest.LogCaptureFixture) -> None:
    window(LITTLE_ROOM)
    opened = long_bench(bench)
    caplog.set_level(logging.INFO)
    with opened.store.connect() as connection:
        scope = Scope(KEY, [PROCESS], True, opened.ids("1.1.1"))
        assert draft_plan(connection, opened.project, scope, made_by="plan").stages[0].too_long
        connection.rollback()
    assert "node failed" not in caplog.text
    opened.draft("1.1.1", stages=[PROCESS])
    assert caplog.text.count("node failed") == 1


def test_a_look_at_what_an_edition_comes_to_tells_nothing(bench: OpenBench, window: Window, caplog: pytest.LogCaptureFixture) -> None:
    opened = long_bench(bench, faults=["no_text:batch=1"])
    opened.generate("1.1.2", stages=[PROCESS])
    opened.generate("1.1.3", stages=[PROCESS])
    assert opened.column("select outcome from caseforge.attempt order by id") == ["empty", "ok"]
    window(LITTLE_ROOM)
    caplog.set_level(logging.INFO)
    opened.load([(code, key, "Mend bicycles" if code == "2.1.2" else name, words) for code, key, name, words in LONG_SHOP])
    assert "node failed" not in caplog.text
    assert "after=empty" not in caplog.text
    opened.draft(stages=[PROCESS])
    assert "node failed" in caplog.text
    assert "after=empty" in caplog.text


def test_an_answer_that_is_there_comes_before_any_shortening(bench: OpenBench, window: Window) -> None:
    window(LITTLE_ROOM)
    opened = long_bench(bench)
    opened.configured(check_model_rules=False).generate("1.1.1", stages=[PROCESS])
    opened.load(LONG_SHOP, key="other")
    planned = opened.draft("1.1.1", stages=[PROCESS], key="other").stages[0]
    assert (planned.reused, planned.too_long, planned.shortened) == ({"exact": {KEY: 1}}, (), 0)


def test_a_shortened_question_that_is_under_way_is_waited_for(bench: OpenBench, window: Window) -> None:
    """Without reuse nothing but the live attempt tells that both ask the same."""
    window(ROOM)
    opened = long_bench(bench, reuse="off")
    opened.configured(check_model_rules=False).approve("1.1.1", stages=[PROCESS])
    assert len(plan_batches(opened.project).batch_ids) == 1
    opened.load(LONG_SHOP, key="other")
    opened.configured(check_model_rules=False).approve("1.1.1", stages=[PROCESS], key="other")
    second = plan_batches(opened.project)
    assert (second.batch_ids, second.shortened) == ((), 1)
    assert opened.column("select count(distinct fingerprint) from caseforge.request where shortened") == [1]
    opened.work()
    assert opened.column("select count(*) from caseforge.content where is_current") == [2]


def test_another_answer_to_a_long_question_is_another_answer(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench)
    for _ in range(3):
        opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    assert [row[3] for row in requests_of(opened) if row[0]] == [0, 1, 2]
    assert opened.stats()["accepted"]["requests"] == 3


def test_a_retry_of_a_shortened_request_stays_short_and_another_answer_after_it_is_new(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench, faults=["no_text:batch=1"])
    opened.generate("1.1.1", stages=[PROCESS])
    opened.generate("1.1.1", stages=[PROCESS])
    opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    assert [(row[1], row[3]) for row in requests_of(opened) if row[0]] == [("replaced", 0), ("answered", 1), ("answered", 2)]
    assert opened.column("select outcome from caseforge.attempt order by id") == ["empty", "ok", "ok"]


def test_what_the_provider_finds_too_long_though_it_is_half_fails_as_before(bench: OpenBench, window: Window) -> None:
    window(ROOM)
    opened = long_bench(bench, faults=["context_length:tokens=100"])
    opened.generate("1.1.1", stages=[PROCESS])
    assert [row[:2] for row in requests_of(opened)] == [(False, "replaced"), (True, "failed")]
    assert opened.draft("1.1.1", stages=[PROCESS]).stages[0].given_up == {
        "context_length: the context was shortened already, and the request is still too long": 1
    }


def test_a_budget_is_raised_no_further_than_the_window_leaves_room() -> None:
    assert largest_budget(PROCESS, "gpt-4o", 120_000) == 8_000
    assert largest_budget(PROCESS, "gpt-4o", 1_000) == 16_384
    assert largest_budget(PROCESS, "my-own-model", 120_000) == PROCESS.max_max_completion_tokens
