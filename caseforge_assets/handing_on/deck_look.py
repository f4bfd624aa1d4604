"""The look of a deck: wide slides of PowerPoint's own kinds, texts that fit where they stand, native tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from caseforge_assets.safe_text import plain_text

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide

WIDTH, HEIGHT = 13.333, 7.5
MARGIN = 0.6
DARK, ACCENT, GREY, WARN = "1F2933", "0B5C7A", "5F6B76", "9A3412"
FONT = "Calibri"
_CHARACTER_EM, _LINE_EM = 0.53, 1.2  # of the font's size: how wide a letter is on average, how high a line
_TITLE_LAYOUT, _TITLED_LAYOUT = 0, 5


@dataclass(frozen=True)
class Letters:
    """The look of a text; sizes in points: the one that it has, and the least that it may have where it would not fit."""

    size: float
    least: float | None = None
    color: str = DARK
    bold: bool = False
    right: bool = False


def new_deck() -> Presentation:
    """An empty deck of 16:9; places of the layouts are as wide as its slides."""
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    stretch = Inches(WIDTH) / (deck.slide_width or 1)
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    for holder in (deck.slide_master, *deck.slide_layouts):
        for shape in holder.placeholders:
            shape.left, shape.width = int(shape.left * stretch), int(shape.width * stretch)
    return deck


def add_slide(deck: Presentation, title: str, foot: str, mark: str = "") -> Slide:
    """A slide with a title that the outline shows, and a line below."""
    from pptx.enum.text import MSO_ANCHOR

    slide: Slide = deck.slides.add_slide(deck.slide_layouts[_TITLED_LAYOUT])
    place: Any = slide.shapes.title
    _put(place, MARGIN, 0.35, WIDTH - 2 * MARGIN, 0.85)
    fill(place, [title], Letters(26, 18, ACCENT, bold=True))
    place.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    add_text(slide, (MARGIN, 7.0, 9.5, 0.3), [foot], Letters(10, color=GREY))
    if mark:
        add_text(slide, (WIDTH - MARGIN - 2.5, 7.0, 2.5, 0.3), [mark], Letters(10, color=WARN, bold=True, right=True))
    return slide


def add_title_slide(deck: Presentation, title: str, lines: Sequence[str], mark: str) -> None:
    """The first slide."""
    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_LAYOUT])
    place, beneath = slide.shapes.title, slide.placeholders[1]
    _put(place, MARGIN, 1.9, WIDTH - 2 * MARGIN, 1.6)
    fill(place, [title], Letters(44, 26, ACCENT, bold=True))
    _put(beneath, MARGIN, 3.6, WIDTH - 2 * MARGIN, 1.7)
    fill(beneath, list(lines), Letters(20, 14, GREY))
    if mark:
        add_text(slide, (MARGIN, 5.6, WIDTH - 2 * MARGIN, 0.8), [mark], Letters(16, color=WARN, bold=True))


def add_text(slide: Slide, place: tuple[float, float, float, float], texts: Sequence[str], letters: Letters) -> None:
    """A box of text: left, top, width, height in inches."""
    from pptx.util import Inches

    box = slide.shapes.add_textbox(*(Inches(value) for value in place))
    fill(box, texts, letters)


def fill(shape: Any, texts: Sequence[str], letters: Letters) -> None:
    """Paragraphs into a shape, in the largest type between both sizes that fits; what does not fit even then is cut, and says so."""
    from pptx.enum.text import MSO_AUTO_SIZE, PP_ALIGN

    frame = shape.text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.margin_left = frame.margin_right = 0
    width, height = shape.width / 914_400, shape.height / 914_400 - 0.1
    least = letters.least or letters.size
    shown, size = fitted([plain_text(text).strip() for text in texts if text.strip()], width, height, letters.size, least)
    for number, text in enumerate(shown):
        line = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        line.alignment = PP_ALIGN.RIGHT if letters.right else PP_ALIGN.LEFT
        set_run(line, text, size, letters.color, letters.bold)


def set_run(line: Any, text: str, size: float, color: str = DARK, bold: bool = False) -> None:
    """A piece of text at the end of a paragraph."""
    from pptx.util import Pt

    run = line.add_run()
    run.text = plain_text(text)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, FONT
    run.font.color.rgb = _rgb(color)


def fitted(texts: Sequence[str], width: float, height: float, size: float, least: float) -> tuple[list[str], float]:
    """Texts and the size of type with which they fit into so many inches."""
    size = fitting_size(texts, width, height, size, least)
    shown: list[str] = []
    room = height
    for text in texts:
        needed = needed_height([text], width, size)
        if needed > room:
            lines = int(room * 72 / (size * _LINE_EM) + 0.05)
            if lines >= 1:
                shown.append(_cut_to_lines(text, lines, width, size))
            break
        shown.append(text)
        room -= needed
    return shown or [""], size


def fitting_size(texts: Sequence[str], width: float, height: float, size: float, least: float) -> float:
    """The largest type between both sizes in which texts fit; the smallest where they do not fit even then."""
    while size > least and needed_height(texts, width, size) > height:
        size -= 0.5
    return size


def cut(text: str, most: int) -> str:
    """A text of no more characters; one that is longer ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: max(most - 1, 1)].rstrip()}…"


def _cut_to_lines(text: str, lines: int, width: float, size: float) -> str:
    """A text of no more lines; the last one is full, also where the next word alone would have gone on the line behind it."""
    begin = line_ends(text, width, size)[lines - 2] if lines > 1 else 0
    begin += text[begin : begin + 1] == "\n"
    room, most = _letters_a_line(width, size) - 1, begin
    for letter in text[begin:].partition("\n")[0]:
        room -= _width(letter)
        if room < 0:
            break
        most += 1
    return cut(text, most)


def needed_height(texts: Sequence[str], width: float, size: float) -> float:
    """Says how high texts are in inches, by the mean width of letters."""
    return sum(len(line_ends(text, width, size)) for text in texts) * size * _LINE_EM / 72


def line_ends(text: str, width: float, size: float) -> list[int]:
    """Says where in a text its lines end: a word that has no room goes on a line of its own, and is broken where it is longer than one."""
    room = _letters_a_line(width, size)
    ends, at, taken = [], 0, 0
    for number, line in enumerate(text.split("\n")):
        if number:
            ends.append(at)
            at, taken = at + 1, 0
        for place, word in enumerate(line.split(" ")):
            if place:
                at, taken = at + 1, taken + 1
            if taken and taken + _width(word) > room:
                ends.append(at)
                taken = 0
            for letter in word if _width(word) > room else ():
                if taken + _width(letter) > room:
                    ends.append(at)
                    taken = 0
                at, taken = at + 1, taken + _width(letter)
            if _width(word) <= room:
                at, taken = at + len(word), taken + _width(word)
    return [*ends, at]


def _letters_a_line(width: float, size: float) -> int:
    return max(int(width * 72 / (size * _CHARACTER_EM)), 1)


def _width(text: str) -> int:
    """Measures a text in letters of the mean width; those of East Asia take twice as much."""
    return len(text) if text.isascii() else len(text) + sum(east_asian_width(letter) in "WF" for letter in text)


def add_table(
    slide: Slide, place: tuple[float, float, float], rows: Sequence[Sequence[str]], shares: Sequence[float], row_height: float
) -> Any:
    """A native table whose first row is its header: left, top, width in inches; shares of the width."""
    from pptx.util import Inches

    left, top, width = place
    shape: Any = slide.shapes.add_table(len(rows), len(shares), Inches(left), Inches(top), Inches(width), Inches(row_height * len(rows)))
    table = shape.table
    for column, share in zip(table.columns, shares, strict=True):
        column.width = Inches(width * share)
    for number, cells in enumerate(rows):
        table.rows[number].height = Inches(row_height)
        for cell, text, share in zip(table.rows[number].cells, cells, shares, strict=True):
            fill_cell(cell, [text], width * share - 0.2, row_height, header=number == 0)
    return table


def set_height(table: Any, row: int, height: float) -> None:
    """Makes a row as high as so many inches."""
    from pptx.util import Inches

    table.rows[row].height = Inches(height)


def fill_cell(
    cell: Any,
    texts: Sequence[str],
    width: float,
    height: float,
    *,
    header: bool = False,
    color: str | None = None,
    bold_first: bool = False,
) -> None:
    """Texts into a table's cell."""
    from pptx.util import Inches

    cell.text_frame.clear()
    cell.margin_top = cell.margin_bottom = Inches(0.03)
    cell.fill.solid()
    cell.fill.fore_color.rgb = _rgb(color or (ACCENT if header else "FFFFFF"))
    shown, size = fitted(list(texts), width, height - 0.06, 12, 9)
    for number, text in enumerate(shown):
        line = cell.text_frame.paragraphs[0] if number == 0 else cell.text_frame.add_paragraph()
        set_run(line, text, size, "FFFFFF" if header else DARK, bold=header or (bold_first and number == 0))


def _rgb(color: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(color)  # type: ignore[no-untyped-call]


def _put(shape: Any, left: float, top: float, width: float, height: float) -> None:
    from pptx.util import Inches

    shape.left, shape.top, shape.width, shape.height = (Inches(value) for value in (left, top, width, height))
