"""Every fault of a line or a file that a provider may bring: what the attempt comes to, and what is kept of it."""

from __future__ import annotations

import pytest

from benchmarks.faults.answers import ANSWERS, DOCUMENT, USE_CASES, Expected
from caseforge_assets_tests.cases import some_at_once
from caseforge_assets_tests.workbench import PROCESS, OpenBench, Workbench

ONE = "match=process.*-1-1-1-r"
ONE_CASES = "match=usecases.*-1-1-1-r"
ATTEMPT = """
select a.outcome, a.detail, a.notes #>> '{}', a.cost_usd is not null or a.input_tokens is null, c.id is not null
from caseforge.attempt a left join caseforge.content c on c.attempt_id = a.id
where a.custom_id ~ :custom_id order by a.id
"""


def last_attempt(bench: Workbench, stage: str) -> tuple[str, str, str, bool]:
    """Outcome, detail, notes, whether there is content; every answer with a usage has a cost."""
    outcome, detail, notes, priced, kept = bench.query(ATTEMPT, custom_id=f"^{stage}.*-1-1-1-r")[-1]
    assert priced
    return outcome, detail, notes, kept


GOOD = [answer for answer in ANSWERS if answer.stage == DOCUMENT and answer.kept]
BAD = [answer for answer in ANSWERS if answer.stage == DOCUMENT and not answer.kept]
GOOD_CASES = [answer for answer in ANSWERS if answer.stage == USE_CASES and answer.kept]
BAD_CASES = [answer for answer in ANSWERS if answer.stage == USE_CASES and not answer.kept]


def names(rows: list[Expected]) -> list[str]:
    return [row.fault for row in rows]


def spec(fault: str, which: str) -> str:
    return f"{fault}{',' if ':' in fault else ':'}{which}"


@pytest.mark.slow
@pytest.mark.parametrize("expected", GOOD, ids=names(GOOD))
def test_a_tolerable_document_is_kept_with_a_note(bench: OpenBench, expected: Expected) -> None:
    opened = bench(faults=[expected.spec])
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    found, _, notes, kept = last_attempt(opened, "process_details")
    assert (found, kept) == (expected.outcome, True)
    assert expected.said in notes


@pytest.mark.parametrize("expected", some_at_once(BAD, *BAD[:2]), ids=names(BAD))
def test_a_bad_document_is_not_kept_and_its_failure_has_a_name(bench: OpenBench, expected: Expected) -> None:
    opened = bench(faults=[expected.spec], missing_files_grace_s=0)
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    found, detail, _, kept = last_attempt(opened, "process_details")
    assert (found, kept) == (expected.outcome, False)
    assert expected.said in detail
    assert opened.column("select count(*) from caseforge.content") == [1]


@pytest.mark.slow
@pytest.mark.parametrize("expected", GOOD_CASES, ids=names(GOOD_CASES))
def test_tolerable_use_cases_are_kept_with_a_note(bench: OpenBench, expected: Expected) -> None:
    opened = bench(faults=[expected.spec])
    opened.generate("1.1.1")
    found, _, notes, kept = last_attempt(opened, "usecases")
    assert (found, kept) == (expected.outcome, True)
    assert expected.said in notes
    assert 6 <= opened.column("select count(*) from caseforge.candidate where is_current")[0] <= 10


def test_use_cases_that_were_cut_off_keep_those_that_are_complete(bench: OpenBench) -> None:
    opened = bench(faults=[spec("item_count:count=9", ONE_CASES), spec("truncate_content:share=0.85", ONE_CASES)])
    opened.generate("1.1.1")
    found, _, notes, kept = last_attempt(opened, "usecases")
    assert (found, kept) == ("salvaged", True)
    assert "7 of its candidates are complete and were kept" in notes
    assert opened.column("select count(*) from caseforge.candidate where is_current") == [7]


@pytest.mark.slow
@pytest.mark.parametrize("expected", BAD_CASES, ids=names(BAD_CASES))
def test_bad_use_cases_are_not_kept_and_their_failure_has_a_name(bench: OpenBench, expected: Expected) -> None:
    opened = bench(faults=[expected.spec])
    opened.generate("1.1.1")
    found, detail, _, kept = last_attempt(opened, "usecases")
    assert (found, kept) == (expected.outcome, False)
    assert expected.said in detail
    assert opened.column("select count(*) from caseforge.candidate") == [0]


STRAYS = [
    ("not_json", "cannot be read"),
    ("unknown_custom_id", "which was not asked"),
    ("repeated_line", "again"),
]


@pytest.mark.parametrize(("fault", "said"), STRAYS, ids=[row[0] for row in STRAYS])
def test_lines_that_fit_no_request_are_counted_and_named_on_the_batch(bench: OpenBench, fault: str, said: str) -> None:
    opened = bench(faults=[spec(fault, ONE)], missing_files_grace_s=0)
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    reason = opened.column("select reason from caseforge.batch order by id")[0]
    assert reason.startswith("1 line fits no request, first: line ")
    assert said in reason


def test_how_a_file_is_written_does_not_matter(bench: OpenBench) -> None:
    opened = bench(faults=["windows_lines"])
    opened.generate()
    assert opened.query("select stage, count(*) from caseforge.content group by 1 order by 1") == [("process_details", 6), ("usecases", 6)]
    assert opened.column("select reason from caseforge.batch where reason is not null") == []


def test_the_end_that_a_file_lacks_was_paid_for_and_is_not_asked_again_by_itself(bench: OpenBench) -> None:
    opened = bench(faults=["cut_file:batch=1"], missing_files_grace_s=0)
    opened.approve(stages=[PROCESS])
    while not (done := opened.round()).idle:
        pass
    assert [batch.is_held for batch in done.stuck] == [True]
    assert opened.stats()["requests_accepted"] == 6


def test_files_that_come_late_are_waited_for(bench: OpenBench) -> None:
    opened = bench(faults=["without_files:call=1-4,match=GET /v1/batches"])
    opened.generate(stages=[PROCESS])
    assert opened.stats()["requests_accepted"] == 6
    assert opened.column("select distinct outcome from caseforge.attempt") == ["ok"]


def test_a_model_that_is_not_there_stops_everything_and_is_no_fault_of_the_node(bench: OpenBench) -> None:
    opened = bench(faults=[spec("http_404", ONE)])
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    opened.work()
    assert last_attempt(opened, "process_details")[:2] == ("model_not_found", opened.column("select detail from caseforge.attempt")[0])
    assert "model" in opened.column("select stopped_reason from caseforge.provider")[0]
    assert opened.column("select attempts_counted from caseforge.request where is_current") == [0]


def test_a_request_that_is_too_long_is_asked_once_more_with_half_of_its_context(bench: OpenBench) -> None:
    opened = bench(faults=[f"context_length:tokens=100,{ONE_CASES}", f"context_length:tokens=100,batch=1,{ONE}"])
    opened.generate("1.1.1")
    opened.generate("1.1.1")
    bodies = opened.query("select shortened, length(body), generation from caseforge.request where stage = 'process_details' order by id")
    assert [row[0] for row in bodies] == [False, True]
    assert bodies[1][1] < bodies[0][1]
    assert opened.column("select count(distinct question) from caseforge.request where stage = 'process_details'") == [1]
    opened.generate("1.1.1")
    cases = opened.query("select shortened, length(body), state from caseforge.request where stage = 'usecases' order by id")
    assert [row[0] for row in cases] == [False, True]
    assert cases[0][1] - cases[1][1] > 2_000, "the document that it reads is cut, too"
    left = opened.draft("1.1.1").stages[1].given_up
    assert left == {"context_length: the context was shortened already, and the request is still too long": 1}
