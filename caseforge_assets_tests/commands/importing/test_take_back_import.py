"""Taking an import back: nothing of it is in any figure, and what was there before is current again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.commands.importing.appraise_import import ForeignFile
from caseforge_assets.commands.importing.import_results import import_results
from caseforge_assets.commands.importing.take_back_import import TakenBack, take_back_import
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import imports
from caseforge_assets.store.database.engine import Engine
from caseforge_assets_tests.commands.result_files import NODES, answer_line, document, use_cases, written, wrong
from caseforge_assets_tests.commands.worlds import edit, everything
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench

CONTENTS = "select id, node_id, stage, version, is_current from caseforge.content order by id"
CANDIDATES = "select id, candidate_uid, is_current from caseforge.candidate order by id"
SPENT = "select count(*), coalesce(sum(cost_usd), 0), coalesce(sum(output_tokens), 0) from caseforge.attempt"
SHOWN = """
select distinct on (asset, node_id) asset, node_id, kind, data_version from caseforge.outbox
where node_id is not null and kind <> 'waiting' and asset = any(:assets) order by asset, node_id, id desc
"""
ASSETS = [asset for stage in (PROCESS, USECASES) for asset in (stage.inputs, stage.outputs, stage.content)]


def take_over(bench: Workbench, lines: dict[str, str], stage: Stage = PROCESS, name: str = "elsewhere.jsonl") -> int:
    usage = {"prompt_tokens": 900, "completion_tokens": 1200}
    path = written(bench.path / name, *(answer_line(f"node_1_{code}", text, **usage) for code, text in lines.items()))
    return import_results(bench.project, ForeignFile(path, KEY, stage, NODES), by="test").batch_id


def take_back(bench: Workbench, number: int) -> TakenBack:
    return take_back_import(bench.store, bench.stages, str(number), "Ada")


def looks(bench: Workbench) -> dict[str, Any]:
    shown = bench.query(SHOWN, assets=ASSETS)
    states = [part.states for part in bench.draft().stages]
    return {
        "contents": bench.query(CONTENTS),
        "candidates": bench.query(CANDIDATES),
        "spent": bench.query(SPENT),
        "shown": shown,
        "states": states,
    }


@pytest.mark.parametrize(("stage", "text"), [(PROCESS, document()), (USECASES, use_cases())])
def test_what_was_there_before_is_current_again_and_shown(bench: OpenBench, stage: Stage, text: str) -> None:
    opened = bench()
    opened.given()
    before = looks(opened)
    number = take_over(opened, {"1.1.1": text, "2.1.1": "too short"}, stage)
    assert looks(opened) != before
    done = take_back(opened, number)
    assert (done.answers, done.contents, done.unknown_costs, done.as_before) == (2, 1, 0, 2)
    assert done.cost_usd > 0
    assert looks(opened) == before
    assert [status for status in read_statuses(opened.store, opened.project, KEY) if status.condition is not Condition.FRESH] == []
    assert opened.column("select count(*) from caseforge.request where state = 'pending'") == [0]
    assert wrong(opened) == []


def test_where_nothing_was_there_is_nothing_and_nothing_is_sent(bench: OpenBench) -> None:
    opened = bench()
    number = take_over(opened, {"1.1.1": document(), "1.1.2": "too short"})
    assert opened.column("select count(*) from caseforge.request where state = 'pending'") == [1]  # for the use cases of the document
    assert take_back(opened, number).as_before == 0
    for table in ("attempt", "content", "quality"):
        assert opened.column(f"select count(*) from caseforge.{table}") == [0]
    states = opened.query("select stage, state, is_current from caseforge.request order by id")
    assert states == [("process_details", "parked", True), ("process_details", "parked", True), ("usecases", "replaced", False)]
    assert {(row[0], row[2]) for row in opened.query(SHOWN, assets=ASSETS)} == {
        (PROCESS.inputs, "made"),
        *((asset, "failed") for asset in (PROCESS.outputs, PROCESS.content, USECASES.inputs)),
    }
    (reason,) = opened.column("select reason from caseforge.outbox where asset = 'process_documents' order by id desc limit 1")
    assert "imported from elsewhere.jsonl for shop; taken back by Ada on " in reason
    opened.work()
    assert opened.stats()["requests_accepted"] == 0
    assert [part.states for part in opened.draft().stages] == [{"cancelled": 2, "missing": 4}, {"no_source": 6}]
    opened.generate()
    assert opened.column("select count(*) from caseforge.content where is_current") == [12]
    assert wrong(opened) == []


def test_copies_of_its_answers_go_with_it(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=10)
    number = take_over(opened, {"1.1.1": document()})
    opened.load(SHOP, key="other")
    plan = opened.draft("1.1.1", stages=[PROCESS], key="other")
    assert plan.reused == 1
    assert take_back(opened, number).contents == 2
    assert opened.column("select count(*) from caseforge.content") == [0]
    rows = opened.query("select framework_key, kind from caseforge.outbox where asset = 'process_documents' order by id")
    assert sorted(rows) == [("other", "failed"), ("other", "made"), (KEY, "failed"), (KEY, "made")]
    assert wrong(opened) == []


def test_what_was_made_from_its_answers_stays_and_is_stale(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    number = take_over(opened, {"1.1.1": document()})
    opened.generate("1.1.1", stages=[USECASES])
    spent = opened.query("select count(*), sum(output_tokens) from caseforge.attempt where batch_id <> :id", id=number)
    take_back(opened, number)
    assert opened.query("select count(*), sum(output_tokens) from caseforge.attempt") == spent
    assert opened.column("select count(*) from caseforge.content where stage = 'usecases' and is_current") == [1]
    assert [part.states for part in opened.draft("1.1.1").stages] == [{"done": 1}, {"stale": 1}]
    assert wrong(opened) == []


def test_a_text_that_was_written_after_the_import_stays(bench: OpenBench) -> None:
    opened = bench()
    number = take_over(opened, {"1.1.1": document()})
    edit(opened, "1.1.1")
    take_back(opened, number)
    assert opened.column("select generated_by from caseforge.content where is_current") == ["edited by Ada"]
    shown = {row[0]: row[2] for row in opened.query(SHOWN, assets=ASSETS)}
    assert shown == {PROCESS.inputs: "made", PROCESS.outputs: "failed", PROCESS.content: "made", USECASES.inputs: "failed"}
    assert wrong(opened) == []


def test_it_can_be_imported_again_and_taken_back_once(bench: OpenBench, empty_store: Engine) -> None:
    opened = bench()
    number = take_over(opened, {"1.1.1": document()})
    take_back(opened, number)
    with pytest.raises(ValueError, match=r"is not there any more: imported from .*taken back by Ada"):
        take_back(opened, number)
    assert take_over(opened, {"1.1.1": document()}) == number
    assert opened.column("select count(*) from caseforge.content where is_current") == [1]
    take_back(opened, number)
    assert wrong(opened) == []
    restore(empty_store, opened.folder)
    assert everything(empty_store) == everything(opened.store)
    with opened.store.connect() as connection:
        assert [(row.batch_id, row.answers, row.taken_back) for row in imports.all_imports(connection)] == [(number, 0, True)]


def test_a_file_given_twice_for_two_frameworks_can_be_put_right(bench: OpenBench, tmp_path: Path) -> None:
    opened = bench()
    opened.load(SHOP, key="other")
    number = take_over(opened, {"1.1.1": document()})
    path = opened.path / "elsewhere.jsonl"
    with pytest.raises(ValueError, match="here already"):
        import_results(opened.project, ForeignFile(path, "other", PROCESS, NODES), by="test")
    take_back(opened, number)
    assert import_results(opened.project, ForeignFile(path, "other", PROCESS, NODES), by="test").outcomes == {"ok": 1}


@pytest.mark.parametrize("name", ["999", "1", "elsewhere.jsonl", ""])
def test_what_is_no_import_is_not_taken_back(bench: OpenBench, name: str) -> None:
    opened = bench()
    opened.given("1.1.1", stages=[PROCESS])
    before = everything(opened.store)
    with pytest.raises(ValueError, match="there is no import"):
        take_back_import(opened.store, opened.stages, name, "Ada")
    assert everything(opened.store) == before
