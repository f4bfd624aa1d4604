"""A batch that its provider does not know: too new for the server that answered, or really unknown; looked for first, and never forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from caseforge_assets.commands.rounds.poll_batches import LOOKS_BEFORE_UNKNOWN, poll_batches
from caseforge_assets.commands.rounds.settle_batch import CannotSettle, give_up_batch
from caseforge_assets.commands.rounds.work import batches_in_trouble
from caseforge_assets_tests.workbench import CODES, PROCESS, OpenBench, Workbench

NOT_KNOWN = "reply_error:when=before,status=404,match=^GET /v1/batches/"
EVERYWHERE = "list_late:newest=100"  # nor in a list
GRACE_S = 120.0


def sent(opened: Workbench) -> Workbench:
    opened.approve(stages=[PROCESS])
    opened.round()
    return opened


def poll(opened: Workbench, grace_s: float = GRACE_S) -> tuple[Any, ...]:
    """State, provider's status and reason of the first batch after a look."""
    batch = poll_batches(opened.configured(create_grace_s=grace_s).project)[0]
    return batch.state, batch.remote_status, batch.reason or ""


def lost_for(opened: Workbench, seconds: float) -> None:
    opened.change("update caseforge.batch set lost_since = now() - make_interval(secs => :seconds)", seconds=seconds)


@pytest.mark.parametrize("size", [None, 1], ids=["one batch", "many batches"])
def test_a_batch_that_is_not_known_at_first_is_looked_for_and_found(bench: OpenBench, size: int | None) -> None:
    sizes = {"max_requests_per_batch": size} if size else {}
    opened = bench(faults=[f"{NOT_KNOWN},call=1-7", f"{EVERYWHERE},call=1-3"], **sizes)
    opened.generate(stages=[PROCESS])
    assert opened.query("select state, lost_since, lost_looks from caseforge.batch") == [("collected", None, 0)] * (
        len(CODES) if size else 1
    )
    assert opened.stats()["requests_accepted"] == len(CODES)


def test_it_is_unknown_after_the_grace_period_and_several_looks(bench: OpenBench) -> None:
    opened = sent(bench(faults=[NOT_KNOWN], latency_s=60))
    for _ in range(LOOKS_BEFORE_UNKNOWN + 1):
        state, status, reason = poll(opened)
        assert (state, status) == ("open", "validating")
        assert "just now; it is looked for" in reason
    lost_for(opened, GRACE_S + 1)
    state, _, reason = poll(opened)
    assert state == "unknown"
    assert "check whether OPENAI_BASE_URL and OPENAI_API_KEY" in reason


def test_one_look_after_a_long_time_is_not_several(bench: OpenBench) -> None:
    opened = sent(bench(faults=[NOT_KNOWN], latency_s=60))
    poll(opened)
    lost_for(opened, 10 * GRACE_S)
    assert poll(opened)[0] == "open"
    assert poll(opened)[0] == "unknown"


def test_looks_that_found_it_begin_anew(bench: OpenBench) -> None:
    opened = sent(bench(faults=[f"{NOT_KNOWN},call=1-2"], latency_s=60))
    poll(opened)
    poll(opened)
    assert poll(opened)[::2] == ("open", "")
    assert opened.query("select lost_since, lost_looks from caseforge.batch") == [(None, 0)]


def test_an_unknown_batch_is_known_again_when_its_provider_is(bench: OpenBench) -> None:
    opened = sent(bench(latency_s=60))
    (remote_id,) = opened.column("select remote_id from caseforge.batch")
    opened.change("update caseforge.batch set remote_id = 'batch_of_another_account'")
    states = [poll(opened, grace_s=0)[0] for _ in range(LOOKS_BEFORE_UNKNOWN)]
    assert states[-1] == "unknown"
    with opened.store.connect() as connection:
        assert [batch.id for batch in batches_in_trouble(connection, opened.provider.id)] == [1]
    opened.change("update caseforge.batch set remote_id = :id", id=remote_id)
    with pytest.raises(CannotSettle, match="is known to its provider again"):
        give_up_batch(opened.project, "1", by="test")
    assert poll(opened)[0] == "open"
    with opened.store.connect() as connection:
        assert batches_in_trouble(connection, opened.provider.id) == []


def test_work_goes_on_while_it_is_looked_for_and_ends_when_it_is_unknown(bench: OpenBench) -> None:
    opened = sent(bench(faults=[NOT_KNOWN], latency_s=60))
    done = opened.round()
    assert (done.idle, done.lost) == (False, ())
    lost_for(opened, GRACE_S + 1)
    done = opened.round()
    done = opened.round()
    assert done.idle
    assert [batch.id for batch in done.stuck] == [1]


def test_a_batch_that_stays_unknown_is_given_up_by_a_person(bench: OpenBench) -> None:
    opened = sent(bench(faults=[NOT_KNOWN], latency_s=60, create_grace_s=0))
    while not opened.round().idle:
        pass
    result = give_up_batch(opened.project, "1", by="test")
    assert result is not None
    assert result.outcomes == {"cancelled": len(CODES)}
    assert opened.query("select distinct state from caseforge.request") == [("parked",)]
    assert opened.query("select actor, action from caseforge.audit_entry where subject = 'batch 1'") == [("test", "batch.given-up")]
    assert opened.round().stuck == []
