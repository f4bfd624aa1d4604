"""The bench tells of cases that break off, faults that do not come, and patches of what is not there."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

import caseforge_assets
from benchmarks.faults import calls, duplicates, jobs, kills, mutants, mutations
from benchmarks.faults.patches import Vanished, must_hold, replace
from benchmarks.faults.rows import Case, Row, each, missed, summed

GOOD = Row("group", "fault", "case", 1, 0, 0, 0, "by itself", 0.1)


def break_off() -> Row:
    raise TimeoutError("no Batch API server")


def test_a_case_that_breaks_off_is_a_bad_row_and_the_others_go_on() -> None:
    cases = [Case(("group", "fault", "first"), break_off), Case(("group", "fault", "second"), lambda: GOOD)]
    first, second = each(cases)
    assert (first.good, first.case, first.recovered) == (False, "first", "broke off: TimeoutError: no Batch API server")
    assert second.good
    [both] = summed([first, second])
    assert (both.good, both.injected) == (False, 1)


def test_a_fault_that_hit_nothing_was_missed() -> None:
    stats = {"faults": {"reply_reset": 1, "list_late": 0}}
    assert missed(["reply_reset:call=1", "list_late", "expire:share=0.5"], stats) == ["list_late", "expire:share=0.5"]


@pytest.mark.parametrize("path", ["caseforge_assets.commands.rounds.work:no_such_verb", "caseforge_assets.no_such_module:function"])
def test_what_is_not_there_cannot_be_replaced(path: str) -> None:
    with pytest.raises(Vanished, match="is not there"):
        replace(path, lambda function: function)


def test_what_is_no_function_cannot_be_replaced() -> None:
    with pytest.raises(Vanished, match="is no function"):
        replace("caseforge_assets.commands.collecting.collect_batch:CHUNK_LINES", lambda function: function)


def test_a_patch_says_what_it_relies_on() -> None:
    must_hold("caseforge_assets.store.requests.pending:sendable", "_LOCKED if lock")
    with pytest.raises(Vanished, match="does not say"):
        must_hold("caseforge_assets.store.requests.pending:sendable", "for share")


def test_every_mutant_breaks_something() -> None:
    assert len(mutants.MUTANTS) >= 12
    assert {mutant.name for mutant in mutants.MUTANTS} == set(mutations.MUTATIONS)


@pytest.mark.parametrize("bench", [kills, duplicates, jobs, calls])
def test_every_commit_that_is_killed_at_is_made_by_a_function_that_there_is(bench: ModuleType) -> None:
    package = Path(caseforge_assets.__file__).parent
    named = {operation.removeprefix("commit ") for operation, _ in bench.OPERATIONS if operation.startswith("commit ")}
    assert named
    for module, _, function in (name.partition(".") for name in named):
        texts = [path.read_text(encoding="utf-8") for path in package.rglob(f"{module}.py")]
        assert any(f"def {function}(" in text for text in texts), f"{module}.{function}"
