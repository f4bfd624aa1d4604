"""Contexts and requests are made by themselves where a framework says so, and schedules are off; nothing of it sends anything."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster import AssetKey

from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.graph.automation import AUTOMATION_SENSOR
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.defs.project import CONTEXTS, INPUTS, MATERIALIZED, USECASE_INPUTS, OpenProject, write_project
from caseforge_assets_tests.workbench import KEY, renamed

AUTOMATED = [AssetKey([KEY, name]) for name in (CONTEXTS, INPUTS, USECASE_INPUTS)]


def automated(path: Path, says: str = "automation = true\n") -> None:
    with (path / "caseforge.toml").open("a", encoding="utf-8") as file:
        file.write(says)


def conditions(defs: dg.Definitions) -> set[str]:
    graph = defs.resolve_asset_graph()
    return {key.path[-1] for key in graph.get_all_asset_keys() if graph.get(key).automation_condition}


def test_only_what_costs_nothing_has_a_condition_and_only_where_the_framework_says_so(tmp_path: Path) -> None:
    defs = build_defs(load_settings(write_project(tmp_path)))
    assert conditions(defs) == set()
    assert AUTOMATION_SENSOR not in {sensor.name for sensor in defs.sensors or ()}
    automated(tmp_path)
    defs = build_defs(load_settings(tmp_path))
    dg.Definitions.validate_loadable(defs)
    assert conditions(defs) == {CONTEXTS, INPUTS, USECASE_INPUTS}
    assert defs.resolve_sensor_def(AUTOMATION_SENSOR).default_status is dg.DefaultSensorStatus.RUNNING


def test_schedules_are_off_until_somebody_switches_them_on(tmp_path: Path) -> None:
    schedules = {schedule.name: schedule for schedule in build_defs(load_settings(write_project(tmp_path))).schedules or ()}
    assert set(schedules) == {"backup_schedule", "prune_schedule", "report_schedule"}
    assert all(
        isinstance(schedule, dg.ScheduleDefinition) and schedule.default_status is dg.DefaultScheduleStatus.STOPPED
        for schedule in schedules.values()
    )


@pytest.mark.slow
def test_a_renamed_node_and_a_new_one_are_asked_for_by_themselves_and_nothing_is_sent(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=100, auto_approve_below_usd=50)
    automated(opened.path)
    opened.load()
    assert opened.run([CONTEXTS, INPUTS]).success
    first = dg.evaluate_automation_conditions(opened.definitions, opened.instance)
    assert first.total_requested == 0
    opened.load([*renamed("2.1.2", "Repair"), ("2.1.4", "k", "Inspect", "Looks at what came back.")])
    found = dg.evaluate_automation_conditions(opened.definitions, opened.instance, cursor=first.cursor)
    asked = {key.path[-1]: found.get_requested_partitions(key) for key in AUTOMATED}
    # The context of what is only renamed was made by the load; whatever else is there is confirmed, and came out as it was.
    assert asked == {CONTEXTS: {"2.1.4_k"}, INPUTS: {"2.1.2_i", "2.1.4_k"}, USECASE_INPUTS: set()}
    assert opened.run([CONTEXTS, INPUTS], "2.1.2_i", "2.1.4_k").success
    assert set(opened.states(INPUTS).values()) == {MATERIALIZED}
    again = dg.evaluate_automation_conditions(opened.definitions, opened.instance, cursor=found.cursor)
    assert again.total_requested == 0
    assert "approval" in str(opened.tick("submit_sensor").skip_message)
    assert opened.bench.column("select count(*) from caseforge.batch") == [0]
    assert opened.bench.stats()["accepted"]["requests"] == 0


@pytest.mark.slow
def test_upkeep_is_done_by_jobs(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.run([CONTEXTS])
    assert opened.run_job("back_up").success
    (backup,) = (opened.path / "home" / "backups").iterdir()
    assert backup.name.endswith(".tar.zst")
    assert not (opened.path / "kept").exists()
    assert opened.run_job("back_up", folder="kept").success
    assert len(list((opened.path / "kept").iterdir())) == 1
    assert opened.run_job("write_reports").success
    assert opened.count("run_report") > 0
    before = opened.states(CONTEXTS)
    assert opened.run_job("prune", older_than_days=1).success
    assert opened.states(CONTEXTS) == before
