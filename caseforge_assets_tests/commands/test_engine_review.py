"""Accidents between two steps: locks that are lost, answers that come late, clocks that differ. Nothing is paid twice, nothing gets stuck."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from caseforge_assets.batches.consent import Consent
from caseforge_assets.commands.approving.plan_retry import plan_retry
from caseforge_assets.commands.collecting import cancel_batch as cancelling
from caseforge_assets.commands.collecting.cancel_batch import CannotCancel, cancel_batch
from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.commands.rounds.poll_batches import LOOKS_BEFORE_UNKNOWN, poll_batches
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.openai_batch.client import SUBMISSION_KEY, BatchClient
from caseforge_assets.openai_batch.errors import ProviderUnclear
from caseforge_assets.store.database.engine import Engine, StoreUnavailable, try_lock
from caseforge_assets.store.planning import plans
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, PROCESS, SHOP, OpenBench, Workbench, renamed

DROP_LOCKS = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()"


class Interrupting(BatchClient):
    """A client during whose upload something else happens."""

    def __init__(self, base_url: str, meanwhile: Any) -> None:
        super().__init__(base_url, "any")
        self._meanwhile = meanwhile

    def upload(self, path: Path, file_name: str, model: str = "") -> str:
        file_id = super().upload(path, file_name, model)
        self._meanwhile()
        return file_id


def planned(bench: Workbench, *codes: str) -> Workbench:
    bench.approve(*codes, stages=[PROCESS])
    plan_batches(bench.project)
    return bench


def submitted(bench: Workbench, *codes: str) -> int:
    planned(bench, *codes)
    submit_batches(bench.project)
    return int(bench.column("select max(id) from caseforge.batch")[0])


def finished(bench: Workbench, *codes: str) -> int:
    batch_id = submitted(bench, *codes)
    while bench.column("select state from caseforge.batch where id = :id", id=batch_id) == ["open"]:
        poll_batches(bench.project)
    return batch_id


def collect(bench: Workbench, batch_id: int) -> Any:
    return collect_batch(bench.project, batch_id)


def collect_after_a_pause(bench: Workbench, batch_id: int) -> Any:
    """Files that fell short are looked at again after a pause only."""
    end = time.monotonic() + PATIENCE_S
    while (done := collect(bench, batch_id)) is None:
        assert time.monotonic() < end, "this takes too long"
        time.sleep(0.02)
    return done


def test_a_submitter_that_lost_its_lock_creates_nothing_twice(bench: OpenBench) -> None:
    opened = planned(bench())

    def others_go_on() -> None:
        opened.query(DROP_LOCKS)
        submit_batches(opened.project)

    slow = replace(opened.provider, client=Interrupting(opened.provider.base_url, others_go_on))
    with suppress(StoreUnavailable):  # the lock's own connection is gone
        submit_batches(replace(opened.project, provider=slow))
    assert opened.stats()["batches_created"] == 1


def test_cancelling_what_was_created_a_moment_ago_stops_it_at_the_provider(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = planned(bench(latency_s=60))

    @contextmanager
    def created_meanwhile(store: Engine, name: str) -> Iterator[bool]:
        submit_batches(replace(opened.project, store=store))
        with try_lock(store, name) as held:
            yield held

    monkeypatch.setattr(cancelling, "try_lock", created_meanwhile)
    batch = cancel_batch(opened.project, str(opened.column("select id from caseforge.batch")[0]), by="test")
    assert (batch.state, batch.remote_status) == ("open", "cancelling")


def test_a_clock_that_is_ahead_of_the_providers_does_not_hide_a_batch(bench: OpenBench) -> None:
    opened = planned(bench(faults=["reply_reset:call=1"]))
    opened.change("update caseforge.batch set created_at = created_at + interval '3 hours'")
    submit_batches(opened.project)
    reconcile_batches(opened.project, now=datetime.now(UTC) + timedelta(hours=4))
    opened.work()
    assert opened.stats()["batches_created"] == 1


def test_an_output_file_that_is_late_is_waited_for_though_the_error_file_is_there(bench: OpenBench) -> None:
    opened = bench(faults=["http_500:match=-1-1-1-r"])
    batch_id = finished(opened)
    opened.change("update caseforge.batch set remote = remote || '{\"output_file_id\": null}'")
    assert collect(opened, batch_id) is None
    assert collect_after_a_pause(opened, batch_id).outcomes == {"ok": 5, "server_error": 1}


def test_files_of_an_expired_batch_that_cannot_be_read_yet_are_waited_for(bench: OpenBench) -> None:
    opened = bench(faults=["expire:share=0.5"])
    batch_id = finished(opened)
    (output,) = opened.column("select remote ->> 'output_file_id' from caseforge.batch")
    opened.change('update caseforge.batch set remote = remote || \'{"output_file_id": "file-late"}\'')
    assert output
    assert collect(opened, batch_id) is None
    assert collect_after_a_pause(opened, batch_id).outcomes["ok"] >= 1


SWAPPED = [("1.1.2" if row[0] == "1.1.1" else "1.1.1" if row[0] == "1.1.2" else row[0], *row[1:]) for row in SHOP]


def test_codes_that_nodes_exchange_do_not_stand_in_the_way_of_new_candidates(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", "1.1.2")
    opened.load(sorted(SWAPPED))
    opened.generate("1.1.1", "1.1.2", ask_again=True)
    found = opened.query(
        "select nv.code, k.candidate_uid from caseforge.candidate k join caseforge.node_version nv on nv.node_id = k.node_id "
        "join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current where k.is_current"
    )
    assert found
    assert all(uid.startswith(code) for code, uid in found)


def test_the_code_of_a_node_that_is_gone_is_free(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1")
    opened.load([(row[0], "new" if row[1] == "c" else row[1], *row[2:]) for row in SHOP])
    opened.generate("1.1.1")
    assert opened.column("select count(distinct node_id) from caseforge.content where stage = 'usecases'") == [2]


def with_output(bench: Workbench, batch_id: int, change: Any) -> None:
    """Fetches the output file and changes its lines, as if the provider had written them so."""
    (file_id, submission) = bench.query(
        "select remote ->> 'output_file_id', submission_id from caseforge.batch where id = :id", id=batch_id
    )[0]
    lines = [json.loads(line) for line in b"".join(bench.provider.client.download(file_id)).splitlines()]
    whole = b"".join(json.dumps(change(line)).encode() + b"\n" for line in lines)
    artifact = bench.folder.write(bench.folder.batch_path(submission, "output.jsonl"), [whole])
    bench.change(
        "update caseforge.batch set artifacts = artifacts || jsonb_build_object('output', cast(:a as jsonb)) where id = :id",
        a=json.dumps(artifact.as_json()),
        id=batch_id,
    )


@pytest.mark.parametrize("tokens", [3_000_000_000, 10**30])
def test_a_usage_that_cannot_be_true_is_unknown(bench: OpenBench, tokens: int) -> None:
    opened = bench()
    batch_id = finished(opened, "1.1.1")

    def change(line: dict[str, Any]) -> dict[str, Any]:
        line["response"]["body"]["usage"] |= {"completion_tokens": tokens, "prompt_tokens": tokens}
        line["response"]["body"]["model"] = "gpt-5-pro"
        return line

    with_output(opened, batch_id, change)
    assert collect(opened, batch_id).outcomes == {"ok": 1}


def test_an_answer_with_an_error_beside_it_has_its_price(bench: OpenBench) -> None:
    opened = bench()
    batch_id = finished(opened, "1.1.1")
    with_output(opened, batch_id, lambda line: line | {"error": {"code": "warning", "message": "odd"}})
    assert collect(opened, batch_id).outcomes == {"ok": 1}
    assert opened.column("select cost_usd > 0 from caseforge.attempt") == [True]
    assert opened.query(
        "select asset, kind = 'made' from caseforge.outbox where attempt_id is not null and kind <> 'waiting' order by id"
    ) == [
        ("process_batch_outputs", True),
        ("process_documents", True),
    ]


def test_two_plans_made_at_the_same_moment(bench: OpenBench) -> None:
    opened = bench()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(opened.draft) for _ in range(4)]
    assert [future.result().nodes for future in futures]


def test_what_was_never_sent_does_not_count_against_a_request(bench: OpenBench) -> None:
    opened = bench(faults=["missing_line:batch=1"], missing_files_grace_s=0)
    opened.approve("1.1.1", stages=[PROCESS])
    for _ in range(5):
        (batch_id,) = plan_batches(opened.project).batch_ids
        with opened.store.begin() as connection:
            batches.put_back(connection, batch_id, ["planned"], "HTTP 429")
    opened.work()
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1 order by 1") == [
        ("missing_line", 1),
        ("not_sent", 5),
        ("ok", 1),
    ]


def test_an_account_that_is_full_makes_batches_smaller_and_nodes_fail_only_when_one_request_alone_is_too_much(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", "1.1.2", stages=[PROCESS])
    full = {"errors": {"data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]}}

    def refused(limit: str) -> None:
        opened.change("update caseforge.provider set enqueued_token_limits = cast(:limit as jsonb)", limit=limit)
        for batch_id in plan_batches(opened.project).batch_ids:
            values = {"id": batch_id, "remote": json.dumps(full)}
            opened.change(
                "update caseforge.batch set state = 'final', remote_status = 'failed', remote = cast(:remote as jsonb) where id = :id",
                **values,
            )
            collect(opened, batch_id)

    for _ in range(7):
        refused("{}")
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("pending", 2)]
    for _ in range(12):
        refused('{"gpt-6.1-sol": 1}')
    assert opened.query("select state, count(*) from caseforge.request group by 1") == [("failed", 2)]


def test_a_batch_that_is_lost_for_good_can_be_given_up(bench: OpenBench) -> None:
    opened = bench(latency_s=60, create_grace_s=0)
    batch_id = submitted(opened, "1.1.1")
    opened.change("update caseforge.batch set remote_id = 'batch_gone'")
    for _ in range(LOOKS_BEFORE_UNKNOWN):
        poll_batches(opened.project)
    cancel_batch(opened.project, str(batch_id), by="test")
    assert opened.column("select state from caseforge.request") == ["parked"]


def test_a_retry_does_not_pay_for_a_question_that_is_not_asked_any_more(bench: OpenBench) -> None:
    opened = bench(faults=["truncate:batch=1"])
    opened.generate(stages=[PROCESS])
    opened.load(renamed("1.1.1", "Promote"))
    with opened.store.begin() as connection:
        draft = plan_retry(connection, opened.project, Scope(KEY, [PROCESS], True))
        plans.decide(connection, draft.id, True)
    opened.work()
    sent = opened.query(
        """
    select r.question, count(*) from caseforge.attempt a join caseforge.request r on r.id = a.request_id
    where r.stage = 'process_details' and r.node_id = :id group by r.question, r.id order by r.id
    """,
        id=opened.ids("1.1.1")[0],
    )
    assert len({question for question, _ in sent}) == len(sent) == 2
    with opened.store.connect() as connection:
        assert {state for _, state in survey(connection, opened.project, KEY, PROCESS, True)} == {"done"}


def test_no_use_cases_are_bought_for_a_document_that_a_newer_one_will_replace(bench: OpenBench) -> None:
    opened = bench()
    older = finished(opened, "1.1.1")
    opened.load(renamed("1.1.1", "Promote"))
    opened.approve("1.1.1")
    collect(opened, older)
    assert opened.column("select count(*) from caseforge.request where stage = 'usecases'") == [0]
    opened.work()
    assert opened.query(
        "select stage, count(*) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id group by 1 order by 1"
    ) == [("process_details", 2), ("usecases", 1)]


def test_a_slow_look_does_not_reopen_what_was_collected_meanwhile(bench: OpenBench) -> None:
    opened = bench()
    batch_id = submitted(opened, "1.1.1")

    class Slow(BatchClient):
        def retrieve(self, remote_id: str) -> dict[str, Any]:
            seen = super().retrieve(remote_id)
            opened.work()
            return seen | {"status": "in_progress"}

    poll_batches(replace(opened.project, provider=replace(opened.provider, client=Slow(opened.provider.base_url, "any"))))
    assert opened.column("select state from caseforge.batch where id = :id", id=batch_id) == ["collected"]


def test_a_duplicate_that_could_not_be_cancelled_is_tried_again(bench: OpenBench) -> None:
    opened = planned(bench(latency_s=60, faults=["reply_reset:call=1"]))
    submit_batches(opened.project)
    submission, file_id = opened.query("select submission_id, input_file_id from caseforge.batch")[0]
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        sdk.batches.create(
            input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h", metadata={SUBMISSION_KEY: submission}
        )

    class Failing(BatchClient):
        def cancel(self, remote_id: str) -> dict[str, Any]:
            raise ProviderUnclear("no connection")

    with pytest.raises(ProviderUnclear):
        reconcile_batches(replace(opened.project, provider=replace(opened.provider, client=Failing(opened.provider.base_url, "any"))))
    reconcile_batches(opened.project)
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        statuses = sorted(batch.status for batch in sdk.batches.list())
    assert [status.startswith("cancel") for status in statuses] == [True, False]


def test_a_file_that_is_gone_before_it_was_uploaded_is_written_again(bench: OpenBench) -> None:
    opened = planned(bench())

    class Dying(BatchClient):
        def find_file(self, file_name: str, created_after: datetime) -> str | None:
            raise MemoryError

    with pytest.raises(MemoryError):
        submit_batches(replace(opened.project, provider=replace(opened.provider, client=Dying(opened.provider.base_url, "any"))))
    (path,) = opened.column("select artifacts #>> '{input,path}' from caseforge.batch")
    opened.folder.remove(path)
    opened.work()
    assert opened.stats()["accepted"]["requests"] == 6


def test_one_batch_that_cannot_be_downloaded_holds_up_no_other(bench: OpenBench) -> None:
    opened = bench(max_requests_per_batch=3)
    planned(opened)
    submit_batches(opened.project)
    while opened.column("select count(*) from caseforge.batch where state = 'open'")[0]:
        poll_batches(opened.project)
    (broken,) = opened.column("select remote ->> 'output_file_id' from caseforge.batch order by id limit 1")

    class Broken(BatchClient):
        def download(self, file_id: str) -> Iterator[bytes]:
            if file_id == broken:
                raise ProviderUnclear("downloading: HTTP 500")
            return super().download(file_id)

    half = replace(opened, provider=replace(opened.provider, client=Broken(opened.provider.base_url, "any")))
    half.round()
    assert opened.query("select state, count(*) from caseforge.batch where stage = 'process_details' group by 1 order by 1") == [
        ("collected", 1),
        ("final", 1),
    ]


def test_a_declined_plan_takes_nothing_from_an_approved_one(bench: OpenBench) -> None:
    opened = bench()
    opened.approve(stages=[PROCESS])
    draft = opened.draft(stages=[PROCESS])
    with opened.store.begin() as connection:
        plans.decide(connection, draft.id, False)
    opened.work()
    assert opened.column("select count(*) from caseforge.content") == [6]


def test_waiting_goes_on_when_the_database_was_away(bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    flaky = Interrupting(opened.provider.base_url, lambda: opened.query(DROP_LOCKS))
    replace(opened, provider=replace(opened.provider, client=flaky)).work()
    assert opened.stats()["accepted"] == {"requests": 1, "distinct_bodies": 1, "max_multiplicity": 1}
    assert opened.column("select count(*) from caseforge.content") == [1]


def test_a_batch_at_a_simulated_provider_that_is_gone_can_be_given_up_for_one_that_bills(bench: OpenBench) -> None:
    simulated, real = bench(latency_s=60), bench(bills=True, budget_usd=5)
    batch_id = submitted(simulated, "1.1.1")
    cancel_batch(real.project, str(batch_id), by="test")
    real.generate("1.1.1", stages=[PROCESS])
    assert real.query("select simulated from caseforge.content") == [(False,)]


def test_a_batch_at_another_provider_that_bills_is_left_alone(bench: OpenBench) -> None:
    real, simulated = bench(bills=True, budget_usd=5, latency_s=60), bench()
    batch_id = submitted(real, "1.1.1")
    with pytest.raises(CannotCancel, match="set OPENAI_BASE_URL"):
        cancel_batch(simulated.project, str(batch_id), by="test")
    assert real.column("select state from caseforge.request") == ["in_batch"]


def test_the_limit_of_a_plan_holds_over_all_accounts_that_bill(bench: OpenBench) -> None:
    first, second = bench(bills=True, budget_usd=5), bench(bills=True, budget_usd=5)
    plan = first.draft("1.1.1", "1.1.2", stages=[PROCESS])
    with first.store.begin() as connection:
        plans.decide(connection, plan.id, True, (plan.expected_cost_usd or 0) * Decimal("0.75"))
    ids = first.column("select id from caseforge.request order by id")
    first.round(consent=Consent(request_ids=frozenset(ids[:1])))
    assert "the limit of plan" in second.round().held_back
