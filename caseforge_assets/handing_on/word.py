"""A document, or a branch as a book, for Word: title page, contents, headings that Word knows as such, and at the end where everything is from."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any, BinaryIO

from caseforge_assets.handing_on.markdown_blocks import Run, blocks
from caseforge_assets.handing_on.records import SIMULATED, Book, Page, Place
from caseforge_assets.handing_on.word_look import element, frame_pages, new_document
from caseforge_assets.handing_on.word_text import TextWriter
from caseforge_assets.safe_text import one_line
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from docx.document import Document

DEEPEST_CONTENTS = 9
LONGEST_HEADER = 90
SOURCES = "Where this is from"


def write_word(file: BinaryIO, book: Book) -> None:
    """Writes a single document, or a book of several."""
    document = new_document()
    _name(document, book)
    mark = "SIMULATED" if book.simulated else ""
    frame_pages(document, f"{_short(book.framework)} · {book.made_on:%Y-%m-%d}", mark)
    writer = TextWriter(document)
    if book.is_one:
        _single(writer, book)
    else:
        _title_page(writer, book)
        _contents(writer, book)
        _entries(writer, book)
        _sources(writer, book)
    document.save(file)


def _name(document: Document, book: Book) -> None:
    about = document.core_properties
    about.title, about.author, about.subject = _short(book.title, 250), "CaseForge", _short(book.framework, 250)
    about.comments = SIMULATED if book.simulated else ""
    about.created = about.modified = datetime.combine(book.made_on, time())


def _single(writer: TextWriter, book: Book) -> None:
    """A document as it stands: title, what it is of, text, where it is from."""
    from docx.enum.text import WD_BREAK

    above = " › ".join(one_line(f"{entry.code} {entry.name}") for entry in book.entries if isinstance(entry, Place))
    for number, page in enumerate(book.pages):
        if number:
            writer.line().add_run().add_break(WD_BREAK.PAGE)
        writer.line(one_line(page.title), "Title")
        writer.line(" › ".join(part for part in (above, one_line(f"{page.code} {page.name}")) if part), "Subtitle")
        if page.source.simulated:
            writer.line(SIMULATED, "Mark")
        writer.text(blocks(page.body))
        writer.heading(1, SOURCES)
        facts = {"Framework": one_line(book.framework)} | page.source.facts()
        writer.table([_cells("What", "Value"), *(_cells(name, value) for name, value in facts.items())], (0.3, 0.7))


def _title_page(writer: TextWriter, book: Book) -> None:
    from docx.enum.text import WD_BREAK
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
    writer.line().add_run().add_break(WD_BREAK.PAGE)


def _contents(writer: TextWriter, book: Book) -> None:
    """A table of contents that Word makes anew, with pages; until then, and in other programs, a list of the same, each line a link."""
    from docx.enum.text import WD_BREAK
    from docx.shared import Pt

    writer.line("Contents", "Subtitle")
    deepest = min(max((entry.depth for entry in book.entries), default=1), DEEPEST_CONTENTS)
    lines = [(entry.depth, entry_title(entry), bookmark(number)) for number, entry in enumerate(book.entries)]
    for number, (depth, title, mark) in enumerate([*lines, (1, SOURCES, "sources")]):
        line = writer.line(style="Contents")
        line.paragraph_format.left_indent = Pt(12 * (depth - 1))
        if number == 0:
            begin = element("w:fldChar", fldCharType="begin", dirty="true")
            for part in (begin, _instruction(f'TOC \\o "1-{deepest}" \\h \\z \\u'), element("w:fldChar", fldCharType="separate")):
                line.add_run()._r.append(part)
        link = element("w:hyperlink", anchor=mark, history=1)
        run = line.add_run(title)
        run.bold = depth == 1 or None
        link.append(run._r)
        line._p.append(link)
    line.add_run()._r.append(element("w:fldChar", fldCharType="end"))
    writer.line().add_run().add_break(WD_BREAK.PAGE)


def _instruction(text: str) -> Any:
    code = element("w:instrText")
    code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    code.text = f" {text} "
    return code


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
        _cells(page.code, one_line(page.title), page.source.writer, f"{page.source.made_at:%Y-%m-%d}", _or_dash(page.source.quality))
        for page in book.pages
    ]
    writer.table([_cells("Code", "Document", "Written by", "On", "Quality"), *rows], (0.13, 0.43, 0.22, 0.12, 0.1))


def entry_title(entry: Place | Page) -> str:
    """What stands in the contents, and as a heading."""
    return one_line(f"{entry.code} {entry.name}" if isinstance(entry, Place) else f"{entry.code} {entry.title}")


def bookmark(number: int) -> str:
    """The name by which contents find a heading."""
    return f"entry{number}"


def _cells(*texts: str) -> list[tuple[Run, ...]]:
    return [(Run(text),) for text in texts]


def _or_dash(value: int | None) -> str:
    return "–" if value is None else str(value)


def _short(text: str, most: int = LONGEST_HEADER) -> str:
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"
