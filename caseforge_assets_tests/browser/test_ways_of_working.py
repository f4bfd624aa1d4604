"""A person's work in Dagster's pages, done in a real browser: materialize everything, leave it to sensors, retry what failed, approve.

Dagster's daemon starts a backfill's runs every 30 seconds, so that these take minutes: `make test-browser` runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from caseforge_assets_tests.browser.conftest import LOCATION, Ui, until
from caseforge_assets_tests.browser.ways import BANNER, launch_job, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
ASSETS = ("process_batch_outputs", "process_documents", "usecase_batch_inputs", "usecase_batch_outputs", "usecase_candidates")


def launch(ui: Ui, page: Page, choice: str, expected: str = "COMPLETED_SUCCESS") -> None:
    """In the dialog that is open: chooses partitions, launches, and waits for the end."""
    before = ui.backfills()
    page.wait_for_timeout(6_000)  # the dialog takes what it knows when the choice is made, and learns it asset by asset
    page.get_by_role("button", name=choice, exact=True).click()
    page.get_by_role("button", name="Launch").click()
    until(lambda: ui.backfills() > before, "the backfill is made")
    until(lambda: ui.newest_backfill() not in ("REQUESTED", ""), "the backfill ends")
    assert ui.newest_backfill() == expected


def test_materialize_all_ends_green_by_itself(ui: Ui, page: Page) -> None:
    ui.open(page, f"/locations/{LOCATION}/asset-groups/shop")
    page.get_by_text("Materialize all").first.click()
    launch(ui, page, "All")
    for asset in ASSETS:
        assert len(ui.partitions("shop", asset)["good"]) == 6
    ui.open(page, "/assets/shop/usecase_candidates?view=partitions")
    shown(page, "Materialized (6)")
    shown(page, "Failed (0)")
    page.get_by_text("1.1.1_c").first.click()
    shown(page, "1.1.1-UC01")
    ui.open(page, "/assets/shop/process_documents?view=checks")
    shown(page, "0 of 6 nodes failed (0.0%)")


def test_sensors_do_the_rest_once_there_are_inputs(ui: Ui, page: Page) -> None:
    for sensor in ("submit_sensor", "collect_sensor"):
        ui.open(page, f"/locations/{LOCATION}/sensors/{sensor}")
        page.locator("input[type=checkbox]").first.dispatch_event("click")  # the switch is drawn over it
    until(lambda: ui.command("sensors", "status", "--json").count('"running"') >= 2, "two sensors run")
    ui.materialize("mill", "pcf_nodes", "node_contexts", "process_batch_inputs")
    until(lambda: len(ui.partitions("mill", "usecase_candidates")["good"]) == 6, "both stages are through")
    ui.open(page, "/assets/mill/usecase_candidates?view=partitions")
    shown(page, "Materialized (6)")
    ui.open(page, f"/locations/{LOCATION}/sensors/collect_sensor")
    shown(page, "0 runs requested")  # the history of ticks
    ui.command("sensors", "off")


def test_failed_partitions_say_why_and_are_retried_alone(ui: Ui, page: Page) -> None:
    ui.command("sensors", "off")
    ui.command("generate", "--framework", "yard", "--wait", expected=3)
    assert ui.partitions("yard", "process_batch_outputs")["failed"] == {"8.1.1_c", "8.2.1_h"}
    ui.open(page, "/assets/yard/process_batch_outputs?view=partitions&status=FAILED")
    shown(page, "Failed (2)")
    page.get_by_text("8.2.1_h").first.click()
    page.get_by_role("button", name="View logs").click()
    shown(page, "The server had an error")
    before = ui.sent()
    ui.open(page, f"/locations/{LOCATION}/asset-groups/yard")
    page.get_by_text("Materialize all").first.click()
    launch(ui, page, "Failed and missing")
    for asset in ASSETS:
        assert len(ui.partitions("yard", asset)["good"]) == 6
    assert ui.sent() - before == 2 + 2  # the two documents again, and then their use cases; nothing for the good ones
    ui.open(page, "/assets/yard/process_batch_outputs?view=partitions")
    shown(page, "Failed (0)")
    page.get_by_text("8.2.1_h").first.click()
    shown(page, "finish_reason")
    assert page.get_by_text(BANNER).count() == 0


def test_a_provider_that_bills_is_waited_for_and_turns_green_when_collected(billing_ui: Ui, page: Page) -> None:
    ui = billing_ui
    ui.open(page, f"/locations/{LOCATION}/asset-groups/shop")
    page.get_by_text("Materialize all").first.click()
    launch(ui, page, "Failed and missing", expected="COMPLETED_FAILED")
    assert ui.sent() == 0
    ui.open(page, f"/runs/{ui.newest_run('__ASSET_JOB')}")
    shown(page, "process_batch_outputs: 6 nodes are not through. 1.1.1_c: waiting: not approved yet; approve it with the job submit")
    shown(page, "Not everything was sent. 6 requests")
    ui.open(page, "/assets/shop/process_batch_outputs?view=partitions")
    shown(page, "Failed (6)")
    launch_job(ui, page, "submit", "max_cost_usd: 5")
    until(lambda: ui.sent() == 6, "the documents are asked for")
    ui.command("sensors", "on")
    until(lambda: len(ui.partitions("shop", "process_documents")["good"]) == 6, "the documents are collected")
    until(lambda: len(ui.partitions("shop", "usecase_batch_inputs")["good"]) == 6, "the requests of the second stage are made")
    launch_job(ui, page, "submit", "max_cost_usd: 5")  # of its own: what comes of the first stage was not known before
    until(lambda: len(ui.partitions("shop", "usecase_candidates")["good"]) == 6, "the candidates are collected")
    ui.open(page, "/assets/shop/usecase_candidates?view=partitions")
    shown(page, "Materialized (6)")
    shown(page, "Failed (0)")
    assert ui.sent() == 6 + 6
