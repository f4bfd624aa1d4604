"""The sheets of a workbook that managers read: the one to decide on, and the one with the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.handing_on.markdown_blocks import Paragraph, blocks, plain
from caseforge_assets.handing_on.records import Book, Idea, Page, Place
from caseforge_assets.handing_on.sheets.decision_columns import HIDDEN, SHEET, Column, columns, exported_as, shown_status
from caseforge_assets.safe_text import MAX_CELL_CHARACTERS, one_line, spreadsheet_cell

DOCUMENTS = "Processes"
LONGEST_BRIEF = 600
LINE_POINTS, HIGHEST_ROW = 13.0, 409.0  # the latter is Excel's limit
CHARACTERS_OF_WIDTH = 1.1  # a column's width is said in digits, and letters are narrower
A4 = 9  # Excel's number for it; a sheet that fits one page's width is scaled to Letter, too
TAB = "#0B5C7A"
_SHADES = {
    UseCaseStatus.shortlisted: "#E4EEF2",
    UseCaseStatus.approved: "#D9F0E1",
    UseCaseStatus.in_delivery: "#FFF3CD",
    UseCaseStatus.live: "#BFE3D0",
    UseCaseStatus.rejected: "#F1F1F1",
}
_CENTRED = {"Value", "Effort", "Risk", "Priority", "Quality", "Use cases", "Words"}


@dataclass(frozen=True)
class Managed:
    """The contents of the sheets for managers.

    Attributes:
        portfolio: Its number, where the use cases are those of a portfolio.
    """

    book: Book
    ideas: Sequence[Idea]
    portfolio: int | None = None

    @property
    def simulated(self) -> bool:
        """Tells whether anything in it is simulated."""
        return bool(self.book.simulated) or any(idea.source.simulated for idea in self.ideas)


def add_manager_sheets(workbook: Any, managed: Managed) -> None:
    """Adds these sheets to a workbook of xlsxwriter's."""
    _Sheets(workbook, managed).add()


class _Sheets:
    """Formats are made once for a workbook."""

    def __init__(self, workbook: Any, managed: Managed) -> None:
        self._workbook, self._managed = workbook, managed
        base = {"valign": "top", "font_size": 10}
        self._head = workbook.add_format(
            {
                "bold": True,
                "bg_color": TAB,
                "font_color": "#FFFFFF",
                "text_wrap": True,
                "valign": "vcenter",
                "border": 1,
                "border_color": "#FFFFFF",
            }
        )
        line = base | {"bottom": 4, "bottom_color": "#C5CBD1"}
        self._text = workbook.add_format(line | {"text_wrap": True})
        self._centred = workbook.add_format(line | {"align": "center"})
        self._date = workbook.add_format(line | {"num_format": "yyyy-mm-dd", "align": "center"})
        self._entry = workbook.add_format(line | {"text_wrap": True, "bg_color": "#FFFDF2"})
        self._entry_date = workbook.add_format(line | {"num_format": "yyyy-mm-dd", "align": "center", "bg_color": "#FFFDF2"})

    def add(self) -> None:
        self._decide()
        if self._managed.portfolio is None:  # a portfolio is of use cases alone
            self._documents()

    def _decide(self) -> None:
        managed = self._managed
        shown = columns(with_note=managed.portfolio is not None)
        rows = [[column.value(idea) for column in shown] for idea in managed.ideas]
        sheet = self._sheet(SHEET, shown, rows, freeze_columns=2)
        hidden = len(shown)
        sheet.set_column(hidden, hidden, 12, None, {"hidden": True})
        sheet.write_string(0, hidden, HIDDEN, self._head)
        for number, idea in enumerate(managed.ideas, 1):
            sheet.write_string(number, hidden, exported_as(idea, managed.portfolio))
        self._help_to_decide(sheet, [column.name for column in shown], len(rows))

    def _help_to_decide(self, sheet: Any, names: Sequence[str], rows: int) -> None:
        """Lists to choose from, dates that are dates, and a shade for each status."""
        if not rows:
            return
        status, review = names.index("Status"), names.index("Review on")
        words = [shown_status(status) for status in UseCaseStatus]
        wrong = "Choose one of: " + ", ".join(words) + "."
        sheet.data_validation(
            1, status, rows, status, {"validate": "list", "source": words, "error_title": "No such status", "error_message": wrong}
        )
        sheet.data_validation(
            1,
            review,
            rows,
            review,
            {
                "validate": "date",
                "criteria": ">=",
                "value": date(2000, 1, 1),
                "error_title": "No date",
                "error_message": "Write a date, such as 2027-01-31, or nothing.",
            },
        )
        for decided, shade in _SHADES.items():
            look = self._workbook.add_format(
                {"bg_color": shade, "font_color": "#5F6B76" if decided is UseCaseStatus.rejected else "#1F2933"}
            )
            rule = {"type": "cell", "criteria": "==", "value": f'"{shown_status(decided)}"', "format": look}
            sheet.conditional_format(1, status, rows, status, rule)

    def _documents(self) -> None:
        book = self._managed.book
        by_code: dict[str, int] = {}
        for idea in self._managed.ideas:
            by_code[idea.code] = by_code.get(idea.code, 0) + 1
        rows = []
        above: list[Place] = []
        for entry in book.entries:
            if isinstance(entry, Place):
                above = [*(place for place in above if place.depth < entry.depth), entry]
                continue
            names = [one_line(f"{place.code} {place.name}") for place in above[:2]]
            rows.append(_document_row(entry, [*names, "", ""][:2], by_code.get(entry.code, 0)))
        widths = {
            "Code": 10, "Process": 30, "Level 1": 20, "Level 2": 22, "Document": 32, "In brief": 70, "Words": 8, "Use cases": 8,
            "Quality": 8, "Written by": 16, "On": 11.5, "Cost": 11,
        }  # fmt: skip
        self._sheet(DOCUMENTS, [Column(name, width, lambda _: "") for name, width in widths.items()], rows, freeze_columns=2)

    def _sheet(self, name: str, shown: Sequence[Column], rows: Sequence[Sequence[object]], *, freeze_columns: int) -> Any:
        sheet = self._workbook.add_worksheet(name)
        sheet.set_tab_color(TAB)
        sheet.set_row(0, 30)
        for place, column in enumerate(shown):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.name, self._head)
        for number, cells in enumerate(rows, 1):
            sheet.set_row(number, _height(cells, [column.width for column in shown]))
            for place, value in enumerate(cells):
                self._write(sheet, number, place, shown[place].name, value)
        sheet.freeze_panes(1, freeze_columns)
        sheet.autofilter(0, 0, max(len(rows), 1), len(shown) - 1)
        self._print(sheet, len(rows), len(shown))
        return sheet

    def _write(self, sheet: Any, row: int, place: int, name: str, value: object) -> None:
        is_entry = name in ("Status", "Reason", "Owner", "Review on", "Tags", "Note")
        if isinstance(value, date):
            sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), self._entry_date if is_entry else self._date)
        elif isinstance(value, int | float):
            sheet.write_number(row, place, value, self._centred)
        elif value is None or value == "":
            sheet.write_blank(row, place, None, self._entry_date if name == "Review on" else self._entry if is_entry else self._text)
        else:
            look = self._entry if is_entry else self._centred if name in _CENTRED else self._text
            sheet.write_string(row, place, str(spreadsheet_cell(str(value))), look)

    def _print(self, sheet: Any, rows: int, shown: int) -> None:
        """Landscape, as wide as a page, with the header on each; the hidden column is left out."""
        book = self._managed.book
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.set_margins(left=0.35, right=0.35, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, max(rows, 1), shown - 1)
        title = one_line(book.framework).replace("&", "&&")[:100]
        sheet.set_header(f"&L{title}&C&A&R{'SIMULATED' if self._managed.simulated else ''}")
        sheet.set_footer(f"&L{book.made_on:%Y-%m-%d}&RPage &P of &N")


def _height(cells: Sequence[object], widths: Sequence[float]) -> float:
    """As many lines as the longest text takes: not every program finds that out when it opens a file."""
    lines = [
        sum(max(ceil(len(line) / (width * CHARACTERS_OF_WIDTH)), 1) for line in value.split("\n"))
        for value, width in zip(cells, widths, strict=True)
        if isinstance(value, str)
    ]
    return min(LINE_POINTS * max(lines, default=1) + 3, HIGHEST_ROW)


def _document_row(page: Page, above: Sequence[str], use_cases: int) -> list[object]:
    source = page.source
    texts = [plain(block.runs) for block in blocks(page.body) if isinstance(block, Paragraph) and not block.quoted]
    brief = next((text for text in texts if text), "")
    brief = brief if len(brief) <= LONGEST_BRIEF else f"{brief[: LONGEST_BRIEF - 1].rstrip()}…"
    made = source.made_at.date()
    words = len(page.body.split())
    of_text = [page.code, one_line(page.name), *above, one_line(page.title), brief, words, use_cases]
    return [*of_text, source.quality, source.writer, made, source.cost]


def cut_cells(rows: Sequence[Sequence[object]]) -> int:
    """Counts how many texts are longer than a cell can be, and are cut in a workbook."""
    return sum(isinstance(value, str) and len(value) > MAX_CELL_CHARACTERS for row in rows for value in row)
