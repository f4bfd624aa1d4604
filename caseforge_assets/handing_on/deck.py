"""Use cases as a deck: title, value against effort, the first ten, a page for each, and where they are from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, BinaryIO

from caseforge_assets.costs.sums import named, total
from caseforge_assets.handing_on import deck_look as look
from caseforge_assets.handing_on.records import SIMULATED, Idea
from caseforge_assets.handing_on.sheets.decision_columns import shown_status
from caseforge_assets.safe_text import one_line, plain_text
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide

LEVELS = ("Low", "Medium", "High")
FIRST = 10
MOST_PAGES = 60
BEST_IN_CELL = 3
ROWS_OF_SOURCES = 16
_ON_THE_LEFT = 4  # of a use case's texts: what it does, what it changes, what makes it hard, what it needs
_HEADING = 0.42  # inches that a heading takes, with the distance to the text before
# By value (from high) and effort (from low): the greener, the sooner.
_SHADES = (("BFE3D0", "D5ECDD", "E9F2E4"), ("D5ECDD", "EDF1E3", "F5EEDC"), ("EDF1E3", "F5EEDC", "F7E3D8"))


@dataclass(frozen=True)
class Deck:
    """The contents of a deck.

    Attributes:
        ideas: By priority, the highest first, or in a portfolio's own order.
        is_chosen: Whether somebody put them together; then each has a page, however many there are.
        priority_formula: How priorities are made.
    """

    title: str
    framework: str
    made_on: date
    ideas: Sequence[Idea]
    about: Sequence[str] = ()
    is_chosen: bool = False
    priority_formula: str = ""

    @property
    def simulated(self) -> int:
        """Counts how many of the use cases are simulated."""
        return sum(idea.source.simulated for idea in self.ideas)

    @property
    def with_page(self) -> Sequence[Idea]:
        """Those that have a page of their own."""
        return self.ideas if self.is_chosen else self.ideas[:MOST_PAGES]


def write_deck(file: BinaryIO, deck: Deck) -> None:
    """Writes a deck."""
    slides = look.new_deck()
    about = slides.core_properties
    about.title, about.author, about.subject = look.cut(one_line(deck.title), 250), "CaseForge", look.cut(one_line(deck.framework), 250)
    about.created = about.modified = datetime.combine(deck.made_on, time())
    mark = "SIMULATED" if deck.simulated else ""
    foot = f"{look.cut(one_line(deck.framework), 90)} · {deck.made_on:%Y-%m-%d}"
    _title(slides, deck)
    if deck.ideas:
        _matrix(slides, deck, foot, mark)
        _first(slides, deck, foot, mark)
    for idea in deck.with_page:
        _page(slides, idea, foot)
    _sources(slides, deck, foot, mark)
    slides.save(file)


def _title(slides: Presentation, deck: Deck) -> None:
    processes = len({idea.code for idea in deck.ideas})
    lines = [
        one_line(deck.framework),
        f"{counted(len(deck.ideas), 'use case')} for {_processes(processes)} · {deck.made_on:%Y-%m-%d}",
        *deck.about,
    ]
    which = (
        ""
        if not deck.simulated
        else ""
        if deck.simulated == len(deck.ideas)
        else f"{deck.simulated:,} of {counted(len(deck.ideas), 'use case')} {'is' if deck.simulated == 1 else 'are'} simulated. "
    )
    look.add_title_slide(slides, one_line(deck.title), lines, f"{which}{SIMULATED}" if deck.simulated else "")


def _matrix(slides: Presentation, deck: Deck, foot: str, mark: str) -> None:
    """Value against effort as a native table: how many, and the first by priority."""
    slide = look.add_slide(slides, "Value against effort", foot, mark)
    left, top, width, height = look.MARGIN, 1.35, look.WIDTH - 2 * look.MARGIN, 1.75
    shares = (0.1, 0.3, 0.3, 0.3)
    empty = [["", *(f"{level} effort" for level in LEVELS)], *([f"{level} value", "", "", ""] for level in reversed(LEVELS))]
    table = look.add_table(slide, (left, top, width), empty, shares, 0.35)
    for row, value in enumerate(reversed(LEVELS), 1):
        look.set_height(table, row, height - 0.1)
        look.fill_cell(table.cell(row, 0), [f"{value} value"], width * 0.1 - 0.2, height, bold_first=True)
        for column, effort in enumerate(LEVELS, 1):
            inside = [idea for idea in deck.ideas if (idea.levels.get("roi"), idea.levels.get("complexity")) == (value, effort)]
            texts = [counted(len(inside), "use case"), *(f"• {look.cut(one_line(idea.title), 84)}" for idea in inside[:BEST_IN_CELL])]
            shade = _SHADES[row - 1][column - 1]
            look.fill_cell(table.cell(row, column), texts, width * 0.3 - 0.2, height - 0.1, color=shade, bold_first=True)
    known = sum(idea.levels.get("roi") in LEVELS and idea.levels.get("complexity") in LEVELS for idea in deck.ideas)
    said = "In each field, how many use cases there are, and the first by priority. Value is the estimated return, effort the complexity."
    rest = f" {counted(len(deck.ideas) - known, 'has', 'have')} neither." if known < len(deck.ideas) else ""
    look.add_text(slide, (left, 6.6, width, 0.35), [said + rest], look.Letters(11, color=look.GREY))


def _first(slides: Presentation, deck: Deck, foot: str, mark: str) -> None:
    shown = sorted(deck.ideas, key=lambda idea: -(idea.priority or 0))[:FIRST]
    title = "First by priority" if len(deck.ideas) > FIRST else "By priority"
    slide = look.add_slide(slides, title, foot, mark)
    head = ["", "Use case", "Process", "Value", "Effort", "Risk", "Priority", "Status"]
    rows = [
        [
            str(number),
            one_line(idea.title),
            one_line(f"{idea.code} {idea.process}"),
            *_levels(idea),
            _priority(idea),
            shown_status(idea.decided.status),
        ]
        for number, idea in enumerate(shown, 1)
    ]
    look.add_table(
        slide, (look.MARGIN, 1.3, look.WIDTH - 2 * look.MARGIN), [head, *rows], (0.04, 0.33, 0.24, 0.075, 0.075, 0.075, 0.075, 0.09), 0.44
    )
    if deck.priority_formula:
        look.add_text(
            slide,
            (look.MARGIN, 6.3, look.WIDTH - 2 * look.MARGIN, 0.6),
            [f"Priority: {deck.priority_formula}"],
            look.Letters(11, color=look.GREY),
        )


def _page(slides: Presentation, idea: Idea, foot: str) -> None:
    """One page for a use case; what does not fit on it stands in its notes."""
    slide = look.add_slide(slides, one_line(idea.title), f"{foot} · {idea.uid}", "SIMULATED" if idea.source.simulated else "")
    where = " › ".join(one_line(name) for name in (*idea.above, f"{idea.code} {idea.process}"))
    look.add_text(slide, (look.MARGIN, 1.15, look.WIDTH - 2 * look.MARGIN, 0.35), [where], look.Letters(12, 9, look.GREY))
    texts = list(idea.texts.items())
    _column(slide, look.MARGIN, 7.3, 1.6, 5.3, texts[:_ON_THE_LEFT])
    left, width = look.MARGIN + 7.6, look.WIDTH - 2 * look.MARGIN - 7.6
    facts = _facts(idea)
    table = look.add_table(slide, (left, 1.7, width), [["What", "Judged as"], *facts], (0.35, 0.65), 0.3)
    table.horz_banding = False
    below = 1.7 + 0.3 * (len(facts) + 1) + 0.15
    _column(slide, left, width, below, 6.9 - below, texts[_ON_THE_LEFT:])
    notes = slide.notes_slide.notes_text_frame
    if notes is not None:
        notes.text = "\n\n".join(f"{name}\n{plain_text(text)}" for name, text in texts)


def _column(slide: Slide, left: float, width: float, top: float, height: float, texts: Sequence[tuple[str, str]]) -> None:
    """Texts beneath their headings, in the largest type in which all fit; where none is small enough, each has room by its length."""
    room = height - _HEADING * len(texts)
    size = look.fitting_size([plain_text(text) for _, text in texts], width, room, 13, 9)
    needed = [look.needed_height([plain_text(text)], width, size) for _, text in texts]
    shrink = min(room / (sum(needed) or 1), 1)
    for (heading, text), high in zip(texts, needed, strict=True):
        look.add_text(slide, (left, top, width, 0.3), [heading], look.Letters(12, color=look.ACCENT, bold=True))
        look.add_text(slide, (left, top + 0.24, width, high * shrink + 0.11), [plain_text(text)], look.Letters(size))
        top += high * shrink + _HEADING


def _facts(idea: Idea) -> list[list[str]]:
    decided = idea.decided
    facts: Mapping[str, str] = {
        "Category": idea.category,
        "Value": idea.levels.get("roi", ""),
        "Effort": idea.levels.get("complexity", ""),
        "Risk": idea.levels.get("risk", ""),
        "Priority": _priority(idea),
        "Status": shown_status(decided.status) + (f": {decided.reason}" if decided.reason else ""),
        "Owner": decided.owner,
        "Review": f"{decided.review_on:%Y-%m-%d}" if decided.review_on else "",
        "Tags": ", ".join(decided.tags),
        "Note": decided.note,
        "Superseded": "its process has been generated anew" if idea.superseded else "",
    }
    return [[name, look.cut(one_line(value), 110)] for name, value in facts.items() if value]


def _sources(slides: Presentation, deck: Deck, foot: str, mark: str) -> None:
    by_source: dict[tuple[str, str, str, str], list[Idea]] = {}
    for idea in deck.ideas:
        row = (idea.code, one_line(idea.process), idea.source.writer, f"{idea.source.made_at:%Y-%m-%d}")
        by_source.setdefault(row, []).append(idea)
    rows = [[*row[:2], str(len(ideas)), *row[2:], _cost(ideas)] for row, ideas in by_source.items()]
    head = ["Code", "Process", "Use cases", "Written by", "On", "Cost"]
    for begin in range(0, max(len(rows), 1), ROWS_OF_SOURCES):
        slide = look.add_slide(slides, "Where this is from", foot, mark)
        if deck.simulated:
            look.add_text(
                slide, (look.MARGIN, 1.1, look.WIDTH - 2 * look.MARGIN, 0.3), [SIMULATED], look.Letters(12, color=look.WARN, bold=True)
            )
        chosen = [head, *rows[begin : begin + ROWS_OF_SOURCES]]
        look.add_table(slide, (look.MARGIN, 1.5, look.WIDTH - 2 * look.MARGIN), chosen, (0.1, 0.37, 0.08, 0.21, 0.1, 0.14), 0.31)
    if len(deck.with_page) < len(deck.ideas):
        said = f"Pages for the first {len(deck.with_page):,} of {counted(len(deck.ideas), 'use case')} by priority; the others are in the matrix and in the workbook."
        look.add_text(slide, (look.MARGIN, 6.7, look.WIDTH - 2 * look.MARGIN, 0.3), [said], look.Letters(11, color=look.GREY))


def _cost(ideas: Sequence[Idea]) -> str:
    """The shares of these use cases in what the contents cost that they are of."""
    return named(total(idea.source.cost_usd for idea in ideas), any(idea.source.simulated for idea in ideas))


def _levels(idea: Idea) -> list[str]:
    return [idea.levels.get(name, "") for name in ("roi", "complexity", "risk")]


def _priority(idea: Idea) -> str:
    return "" if idea.priority is None else f"{idea.priority:.0f}"


def _processes(number: int) -> str:
    return counted(number, "process", "processes")
