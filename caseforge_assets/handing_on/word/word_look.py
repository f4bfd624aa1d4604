"""The look of a Word document: paper, styles, header, footer, and lists whose numbers begin anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caseforge_assets.handing_on.markdown_blocks import DEEPEST_LIST

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

DARK, ACCENT, GREY = "1F2933", "0B5C7A", "5F6B76"
BULLETS = "•◦▪"
NUMBER_FORMS = ("decimal", "lowerLetter", "lowerRoman")
INDENT_TWIPS = 360
DEEPEST_HEADING = 9
_HEADING_SIZES = (18, 15, 13, 12, 11, 10.5, 10.5, 10.5, 10.5)


def new_document() -> Document:
    """An empty A4 document with the styles that are used."""
    import docx
    from docx.shared import Mm

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(24)
    section.top_margin, section.bottom_margin = Mm(24), Mm(20)
    section.header_distance = section.footer_distance = Mm(11)
    _set_styles(document)
    return document


def _set_styles(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    look(document, "Normal", 10.5, DARK, after=6, line=1.15)
    look(document, "Title", 30, ACCENT, after=10)
    look(document, "Subtitle", 13, GREY, after=18)
    _no_border(document.styles["Title"])
    for level, size in enumerate(_HEADING_SIZES, 1):
        look(document, f"Heading {level}", size, ACCENT if level <= 2 else DARK, before=14 if level <= 3 else 10, after=4)
        document.styles[f"Heading {level}"].font.bold = True
    for name, size in {"Listed": 10.5, "Code Lines": 9, "Quoted": 10.5, "Cell": 9.5, "Contents": 10.5, "Mark": 10.5}.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.font.size = Pt(size)
        style.paragraph_format.space_after = Pt({"Listed": 3, "Cell": 2, "Code Lines": 8, "Contents": 2}.get(name, 6))
    document.styles["Cell"].paragraph_format.space_before = Pt(2)
    document.styles["Code Lines"].font.name = "Consolas"
    document.styles["Quoted"].font.italic = True
    document.styles["Quoted"].paragraph_format.left_indent = Pt(14)
    document.styles["Mark"].font.bold = True
    document.styles["Mark"].font.color.rgb = RGBColor.from_string("9A3412")


def look(document: Document, name: str, size: float, color: str, *, before: float = 0, after: float = 0, line: float = 1.0) -> None:
    """Gives a style its font, colour and distances, in points."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style: Any = document.styles[name]
    style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), RGBColor.from_string(color)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in [name for name in fonts.attrib if name.endswith("Theme")]:
        del fonts.attrib[attribute]
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), "Calibri")
    for spacing in style.element.rPr.findall(qn("w:spacing")):
        style.element.rPr.remove(spacing)
    style.font.italic = False
    form = style.paragraph_format
    form.space_before, form.space_after, form.line_spacing = Pt(before), Pt(after), line


def _no_border(style: Any) -> None:
    from docx.oxml.ns import qn

    for border in style.element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)


def element(tag: str, **values: object) -> Any:
    """An element of WordprocessingML, such as `w:num`, with its attributes."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for key, value in values.items():
        made.set(qn(f"w:{key}"), str(value))
    return made


def add_field(paragraph: Paragraph, instruction: str, shown: str = "") -> None:
    """A field: what Word computes, and what is shown until it does."""
    for kind, text in (("begin", ""), ("", instruction), ("separate", ""), ("shown", shown), ("end", "")):
        run = paragraph.add_run(text if kind == "shown" else None)
        if kind == "":
            code = element("w:instrText")
            code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            code.text = f" {text} "
            run._r.append(code)
        elif kind != "shown":
            run._r.append(element("w:fldChar", fldCharType=kind))


def frame_pages(document: Document, left: str, right: str) -> None:
    """Writes above and below every page what it is, and its number."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Pt, RGBColor

    section = document.sections[0]
    width = section.page_width - section.left_margin - section.right_margin  # type: ignore[operator]
    for part, texts in ((section.header, (left, right)), (section.footer, ("", ""))):
        line = part.paragraphs[0]
        line.style = document.styles["Normal"]
        tabs = line.paragraph_format.tab_stops
        tabs.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT)
        line.add_run(f"{texts[0]}\t{texts[1]}")
        if part is section.footer:
            line.add_run("Page ")
            add_field(line, "PAGE", "1")
            line.add_run(" of ")
            add_field(line, "NUMPAGES", "1")
        for run in line.runs:
            run.font.size, run.font.color.rgb = Pt(8.5), RGBColor.from_string(GREY)


class Numbering:
    """Lists: one form for bullets, one for numbers, and for each ordered list a numbering of its own."""

    def __init__(self, document: Document) -> None:
        """Adds the two forms to a document."""
        part: Any = document.part.numbering_part.element
        self._part = part
        abstract = [int(form.get(_w("abstractNumId"))) for form in part.findall(_w("abstractNum"))]
        self._next = max([int(numbering.get(_w("numId"))) for numbering in part.findall(_w("num"))], default=0) + 1
        first = max(abstract, default=0) + 1
        place = len(abstract)
        for number, ordered in ((first, False), (first + 1, True)):
            part.insert(place, _form(number, ordered=ordered))
            place += 1
        self._ordered_form = first + 1
        self._bullets = self._add(first)
        self._of_lists: dict[int, int] = {}

    def number_of(self, list_id: int, first: int | None, depth: int) -> int:
        """The numbering that an item takes: `first` is its number if it is in an ordered list."""
        if first is None:
            return self._bullets
        if list_id not in self._of_lists:
            self._of_lists[list_id] = self._add(self._ordered_form, depth, first)
        return self._of_lists[list_id]

    def forget_lists(self) -> None:
        """The next text counts its lists from one again."""
        self._of_lists = {}

    def _add(self, form: int, depth: int = 0, first: int | None = None) -> int:
        number = element("w:num", numId=self._next)
        number.append(element("w:abstractNumId", val=form))
        if first is not None:
            override = element("w:lvlOverride", ilvl=depth)
            override.append(element("w:startOverride", val=first))
            number.append(override)
        self._part.append(number)
        self._next += 1
        return self._next - 1


def _form(number: int, *, ordered: bool) -> Any:
    form = element("w:abstractNum", abstractNumId=number)
    form.append(element("w:multiLevelType", val="hybridMultilevel"))
    for depth in range(DEEPEST_LIST):
        level = element("w:lvl", ilvl=depth)
        level.append(element("w:start", val=1))
        level.append(element("w:numFmt", val=NUMBER_FORMS[depth % len(NUMBER_FORMS)] if ordered else "bullet"))
        level.append(element("w:lvlText", val=f"%{depth + 1}." if ordered else BULLETS[depth % len(BULLETS)]))
        level.append(element("w:lvlJc", val="left"))
        properties = element("w:pPr")
        properties.append(element("w:ind", left=INDENT_TWIPS * (depth + 1), hanging=INDENT_TWIPS))
        level.append(properties)
        form.append(level)
    return form


def _w(name: str) -> str:
    from docx.oxml.ns import qn

    return qn(f"w:{name}")
