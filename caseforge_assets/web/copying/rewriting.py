"""A page as a file: links lead to files, and what needs a server or was not asked for is left out."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from caseforge_assets.web.copying.addresses import CopiedPages, relative, static_file

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
# Parts of pages by their ids: what people said, and what is for those who work on the server.
_PEOPLES = frozenset({"comments", "history"})
_WORK = frozenset({"portfolios"})
_ON_SERVER = "on-server"  # the class of what only tells of something that a server does
_FORMS = frozenset({"form", "script", "button", "noscript", "input", "label", "select", "textarea"})
_LIST = "/use-cases"  # a form around a list, whose rows stay
_AMOUNT = re.compile(r"\$\s?\d[\d,]*(?:\.\d+)?")
_CODE_LIKE = frozenset({"script", "style"})
LONGEST_EXCERPT = 200


@dataclass
class Rewritten:
    """A page: its new text, the pages that it leads to, and what a search finds it by."""

    text: str = ""
    leads_to: list[str] = field(default_factory=list)
    title: str = ""
    excerpt: str = ""


def rewrite(page: str, here: str, copied: CopiedPages, *, comments: bool, costs: bool) -> Rewritten:
    """Makes a page into a file.

    Args:
        page: the page, from our own templates.
        here: the file that it becomes.
        copied: which pages there are as files.
        comments: whether what people said stays in it.
        costs: whether amounts stay in it.
    """
    reader = _Rewriter(here, copied, comments=comments, costs=costs)
    reader.feed(page)
    reader.close()
    found = reader.found
    found.text = "".join(reader.written)
    found.title = " ".join(found.title.split()).removesuffix(" · CaseForge")
    found.excerpt = " ".join(found.excerpt.split())[:LONGEST_EXCERPT]
    return found


class _Rewriter(HTMLParser):
    def __init__(self, here: str, copied: CopiedPages, *, comments: bool, costs: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.found = Rewritten()
        self.written: list[str] = []
        self._here, self._copied = here, copied
        self._left_out = _WORK if comments else _WORK | _PEOPLES
        self._costs = costs
        self._skipped = 0  # how many elements are open inside of what is left out
        self._open: list[tuple[str, str]] = []  # tags that are open, and as what each was written
        self._prose = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, dict(attrs), closed=tag in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, dict(attrs), closed=True)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= tag not in VOID
            return
        if not self._open or self._open[-1][0] != tag:
            raise ValueError(f"{self._here}: </{tag}> closes nothing that is open; the page's template is not well formed")
        _, written = self._open.pop()
        self._prose -= bool(self._prose)
        self.written.append(f"</{written}>")

    def handle_data(self, data: str) -> None:
        self._text(data, data)

    def handle_entityref(self, name: str) -> None:
        self._text(f"&{name};", html.unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._text(f"&#{name};", html.unescape(f"&#{name};"))

    def handle_decl(self, decl: str) -> None:
        self.written.append(f"<!{decl}>")

    def _text(self, raw: str, said: str) -> None:
        if self._skipped:
            return
        within = self._open[-1][0] if self._open else ""
        if within == "title":
            self.found.title += said
        elif self._prose and len(self.found.excerpt) < 2 * LONGEST_EXCERPT:
            self.found.excerpt += said
        self.written.append(raw if self._costs or self._prose or within in _CODE_LIKE else _AMOUNT.sub("–", raw))

    def _begin(self, tag: str, attrs: dict[str, str | None], *, closed: bool) -> None:
        if self._skipped:
            self._skipped += not closed
            return
        if tag == "form" and attrs.get("role") == "search":
            self.written.append(_search_form(relative("search.html", self._here)))
        is_list = tag == "form" and attrs.get("action") == _LIST and attrs.get("method") == "post"
        if not is_list and self._is_left_out(tag, attrs):
            self._skipped = 0 if closed else 1
            return
        written = "div" if is_list else tag
        if is_list:
            attrs = {}
        if tag == "a":
            address = attrs.get("href") or ""
            target = self._target(address, attrs)
            if target is None:
                written = "g" if any(name == "svg" for name, _ in self._open) else "span"
                attrs = {name: value for name, value in attrs.items() if name == "class"}
            elif target:
                attrs["href"] = target
                self.found.leads_to += [address.partition("#")[0]] if address != "/" else []
        elif tag in ("link", "img"):
            name = "href" if tag == "link" else "src"
            if file := static_file(attrs.get(name) or ""):
                attrs[name] = relative(file, self._here)
        self.written.append(f"<{written}{_attributes(attrs)}{'/' if closed and tag not in VOID else ''}>")
        if not closed:
            self._open.append((tag, written))
            self._prose += bool(self._prose) or "prose" in (attrs.get("class") or "").split()

    def _is_left_out(self, tag: str, attrs: dict[str, str | None]) -> bool:
        """Forms, scripts, buttons; links of the frame and such as look like buttons that lead to no file; parts that were not asked for."""
        classes = (attrs.get("class") or "").split()
        if tag in _FORMS or attrs.get("id") in self._left_out or _ON_SERVER in classes or (tag == "details" and "decide" in classes):
            return True
        if tag != "a" or self._target(attrs.get("href") or "", attrs) is not None:
            return False
        framing = [name for name, _ in self._open if name in ("header", "footer", "nav")]
        return bool({"button", "who", "jump"} & set(classes) or framing)

    def _target(self, address: str, attrs: dict[str, str | None]) -> str | None:
        """Says where a link leads from here; empty: within this page; None: to no file."""
        if address.startswith("#"):
            return ""
        address, _, part = address.partition("#")
        if address == "/":
            return relative("index.html", self._here)
        file = self._copied.file_of(address, is_next=attrs.get("rel") in ("next", "prev"))
        if file is None:
            return None
        return relative(file, self._here) + (f"#{part}" if part else "")


def _attributes(attrs: dict[str, str | None]) -> str:
    quoted: Callable[[str], str] = html.escape
    return "".join(f" {name}" if value is None else f' {name}="{quoted(value)}"' for name, value in attrs.items() if name != "data-live")


def _search_form(target: str) -> str:
    return (
        f'<form class="find" action="{target}" role="search"><label class="unseen" for="find">Search</label>'
        '<input id="find" type="search" name="q" placeholder="Search" maxlength="500"></form>'
    )
