"""The portal in a real browser: a served workbench, and people who sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import pytest

from caseforge_assets.access.roles import Grant, Role
from caseforge_assets_tests.browser.conftest import CHROMIUM, QUIET
from caseforge_assets_tests.web.conftest import Served, listening
from caseforge_assets_tests.web.signed_in import PASSWORD, add_person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = ((1440, 900), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
OF_SCHEME: dict[str, tuple[str, ...]] = {"light": (), "dark": ("color-contrast", "link-in-text-block")}  # what colours can change
SERIOUS = ("serious", "critical")


@dataclass
class Portal:
    """A served workbench, a browser, and what pages have complained about."""

    served: Served
    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def person(self, name: str, role: Role, *, scripts: bool = True, width: int = 1440, **options: Any) -> Page:
        """A page of somebody with a role who has signed in."""
        add_person(self.served, name, Grant(role))
        context = self.browser.new_context(
            base_url=self.url, java_script_enabled=scripts, viewport={"width": width, "height": 900}, accept_downloads=True, **options
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._own(request.url))
        page.goto("/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("button")
        return page

    def _own(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"loaded from elsewhere: {url}")


@contextmanager
def opened_portal(served: Served) -> Iterator[Portal]:
    """The portal of a workbench; at the end no page may have complained."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    pytest.importorskip("playwright", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        url = stack.enter_context(listening(served, "on"))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        stack.callback(browser.close)
        portal = Portal(served, url, browser)
        yield portal
        assert portal.complaints == []


def serious_faults(page: Page, *rules: str) -> list[str]:
    """Lists the faults that axe finds serious on a page, by all rules or by some: rule, and place."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = page.evaluate("(options) => axe.run(options)", {"resultTypes": ["violations"], **only})["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}" for violation in found if violation["impact"] in SERIOUS for node in violation["nodes"]
    ]


def assert_good(page: Page, path: str, status: int = 200) -> None:
    """Nothing serious for axe, in light and dark, and nothing wider than the window, large and small."""
    assert faults_of(page, path, status) == []


def faults_of(page: Page, path: str, status: int = 200) -> list[str]:
    """Lists the faults of a page, in light and dark, large and small; loaded once, as windows and colours are the style sheet's alone."""
    answer = page.goto(path)
    if answer is None or answer.status != status:
        return [f"{path}: answered {answer and answer.status}"]
    faults = []
    for (width, height), scheme in product(SIZES, SCHEMES):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        where = f"{path} at {width} pixels, {scheme}"
        faults += [f"{where}: {fault}" for fault in serious_faults(page, *OF_SCHEME[scheme])]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{where}: wider than the window: {page.evaluate(_STICKS_OUT)}")
    return faults


def unreached_by_keyboard(page: Page) -> list[str]:
    """Lists what can be clicked or filled in on a page, and is not come to by the tabulator, or not seen when it has the focus."""
    page.evaluate(_MARK)
    left, steps = int(page.evaluate("document.querySelectorAll('[data-to-reach]').length")), 0
    page.keyboard.press("Home")
    while left and steps < MOST_STEPS:
        page.keyboard.press("Tab")
        left, steps = page.evaluate(_REACHED), steps + 1
        if page.evaluate("document.activeElement === document.body") and steps > 1:
            break
    return [
        str(found) for found in page.evaluate("[...document.querySelectorAll('[data-to-reach]')].map((one) => one.outerHTML.slice(0, 200))")
    ]


# What sticks out furthest, the innermost of it.
_STICKS_OUT = """() => {
  const right = (one) => one.getBoundingClientRect().right;
  return [...document.body.querySelectorAll("*")].reduce((a, b) => (right(b) >= right(a) ? b : a)).outerHTML.slice(0, 200);
}"""
MOST_STEPS = 600
# Of radio buttons one of a group is come to; the others are by its arrow keys.
_MARK = """() => {
  const isStop = (one) => {
    const group = [...document.getElementsByName(one.name)];
    return one.checked || (one === group[0] && !group.some((other) => other.checked));
  };
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
    if (one.disabled || one.type === "hidden" || one.tabIndex < 0 || !one.checkVisibility({ checkVisibilityCSS: true })) continue;
    if (one.type !== "radio" || isStop(one)) one.dataset.toReach = "";
  }
}"""
_REACHED = """() => {
  const one = document.activeElement;
  const look = getComputedStyle(one);
  const shown = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0;
  if (shown) delete one.dataset.toReach;
  return document.querySelectorAll("[data-to-reach]").length;
}"""
