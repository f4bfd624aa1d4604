"""Markdown of models and people as HTML that can do nothing: no markup of its own gets in, and what comes out is cleaned once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from caseforge_assets.safe_text import plain_text

_TAGS = frozenset(
    [
        "p",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "a",
    ]
)
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, **{f"h{level}": {"id"} for level in range(1, 7)}}
LOWEST_HEADING = 6
DOCUMENTS_KEPT = 200  # rendered ones, of some 30 KB each


@dataclass(frozen=True, slots=True)
class DocumentHeading:
    """A heading of a document: where it stands in the page, how deep (0: with the highest of the document), and its words."""

    anchor: str
    depth: int
    words: str


def render_markdown(text: str, *, headings_below: int = 1) -> Markup:
    """A text as HTML. HTML in it is shown as text; images are not loaded; links lead to http and https alone.

    Args:
        headings_below: the level under which its headings stand: with 1, those of the first level become h2.
    """
    tokens = _renderer().parse(plain_text(text))
    _lower(tokens, headings_below)
    return _rendered(tokens)


@lru_cache(maxsize=DOCUMENTS_KEPT)
def render_document(text: str, *, under: int, anchors: str) -> tuple[Markup, tuple[DocumentHeading, ...]]:
    """A document as HTML, with its headings, each of which can be led to.

    Args:
        under: level of the heading under which it stands: its highest headings are one below, whatever they are in the text.
        anchors: what the addresses of its headings begin with, so that several documents fit on a page.
    """
    tokens = _renderer().parse(plain_text(text))
    highest = min((int(token.tag[1:]) for token in tokens if token.type == "heading_open"), default=1)
    _lower(tokens, under + 1 - highest)
    found: list[DocumentHeading] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            anchor = f"{anchors}-{len(found) + 1}"
            token.attrSet("id", anchor)
            words = "".join(part.content for part in tokens[at + 1].children or () if part.type in ("text", "code_inline"))
            found.append(DocumentHeading(anchor, int(token.tag[1:]) - under - 1, words.strip()))
    return _rendered(tokens), tuple(found)


def _lower(tokens: Sequence[Token], levels: int) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(max(int(token.tag[1:]) + levels, 1), LOWEST_HEADING)}"


def _rendered(tokens: Sequence[Token]) -> Markup:
    renderer = _renderer()
    html = renderer.renderer.render(tokens, renderer.options, {})
    cleaned = nh3.clean(
        html, tags=set(_TAGS), attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel="noopener noreferrer nofollow"
    )
    return Markup(cleaned)  # noqa: S704 - cleaned in the line above


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"]).disable("image")
