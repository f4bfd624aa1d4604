"""People on their ways through the portal: a reader finds a use case, an editor decides on many, in the browser and in Excel; and the copy for people without access."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pptx
import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets.web.copying.copy_portal import copy_portal
from caseforge_assets_tests.browser.portal import Portal, opened_portal, serious_faults
from caseforge_assets_tests.http_servers import answered_by
from caseforge_assets_tests.web.conftest import Serve, serve  # noqa: F401 - the fixture
from caseforge_assets_tests.workbench import KEY

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
QUICKLY_S = 10
MANY = 20


@pytest.fixture
def portal(serve: Serve) -> Iterator[Portal]:  # noqa: F811 - the fixture
    """A portal with the use cases of three processes."""
    served = serve()
    served.bench.generate("1.1.1", "1.1.2", "2.1.1")
    with opened_portal(served) as opened:
        yield opened


@pytest.mark.parametrize("scripts", [True, False])
def test_a_reader_finds_a_use_case_from_home_by_search_and_by_the_tree(portal: Portal, scripts: bool) -> None:
    (title,) = portal.served.bench.column("select title from caseforge.candidate where candidate_uid = '1.1.2-UC03' and is_current")
    reader = portal.person("ruth", Role.reader, scripts=scripts)

    began = time.monotonic()
    reader.goto("/")
    reader.get_by_role("searchbox").fill("1.1.2-UC03")
    reader.keyboard.press("Enter")
    reader.get_by_role("link", name=title).first.click()
    assert reader.get_by_role("heading", level=1).inner_text() == title

    reader.goto("/")
    reader.locator("#frameworks").get_by_role("link", name=KEY, exact=True).click()
    reader.get_by_label("Open down to level").select_option("3")  # sends the form by itself where scripts run
    if not scripts:
        reader.get_by_role("button", name="Show").click()
    reader.get_by_role("link", name="Answer questions").click()
    reader.get_by_role("link", name=title).click()
    assert reader.get_by_role("heading", level=1).inner_text() == title
    assert time.monotonic() - began < 2 * QUICKLY_S


def test_who_chooses_goes_on_at_the_same_place(portal: Portal) -> None:
    reader = portal.person("ruth", Role.reader)
    reader.set_viewport_size({"width": 1440, "height": 400})
    reader.goto("/use-cases")
    box = reader.locator("input[name=where][value='risk:Low']")
    box.scroll_into_view_if_needed()
    box.check()
    reader.wait_for_url("**risk*Low*")
    reader.locator("input[value='risk:Low']:focus").wait_for()
    assert reader.evaluate("window.scrollY") > 0
    reader.locator("input[name=w_value]").focus()
    for _ in range(3):
        reader.keyboard.press("ArrowRight")
    reader.wait_for_url("**w_value=8*")
    reader.locator("input[name=w_value]:focus").wait_for()
    assert reader.locator("input[type=range][name=w_value]").input_value() == "8"


def test_an_editor_shortlists_twenty_and_decides_in_excel(portal: Portal, tmp_path: Path) -> None:
    editor = portal.person("edda", Role.editor)
    editor.goto("/use-cases?sort=place")
    boxes = editor.locator("input[name=candidate]")
    for at in range(MANY):
        boxes.nth(at).check()
    editor.get_by_text("Decide on the chosen ones").click()
    editor.get_by_role("button", name="Shortlist", exact=True).click()
    editor.get_by_text(f"{MANY} use cases were shortlisted").wait_for()
    assert portal.served.bench.column("select count(*) from caseforge.use_case where status = 'shortlisted'") == [MANY]

    editor.goto("/use-cases?sort=place&status=shortlisted")
    editor.get_by_role("link", name="1.1.1-UC01").or_(editor.locator("tbody a").first).first.click()
    editor.get_by_label("Your comment").fill("Begin **here**.")
    editor.get_by_role("button", name="Comment", exact=True).click()
    editor.locator("#comments strong", has_text="here").wait_for()

    editor.goto("/use-cases?sort=place&status=shortlisted")
    editor.locator("input[data-all]").check()
    editor.get_by_text("Decide on the chosen ones").click()
    editor.get_by_label("Name of a new one").fill("Next year")
    editor.get_by_role("button", name="Add", exact=True).click()
    editor.goto("/portfolios")
    editor.get_by_role("link", name="Next year").click()
    assert len(pptx.Presentation(str(saved(editor, "PowerPoint", tmp_path))).slides) >= MANY
    assert saved(editor, "Word", tmp_path).stat().st_size > 10_000
    book = saved(editor, "Excel", tmp_path)

    workbook = openpyxl.load_workbook(book)
    sheet = workbook["Decide"]
    columns = [cell.value for cell in sheet[1]]
    for row in (2, 3):
        sheet.cell(row, columns.index("Status") + 1).value = "Approved"
        sheet.cell(row, columns.index("Owner") + 1).value = "Ada"
    sheet.cell(4, columns.index("Note") + 1).value = "After the summer."
    workbook.save(book)
    editor.get_by_role("link", name="send back here").click()
    editor.set_input_files("input[type=file]", book)
    editor.get_by_role("button", name="Look at it").click()
    editor.get_by_role("heading", name="3 use cases would change; nothing is taken yet").wait_for()
    assert serious_faults(editor) == []
    assert portal.served.bench.column("select count(*) from caseforge.use_case where owner = 'Ada'") == [0]
    editor.get_by_role("button", name="Take it").click()
    editor.get_by_text("3 use cases were changed").wait_for()
    query = "select count(*) from caseforge.use_case where owner = 'Ada' and status = 'approved'"
    assert portal.served.bench.column(query) == [2]
    editor.get_by_role("link", name="Next year").click()
    editor.get_by_text("After the summer.").first.wait_for()


def saved(page: Page, name: str, folder: Path) -> Path:
    """The file that a link gives."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).first.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_the_copy_for_people_without_access_works_without_a_server_of_ours(portal: Portal, tmp_path: Path) -> None:
    served, site = portal.served, tmp_path / "site"
    (title,) = served.bench.column("select title from caseforge.candidate where candidate_uid = '1.1.2-UC03' and is_current")
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop runs in this thread
        beside.submit(copy_portal, served.service, KEY, site).result()
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with answered_by(handler) as url:
        for start in (f"{url}/index.html", (site / "index.html").as_uri()):
            look_at_copy(portal, start, title)


def look_at_copy(portal: Portal, start: str, title: str) -> None:
    page = portal.browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("requestfailed", lambda request: said.append(request.url))
    page.goto(start)
    page.get_by_role("searchbox").fill("1.1.2-UC03")
    page.keyboard.press("Enter")
    page.get_by_text("1 page").wait_for()
    page.locator("#results a").click()
    assert page.get_by_role("heading", level=1).inner_text() == title
    assert page.get_by_text("To decide takes the role").count() == 0
    assert page.locator("form:not([role=search])").count() == 0
    page.locator(".crumbs a").nth(1).click()
    page.get_by_role("link", name="Matrix").first.click()
    assert page.get_by_role("heading", level=1).count() == 1
    assert said == []
    if start.startswith("http"):  # axe reads stylesheets by itself, which browsers refuse to files
        assert serious_faults(page) == []
    page.close()
