"""Steps of a person in Dagster's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets_tests.browser.conftest import LOCATION, Ui

if TYPE_CHECKING:
    from playwright.sync_api import Page

BANNER = "failed, and did not materialize this asset"


def launch_job(ui: Ui, page: Page, job: str, form: str) -> None:
    """Fills in the launchpad of a job, launches it, and waits until its run is through."""
    ui.open(page, f"/locations/{LOCATION}/jobs/{job}/playground")
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(form)
    page.get_by_role("button", name="Launch Run").click()
    page.wait_for_url("**/runs/*")
    shown(page, f'Finished execution of run for "{job}".')


def shown(page: Page, text: str) -> None:
    """Waits until the page shows a text."""
    page.get_by_text(text).first.wait_for()
