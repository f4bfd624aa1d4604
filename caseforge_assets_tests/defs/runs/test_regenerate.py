"""The job `regenerate`: scattered nodes in one run, by a form that may stay as it is."""

from __future__ import annotations

import re
from typing import Any

import dagster as dg
import pytest

from caseforge_assets_tests.defs.project import (
    CANDIDATES,
    DOCUMENTS,
    FAILED,
    MATERIALIZED,
    MISSING,
    OUTPUTS,
    PARTITIONS,
    OpenProject,
    Project,
)
from caseforge_assets_tests.workbench import PROCESS, USECASES, renamed

FAILS_ONCE = ["http_500:batch=1,match=-1-1-1-r", "truncate:batch=1,match=-2-1-2-r"]
GREEN = dict.fromkeys(PARTITIONS, MATERIALIZED)


def regenerate(opened: Project, **form: Any) -> dg.ExecuteInProcessResult:
    job = opened.definitions.resolve_job_def("regenerate")
    return job.execute_in_process(instance=opened.instance, run_config=form, raise_on_error=False)


def sent(opened: Project) -> int:
    return int(opened.bench.stats()["accepted"]["requests"])


@pytest.mark.slow
def test_the_form_as_it_stands_finishes_what_is_not(project: OpenProject) -> None:
    opened = project(faults=FAILS_ONCE)
    opened.load()
    opened.generate("1.1.1", "1.1.2", "2.1.2")
    before, good = sent(opened), opened.latest(DOCUMENTS, "1.1.2_d").storage_id
    assert (opened.states(OUTPUTS)["1.1.1_c"], opened.states(DOCUMENTS)["2.1.2_i"]) == (FAILED, FAILED)
    assert regenerate(opened).success
    assert opened.states(DOCUMENTS) == opened.states(CANDIDATES) == GREEN
    assert opened.latest(DOCUMENTS, "1.1.2_d").storage_id == good  # not touched
    assert sent(opened) - before == 5 + 5  # two failed and three missing, in both stages


@pytest.mark.slow
def test_its_run_shows_the_assets_and_partitions(project: OpenProject) -> None:
    opened = project()
    opened.load()
    run = regenerate(opened, nodes=["1.1.1", "2.1.3_j"])
    assert run.success
    for asset in (DOCUMENTS, CANDIDATES):
        assert {name for name, state in opened.states(asset).items() if state == MATERIALIZED} == {"1.1.1_c", "2.1.3_j"}
    assert opened.latest(CANDIDATES, "2.1.3_j").event_log_entry.run_id == run.run_id


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"selection": "failed"}, {"1.1.1_c", "2.1.2_i"}),
        ({"selection": "missing"}, {"1.1.3_e", "2.1.1_h", "2.1.3_j"}),
        ({"selection": "missing", "branch": "2"}, {"2.1.1_h", "2.1.3_j"}),
        ({"selection": "missing", "branch": "2.1.*", "nodes": ["1.1.3"]}, {"1.1.3_e", "2.1.1_h", "2.1.3_j"}),
        ({"selection": "unfinished", "limit": 2}, {"1.1.1_c", "1.1.3_e"}),
        ({"selection": "stale"}, set()),
    ],
)
def test_a_selection_means_exactly_its_nodes(project: OpenProject, form: dict[str, Any], expected: set[str]) -> None:
    opened = project(faults=FAILS_ONCE)
    opened.load()
    opened.generate("1.1.1", "1.1.2", "2.1.2", stages=[PROCESS])
    assert regenerate(opened, stage="process_details", **form).success
    assert {name for name, state in opened.states(DOCUMENTS).items() if state == MATERIALIZED} == expected | {"1.1.2_d"}


@pytest.mark.slow
def test_stale_nodes_are_made_anew_in_both_stages(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate()
    opened.load(renamed("1.1.2", "Answer whatever is asked"))
    assert regenerate(opened, selection="stale").success
    assert opened.stale() == set()
    assert opened.bench.column("select count(*) from caseforge.content where stage = 'usecases'") == [7]


@pytest.mark.slow
def test_with_a_provider_that_bills_it_says_what_it_waits_for(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=100)
    opened.load()
    run = regenerate(opened, nodes=["1.1.1"])
    assert not run.success
    said = str(run.failure_data_for_node("regenerate_selected").user_failure_data.description)  # type: ignore[union-attr]
    assert re.match(r"Not everything was sent. 1 request \(expected cost \$0\.\d+\) wait for approval: `caseforge submit`", said), said
    assert sent(opened) == 0
    assert opened.states(OUTPUTS) == {**dict.fromkeys(PARTITIONS, MISSING), "1.1.1_c": FAILED}
    assert "approve" in opened.notes(OUTPUTS)["1.1.1_c"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"selection": "bad"}, "selection"),
        ({"limit": -1}, "limit"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_the_form_does_not_know_is_refused_before_a_run_is_made(project: OpenProject, form: dict[str, Any], said: str) -> None:
    opened = project()
    with pytest.raises(dg.DagsterError) as refused:
        regenerate(opened, **form)
    assert said in f"{refused.value} {refused.value.__cause__}"
    assert opened.instance.get_runs() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "said"),
    [({"nodes": ["9.9"]}, "'9.9' is no target node"), ({"stage": "poems"}, "poems"), ({"framework": "none"}, "declared: shop")],
)
def test_what_is_not_there_fails_with_what_there_is(project: OpenProject, form: dict[str, Any], said: str) -> None:
    opened = project()
    opened.load()
    run = regenerate(opened, **form)
    assert not run.success
    assert said in str(run.failure_data_for_node("regenerate_selected").error)  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("bills", [False, True])
def test_it_sends_what_it_was_asked_for_and_nothing_that_waits_beside_it(project: OpenProject, bills: bool) -> None:
    opened = project(bills=bills, **({"budget_usd": 100} if bills else {}))
    opened.load()
    opened.generate("1.1.1", "1.1.2", "1.1.3", stages=[PROCESS])  # their use cases are pending
    opened.bench.approve("1.1.1", "1.1.2", stages=[USECASES])
    opened.bench.approve("2.1.1", "2.1.2", stages=[PROCESS])
    assert regenerate(opened, nodes=["2.1.1"], stage="process_details", wait_s=20).success
    assert opened.bench.query("select stage, request_count from caseforge.batch order by id") == [
        ("process_details", 3),
        ("process_details", 1),
    ]
    assert opened.run_partition((OUTPUTS, DOCUMENTS), "2.1.2_i", wait_s=20).success
    assert opened.bench.query("select stage, request_count from caseforge.batch where id > 2") == [("process_details", 1)]
