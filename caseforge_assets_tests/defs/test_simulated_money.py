"""Simulated costs are never shown without the word, and simulated content does not count as there for a provider that bills."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from caseforge_assets.commands.providing.open_project import with_store
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.defs.check_events import evaluation, newest, report
from caseforge_assets_tests.defs.project import CANDIDATES, DOCUMENTS, OUTPUTS, USECASE_OUTPUTS, OpenProject, Project


def mirrored(opened: Project) -> None:
    """As a command of the command line ends."""
    settings, bench = load_settings(opened.path), opened.bench
    with bench.store.connect() as connection:
        simulated = accepts_simulated(connection, settings)
    mirror_outside_runs(opened.instance, with_store(settings.project, bench.store, bench.folder), everything=True, simulated=simulated)


def amounts(shown: dict[str, Any]) -> set[str]:
    return {name for name in shown if "usd" in name}


def test_simulated_money_is_called_so_beside_partitions_in_reports_and_checks(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.bench.generate()
    mirrored(opened)
    for asset in (OUTPUTS, DOCUMENTS, USECASE_OUTPUTS, CANDIDATES):
        metadata = opened.latest(asset, "1.1.1_c").asset_materialization.metadata
        assert amounts(metadata) == {"simulated_cost_usd"}
    shown = report(opened, "run_report")
    assert len(amounts(shown)) >= 4
    assert all("simulated" in name for name in amounts(shown))
    assert shown["batches"]
    assert all(row.data["cost"].endswith("(simulated)") and row.data["expected"].endswith("(simulated)") for row in shown["batches"])
    assert evaluation(newest(opened)[OUTPUTS, "cost_within_plan"]).description.endswith(", all of it simulated")


@pytest.mark.slow
def test_what_is_simulated_is_no_coverage_for_a_provider_that_bills(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.bench.generate()
    mirrored(opened)
    before = report(opened, "run_report")
    assert (before["process_details_coverage_percent"], before["usecases_coverage_percent"]) == (100, 100)
    assert before["candidates"] > 0
    billed = project(bills=True, budget_usd=5)
    mirrored(billed)
    shown = report(billed, "run_report")
    assert (shown["process_details_coverage_percent"], shown["usecases_coverage_percent"]) == (0, 0)
    assert shown["candidates"] == shown["candidates_simulated"] == before["candidates"], "they are there, and said to be simulated"
    assert [row.data["others"] for row in shown["coverage"]] == ["6 missing", "6 waiting for what it is made from"]
    assert (
        billed.definitions.resolve_implicit_global_asset_job_def()
        .execute_in_process(instance=billed.instance, asset_selection=[dg.AssetKey(["shop", "run_report"])])
        .success
    )
    assert report(billed, "run_report")["usecases_coverage_percent"] == 0
