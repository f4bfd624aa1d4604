"""Rounds of work: until nothing is under way, with whatever provider there is at the moment."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from caseforge_assets.batches.consent import Consent
from caseforge_assets.commands.approving.view_plans import approved_before
from caseforge_assets.commands.materializing.await_answers import Waiting, await_answers
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.rounds.send_approved import send_approved
from caseforge_assets.commands.rounds.settle_batch import CannotSettle, give_up_batch
from caseforge_assets.commands.rounds.take_message import take_message
from caseforge_assets.commands.rounds.work import collect_finished, work_until_idle
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderStopped, ProviderUnclear
from caseforge_assets.openai_batch.messages import ProviderMessage
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, PROCESS, OpenBench, Workbench


def with_url(bench: Workbench, base_url: str) -> Workbench:
    client = BatchClient(base_url, "any")
    client._sdk.max_retries = 0
    return replace(bench, provider=replace(bench.provider, client=client))


def test_both_stages_take_one_batch_each_and_end_idle(bench: OpenBench) -> None:
    rounds = bench().generate()
    assert [len(finished.submitted) for finished in rounds if finished.submitted] == [1, 1]
    assert sum(len(finished.collected) for finished in rounds) == 2
    assert rounds[-1].idle


def test_a_round_finds_out_what_became_of_a_creation_that_was_not_answered(bench: OpenBench) -> None:
    opened = bench(faults=["reply_reset:when=after,call=1"])
    opened.approve("1.1.1", stages=[PROCESS])
    with suppress(ProviderUnclear):
        opened.round()
    assert opened.column("select state from caseforge.batch") == ["creating"]
    opened.work()
    assert opened.query("select state, origin from caseforge.batch") == [("collected", "submitted")]
    assert opened.stats()["batches_created"] == 1


def test_a_key_that_no_file_may_be_read_with_stops_the_collecting(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=401,code=invalid_api_key,match=^GET /v1/files/.*/content$"])
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    while opened.column("select state from caseforge.batch") != ["final"]:
        poll_batches(opened.project)
    with pytest.raises(ProviderStopped):
        collect_finished(opened.project)
    assert opened.column("select state from caseforge.batch") == ["final"]


def test_only_whoever_asks_is_told_what_waits_for_approval(bench: OpenBench) -> None:
    opened = bench()
    opened.draft("1.1.1", stages=[PROCESS])
    alone = send_approved(opened.project, announce=lambda _: None, unattended=True)
    asking = send_approved(opened.project, announce=lambda _: None, unattended=False)
    assert alone.unsent == ""
    assert alone.unapproved == asking.unapproved != ""
    assert asking.unapproved in asking.unsent


def test_what_nothing_is_awaited_of_in_vain_is_not_given_up(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    opened.change("update caseforge.batch set state = 'final'")
    with pytest.raises(CannotSettle, match="nothing of it is awaited in vain"):
        give_up_batch(opened.project, "1", by="test")
    opened.change("update caseforge.batch set short_fetches = 1, state = 'open'")
    with pytest.raises(CannotSettle, match="caseforge cancel"):
        give_up_batch(opened.project, "1", by="test")


def test_a_message_is_new_once(bench: OpenBench) -> None:
    opened = bench()
    message = ProviderMessage("wh_1", "batch.completed", "batch_1")
    assert [take_message(opened.store, message) for _ in range(2)] == [True, False]
    assert opened.column("select count(*) from caseforge.webhook_message") == [1]


def test_nothing_to_do_is_one_round(bench: OpenBench) -> None:
    assert len(bench().work()) == 1


def test_a_round_that_may_not_submit_sends_nothing(bench: OpenBench) -> None:
    opened = bench()
    opened.approve()
    assert opened.round(submit=False).idle
    assert opened.stats()["batches_created"] == 0


def test_a_deadline_ends_the_waiting_and_leaves_the_batch_under_way(bench: OpenBench) -> None:
    opened = bench(latency_s=60)
    opened.approve(stages=[PROCESS])
    last = work_until_idle(opened.project, after_round=lambda _: None, deadline_s=0)
    assert [batch.state for batch in last.unfinished] == ["open"]


def test_a_provider_that_cannot_be_reached_keeps_everything_where_it_is(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    away = with_url(opened, "http://127.0.0.1:9/v1")
    with pytest.raises(ProviderUnclear):
        work_until_idle(away.project, after_round=lambda _: None, deadline_s=0)
    assert opened.query("select state from caseforge.batch") == [("written",)]
    opened.work()
    assert opened.stats()["accepted"] == {"requests": 6, "distinct_bodies": 6, "max_multiplicity": 1}


@pytest.mark.parametrize("status", [429, 503])
def test_a_provider_that_comes_back_is_gone_on_with(bench: OpenBench, caplog: pytest.LogCaptureFixture, status: int) -> None:
    opened = bench(faults=[f"reply_error:when=before,status={status},call=1-2,match=^GET /v1/batches/"])
    opened.provider.client._sdk.max_retries = 0
    opened.approve(stages=[PROCESS])
    opened.work()
    assert "trying again" in caplog.text
    assert opened.column("select count(*) from caseforge.content") == [6]


def test_a_trouble_that_lasts_is_said_when_it_begins_and_when_it_is_over(bench: OpenBench, caplog: pytest.LogCaptureFixture) -> None:
    opened = bench(faults=["reply_error:when=before,status=503,call=2-13,match=^GET /v1/(batches/|models$)"])
    opened.provider.client._sdk.max_retries = 0
    opened.approve(stages=[PROCESS])
    with caplog.at_level("WARNING", "caseforge_assets"):
        opened.work()
    said = [record.message for record in caplog.records if "trying again" in record.message or "goes on" in record.message]
    assert len(said) == 2
    assert "after 6 tries in vain" in said[1]


def test_other_providers_batches_are_left_alone(bench: OpenBench) -> None:
    first, second = bench(latency_s=60), bench()
    first.approve("1.1.1", stages=[PROCESS])
    first.round()
    second.generate("1.1.2", stages=[PROCESS])
    assert first.query("select provider_id, state from caseforge.batch order by id") == [
        (first.provider.id, "open"),
        (second.provider.id, "collected"),
    ]


def test_a_round_sends_what_its_consent_covers_and_waits_for_nothing_else(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=9)
    left = opened.approve("1.1.1")
    plan_batches(opened.project)  # a command that was killed before it sent anything
    mine = opened.approve("1.1.2")
    told: list[int] = []
    work_until_idle(
        opened.project,
        after_round=lambda _: None,
        consent=Consent(frozenset({mine.id})),
        announce=lambda batches: told.extend(batch.request_count for batch in batches),
        deadline_s=PATIENCE_S,
    )
    assert opened.stats()["requests_accepted"] == 2
    assert told == [1, 1], "its document, and the use cases that follow"
    assert opened.query("select plan_id, state from caseforge.request where state <> 'answered'") == [(left.id, "in_batch")]
    opened.work()
    assert opened.stats()["requests_accepted"] == 4


def test_a_batch_that_two_plans_share_is_named_with_both(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=9)
    both = {opened.approve("1.1.1").id, opened.approve("1.1.2").id}
    plan_batches(opened.project)
    with opened.store.connect() as connection:
        named = approved_before(connection, opened.project, node_ids=opened.ids("1.1.1"))
    assert {offered.plan.id for offered in named} == both
    assert [(offered.written, offered.later) for offered in named] == [(1, 1), (1, 1)]


def test_who_waits_for_some_nodes_sends_the_requests_of_these(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=9)
    opened.approve(stages=[PROCESS])
    waiting = Waiting(opened.provider, PATIENCE_S)
    assert await_answers(opened.project, KEY, PROCESS, opened.ids("1.1.1"), waiting) == ""
    assert opened.stats()["requests_accepted"] == 1
    assert opened.column("select count(*) from caseforge.content") == [1]
