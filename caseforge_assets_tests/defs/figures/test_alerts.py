"""Alerts as Dagster shows them: the check at the report, the logs of runs, and what the sensor does in a tick."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster import AssetCheckKey, AssetKey

from caseforge_assets.cli.shared.dagster_bridge import flush
from caseforge_assets.defs.figures.alerts import NO_OPEN_ALERTS
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.defs.project import OpenProject, Project
from caseforge_assets_tests.people import reachable_people
from caseforge_assets_tests.workbench import KEY, PROCESS

CHECK = AssetCheckKey(AssetKey([KEY, "run_report"]), NO_OPEN_ALERTS)
FAULTS = ["http_500:batch=1,match=-1-1-1-r"]


def verdict(opened: Project) -> dg.AssetCheckEvaluation:
    record: Any = opened.instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])[CHECK]
    found: dg.AssetCheckEvaluation = record.event.dagster_event.asset_check_evaluation_data
    return found


def logged(opened: Project, run_id: str) -> str:
    return "\n".join(entry.user_message for entry in opened.instance.all_logs(run_id))


def with_a_failure(project: OpenProject) -> Project:
    opened = project(faults=FAULTS, **{"alerts.share_min_count": 1})
    opened.bench.load()
    opened.bench.generate(stages=[PROCESS])
    return opened


def test_a_tick_raises_and_delivers_and_a_run_shows_it_once(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_a_failure(project)
    with reachable_people() as people:
        monkeypatch.setenv("CASEFORGE_ALERT_URLS", people.urls)
        (request,) = opened.tick("alert_sensor").run_requests
        assert len(people.mails) == len(people.hooks) == 1
        (again,) = opened.tick("alert_sensor").run_requests
        assert (again.run_key, len(people.mails)) == (request.run_key, 1)
    run = opened.run_job("show_alerts")
    assert run.success
    assert "alert 1, warning, failed_share: process_details of shop batch_" in logged(opened, run.run_id)
    shown = verdict(opened)
    assert (shown.passed, shown.severity, shown.metadata["open"].value) == (False, dg.AssetCheckSeverity.WARN, 1)
    table: Any = shown.metadata["alerts"]
    assert [record.data["rule"] for record in table.records] == ["failed_share"]


def test_a_tick_without_news_asks_for_no_run(project: OpenProject) -> None:
    opened = with_a_failure(project)
    opened.tick("alert_sensor")
    opened.bench.change("update caseforge.alert_message set created_at = created_at - interval '11 minutes'")
    assert opened.tick("alert_sensor").skip_message == "nothing is new; 1 alert is open"


@pytest.mark.slow
def test_the_command_line_shows_and_clears_it_too(project: OpenProject) -> None:
    opened = with_a_failure(project)
    assert "failed_share" in str(opened.run_job("flush") and verdict(opened).metadata["alerts"])
    opened.bench.generate(stages=[PROCESS])
    assert opened.run_job("flush").success
    assert verdict(opened).passed


def test_a_change_of_alerts_alone_is_shown(project: OpenProject) -> None:
    opened = with_a_failure(project)
    opened.flush()
    opened.bench.change("update caseforge.provider set stopped_reason = 'quota: used up'")
    settings = load_settings(opened.path).model_copy(update={"project": opened.path})
    opened.tick("alert_sensor")
    flush(settings, opened.bench.store, alerts_changed=True)
    assert verdict(opened).severity is dg.AssetCheckSeverity.ERROR
    assert "quota: used up" in (verdict(opened).description or "")


def test_the_report_says_it_when_it_is_materialized_alone(project: OpenProject) -> None:
    opened = with_a_failure(project)
    opened.flush()
    opened.tick("alert_sensor")
    assert opened.run_selected([AssetKey([KEY, "run_report"])], {}, {}).success
    assert not verdict(opened).passed


def test_alerts_of_another_framework_are_not_this_ones(project: OpenProject) -> None:
    opened = with_a_failure(project)
    opened.tick("alert_sensor")
    opened.bench.change("update caseforge.alert set framework_key = 'another'")
    opened.run_job("flush")
    assert verdict(opened).passed
