"""A provider shows batches that are not as they should be, for a time or for good: it is said, and everything else goes on."""

from __future__ import annotations

import logging

import pytest

from caseforge_assets.batch_server.faults.objects import ODD
from caseforge_assets.commands.rounds.poll_batches import RETRIEVE_SINGLY, poll_batches
from caseforge_assets.openai_batch.errors import ProviderUnclear
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.workbench import CODES, PROCESS, OpenBench, Workbench

UNREADABLE = [
    "reply_error:status=500",
    "reply_error:status=501,body=page",
    "reply_error:status=422",
    "reply_error:status=403",
    "reply_reset:",
]
STILL_READ = sorted(ODD.keys() - {"status_number", "status_null", "status_unknown"})


def two_open(opened: Workbench) -> Workbench:
    """Two batches under way, looked at one by one."""
    opened.provider.client._sdk.max_retries = 0
    for code in CODES[:2]:
        opened.approve(code, stages=[PROCESS])
        opened.round()
    assert opened.column("select state from caseforge.batch") == ["open", "open"]
    return opened


@pytest.mark.parametrize("how", some_at_once(sorted(ODD), "counts_null", "status_unknown"))
def test_odd_for_a_time(bench: OpenBench, how: str) -> None:
    opened = bench(faults=[f"odd_batch:how={how},call=1-3", "expire:share=0.5,batch=1"])
    opened.generate(stages=[PROCESS])
    assert opened.query("select state, count(*) from caseforge.request where stage = 'process_details' group by 1") == [("answered", 6)]
    assert opened.stats()["accepted"]["max_multiplicity"] <= 2


@pytest.mark.parametrize("how", some_at_once(STILL_READ, "counts_text", "files_number"))
def test_odd_for_good(bench: OpenBench, how: str) -> None:
    opened = bench(faults=[f"odd_batch:how={how}"])
    if how == "files_number":  # what is read as a file's id is none that the server knows: nothing counts as missing before its time
        opened = opened.configured(missing_files_grace_s=0.0)
    opened.approve(stages=[PROCESS])
    for _ in range(3):
        opened.round()
    assert opened.column("select state from caseforge.batch")[0] in ("final", "collected")


FAILED = ["errors_text", "errors_texts", "nul", "surrogate", "counts_text", "created_text", "huge"]


@pytest.mark.parametrize("how", some_at_once(FAILED, "errors_texts", "nul"))
def test_a_failed_batch_with_an_odd_object_is_closed(bench: OpenBench, how: str) -> None:
    opened = bench(faults=["reject:batch=1", f"odd_batch:how={how}"])
    opened.approve(stages=[PROCESS])
    for _ in range(4):
        opened.round()
    assert opened.column("select state from caseforge.batch order by id")[0] == "collected"


@pytest.mark.parametrize("how", ["status_number", "status_null", "status_unknown"])
def test_a_status_that_nobody_knows_is_said(bench: OpenBench, how: str) -> None:
    opened = bench(faults=[f"odd_batch:how={how},call=1"], latency_s=60)
    opened.approve(stages=[PROCESS])
    opened.round()
    poll_batches(opened.project)
    [(state, status, reason)] = opened.query("select state, remote_status, reason from caseforge.batch")
    assert (state, status) == ("open", "unrecognized")
    assert "a status that is not known" in reason
    poll_batches(opened.project)
    assert opened.query("select state, reason from caseforge.batch") == [("open", None)]


@pytest.mark.slow
@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_batch_that_cannot_be_read_is_named_and_holds_up_no_other(bench: OpenBench, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    opened = two_open(bench(faults=[f"{fault}{'' if fault[-1] == ':' else ','}when=before,call=2,match=^GET /v1/batches/"], latency_s=3.0))
    with caplog.at_level(logging.WARNING):
        poll_batches(opened.project)
    (read, _), (unread, reason) = opened.query("select state, reason from caseforge.batch order by reason is not null")
    assert (read, unread) == ("open", "open")
    assert "cannot be read at its provider" in reason
    assert "cannot be read at its provider" in caplog.text
    opened.work()
    assert opened.query("select state, reason from caseforge.batch") == [("collected", None)] * 2


def test_a_provider_that_is_away_is_not_taken_for_an_odd_batch(bench: OpenBench) -> None:
    opened = two_open(bench(faults=["reply_error:when=before,status=503,call=3-20,match=^GET /v1/(batches/|models$)"], latency_s=60))
    with pytest.raises(ProviderUnclear, match="looking at batch"):
        poll_batches(opened.project)
    assert opened.column("select distinct reason from caseforge.batch") == [None]


def test_a_list_that_cannot_be_had_leaves_the_batches_to_be_looked_at_one_by_one(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=500,match=^GET /v1/batches$"])
    opened.provider.client._sdk.max_retries = 0
    for code in CODES[: RETRIEVE_SINGLY + 1]:
        opened.approve(code, stages=[PROCESS])
        opened.round()
    opened.work()
    assert opened.column("select distinct state from caseforge.batch") == ["collected"]


def test_a_list_without_an_end_keeps_nothing_from_being_seen(bench: OpenBench) -> None:
    opened = bench(faults=["endless_list"], latency_s=0.5)
    for code in CODES[: RETRIEVE_SINGLY + 1]:
        opened.approve(code, stages=[PROCESS])
        opened.round()
    opened.work()
    assert opened.column("select distinct state from caseforge.batch") == ["collected"]


def test_a_file_that_may_not_be_read_holds_up_no_other_batch(bench: OpenBench) -> None:
    opened = two_open(bench(faults=["reply_error:when=before,status=403,call=1,match=^GET /v1/files/.*/content$"], latency_s=3.0))
    opened.work()
    assert opened.column("select distinct state from caseforge.batch") == ["collected"]
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 2)]


def test_a_batch_that_cannot_be_uploaded_holds_up_no_other(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:when=before,status=500,call=1,match=^POST /v1/files$"], max_requests_per_batch=3)
    opened.provider.client._sdk.max_retries = 0
    opened.approve(stages=[PROCESS])
    with pytest.raises(ProviderUnclear, match="uploading the batch file"):
        opened.round()
    assert opened.column("select state from caseforge.batch order by id") == ["written", "open"]
    opened.work()
    assert opened.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 6)]
