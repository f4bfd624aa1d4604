"""An editor chooses, in a real browser: decides, comments, keeps a portfolio; a reader sees it, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.browser.portal import Portal, assert_good, opened_portal
from caseforge_assets_tests.web.conftest import Serve, serve  # noqa: F401 - the fixture
from caseforge_assets_tests.workbench import KEY, USECASES

pytestmark = pytest.mark.browser


@pytest.fixture
def portal(serve: Serve) -> Iterator[Portal]:  # noqa: F811 - the fixture
    """A portal with the use cases of two processes."""
    served = serve()
    served.bench.generate("1.1.1", "1.1.2")
    with opened_portal(served) as opened:
        yield opened


def test_an_editor_decides_comments_and_keeps_a_portfolio_that_a_reader_sees(portal: Portal) -> None:
    bench = portal.served.bench
    editor, reader = portal.person("edda", Role.editor), portal.person("ruth", Role.reader, scripts=False)
    first, second = bench.column("select id from caseforge.candidate where candidate_uid like '%-UC01' order by candidate_uid")
    editor.goto(f"/frameworks/{KEY}/use-cases/1.1.1-UC01")
    editor.get_by_label("Status").select_option("shortlisted")
    editor.get_by_label("Owner").fill("Edda")
    editor.get_by_label("Review on").fill("2020-01-31")
    editor.get_by_label("Tags").fill("quick win, sales")
    editor.get_by_role("button", name="Keep this decision").click()
    editor.get_by_text("status: idea → shortlisted; owner: – → Edda").wait_for()
    editor.get_by_label("Your comment").fill("Begin **here**.")
    editor.get_by_role("button", name="Comment", exact=True).click()
    editor.locator("#comments strong", has_text="here").wait_for()
    editor.get_by_label("Name of a new one").fill("Next year")
    editor.get_by_role("button", name="Add to the portfolio").click()
    editor.get_by_role("heading", name="Next year").wait_for()
    editor.goto(f"/use-cases/{second}")
    editor.get_by_label("Note").fill("Later.")
    editor.get_by_role("button", name="Add to the portfolio").click()
    editor.get_by_role("button", name="Move 1.1.2-UC01 up").click()
    editor.locator(".entries li:first-child .note", has_text="Later.").wait_for()
    portfolio = editor.url.partition("#")[0].removeprefix(portal.url)
    reader.goto("/portfolios")
    assert reader.get_by_role("link", name="Next year").count() == 0
    editor.get_by_role("button", name="Share it").click()
    editor.get_by_role("button", name="Make it private").wait_for()

    reader.goto("/portfolios")
    reader.get_by_role("link", name="Next year").click()
    assert reader.locator(".entries h2").count() == 2
    assert reader.get_by_role("button", name="Take it out").count() == 0
    reader.locator(".entries h2 a").nth(1).click()
    assert reader.get_by_text("To decide takes the role editor").is_visible()
    assert f"/use-cases/{first}" in reader.url

    bench.generate("1.1.1", stages=[USECASES], ask_again=True)
    for path in (
        f"/use-cases/{first}",
        f"/use-cases/{second}/edit",
        "/portfolios",
        portfolio,
        "/portfolios/compare?left=1&right=1",
        "/reviews",
    ):
        assert_good(editor, path)
    editor.goto(portfolio)
    editor.get_by_role("button", name="Take the new one").click()
    editor.locator(".entries").wait_for()
    assert editor.get_by_text("superseded").count() == 0
