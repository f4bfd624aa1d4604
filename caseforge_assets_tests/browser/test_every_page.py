"""Every page of the portal in a real browser: nothing serious for axe, light and dark, large and small, and all of it reached by keyboard, whatever models and people wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.browser.portal import Portal, assert_good, faults_of, opened_portal, serious_faults, unreached_by_keyboard
from caseforge_assets_tests.web.conftest import Serve, serve  # noqa: F401 - the fixture
from caseforge_assets_tests.web.shown_pages import SHOWN, bench_for_all_pages
from caseforge_assets_tests.workbench import KEY, OpenBench

pytestmark = pytest.mark.browser
OF_ACCESS = ["/account", "/docs"]


@pytest.fixture
def portal(serve: Serve, bench: OpenBench) -> Iterator[Portal]:  # noqa: F811 - the fixture
    """A portal with something on every page, much of it hostile."""
    with opened_portal(serve(bench_for_all_pages(bench))) as opened:
        yield opened


def test_no_page_has_a_serious_fault_and_none_does_what_others_wrote(portal: Portal) -> None:
    page = portal.person("anna", Role.admin)
    faults = []
    for path in [path for paths in SHOWN.values() for path in paths] + OF_ACCESS:
        faults += faults_of(page, path)
        assert page.title() != "taken", path
    assert faults == []
    other = page.context.new_page()  # the browser itself complains of statuses
    for path, status in (("/nowhere", 404), ("/use-cases/999999", 404), ("/use-cases?quality=x", 422)):
        assert_good(other, path, status)
    page.goto(f"/frameworks/{KEY}/export")
    page.get_by_role("button", name="Make the file").click()
    page.get_by_role("link", name="Download it").wait_for()
    assert serious_faults(page) == []
    stranger = portal.browser.new_context(base_url=portal.url).new_page()
    assert_good(stranger, "/sign-in")


def test_all_of_a_page_is_reached_by_keyboard(portal: Portal) -> None:
    page = portal.person("anna", Role.admin)
    left = {}
    for path, *_ in SHOWN.values():
        page.goto(path)
        if unreached := unreached_by_keyboard(page):
            left[path] = unreached
    assert left == {}
