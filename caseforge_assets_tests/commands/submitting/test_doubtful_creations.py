"""A creation that is refused, redirected or answered with something else may have been accepted all the same: nothing is sent again before it is looked up."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI

from caseforge_assets.batches.states import NOT_TO_BE_FOUND
from caseforge_assets.commands.collecting.cancel_batch import CannotCancel, cancel_batch
from caseforge_assets.commands.submitting.adopt_batch import CannotAdopt, adopt_batch
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.openai_batch.errors import ProviderStopped
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.commands.open_alerts import OPEN, check
from caseforge_assets_tests.commands.submissions import GRACE_S, assert_sent_once, plan, settle, state
from caseforge_assets_tests.workbench import PROCESS, OpenBench, Workbench

STOPPING = (401, 402, 403)
REFUSALS = [400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 429, 500, 502, 503]
LATE_LIST = "list_late:call=1-3"
LOST_ANSWER = "reply_error:call=1"


def submit(opened: Workbench, *, stops: bool = False) -> None:
    if stops:
        with pytest.raises(ProviderStopped):
            submit_batches(opened.project)
    else:
        submit_batches(opened.project)
    found = state(opened)
    assert found[0] == "creating"
    assert "whether the batch exists is being found out" in (found[1] or "")


@pytest.mark.parametrize("body", some_at_once(["json", "page", "none"], "json"))
@pytest.mark.parametrize("status", some_at_once(REFUSALS, 400, 401, 500))
def test_a_refusal_of_an_accepted_creation_leads_to_its_adoption(bench: OpenBench, status: int, body: str) -> None:
    opened = plan(bench(faults=[f"reply_error:status={status},body={body},call=1"]))
    submit(opened, stops=status in STOPPING)
    opened.work()
    assert_sent_once(opened)
    assert opened.column("select create_refused from caseforge.batch") == [None]


@pytest.mark.parametrize("status", some_at_once([301, 302, 303, 307, 308], 307))
def test_a_redirected_creation_is_looked_up(bench: OpenBench, status: int) -> None:
    opened = plan(bench(faults=[f"reply_redirect:status={status},call=1"]))
    submit(opened)
    assert opened.stats()["batches_created"] == 1
    opened.work()
    assert_sent_once(opened)


@pytest.mark.parametrize("status", some_at_once([400, 404, 429, 500], 404))
def test_a_refused_creation_that_a_late_list_shows_is_not_sent_again(bench: OpenBench, status: int) -> None:
    opened = plan(bench(faults=[f"reply_error:status={status},call=1", LATE_LIST], create_grace_s=2.0))
    submit(opened)
    opened.work()
    assert_sent_once(opened)


def test_after_a_refusal_that_was_none_the_same_command_goes_on_to_the_next_stage(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:status=429,call=1"], create_grace_s=2.0)
    opened.approve()
    rounds = opened.work()
    assert opened.query("select stage, count(*) from caseforge.content group by 1 order by 1") == [("process_details", 6), ("usecases", 6)]
    assert not any(finished.refused for finished in rounds)


def test_an_earlier_refusal_does_not_keep_a_person_from_sending(bench: OpenBench) -> None:
    opened = plan(bench(faults=["reply_error:when=before,status=400,call=1"], create_grace_s=0.0))
    submit(opened)
    opened.work()
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1 order by 1") == [("not_sent", 6), ("ok", 6)]


@pytest.mark.parametrize("how", ["null", "absent", "empty"])
def test_a_batch_is_recognized_by_its_input_file_when_no_metadata_come_back(bench: OpenBench, how: str) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, f"without_metadata:how={how},match=batches"]))
    submit(opened)
    opened.work()
    assert_sent_once(opened)


def test_duplicates_are_found_without_metadata(bench: OpenBench) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, "without_metadata"], latency_s=60))
    submit(opened)
    create_by_hand(opened, opened.column("select input_file_id from caseforge.batch")[0])
    assert settle(opened) == 0
    assert opened.query("select state, duplicate_of is null from caseforge.batch order by id") == [("open", True), ("open", False)]
    assert opened.column("select remote_status from caseforge.batch where duplicate_of is not null") == ["cancelling"]


def create_by_hand(opened: Workbench, file_id: str, **metadata: str) -> str:
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        made: Any = sdk.batches.create(
            input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h", metadata=metadata or None
        )
        return str(made.id)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_that_is_answered_with_anothers_batch_is_looked_for_by_its_file(bench: OpenBench, when: str, known: bool) -> None:
    opened = bench(faults=[f"another_batch:when={when},call={2 if known else 1}"], create_grace_s=0.5)
    if known:  # the oldest batch of the server is one of ours
        opened.generate("1.1.1", stages=[PROCESS])
    opened.approve(stages=[PROCESS])
    opened.work()
    assert opened.stats()["accepted"] == {"requests": 6, "distinct_bodies": 6, "max_multiplicity": 1}
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 6)]
    assert opened.column("select count(*) from caseforge.batch where doubtful_id is not null") == [0]


def test_an_id_that_turns_out_to_be_anothers_is_given_up_and_the_right_one_found(bench: OpenBench) -> None:
    opened = plan(bench())
    submit_batches(opened.project)
    opened.round()
    opened.change("update caseforge.batch set state = 'open', remote_id = :other", other=create_other(opened))
    opened.work()
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 6)]
    assert opened.stats()["accepted"]["max_multiplicity"] == 1


def test_an_id_of_which_it_cannot_be_told_whose_it_is_is_a_persons_to_settle(bench: OpenBench) -> None:
    opened = plan(bench(faults=["another_batch:when=before,call=1", "reply_error:when=before,status=400,match=^GET /v1/batches/"]))
    submit(opened)
    assert settle(opened, seconds_later=GRACE_S + 1) == 1
    found = state(opened)
    assert (found[0], "of which it cannot be told whether it is this one" in (found[1] or "")) == ("creating", True)
    assert opened.round().submitted == ()
    assert opened.stats()["batches_created"] == 0


def create_other(opened: Workbench) -> str:
    """A batch of somebody else at the same account."""
    line = b'{"custom_id": "x", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]}}\n'
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        return create_by_hand(opened, sdk.files.create(file=("theirs.jsonl", line), purpose="batch").id)


@pytest.mark.parametrize("status", some_at_once([403, 404, 405, 501], 404))
def test_where_batches_are_not_listed_nothing_is_created_again_and_a_person_is_asked(bench: OpenBench, status: int) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, f"reply_error:when=before,status={status},match=^GET /v1/batches$"]))
    opened.provider.client._sdk.max_retries = 0
    submit(opened)
    assert settle(opened) == 1
    assert settle(opened, seconds_later=GRACE_S + 1) == 1
    found = state(opened)
    assert found[0] == "creating"
    assert (found[1] or "").startswith(NOT_TO_BE_FOUND)
    assert f"HTTP {status}" in (found[1] or "")
    assert opened.stats()["batches_created"] == 1
    assert opened.round().under_way == []


@pytest.mark.parametrize("how", ["repeated", "empty"])
def test_a_list_without_an_end_creates_nothing_again(bench: OpenBench, how: str) -> None:
    opened = plan(bench(faults=["reply_error:when=before,call=1", f"endless_list:how={how}"]))
    submit(opened)
    assert settle(opened, seconds_later=GRACE_S + 1) == 1
    assert (state(opened)[1] or "").startswith(f"{NOT_TO_BE_FOUND}: listing the batches: the list does not end")
    assert opened.stats()["batches_created"] == 0


def test_in_a_list_without_an_end_a_batch_is_found_all_the_same(bench: OpenBench) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, "endless_list:how=repeated"]))
    submit(opened)
    opened.work()
    assert_sent_once(opened)


@pytest.mark.parametrize("status", some_at_once([403, 404, 405, 501], 404))
def test_without_lists_everything_goes_its_way(bench: OpenBench, status: int) -> None:
    opened = bench(faults=[f"reply_error:when=before,status={status},match=^GET /v1/(batches|files)$"])
    opened.provider.client._sdk.max_retries = 0
    opened.approve()
    opened.work()
    assert opened.query("select stage, count(*) from caseforge.content group by 1 order by 1") == [("process_details", 6), ("usecases", 6)]
    assert opened.stats()["accepted"]["max_multiplicity"] == 1


def test_a_batch_that_cannot_be_looked_up_is_given_up_by_a_person_alone(bench: OpenBench) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, "reply_error:when=before,status=405,match=^GET /v1/batches$"]))
    submit(opened)
    name = str(opened.column("select id from caseforge.batch")[0])
    with pytest.raises(CannotCancel, match="is being found out"):
        cancel_batch(opened.project, name, by="test")
    settle(opened, seconds_later=GRACE_S + 1)
    assert cancel_batch(opened.project, name, by="test").state == "collected"
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("cancelled", 6)]
    assert opened.round().submitted == ()


def test_a_person_says_which_batch_it_is(bench: OpenBench) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, "reply_error:when=before,status=405,match=^GET /v1/batches$"]))
    submit(opened)
    settle(opened, seconds_later=GRACE_S + 1)
    number, file_id = opened.query("select id, input_file_id from caseforge.batch")[0]
    with pytest.raises(CannotAdopt, match="it is another"):
        adopt_batch(opened.project, str(number), create_other(opened), by="test")
    mine = create_by_hand(opened, file_id)  # what the provider's page would show
    assert adopt_batch(opened.project, str(number), mine, by="test").state == "open"
    with pytest.raises(CannotAdopt, match="already"):
        adopt_batch(opened.project, str(number), mine, by="test")
    with pytest.raises(CannotAdopt, match="is open; only a batch of which"):
        adopt_batch(opened.project, str(number), create_other(opened), by="test")
    assert opened.query("select actor, action from caseforge.audit_entry where subject like 'batch %'") == [("test", "batch.adopted")]
    opened.work()
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 6)]


def test_a_batch_that_cannot_be_looked_up_is_an_alert(bench: OpenBench) -> None:
    opened = plan(bench(faults=[LOST_ANSWER, "reply_error:when=before,status=405,match=^GET /v1/batches$"]))
    submit(opened)
    check(opened)
    assert opened.query(OPEN) == []
    settle(opened, seconds_later=GRACE_S + 1)
    check(opened)
    assert [(rule, severity) for rule, _, severity in opened.query(OPEN)] == [("unknown_batch", "warning")]
