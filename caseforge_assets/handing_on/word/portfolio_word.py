"""A portfolio for Word: title page, contents, all use cases at a glance, a chapter for each, and where they are from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from caseforge_assets.handing_on.markdown_blocks import blocks
from caseforge_assets.handing_on.records import SIMULATED, Idea
from caseforge_assets.handing_on.sheets.decision_columns import shown_status
from caseforge_assets.handing_on.word.word_frame import SOURCES, Line, add_contents, begin_document, break_page, cells
from caseforge_assets.handing_on.word.word_text import TextWriter
from caseforge_assets.safe_text import one_line
from caseforge_assets.wording import counted

GLANCE = "At a glance"
_LEVELS = ("roi", "complexity", "risk")


@dataclass(frozen=True)
class Collection:
    """Use cases that somebody put together.

    Attributes:
        frameworks: Their titles.
        description: What it is for, in Markdown.
        ideas: In its order.
        priority_formula: How priorities are made.
    """

    title: str
    frameworks: str
    made_on: date
    description: str
    ideas: Sequence[Idea]
    priority_formula: str = ""

    @property
    def simulated(self) -> int:
        """Counts how many of the use cases are simulated."""
        return sum(idea.source.simulated for idea in self.ideas)


def write_collection(file: BinaryIO, collection: Collection) -> None:
    """Writes a portfolio."""
    document = begin_document(collection.title, collection.frameworks, collection.made_on, simulated=bool(collection.simulated))
    writer = TextWriter(document)
    _title_page(writer, collection)
    chapters = [Line(1, _title(number, idea), _bookmark(number)) for number, idea in enumerate(collection.ideas, 1)]
    add_contents(writer, [Line(1, GLANCE, "glance"), *chapters, Line(1, SOURCES, "sources")])
    _at_a_glance(writer, collection)
    for number, idea in enumerate(collection.ideas, 1):
        _chapter(writer, number, idea)
    _sources(writer, collection)
    document.save(file)


def _title_page(writer: TextWriter, collection: Collection) -> None:
    from docx.shared import Mm

    title = writer.line(one_line(collection.title), "Title")
    title.paragraph_format.space_before = Mm(60)
    writer.line(one_line(collection.frameworks), "Subtitle")
    processes = counted(len({(idea.framework, idea.code) for idea in collection.ideas}), "process", "processes")
    writer.line(f"{counted(len(collection.ideas), 'use case')} for {processes} · {collection.made_on:%Y-%m-%d}")
    if collection.simulated:
        which = "" if collection.simulated == len(collection.ideas) else f"{collection.simulated:,} of the use cases are simulated. "
        writer.line(f"{which}{SIMULATED}", "Mark")
    writer.text(blocks(collection.description), 1)
    break_page(writer)


def _at_a_glance(writer: TextWriter, collection: Collection) -> None:
    writer.heading(1, GLANCE, bookmark="glance")
    head = cells("", "Use case and process", "Value", "Effort", "Risk", "Priority", "Status")
    rows = [
        cells(
            str(number),
            f"{one_line(idea.title)}\n{one_line(f'{idea.code} {idea.process}')}",
            *(idea.levels.get(name) or "–" for name in _LEVELS),
            _priority(idea),
            shown_status(idea.decided.status),
        )
        for number, idea in enumerate(collection.ideas, 1)
    ]
    writer.table([head, *rows], (0.07, 0.33, 0.12, 0.12, 0.12, 0.12, 0.12))
    if collection.priority_formula:
        writer.line(f"Priority: {collection.priority_formula}.", "Cell")
    writer.line(
        "Value is the estimated return, effort the complexity. They are levels that a model gave; nobody has measured them.", "Cell"
    )


def _chapter(writer: TextWriter, number: int, idea: Idea) -> None:
    writer.heading(1, _title(number, idea), bookmark=_bookmark(number), new_page=True)
    writer.line(" › ".join(one_line(name) for name in (*idea.above, f"{idea.code} {idea.process}")), "Subtitle")
    if idea.source.simulated:
        writer.line(SIMULATED, "Mark")
    facts = [*_facts(idea).items()]
    beside = [*facts[1::2], ("", "")]
    rows = [cells(*left, *right) for left, right in zip(facts[::2], beside, strict=False)]
    writer.table([cells("What", "Judged as", "What", "Judged as"), *rows], (0.15, 0.35, 0.15, 0.35))
    if idea.decided.note:
        writer.heading(2, "Note")
        writer.text(blocks(idea.decided.note), 2)
    for heading, text in idea.texts.items():
        writer.heading(2, heading)
        writer.text(blocks(text), 2)


def _facts(idea: Idea) -> Mapping[str, str]:
    decided = idea.decided
    facts = {
        "Identifier": idea.uid,
        "Category": one_line(idea.category),
        "Value": idea.levels.get("roi", ""),
        "Effort": idea.levels.get("complexity", ""),
        "Risk": idea.levels.get("risk", ""),
        "Priority": "" if idea.priority is None else f"{idea.priority:.0f} of 100",
        "Status": shown_status(decided.status) + (f": {one_line(decided.reason)}" if decided.reason else ""),
        "Owner": one_line(decided.owner),
        "Review on": f"{decided.review_on:%Y-%m-%d}" if decided.review_on else "",
        "Tags": one_line(", ".join(decided.tags)),
        "Superseded": "its process has newer use cases; this one stays as it was chosen" if idea.superseded else "",
    }
    return {name: value for name, value in facts.items() if value}


def _sources(writer: TextWriter, collection: Collection) -> None:
    writer.heading(1, SOURCES, bookmark="sources", new_page=True)
    if collection.simulated:
        writer.line(SIMULATED, "Mark")
    rows = [
        cells(idea.uid, one_line(idea.title), idea.source.writer, f"{idea.source.made_at:%Y-%m-%d}", _score(idea), idea.source.cost)
        for idea in collection.ideas
    ]
    writer.table([cells("Identifier", "Use case", "Written by", "On", "Quality", "Cost"), *rows], (0.16, 0.28, 0.19, 0.13, 0.1, 0.14))


def _title(number: int, idea: Idea) -> str:
    return f"{number}. {one_line(idea.title)}"


def _bookmark(number: int) -> str:
    return f"case{number}"


def _priority(idea: Idea) -> str:
    return "–" if idea.priority is None else f"{idea.priority:.0f}"


def _score(idea: Idea) -> str:
    return "–" if idea.source.quality is None else str(idea.source.quality)
