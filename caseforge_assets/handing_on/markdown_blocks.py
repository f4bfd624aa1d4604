"""Markdown as blocks that other forms than HTML are made of. HTML in it is text, a link is its text and its address, an image its description and its address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from caseforge_assets.safe_text import plain_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPEST_LIST = 8


@dataclass(frozen=True)
class Run:
    """A piece of text that looks alike."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    struck: bool = False


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; `level` is 1 for the highest."""

    level: int
    runs: Runs


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `depth` is the number of list items that it stands in, `quoted` of quotations."""

    runs: Runs
    depth: int = 0
    quoted: int = 0


@dataclass(frozen=True)
class Item:
    """The first line of a list's item; `list_id` tells lists apart, `number` is its number in an ordered one."""

    runs: Runs
    depth: int
    list_id: int
    number: int | None = None


@dataclass(frozen=True)
class Code:
    """Lines that are shown as they are."""

    text: str
    depth: int = 0


@dataclass(frozen=True)
class Table:
    """A table: its header, and its rows of as many cells."""

    header: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


@dataclass(frozen=True)
class Rule:
    """A line across the page."""


Block = Heading | Paragraph | Item | Code | Table | Rule


def plain(runs: Sequence[Run]) -> str:
    """The words of a line, without how they look."""
    return " ".join("".join(run.text for run in runs).split())


def blocks(markdown: str) -> list[Block]:
    """Reads a text."""
    return list(_Reader(_parser().parse(plain_text(markdown))).read())


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


class _Reader:
    """Goes through the parser's tokens once; lists are flat in what it gives, with how deep each item is."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = iter(tokens)
        self._lists: list[tuple[int, Iterator[int] | None]] = []
        self._ids = count(1)
        self._quoted = 0
        self._item_begins: int | bool | None = False  # False: no item waits for its first line

    def read(self) -> Iterator[Block]:
        for token in self._tokens:
            match token.type:
                case "heading_open":
                    yield Heading(int(token.tag[1:]), _runs(next(self._tokens)))
                case "bullet_list_open":
                    self._lists.append((next(self._ids), None))
                case "ordered_list_open":
                    self._lists.append((next(self._ids), count(int(token.attrGet("start") or 1))))
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                case "list_item_open":
                    numbers = self._lists[-1][1]
                    self._item_begins = None if numbers is None else next(numbers)
                case "blockquote_open" | "blockquote_close":
                    self._quoted += 1 if token.nesting == 1 else -1
                case "inline":
                    yield self._line(_runs(token))
                case "fence" | "code_block":
                    yield Code(token.content.rstrip("\n"), len(self._lists))
                case "hr":
                    yield Rule()
                case "table_open":
                    yield self._table()

    def _line(self, runs: Runs) -> Block:
        begins, self._item_begins = self._item_begins, False
        if begins is False or not self._lists:
            return Paragraph(runs, len(self._lists), self._quoted)
        return Item(runs, min(len(self._lists), DEEPEST_LIST) - 1, self._lists[-1][0], begins)

    def _table(self) -> Table:
        rows: list[tuple[Runs, ...]] = []
        cells: list[Runs] = []
        for token in self._tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                cells = []
            elif token.type == "inline":
                cells.append(_runs(token))
            elif token.type == "tr_close":
                rows.append(tuple(cells))
        return Table(rows[0], tuple(rows[1:]))


_LOOKS = {"strong": "bold", "em": "italic", "s": "struck"}


def _runs(token: Token) -> Runs:
    found: list[Run] = []
    on: dict[str, int] = dict.fromkeys(_LOOKS.values(), 0)
    links: list[str] = []

    def add(text: str, *, code: bool = False) -> None:
        if text:
            found.append(Run(text, bool(on["bold"]), bool(on["italic"]), code, bool(on["struck"])))

    for child in token.children or ():
        kind, _, end = child.type.rpartition("_")
        if kind in _LOOKS:
            on[_LOOKS[kind]] += 1 if end == "open" else -1
        elif child.type == "link_open":
            links.append(str(child.attrGet("href") or ""))
        elif child.type == "link_close":
            add(_address(links.pop(), found))
        elif child.type == "image":
            add(f"{child.content} ({child.attrGet('src')})")
        elif child.type in ("softbreak", "hardbreak"):
            add(" " if child.type == "softbreak" else "\n")
        else:
            add(child.content, code=child.type == "code_inline")
    return tuple(found)


def _address(href: str, before: Sequence[Run]) -> str:
    """The address behind a link's text; nothing where the text is the address."""
    return "" if not href or (before and before[-1].text in (href, href.removeprefix("mailto:"))) else f" ({href})"
