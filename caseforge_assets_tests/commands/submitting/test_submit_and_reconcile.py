"""Submitting: from whatever point a start was interrupted at, exactly one batch comes to exist, and every question is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from openai import OpenAI

from caseforge_assets.batches.consent import Consent
from caseforge_assets.batches.states import BatchState
from caseforge_assets.commands.submitting.foresee_sending import foresee_sending
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.reconcile_batches import REFUSED_GRACE_S
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.costs.sums import usd
from caseforge_assets.openai_batch.client import SUBMISSION_KEY, BatchClient
from caseforge_assets.openai_batch.errors import ProviderStopped
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.commands.submissions import GRACE_S, Dying, Killed, assert_sent_once, plan, settle, state
from caseforge_assets_tests.workbench import PROCESS, OpenBench, Workbench


def interrupted(bench: Workbench, call: str, *, after: bool) -> Workbench:
    dying = replace(bench.provider, client=Dying(bench.provider.base_url, call, after=after))
    with pytest.raises(Killed):
        submit_batches(replace(plan(bench).project, provider=dying))
    return bench


def uploaded_files(bench: Workbench) -> Iterator[str]:
    with OpenAI(base_url=bench.provider.base_url, api_key="any") as sdk:
        yield from (file.filename for file in sdk.files.list(purpose="batch"))


def test_a_planned_batch_goes_the_whole_way(bench: OpenBench) -> None:
    opened = plan(bench())
    opened.work()
    assert_sent_once(opened)


def test_killed_before_the_upload_it_goes_on_from_the_written_file(bench: OpenBench) -> None:
    opened = interrupted(bench(), "upload", after=False)
    assert state(opened)[0] == "written"
    opened.work()
    assert_sent_once(opened)


def test_killed_after_the_upload_the_file_is_found_by_its_name(bench: OpenBench) -> None:
    opened = interrupted(bench(), "upload", after=True)
    assert state(opened)[0] == "written"
    opened.work()
    assert_sent_once(opened)
    assert len(list(uploaded_files(opened))) == 1


def test_killed_between_upload_and_creation_it_is_created(bench: OpenBench) -> None:
    opened = interrupted(bench(), "create", after=False)
    opened.change("update caseforge.batch set state = 'uploaded', creating_at = null")
    opened.work()
    assert_sent_once(opened)


def test_killed_after_the_creation_it_is_adopted(bench: OpenBench) -> None:
    opened = interrupted(bench(), "create", after=True)
    assert state(opened)[0] == "creating"
    opened.work()
    assert_sent_once(opened)


def test_killed_before_the_creation_it_is_created_again_only_after_the_grace_period(bench: OpenBench) -> None:
    opened = interrupted(bench(), "create", after=False)
    assert settle(opened, seconds_later=GRACE_S - 5) == 1
    assert state(opened)[0] == "creating"
    assert settle(opened, seconds_later=GRACE_S + 5) == 0
    assert state(opened) == ("uploaded", "the provider never had it; it is created again")
    opened.work()
    assert_sent_once(opened)


@pytest.mark.parametrize(
    "fault", ["reply_error:call=1", "reply_error:status=503,call=1", "reply_reset:call=1", "reply_timeout:seconds=30,call=1"]
)
def test_an_unclear_answer_to_an_accepted_batch_leads_to_its_adoption(bench: OpenBench, fault: str) -> None:
    opened = bench(faults=[fault])
    opened.provider.client._sdk.timeout = 0.5
    plan(opened)
    submit_batches(opened.project)
    found = state(opened)
    assert found[0] == "creating"
    assert "whether the batch exists is being found out" in (found[1] or "")
    opened.work()
    assert_sent_once(opened)


def test_an_unclear_answer_to_a_batch_that_never_came_to_be_waits_for_the_grace_period(bench: OpenBench) -> None:
    opened = plan(bench(faults=["reply_error:when=before,call=1"]))
    submit_batches(opened.project)
    assert settle(opened) == 1
    assert opened.stats()["batches_created"] == 0
    settle(opened, seconds_later=GRACE_S + 1)
    assert opened.column("select created_again from caseforge.batch") == [True], "a list may be later still, and show the first"
    opened.work()
    assert_sent_once(opened)


@pytest.mark.parametrize(
    ("status", "stops"),
    [
        (400, False),
        (401, True),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((403, True), (404, False), (413, False), (429, False))),
    ],
)
def test_a_refusal_puts_the_requests_back_with_the_reason_when_no_list_shows_the_batch(bench: OpenBench, status: int, stops: bool) -> None:
    opened = plan(bench(faults=[f"reply_error:when=before,status={status},call=1"]))
    if stops:
        with pytest.raises(ProviderStopped, match=str(status)):
            submit_batches(opened.project)
    else:
        submit_batches(opened.project)
    found = state(opened)
    assert found[0] == "creating"
    assert f"HTTP {status}" in (found[1] or "")
    assert settle(opened, seconds_later=REFUSED_GRACE_S - 3) == 1
    assert settle(opened, seconds_later=REFUSED_GRACE_S + 1) == 0
    found = state(opened)
    assert found[0] == "refused"
    assert f"HTTP {status}" in (found[1] or "")
    assert "found out" not in (found[1] or "")
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("pending", 6)]
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("not_sent", 6)]
    assert opened.stats()["batches_created"] == 0
    assert opened.column("select stopped_reason is not null from caseforge.provider") == [stops]


@pytest.mark.parametrize(("status", "stops"), [(400, False), (401, True)])
def test_an_upload_that_is_refused_puts_the_requests_back_at_once(bench: OpenBench, status: int, stops: bool) -> None:
    opened = plan(bench(faults=[f"reply_error:when=before,status={status},match=^POST /v1/files$"]))
    with pytest.raises(ProviderStopped) if stops else nullcontext():
        submit_batches(opened.project)
    found = state(opened)
    assert (found[0], f"HTTP {status}" in (found[1] or "")) == ("refused", True)
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("pending", 6)]
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("not_sent", 6)]
    assert opened.column("select stopped_reason is not null from caseforge.provider") == [stops]
    assert opened.column("select refused_key is not null from caseforge.batch") == [not stops], (
        "a refused key is no refusal of what was to be sent"
    )
    assert opened.stats()["batches_created"] == 0


def test_after_a_refusal_the_requests_go_into_the_next_batch_when_they_are_sent_again(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=429,call=1"], create_grace_s=0.5)
    opened.approve(stages=[PROCESS])
    opened.work()
    opened.work()
    assert opened.stats()["accepted"] == {"requests": 6, "distinct_bodies": 6, "max_multiplicity": 1}
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1 order by 1") == [("not_sent", 6), ("ok", 6)]


def test_waiting_for_the_end_does_not_run_into_the_same_refusal_again_and_again(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=400"], create_grace_s=0.5)
    opened.approve(stages=[PROCESS])
    rounds = opened.work()
    assert sum(len(finished.refused) for finished in rounds) == 1
    assert opened.column("select state from caseforge.batch") == ["refused"]


def test_what_was_refused_is_sent_again_when_a_person_asks_and_not_by_itself(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=400,call=1"], create_grace_s=0)
    opened.approve("1.1.1", "1.1.2", stages=[PROCESS])
    opened.work()
    assert state(opened)[0] == "refused"
    with opened.store.begin() as connection:
        by_itself = foresee_sending(connection, opened.project, unattended=True)
        asked_for = foresee_sending(connection, opened.project)
    assert (by_itself.ready, len(asked_for.ready), asked_for.waits) == ((), 2, ())
    (why,) = by_itself.waits
    assert why.startswith("2 requests are not sent again by themselves, because batch 1 of them was refused: ")
    assert "HTTP 400" in why
    assert plan_batches(opened.project, unattended=True).batch_ids == ()
    assert len(plan_batches(opened.project).batch_ids) == 1


def test_what_waits_for_approval_is_told_with_its_plan_and_its_cost_where_it_is_meant(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=5)
    draft = opened.draft("1.1.1", "1.1.2", stages=[PROCESS])
    with opened.store.begin() as connection:
        all_of_it = foresee_sending(connection, opened.project)
        others = foresee_sending(connection, opened.project, consent=Consent(plan_ids=frozenset({draft.id + 1})))
    assert (all_of_it.ready, others.ready, others.waits) == ((), (), ())
    (why,) = all_of_it.waits
    assert why.startswith(f"2 requests (expected cost {usd(draft.expected_cost_usd)}) wait for approval: `caseforge approve {draft.id}`, ")


def test_without_credit_sending_stops(bench: OpenBench) -> None:
    opened = plan(bench(faults=["reply_error:when=before,status=429,code=insufficient_quota"]))
    with pytest.raises(ProviderStopped):
        submit_batches(opened.project)
    settle(opened, seconds_later=REFUSED_GRACE_S + 1)
    assert "sending is stopped" in opened.round().held_back


def test_of_two_batches_of_one_submission_one_is_adopted_and_the_other_cancelled(bench: OpenBench) -> None:
    opened = interrupted(bench(latency_s=60), "create", after=True)
    submission, file_id = opened.query("select submission_id, input_file_id from caseforge.batch")[0]
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        duplicate = sdk.batches.create(
            input_file_id=file_id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={SUBMISSION_KEY: submission},
        )
        assert settle(opened) == 0
        statuses = {batch.id: batch.status for batch in sdk.batches.list()}
    adopted = opened.column("select remote_id from caseforge.batch")[0]
    assert len(statuses) == 2
    assert [remote_id for remote_id, status in statuses.items() if status not in ("cancelling", "cancelled")] == [adopted]
    assert adopted == min(statuses) if len({duplicate.created_at}) > 1 else adopted in statuses


def test_a_batch_that_another_process_holds_is_left_to_it(bench: OpenBench) -> None:
    opened = plan(bench())
    batch_id = opened.column("select id from caseforge.batch")[0]
    with try_lock(opened.store, f"batch {batch_id}") as held:
        assert held
        submit_batches(opened.project)
    assert state(opened)[0] == "planned"
    assert opened.stats()["batches_created"] == 0


def test_what_was_created_meanwhile_is_not_put_back(bench: OpenBench) -> None:
    opened = plan(bench(latency_s=60))
    opened.round()
    (number,) = opened.column("select id from caseforge.batch")
    with opened.store.begin() as connection:
        assert not batches.put_back(connection, number, [BatchState.creating, BatchState.uploaded], "too late")
    assert opened.query("select state, reason from caseforge.batch") == [("open", None)]
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("in_batch", 6)]
    assert opened.query("select distinct outcome from caseforge.attempt") == [(None,)]


def test_whoever_lost_a_batch_while_it_was_uploaded_creates_nothing(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = plan(bench())
    upload = BatchClient.upload

    def overtaken(client: BatchClient, path: Path, file_name: str, model: str = "") -> str:
        file_id = upload(client, path, file_name, model)
        opened.change("update caseforge.batch set state = 'creating'")  # by another process, whose lock was not seen
        return file_id

    monkeypatch.setattr(BatchClient, "upload", overtaken)
    submit_batches(opened.project)
    assert opened.query("select state, input_file_id from caseforge.batch") == [("creating", None)]
    assert opened.stats()["batches_created"] == 0


def test_the_manifest_says_what_every_line_of_the_file_stands_for(bench: OpenBench) -> None:
    import json

    opened = plan(bench())
    assert opened.query(
        "select expected_cost_usd > 0, expected_cost_usd = (select sum(expected_cost_usd) from caseforge.attempt) from caseforge.batch"
    ) == [(True, True)]
    opened.round()
    artifacts, remote_id = opened.query("select artifacts, remote_id from caseforge.batch")[0]
    lines = {
        role: [json.loads(line) for line in b"".join(opened.folder.read(artifacts[role]["path"])).splitlines()]
        for role in ("input", "manifest")
    }
    head, *rows = lines["manifest"]
    assert remote_id
    assert (head["stage"], head["requests"]) == ("process_details", 6)
    assert [row["custom_id"] for row in rows] == [line["custom_id"] for line in lines["input"]]
    assert [row["partition_key"] for row in rows] == ["1.1.1_c", "1.1.2_d", "1.1.3_e", "2.1.1_h", "2.1.2_i", "2.1.3_j"]
    bodies = dict(opened.query("select fingerprint, body from caseforge.request"))
    assert all(json.loads(bodies[row["fingerprint"]]) == line["body"] for row, line in zip(rows, lines["input"], strict=True))
