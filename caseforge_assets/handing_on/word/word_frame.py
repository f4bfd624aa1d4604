"""The frame that all Word documents share: their names, header and footer, contents, page breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from caseforge_assets.handing_on.markdown_blocks import Run
from caseforge_assets.handing_on.records import SIMULATED
from caseforge_assets.handing_on.word.word_look import element, frame_pages, new_document
from caseforge_assets.handing_on.word.word_text import TextWriter
from caseforge_assets.safe_text import one_line

if TYPE_CHECKING:
    from docx.document import Document

DEEPEST_CONTENTS = 9
LONGEST_HEADER = 90
LONGEST_PROPERTY = 250
SOURCES = "Where this is from"


@dataclass(frozen=True)
class Line:
    """A line of the contents: how deep it stands (1: the highest), its words, and the bookmark of its heading."""

    depth: int
    text: str
    bookmark: str


def begin_document(title: str, framework: str, made_on: date, *, simulated: bool) -> Document:
    """An empty document with its names, header and footer.

    Args:
        simulated: whether anything in it is simulated, which every page says then.
    """
    document = new_document()
    about = document.core_properties
    about.title, about.author, about.subject = short(title, LONGEST_PROPERTY), "CaseForge", short(framework, LONGEST_PROPERTY)
    about.comments = SIMULATED if simulated else ""
    about.created = about.modified = datetime.combine(made_on, time())
    frame_pages(document, f"{short(framework)} · {made_on:%Y-%m-%d}", "SIMULATED" if simulated else "")
    return document


def add_contents(writer: TextWriter, lines: Sequence[Line]) -> None:
    """A table of contents that Word makes anew, with pages; until then, and in other programs, a list of the same, each line a link."""
    from docx.shared import Pt

    writer.line("Contents", "Subtitle")
    deepest = min(max((line.depth for line in lines), default=1), DEEPEST_CONTENTS)
    for number, text in enumerate(lines):
        line = writer.line(style="Contents")
        line.paragraph_format.left_indent = Pt(12 * (text.depth - 1))
        if number == 0:
            begin = element("w:fldChar", fldCharType="begin", dirty="true")
            for part in (begin, _instruction(f'TOC \\o "1-{deepest}" \\h \\z \\u'), element("w:fldChar", fldCharType="separate")):
                line.add_run()._r.append(part)
        link = element("w:hyperlink", anchor=text.bookmark, history=1)
        run = line.add_run(text.text)
        run.bold = text.depth == 1 or None
        link.append(run._r)
        line._p.append(link)
    line.add_run()._r.append(element("w:fldChar", fldCharType="end"))
    break_page(writer)


def break_page(writer: TextWriter) -> None:
    """Lets what follows begin on a page of its own."""
    from docx.enum.text import WD_BREAK

    writer.line().add_run().add_break(WD_BREAK.PAGE)


def cells(*texts: str) -> list[tuple[Run, ...]]:
    """Plain texts as the cells of a row."""
    return [(Run(text),) for text in texts]


def short(text: str, most: int = LONGEST_HEADER) -> str:
    """A text on one line, cut where it is longer."""
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _instruction(text: str) -> Any:
    code = element("w:instrText")
    code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    code.text = f" {text} "
    return code
