"""The portal as files: the same pages, every link leads to a file, nothing that needs a server, and neither comments nor costs unless they were asked for."""

from __future__ import annotations

import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from caseforge_assets.commands.curating.comment_use_case import comment_use_case
from caseforge_assets.web.copying.addresses import CopiedPages
from caseforge_assets.web.copying.copy_portal import copy_portal
from caseforge_assets.web.copying.rewriting import rewrite
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY

COPIED = CopiedPages(KEY)


class Links(HTMLParser):
    """The addresses that a page leads to, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action")]


@pytest.mark.slow
def test_a_copy_is_whole_and_works_without_a_server(serve: Serve, tmp_path: Path) -> None:
    served = serve()
    bench = served.bench
    bench.generate("1.1.1", "2.1.1")
    (chosen, other) = bench.column(
        "select id from caseforge.candidate where position < 3 and candidate_uid like '1.1.1-%' order by position"
    )
    bench.change("update caseforge.candidate set title = '<script>alert(1)</script> & \"x\"' where id = :id", id=other)
    with bench.store.begin() as connection:
        comment_use_case(connection, chosen, "A secret remark", by="ben")
    site = tmp_path / "site"

    def copy(**asked: bool) -> int:
        return copy_portal(served.service, KEY, site, **asked)

    written = copy()
    pages = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert {
        "index.html",
        "use-cases.html",
        "matrix.html",
        "ideas.html",
        "search.html",
        "nodes/1.1.1.html",
        "nodes/2.1.html",
        f"use-cases/{chosen}.html",
    } <= set(pages)
    assert written == len(pages) - 1
    for name, text in pages.items():
        links = Links(text)
        for link in links.found:
            parts = urlsplit(link)
            assert not parts.scheme, (name, link)
            assert not link.startswith("/"), (name, link)
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
            assert (site / target).is_file(), (name, link)
        assert "script" not in links.tags or name == "search.html"
        assert "csrf" not in text
        assert "nothing can be chosen, decided or said here" in text, name
        assert "A secret remark" not in text
        assert not re.search(r"\$\d", text), name
    assert "&lt;script&gt;alert(1)" in pages[f"use-cases/{other}.html"]
    ideas = {name: text for name, text in pages.items() if name.startswith("ideas/")}
    tells = {name: [link for link in Links(text).found if "use-cases/" in link] for name, text in ideas.items()}
    assert ideas
    assert all(len(links) > 1 for links in tells.values()), tells
    assert {f"../{name}" for name in ideas} >= {link for link in Links(pages[f"use-cases/{chosen}.html"]).found if "ideas/" in link}
    assert len(ideas) == len([link for link in Links(pages["ideas.html"]).found if link.startswith("ideas/")])
    assert "decide on all of them at once" not in pages["ideas.html"]
    assert "Process Steps" in pages["nodes/1.1.1.html"]
    assert f"use-cases/{chosen}.html" in pages["use-cases.html"]
    index = json.loads((site / "search-index.js").read_text().removeprefix("window.pages = ").removesuffix(";\n"))
    assert {file for file, _, _ in index} == set(pages) - {"search.html"}
    assert any(title.startswith("1.1.1-UC01 ") for _, title, _ in index)

    copy(comments=True, costs=True)
    shown = (site / f"use-cases/{chosen}.html").read_text()
    assert "A secret remark" in shown
    assert re.search(r"\$\d", shown)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("precious")
    with pytest.raises(ValueError, match="is no earlier copy"):
        copy_portal(served.service, KEY, tmp_path / "mine")


def test_an_idea_is_one_page_however_many_tell_it() -> None:
    copied = CopiedPages(KEY, {7: 7, 8: 7})
    assert [copied.file_of(f"/ideas/{told}") for told in (7, 8, 9)] == ["ideas/7.html", "ideas/7.html", None]
    assert [address for address in copied.starts([]) if address.startswith("/ideas")] == ["/ideas", "/ideas/7"]
    further = copied.file_of("/ideas/7?cursor=abc", is_next=True)
    assert further is not None
    assert re.fullmatch(r"ideas/7-[0-9a-f]{12}\.html", further)
    assert copied.file_of("/ideas/7?cursor=abc") is None
    assert copied.file_of("/ideas/7?done=shortlist", is_next=True) is None


def test_what_is_left_out_of_a_page() -> None:
    page = """<!doctype html><title>T · CaseForge</title><header><a class="who" href="/account">me</a><form role="search" action="/search"><input></form></header>
    <section id="comments"><div>said</div></section><p>costs $1.20 <a href="/batches/1">batch</a> <a class="button" href="/x">do</a></p>
    <div class="prose"><p>Save $5</p></div><form method="post" action="/use-cases"><button>b</button><table><tr><td><a href="/use-cases/7#a">u</a></td></tr></table></form>
    <svg><a href="/use-cases?category=x"><text>4</text></a></svg><a rel="next" href="/use-cases?cursor=abc">more</a><a href="/frameworks/shop/nodes/..%2F..%2Fx">y</a>"""
    made = rewrite(page, "nodes/a.html", COPIED, comments=False, costs=False)
    text = made.text
    assert ">me<" not in text
    assert "said" not in text
    assert "costs – <span>batch</span> </p>" in text
    assert "Save $5" in text
    assert '<div><table><tr><td><a href="../use-cases/7.html#a">u</a>' in text
    assert "<svg><g><text>4</text></g></svg>" in text
    assert '<form class="find" action="../search.html"' in text
    assert made.title == "T"
    assert [urlsplit(link).path for link in made.leads_to] == ["/use-cases/7", "/use-cases", "/frameworks/shop/nodes/..%2F..%2Fx"]
    assert re.search(r'href="x-[0-9a-f]{8}\.html">y', text)
    everything = rewrite(page, "a.html", COPIED, comments=True, costs=True).text
    assert "said" in everything
    assert "$1.20" in everything
    with pytest.raises(ValueError, match="not well formed"):
        rewrite("<p></div>", "a.html", COPIED, comments=True, costs=True)
