"""Blocks of a text into a Word document: headings as styles, lists, tables, code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from caseforge_assets.handing_on.markdown_blocks import Block, Code, Heading, Item, Paragraph, Rule, Run, Runs, Table
from caseforge_assets.handing_on.word.word_look import DEEPEST_HEADING, INDENT_TWIPS, Numbering, element

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph as WordParagraph

MOST_COLUMNS = 63  # Word's limit for a table


class TextWriter:
    """Writes into a document, after what is in it."""

    def __init__(self, document: Document) -> None:
        """Begins at the end of a document."""
        self.document = document
        self._numbering = Numbering(document)
        self._end: Any = document.element.body.sectPr
        self._bookmarks = 0
        self._style_ids: dict[str, str] = {}

    def line(self, text: str = "", style: str = "Normal") -> WordParagraph:
        """A paragraph at the end. The end and the styles are looked up once for all: doing so for each takes most of the time of a book."""
        from docx.text.paragraph import Paragraph as MakeParagraph

        paragraph = element("w:p")
        self._end.addprevious(paragraph)
        line = MakeParagraph(paragraph, self.document._body)
        self._set_style(line._p, style)
        if text:
            line.add_run(text)
        return line

    def _set_style(self, paragraph: Any, name: str) -> None:
        if name not in self._style_ids:
            self._style_ids[name] = str(self.document.styles[name].style_id)
        paragraph.style = self._style_ids[name]

    def heading(self, level: int, text: str, *, bookmark: str = "", new_page: bool = False) -> None:
        """A heading, `level` 1 for the highest."""
        line = self.line(style=f"Heading {min(level, DEEPEST_HEADING)}")
        if new_page:
            line.paragraph_format.page_break_before = True
        if bookmark:
            self._bookmarks += 1
            line._p.append(element("w:bookmarkStart", id=self._bookmarks, name=bookmark))
        line.add_run(text)
        if bookmark:
            line._p.append(element("w:bookmarkEnd", id=self._bookmarks))

    def text(self, blocks: Iterable[Block], below: int = 0) -> None:
        """Blocks, whose headings stand below as many levels."""
        self._numbering.forget_lists()
        read = list(blocks)
        highest = min((block.level for block in read if isinstance(block, Heading)), default=1)
        for block in read:
            match block:
                case Heading():
                    line = self.line(style=f"Heading {min(block.level - highest + 1 + below, DEEPEST_HEADING)}")
                    add_runs(line, block.runs)
                case Paragraph():
                    self._paragraph(block)
                case Item():
                    self._item(block)
                case Code():
                    self.line(block.text, "Code Lines")
                case Table():
                    self.table([block.header, *block.rows])
                case Rule():
                    self._rule()

    def _paragraph(self, block: Paragraph) -> None:
        line = self.line(style="Quoted" if block.quoted else "Listed" if block.depth else "Normal")
        if block.depth:
            _indent(line, block.depth)
        add_runs(line, block.runs)

    def _item(self, block: Item) -> None:
        line = self.line(style="Listed")
        properties: Any = line._p.get_or_add_pPr()
        properties = properties.get_or_add_numPr()
        properties.get_or_add_ilvl().val = block.depth
        properties.get_or_add_numId().val = self._numbering.number_of(block.list_id, block.number, block.depth)
        add_runs(line, block.runs)

    def _rule(self) -> None:
        line = self.line()
        borders = element("w:pBdr")
        borders.append(element("w:bottom", val="single", sz=6, space=1, color="C5CBD1"))
        line._p.get_or_add_pPr().append(borders)

    def table(self, rows: Sequence[Sequence[Runs]], widths: Sequence[float] = ()) -> None:
        """A table whose first row is its header, repeated on every page that it reaches.

        Args:
            rows: of as many cells.
            widths: shares of the page; without them Word decides.
        """
        columns = min(len(rows[0]), MOST_COLUMNS)
        table: Any = self.document.add_table(rows=0, cols=columns, style="Table Grid")
        section = self.document.sections[0]
        usable = section.page_width - section.left_margin - section.right_margin  # type: ignore[operator]
        shares = [width * usable for width in widths] or [usable / columns] * columns
        table.autofit = not widths
        borders = element("w:tblBorders")
        for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
            borders.append(element(f"w:{side}", val="single", sz=4, space=0, color="C5CBD1"))
        table._tbl.tblPr.append(borders)
        for column, share in zip(table._tbl.tblGrid.gridCol_lst, shares, strict=True):
            column.w = int(share)
        for number, cells in enumerate(rows):
            row = element("w:tr")
            properties = element("w:trPr")
            properties.append(element("w:cantSplit"))
            if number == 0:
                properties.append(element("w:tblHeader"))
            row.append(properties)
            for place in range(columns):
                row.append(self._cell(cells[place] if place < len(cells) else (), shares[place], header=number == 0))
            table._tbl.append(row)
        after = self.line()
        after.paragraph_format.space_after = 0

    def _cell(self, runs: Runs, width: float, *, header: bool) -> Any:
        from docx.shared import Emu
        from docx.text.paragraph import Paragraph as MakeParagraph

        cell = element("w:tc")
        properties = element("w:tcPr")
        properties.append(element("w:tcW", w=int(Emu(int(width)).pt * 20), type="dxa"))
        if header:
            properties.append(element("w:shd", val="clear", color="auto", fill="E4EEF2"))
        cell.append(properties)
        inside = element("w:p")
        self._set_style(inside, "Cell")
        line = MakeParagraph(inside, self.document)
        add_runs(line, [Run(run.text, True, run.italic, run.code, run.struck) for run in runs] if header else runs)
        cell.append(inside)
        return cell


def add_runs(line: WordParagraph, runs: Sequence[Run]) -> None:
    """A line's pieces, each as it looks."""
    from docx.shared import Pt

    for piece in runs:
        run = line.add_run(piece.text)
        if piece.bold:
            run.bold = True
        if piece.italic:
            run.italic = True
        if piece.struck:
            run.font.strike = True
        if piece.code:
            run.font.name, run.font.size = "Consolas", Pt(9.5)


def _indent(line: WordParagraph, depth: int) -> None:
    from docx.shared import Twips

    line.paragraph_format.left_indent = Twips(INDENT_TWIPS * depth)
