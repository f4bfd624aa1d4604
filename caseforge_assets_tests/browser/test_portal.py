"""The portal as people use it, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.browser.portal import Portal, assert_good, opened_portal
from caseforge_assets_tests.web.conftest import Serve, serve  # noqa: F401 - the fixture
from caseforge_assets_tests.workbench import KEY

pytestmark = pytest.mark.browser


@pytest.fixture
def portal(serve: Serve) -> Iterator[Portal]:  # noqa: F811 - the fixture
    """A portal whose answers take two seconds."""
    with opened_portal(serve(latency_s=2)) as opened:
        yield opened


def test_a_planner_sees_a_plan_waiting_approves_it_and_watches_the_batch_come_in(portal: Portal) -> None:
    bench = portal.served.bench
    planner, reader = portal.person("petra", Role.planner), portal.person("ruth", Role.reader)
    planner.goto("/plans/new")
    planner.fill("textarea[name=nodes]", "1.*")
    planner.get_by_role("button", name="Make the plan").click()
    planner.get_by_text("Nothing of it is sent before somebody approves it").wait_for()
    reader.goto("/")
    assert reader.get_by_text("you may decide").count() == 0

    planner.goto("/")
    planner.get_by_role("link", name=f"for {KEY}").click()
    planner.get_by_role("button", name="Approve at").click()
    planner.get_by_text("approved by petra").wait_for()
    planner.goto("/")
    working = threading.Thread(target=bench.work)
    working.start()
    planner.locator("#under-way").or_(planner.locator("#frameworks progress[value='3']").first).first.wait_for()
    planner.locator("#frameworks progress[value='3']").nth(1).wait_for()  # by itself: both stages are good
    working.join()
    assert bench.column("select count(*) from caseforge.content where is_current") == [6]


def test_nothing_serious_is_found_on_any_page_of_runs(portal: Portal) -> None:
    portal.served.bench.generate("1.1.1")
    page = portal.person("petra", Role.admin)
    for path in (
        "/",
        "/money",
        "/plans",
        "/plans/new",
        "/plans/1",
        "/batches",
        "/batches/1",
        "/failed",
        "/alerts",
        "/report",
        "/search?q=advertise",
        "/keys",
    ):
        assert_good(page, path)
