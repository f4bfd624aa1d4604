"""Dagster's pages say one truth of a partition, and show what a person looks for; seen in a real browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from caseforge_assets_tests.browser.conftest import LOCATION, Ui, until
from caseforge_assets_tests.browser.ways import BANNER, launch_job, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
ADD = """mutation($r: RepositorySelector!, $p: String!, $k: String!) { addDynamicPartition(repositorySelector: $r, partitionsDefName: $p, partitionKey: $k) {
  __typename } }"""


def test_a_record_of_failed_nodes_is_executed_again_and_its_banner_goes(ui: Ui, page: Page) -> None:
    ui.command("generate", "--framework", "dock", "--wait", expected=3)
    ui.open(page, "/assets/dock/process_batch_outputs?view=partitions&partition=9.1.1_c")
    shown(page, BANNER)
    ui.open(page, f"/runs/{ui.newest_run('failed_nodes')}")
    shown(page, "2 nodes: 9.1.1_c, 9.2.1_h")
    page.get_by_role("button", name="Re-execute all (*)").first.click()
    until(lambda: len(ui.partitions("dock", "process_documents")["good"]) == 6, "the record's nodes are asked for again")
    ui.open(page, "/assets/dock/process_batch_outputs?view=partitions&partition=9.1.1_c")
    shown(page, "Failed (0)")
    shown(page, "finish_reason")
    assert page.get_by_text(BANNER).count() == 0
    ui.open(page, "/runs")
    shown(page, "caseforge/record: 2 nodes failed")
    assert page.get_by_text("Failed to start").count() == 0


def test_every_asset_names_what_drives_it_and_the_catalog_shows_no_markup(ui: Ui, page: Page) -> None:
    for asset in ("framework", "process_documents", "run_report"):
        ui.open(page, f"/assets/shop/{asset}")
        shown(page, "5 sensors")
        assert page.get_by_text("No automations found").count() == 0
    ui.open(page, "/assets")
    shown(page, "usecase_candidates")
    assert page.get_by_text("**").count() == 0


def test_a_partition_that_is_no_node_is_taken_out_by_itself(ui: Ui, page: Page) -> None:
    ui.command("sensors", "on", "flush")
    repository = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__"}
    ui.webserver.ask(ADD, r=repository, p="mill_nodes", k="9.9.9_foo")
    assert "9.9.9_foo" in ui.partitions("mill", "pcf_nodes")["all"]
    until(lambda: "9.9.9_foo" not in ui.partitions("mill", "pcf_nodes")["all"], "the sensor takes it out")
    ui.open(page, "/assets/mill/framework?view=events")
    shown(page, "Taken out of the partitions of mill: 9.9.9_foo")


def test_a_process_is_found_by_its_name_and_what_was_asked_and_made_is_read_whole(ui: Ui, page: Page) -> None:
    ui.open(page, "/assets/quay/framework?view=events")
    assert page.get_by_role("row").filter(has_text="Mend").last.inner_text().split() == ["Mend", "7.2.2_i"]
    launch_job(ui, page, "regenerate", "framework: quay\nnodes: [Mend]")
    assert ui.partitions("quay", "usecase_candidates")["good"] == {"7.2.2_i"}
    ui.open(page, "/assets/quay/process_batch_inputs?view=partitions&partition=7.2.2_i")
    request = page.get_by_role("row").filter(has_text="Write the process document").last
    lines = [line for line in request.inner_text().splitlines() if line.strip()]
    assert lines[-2:] == ["Process: Mend", "Description: Replaces what is broken. At the quay."]
    ui.open(page, "/assets/quay/process_documents?view=partitions&partition=7.2.2_i")
    page.get_by_text("[Show Markdown]").first.click()
    contents = json.loads(ui.command("show", "7.2.2", "--framework", "quay", "--stage", "process_details", "--json"))["contents"]
    shown(page, contents[0]["body"].strip().rpartition("\n")[2].lstrip("- ")[:60])


def test_forms_say_what_they_take(ui: Ui, page: Page) -> None:
    for job, said in (("submit", "max_cost_usd: 0"), ("retry", "framework: "), ("regenerate", "selection: unfinished")):
        ui.open(page, f"/locations/{LOCATION}/jobs/{job}/playground")
        page.locator(".CodeMirror-line").first.wait_for()
        form = page.locator(".CodeMirror-code").first
        until(lambda said=said, form=form: said in form.inner_text(), f"the form of {job}")  # type: ignore[misc]
        assert "ops:" not in form.inner_text()
