"""Pages: under a policy that loads nothing of others, with errors in words, and nothing of what models or people wrote does anything in them."""

from __future__ import annotations

import re

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets.web.portal.shared.markdown import render_markdown
from caseforge_assets.web.portal.shared.rendering import percent
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY

HTML = {"accept": "text/html"}


def test_home_loads_its_own_files_alone(serve: Serve) -> None:
    served = serve()
    client = served.client(Role.reader)
    page = client.get("/", headers=HTML)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert {client.get(address).status_code for address in loaded} == {200}
    assert len(loaded) >= 3
    assert f'href="/frameworks/{KEY}?under=1"' in page.text  # a branch is one click from here
    assert client.get("/static/../pages.py").status_code == client.get("/static/no.css").status_code == 404


def test_people_are_told_by_pages_and_programs_by_documents(serve: Serve) -> None:
    served = serve()
    stranger = served.client(None)
    answer = stranger.get("/keys?from=here", headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fkeys%3Ffrom%3Dhere")
    client = served.client(Role.reader)
    lost = client.get("/nowhere<script>", headers=HTML)
    assert (lost.status_code, "<script>" in lost.text, "There is nothing at" in lost.text) == (404, False, True)
    assert client.get("/nowhere").headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/nowhere", headers=HTML).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("text", "harmful"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", 'href="javascript'),
        ("![x](https://elsewhere.example/a.png)", "<img"),
        ("<a href='https://x' onclick='y'>z</a>", "<a href='"),
        ("# <img src=x onerror=y>", "<img"),
        ("a\u202eb", "\u202e"),
        ("[x](data:text/html,y)", 'href="data'),
    ],
)
def test_markdown_does_nothing(text: str, harmful: str) -> None:
    assert harmful not in render_markdown(text)


def test_markdown_keeps_its_form() -> None:
    html = render_markdown("# Top\n\n- a\n- **b**\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n[site](https://example.org)")
    assert "<h2>Top</h2>" in html
    assert all(part in html for part in ("<li>a</li>", "<strong>b</strong>", "<td>1</td>", 'href="https://example.org"'))


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    assert [percent(*pair) for pair in ((0, 1545), (1, 1545), (1544, 1545), (1545, 1545), (0, 0))] == ["0 %", "1 %", "99 %", "100 %", "–"]
