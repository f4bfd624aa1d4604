"""A document, or a branch as a book, for Word: title page, contents, headings that Word knows as such, and at the end where everything is from."""

from __future__ import annotations

from typing import BinaryIO

from caseforge_assets.handing_on.markdown_blocks import blocks
from caseforge_assets.handing_on.records import SIMULATED, Book, Page, Place
from caseforge_assets.handing_on.word.word_frame import SOURCES, Line, add_contents, begin_document, break_page, cells
from caseforge_assets.handing_on.word.word_text import TextWriter
from caseforge_assets.safe_text import one_line
from caseforge_assets.wording import counted


def write_word(file: BinaryIO, book: Book) -> None:
    """Writes a single document, or a book of several."""
    document = begin_document(book.title, book.framework, book.made_on, simulated=bool(book.simulated))
    writer = TextWriter(document)
    if book.is_one:
        _single(writer, book)
    else:
        _title_page(writer, book)
        lines = [Line(entry.depth, entry_title(entry), bookmark(number)) for number, entry in enumerate(book.entries)]
        add_contents(writer, [*lines, Line(1, SOURCES, "sources")])
        _entries(writer, book)
        _sources(writer, book)
    document.save(file)


def _single(writer: TextWriter, book: Book) -> None:
    """A document as it stands: title, what it is of, text, where it is from."""
    above = " › ".join(one_line(f"{entry.code} {entry.name}") for entry in book.entries if isinstance(entry, Place))
    for number, page in enumerate(book.pages):
        if number:
            break_page(writer)
        writer.line(one_line(page.title), "Title")
        writer.line(" › ".join(part for part in (above, one_line(f"{page.code} {page.name}")) if part), "Subtitle")
        if page.source.simulated:
            writer.line(SIMULATED, "Mark")
        writer.text(blocks(page.body))
        writer.heading(1, SOURCES)
        facts = {"Framework": one_line(book.framework)} | page.source.facts()
        writer.table([cells("What", "Value"), *(cells(name, value) for name, value in facts.items())], (0.3, 0.7))


def _title_page(writer: TextWriter, book: Book) -> None:
    from docx.shared import Mm

    title = writer.line(one_line(book.title), "Title")
    title.paragraph_format.space_before = Mm(70)
    writer.line(one_line(f"{book.framework}, edition {book.edition}"), "Subtitle")
    processes = counted(len({page.code for page in book.pages}), "process", "processes")
    lines = [f"{counted(len(book.pages), 'text')} on {processes} · {book.made_on:%Y-%m-%d}", *book.about]
    for line in lines:
        writer.line(one_line(line))
    if book.simulated:
        which = "" if book.simulated == len(book.pages) else f"{book.simulated:,} of the texts are simulated. "
        writer.line(f"{which}{SIMULATED}", "Mark")
    break_page(writer)


def _entries(writer: TextWriter, book: Book) -> None:
    after_page = False
    for number, entry in enumerate(book.entries):
        is_page = isinstance(entry, Page)
        writer.heading(entry.depth, entry_title(entry), bookmark=bookmark(number), new_page=after_page)
        after_page = is_page
        if isinstance(entry, Page):
            source = entry.source
            facts = writer.line(f"{source.writer} · {source.made_at:%Y-%m-%d}", "Cell")
            facts.paragraph_format.keep_with_next = True
            writer.text(blocks(entry.body), entry.depth)


def _sources(writer: TextWriter, book: Book) -> None:
    writer.heading(1, SOURCES, bookmark="sources", new_page=True)
    if book.simulated:
        writer.line(SIMULATED, "Mark")
    rows = [
        cells(
            page.code,
            one_line(page.title),
            page.source.writer,
            f"{page.source.made_at:%Y-%m-%d}",
            _or_dash(page.source.quality),
            page.source.cost,
        )
        for page in book.pages
    ]
    writer.table([cells("Code", "Document", "Written by", "On", "Quality", "Cost"), *rows], (0.12, 0.35, 0.18, 0.12, 0.1, 0.13))


def entry_title(entry: Place | Page) -> str:
    """Gives what stands in the contents, and as a heading."""
    return one_line(f"{entry.code} {entry.name}" if isinstance(entry, Place) else f"{entry.code} {entry.title}")


def bookmark(number: int) -> str:
    """The name by which contents find a heading."""
    return f"entry{number}"


def _or_dash(value: int | None) -> str:
    return "–" if value is None else str(value)
