"""Downloads that succeed and are not the file: nothing that was answered counts as missing, nothing is asked again, a person decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caseforge_assets.alerts.rules import Rule
from caseforge_assets.artifacts import Artifact
from caseforge_assets.batch_server import WRONG_DOWNLOADS
from caseforge_assets.commands.alerting.check_alerts import check_alerts
from caseforge_assets.commands.collecting import fetch_results as fetching
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.commands.requests.retry_failed import Retry, retry_failed
from caseforge_assets.commands.rounds.settle_batch import CannotSettle, fetch_again, give_up_batch
from caseforge_assets.commands.rounds.work import LATER, Round, batches_in_trouble
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow, claim_for_collecting
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.commands.collected_batches import collect, to_final
from caseforge_assets_tests.commands.created_twice import DUPLICATE, FIRST, LOST_ANSWER, contents, created_twice
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, OpenBench, Workbench

ALWAYS = "call=1-999"
NO_GRACE = {"missing_files_grace_s": 0}
SLOWLY = {"poll_interval_s": 3_000}  # the next fetch is far off
OUTCOMES = "select outcome, count(*) from caseforge.attempt group by 1 order by 1"
STATES = "select state, count(*) from caseforge.request where is_current and stage = 'process_details' group by 1 order by 1"
COUNTS_NULL = "odd_batch:how=counts_null"


def the_batch(opened: Workbench) -> BatchRow:
    (batch_id,) = opened.column("select min(id) from caseforge.batch")
    with opened.store.connect() as connection:
        return batches.get(connection, batch_id)


def generate(opened: Workbench) -> Round:
    """Rounds until nothing goes on by itself any more; the last one."""
    opened.approve(stages=[PROCESS])
    while True:
        done = opened.round()
        if done.idle:
            return done


def again(opened: Workbench) -> bool:
    """Has the files fetched as a person does; tells whether everything came."""
    return fetch_again(opened.project, str(the_batch(opened).id), by="test") is not None


def give_up(opened: Workbench, name: str = "") -> dict[str, int]:
    result = give_up_batch(opened.project, name or the_batch(opened).name, by="test")
    assert result is not None
    return result.outcomes


def kept(opened: Workbench, role: str = "output") -> list[bytes]:
    """The downloads that fell short and are kept."""
    found = [artifact for name, artifact in sorted(the_batch(opened).artifacts.items()) if name.startswith(f"{role}-")]
    return [b"".join(opened.folder.read(artifact["path"])) for artifact in found]


def problems(opened: Workbench) -> list[str]:
    """Lists the problems that verify finds in the batches' artifacts and rows."""
    found = verify(opened.store, opened.stages, opened.folder).problems
    return [f"{problem.where}: {problem.what}" for problem in found if problem.where.startswith("batch")]


@pytest.mark.parametrize("how", some_at_once(WRONG_DOWNLOADS, "half", "page"))
def test_a_wrong_download_is_fetched_again_and_nothing_is_paid_for_twice(bench: OpenBench, how: str) -> None:
    opened = bench(faults=[f"wrong_download:how={how},call=1-2"], **NO_GRACE)
    opened.configured(missing_files_grace_s=900).generate(stages=[PROCESS])
    assert opened.query(OUTCOMES) == [("ok", len(CODES))]
    assert opened.stats()["requests_accepted"] == len(CODES)
    assert len(kept(opened)) == 1, "what came first is kept, once"
    batch = the_batch(opened)
    assert (batch.state, batch.reason, batch.short_fetches, batch.is_held) == ("collected", None, 0, False)
    assert problems(opened) == []


@pytest.mark.parametrize("counts", ["counted", "not counted"])
@pytest.mark.parametrize("how", some_at_once(["page", "half", "empty", "errors"], "half"))
def test_what_never_comes_right_is_held_for_a_person_and_never_asked_again_by_itself(bench: OpenBench, how: str, counts: str) -> None:
    faults = [f"wrong_download:how={how}", *([COUNTS_NULL] if counts == "not counted" else [])]
    opened = bench(faults=faults, **NO_GRACE)
    done = generate(opened)
    assert [batch.id for batch in done.stuck] == [1]
    assert not done.under_way
    assert opened.query(STATES) == [("in_batch", len(CODES))]
    assert opened.stats()["requests_accepted"] == len(CODES)
    reason = the_batch(opened).reason or ""
    assert "`caseforge collect --again 1` fetches now, `caseforge collect --give-up 1`" in reason
    assert "bytes of its output file came. Fetched 1 time, and again from time to time." in reason
    with opened.store.connect() as connection:
        assert [batch.id for batch in batches_in_trouble(connection, opened.provider.id)] == [1]
        assert batches_in_trouble(connection, opened.provider.id, "another") == []


def test_it_is_an_alert_until_it_came(bench: OpenBench) -> None:
    opened = bench(faults=["wrong_download:how=half,call=1"], **NO_GRACE, **SLOWLY)

    def open_alerts() -> list[tuple[str, str]]:
        check_alerts(opened.store, opened.project, datetime.now(UTC))
        return opened.query("select rule, severity from caseforge.alert where cleared_at is null")

    generate(opened)
    assert open_alerts() == [(Rule.short_results, "critical")]
    assert again(opened)
    assert open_alerts() == []


def test_pauses_grow_are_kept_in_the_store_and_bind_everybody(bench: OpenBench) -> None:
    opened = bench(faults=["wrong_download:how=half"], **SLOWLY)
    batch_id = to_final(opened)
    pause = "select extract(epoch from fetch_after - clock_timestamp()) from caseforge.batch"
    assert collect(opened, batch_id) is None
    assert 800 < opened.column(pause)[0] <= 900, "not longer than until the grace period ends"
    for _ in range(3):
        assert collect(opened, batch_id) is None
    assert the_batch(opened).short_fetches == 1
    opened.change("update caseforge.batch set short_since = now() - interval '1 hour', fetch_after = now()")
    assert collect(opened, batch_id) is None
    assert 1_900 < opened.column(pause)[0] <= 2_000
    with opened.store.begin() as connection:
        assert claim_for_collecting(connection, opened.provider.id, 600) == []
    opened.change("update caseforge.batch set fetch_after = clock_timestamp()")
    with opened.store.begin() as connection:
        assert claim_for_collecting(connection, opened.provider.id, 600) == [(batch_id, 1)]


def test_a_pause_of_a_clock_that_was_ahead_is_none(bench: OpenBench) -> None:
    opened = bench(faults=["wrong_download:how=half,call=1"], **SLOWLY)
    batch_id = to_final(opened)
    collect(opened, batch_id)
    opened.change("update caseforge.batch set fetch_after = now() + interval '5 hours'")
    assert collect(opened, batch_id) is not None


def test_a_person_has_it_fetched_now(bench: OpenBench) -> None:
    opened = bench(faults=["wrong_download:how=half,call=1-2"], **SLOWLY)
    collect(opened, to_final(opened))
    assert not again(opened)
    assert again(opened)
    assert opened.query(OUTCOMES) == [("ok", len(CODES))]
    with pytest.raises(CannotSettle, match="lacks no answer"):
        again(opened)


def test_what_is_given_up_keeps_what_came_waits_for_a_person_and_may_have_cost_something(bench: OpenBench) -> None:
    opened = bench(faults=[f"wrong_download:how=half,{ALWAYS}"], **NO_GRACE)
    generate(opened)
    assert give_up(opened) == {"ok": 3, "given_up": 3}
    assert opened.query("select distinct cost_usd from caseforge.attempt where outcome = 'given_up'") == [(None,)]
    assert opened.query(STATES) == [("answered", 3), ("parked", 3)]
    opened.work()
    assert opened.stats()["requests_accepted"] == len(CODES)
    assert problems(opened) == []
    with opened.store.begin() as connection:
        assert not retry_failed(connection, opened.project, KEY, PROCESS).node_ids
        assert len(retry_failed(connection, opened.project, KEY, PROCESS, retry=Retry(asked=True)).node_ids) == 3


def test_a_batch_that_was_given_up_can_be_fetched_after_all(bench: OpenBench) -> None:
    opened = bench(faults=["wrong_download:how=half,call=1-2"], **NO_GRACE, **SLOWLY)
    generate(opened)
    give_up(opened)
    assert again(opened), "it falls short still, and nothing waits for it any more"
    assert opened.query(OUTCOMES) == [("given_up", 3), ("ok", 3)]
    assert again(opened)
    assert opened.query(OUTCOMES) == [("ok", len(CODES))]
    assert opened.query("select state from caseforge.request where stage = 'process_details'") == [("answered",)] * len(CODES)
    assert opened.stats()["requests_accepted"] == len(CODES)
    assert problems(opened) == []
    decided = opened.query("select actor, action from caseforge.audit_entry where subject = 'batch 1' order by id")
    assert decided == [("test", "batch.given-up"), *[("test", "batch.fetched-again")] * 2]


@pytest.mark.parametrize(
    "fault",
    ["without_files", "reply_error:status=404,match=GET /v1/files/.*/content", "reply_error:status=403,match=GET /v1/files/.*/content"],
    ids=["never named", "gone", "refused"],
)
def test_answers_whose_files_never_come_are_given_up_by_a_person_only(bench: OpenBench, fault: str) -> None:
    opened = bench(faults=[fault], **NO_GRACE)
    done = generate(opened)
    assert [batch.id for batch in done.stuck] == [1]
    assert give_up(opened) == {"given_up": len(CODES)}
    assert opened.stats()["requests_accepted"] == len(CODES)


def test_a_server_that_counts_nothing_is_believed_when_all_lines_are_there(bench: OpenBench) -> None:
    opened = bench(faults=[COUNTS_NULL])
    opened.generate(stages=[PROCESS])
    assert opened.query(OUTCOMES) == [("ok", len(CODES))]
    assert kept(opened) == []


@pytest.mark.parametrize("counts", [[], [COUNTS_NULL]], ids=["counted", "not counted"])
def test_a_line_that_the_provider_does_not_have_either_is_missing(bench: OpenBench, counts: list[str]) -> None:
    opened = bench(faults=["missing_line:batch=1,match=-1-1-1-r", *counts], **NO_GRACE)
    opened.generate(stages=[PROCESS])
    assert opened.query(OUTCOMES) == [("missing_line", 1), ("ok", len(CODES))]


def test_a_key_that_may_not_look_at_files_waits_for_no_size_of_them(bench: OpenBench) -> None:
    refused = "reply_error:status=403,when=before,match=^GET /v1/files/[^/]+$"
    opened = bench(faults=["missing_line:batch=1,match=-1-1-1-r", refused], **NO_GRACE)
    opened.generate(stages=[PROCESS])
    assert opened.query(OUTCOMES) == [("missing_line", 1), ("ok", len(CODES))]


def test_what_nobody_counts_or_measures_is_taken_when_the_same_came_twice(bench: OpenBench) -> None:
    refused = "reply_error:status=403,when=before,match=^GET /v1/files/[^/]+$"
    opened = bench(faults=["missing_line:batch=1,match=-1-1-1-r", COUNTS_NULL, refused, "wrong_download:how=half,call=1"], **NO_GRACE)
    batch_id, taken = to_final(opened), []
    for _ in range(3):
        opened.change("update caseforge.batch set fetch_after = null")
        taken.append(collect(opened, batch_id) is not None)
    assert taken == [False, False, True]
    assert opened.query(OUTCOMES) == [("missing_line", 1), ("ok", len(CODES) - 1)]


def test_a_line_that_nobody_counts_is_not_missing_before_the_grace_period_is_over(bench: OpenBench) -> None:
    opened = bench(faults=["missing_line:batch=1,match=-1-1-1-r", COUNTS_NULL])
    batch_id = to_final(opened)
    assert collect(opened, batch_id) is None
    assert not the_batch(opened).is_held
    opened.change("update caseforge.batch set short_since = now() - interval '16 minutes', fetch_after = null")
    result = collect(opened, batch_id)
    assert result is not None
    assert result.outcomes == {"ok": 5, "missing_line": 1}


def test_the_grace_period_begins_with_the_first_fetch_and_not_with_the_end_of_the_batch(bench: OpenBench) -> None:
    opened = bench(faults=["missing_line:batch=1,match=-1-1-1-r", COUNTS_NULL])
    batch_id = to_final(opened)
    opened.change("update caseforge.batch set final_at = now() - interval '2 hours'")
    assert collect(opened, batch_id) is None


def test_a_provider_that_takes_the_end_back_is_watched_on(bench: OpenBench) -> None:
    opened = bench(faults=["wrong_download:how=half,call=1"])
    batch_id = to_final(opened)
    collect(opened, batch_id)
    opened.change("update caseforge.batch set fetch_after = null")
    real = opened.provider.client.retrieve
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opened.provider.client, "retrieve", lambda remote_id: real(remote_id) | {"status": "finalizing"})
        assert collect(opened, batch_id) is None
    assert the_batch(opened).state == "open"
    opened.work()
    assert opened.query(OUTCOMES) == [("ok", len(CODES))]


def test_only_a_few_downloads_are_kept_and_the_largest(bench: OpenBench) -> None:
    opened = bench()
    batch_id = to_final(opened)
    for size in (10, 20, 20, 5, 40, 30, 1, 50):
        artifact = opened.folder.write(opened.folder.batch_path(the_batch(opened).submission_id, "output.jsonl"), [b"x" * size])
        with opened.store.begin() as connection:
            batches.add_artifact(connection, batch_id, "output", artifact.as_json())
        fetching.set_aside(opened.store, opened.folder, the_batch(opened))
    assert sorted(map(len, kept(opened))) == [20, 30, 40, 50]
    assert "output" not in the_batch(opened).artifacts
    assert all(opened.folder.exists(Artifact(**artifact)) for artifact in the_batch(opened).artifacts.values())


@pytest.mark.slow
def test_a_duplicate_whose_file_is_wrong_is_fetched_again_before_anything_counts_as_failed(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER, "expire:share=0.5,batch=1", "wrong_download:how=half,call=3-4"]))
    opened.work()
    assert contents(opened) == [(FIRST, 3), (DUPLICATE, 3)]
    assert opened.stats()["batches_created"] == 2


def test_a_duplicate_whose_file_never_comes_right_holds_the_batch_that_needs_it(bench: OpenBench) -> None:
    opened = created_twice(bench(faults=[LOST_ANSWER, "expire:share=0.5,batch=1", "wrong_download:how=page,call=3-99"]), **NO_GRACE)
    for _ in range(200):
        done = opened.round()
        if done.idle:
            break
    assert [batch.is_held for batch in done.stuck] == [True, True]
    assert opened.stats()["batches_created"] == 2
    (duplicate,) = opened.column("select id from caseforge.batch where duplicate_of is not null")
    give_up(opened, str(duplicate))
    opened.round(submit=False)
    assert opened.query("select distinct state from caseforge.batch") == [("collected",)]
    assert contents(opened) == [(FIRST, 3)]


def test_there_is_nothing_to_decide_about_a_batch_that_goes_its_way(bench: OpenBench) -> None:
    opened = bench(latency_s=60)
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    with pytest.raises(CannotSettle, match="is open; files are fetched when"):
        again(opened)
    with pytest.raises(CannotSettle, match=r"is open: `caseforge cancel` stops one"):
        give_up(opened)
    with pytest.raises(CannotSettle, match="there is no batch 'nonsense'"):
        give_up(opened, "nonsense")
    opened.change("update caseforge.batch set state = 'final'")
    with pytest.raises(CannotSettle, match="nothing of it is awaited in vain"):
        give_up(opened)


def test_a_download_that_always_breaks_off_can_be_given_up(bench: OpenBench) -> None:
    opened = bench(faults=["reply_error:status=500,when=before,match=GET /v1/files/.*/content"])
    to_final(opened)
    opened.change("update caseforge.batch set reason = :reason", reason=f"{LATER}: no connection")
    assert give_up(opened) == {"given_up": len(CODES)}
