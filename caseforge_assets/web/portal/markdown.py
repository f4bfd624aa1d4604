"""Markdown of models and people as HTML that can do nothing: no markup of its own gets in, and what comes out is cleaned once more."""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt
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


def render_markdown(text: str, *, headings_below: int = 1) -> Markup:
    """A text as HTML. HTML in it is shown as text; images are not loaded; links lead to http and https alone.

    Args:
        headings_below: the level under which its headings stand: with 1, those of the first level become h2.
    """
    renderer = _renderer()
    tokens = renderer.parse(plain_text(text))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + headings_below, LOWEST_HEADING)}"
    html = renderer.renderer.render(tokens, renderer.options, {})
    cleaned = nh3.clean(
        html, tags=set(_TAGS), attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel="noopener noreferrer nofollow"
    )
    return Markup(cleaned)  # noqa: S704 - cleaned in the line above


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"]).disable("image")
