"""Contents as one text: for Word, and as markdown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from caseforge_assets.commands.exporting.write_file import write_file, write_text
from caseforge_assets.commands.gathering.make_book import make_book
from caseforge_assets.commands.gathering.read_contents import ReadContents
from caseforge_assets.handing_on.records import SIMULATED, Book, Page
from caseforge_assets.handing_on.word.word import write_word
from caseforge_assets.safe_text import link_text, safe_markdown
from caseforge_assets.store.database.engine import Connection


def export_word(_: Connection, read: ReadContents, target: Path) -> list[str]:
    """A document of Word's; of several nodes a book."""
    write_file(target, write_word, make_book(read), quietly=read.quietly)
    return []


def export_text(_: Connection, read: ReadContents, target: Path) -> list[str]:
    """The same as one markdown text."""
    write_text(target, _markdown(make_book(read)))
    return []


def _markdown(book: Book) -> Iterator[str]:
    yield f"# {link_text(book.title)}\n\n*{link_text(f'{book.framework}, edition {book.edition}, {book.made_on:%Y-%m-%d}')}*\n\n"
    for words in book.about:
        yield f"{link_text(words)}\n\n"
    if book.simulated:
        yield f"**{SIMULATED}**\n\n"
    for entry in book.entries:
        if not isinstance(entry, Page):
            yield f"{'#' * min(entry.depth, 6)} {link_text(f'{entry.code} {entry.name}')}\n\n"
            continue
        facts = " · ".join(f"{name}: {value}" for name, value in entry.source.facts().items())
        heading = f"{'#' * min(entry.depth, 6)} {link_text(f'{entry.code} {entry.title}')}\n\n"
        yield f"{heading}{safe_markdown(entry.body)}\n\n*{link_text(facts)}*\n\n"
