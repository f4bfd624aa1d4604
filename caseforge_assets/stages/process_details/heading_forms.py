"""The forms in which a line of a text is a heading: Markdown's own, and those that models use instead. Which section it means is not known here."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from caseforge_assets.stages.process_details.heading_text import bare_heading, is_drawn, undecorated
from caseforge_assets.stages.texts.characters import visible

BOLD_LEVEL = 7
"""The level of a line in bold that stands where a heading would: below all real ones."""
WEAK_LEVELS = {
    "lines in italics": 8,
    "bold items of a list": 9,
    "folded parts": 10,
    "plain lines": 11,
    "bold words before their text": 12,
    "lines in brackets": 13,
    "words before their text": 14,
}
"""Levels of lines that are headings only where all sections stand so, each form at one of its own."""

_BARE_FORMS = {"lines in brackets", "words before their text"}
MOST_LINES_IN_TAGS = 500  # of a section that stands in a tag
LONGEST_PLAIN_CHARACTERS = 80
_ODD = "lines that Markdown does not take for headings"
_QUOTE = re.compile(r"^(?:\s*>)+\s?")
_HASHES = re.compile(r"^(\s*)(?:[-*+]\s+)?(\*\*|__)?((?:\\?#){1,6})(?!#)(\s*)(.*)$")
_SHOWN = re.compile(r"^ {0,3}#{1,6}[ \t]")
_HTML = re.compile(r"^\s*(?:<(?!h[1-6])[a-z]+\b[^<>]*>\s*)*<h([1-6])\b[^<>]*>(.*?)</h\1\s*>(.*)$", re.IGNORECASE)
_WIKI = re.compile(r"^\s*(={1,6})\s*([^=\s].*?)\s*(?:\1)?\s*$")
_CONFLUENCE = re.compile(r"^\s*h([1-6])(?:\([^()]*\))?\.\s+(\S.*)$")
_LATEX = re.compile(
    r"^\s*\\(chapter|section|subsection|subsubsection|paragraph|textbf|underline)\*?\{(.*)\}(?:\s*\\label\{[^{}]*\})?\s*(?:\\\\)?\s*$"
)
_LATEX_LEVELS = {
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "textbf": BOLD_LEVEL,
    "underline": BOLD_LEVEL,
}
_INLINE_TAGS = re.compile(r"</?(?:u|p|div|span|center|font|big|mark)\b[^<>]*>", re.IGNORECASE)
_BOLD_TAGS = re.compile(r"</?(?:b|strong)\b[^<>]*>", re.IGNORECASE)
_NUMBER = r"(?:[\[(]?\w{1,4}[.)\]]\s*|\d+\ufe0f?\u20e3\s*)?"
_BOLD = re.compile(rf"^\s*{_NUMBER}(?:\*\*|__)[*_]?([^*]+?)[*_]?(?:\*\*|__)[:.]?\s*$")
_MARKDOWN_MARKS, _OTHER_MARKS = "=-", "*^\"~'`+.:_#═─━—–"  # the others: reStructuredText, and drawn lines
_UNDERLINES = re.compile(rf"^ {{0,3}}(?:=+|-+|([{_OTHER_MARKS}])\1{{2,}})\s*$")
_UNDERLINE_MARKS = frozenset(_MARKDOWN_MARKS + _OTHER_MARKS)
_MOST_BEYOND = 4  # by which lines above and below a title are longer than it, or shorter
_BLANKS = r" \t\x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_LINE_END = rf"[{_BLANKS}]*(?![^\n])"
MAY_NEED_A_LOOK = re.compile(
    r"\n(?!\n|[-*+] [^\W_])"  # most lines are blank or items, and none of these
    r"(?:#(?!#{1,5} +\S)"  # a title, marks without words
    rf"|(?!#)[{_BLANKS}>*+_\\-]*\#"  # marks behind others
    rf"|[{_BLANKS}>]*(?:[=<\\]|h\d|```|~~~|[^\x00-\x7f\w\s])"  # other markup, code, what looks like a mark
    rf"|(?![{_BLANKS}]*[-+])[^\n]*(?:\*\*|__|>)[:.]?{_LINE_END}"  # what may be a line in bold
    rf"|(?<!\n\n) {{0,3}}(?:=+|-+|[{_OTHER_MARKS}]{{3,}}){_LINE_END})"  # a line below a title
)
"""What in a text, from its second line on, may be a title, code, or a heading of another form than those of sections and parts, `## Overview` and `### Part`.
Where it is not found, and nothing is hidden, `strong_line` finds no such heading. That is quicker than asking it of every line."""
_CELL = re.compile(r"\s*<(?:t[hdr]|dt|title|name|heading|label)\b", re.IGNORECASE)
_ITALIC = re.compile(rf"^\s*{_NUMBER}([*_])([^*_]+?)\1:?\s*$")
_BOLD_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+(?:\*\*|__)([^*]+?)(?:\*\*|__):?\s*$")
_SUMMARY = re.compile(r"^\s*(?:<details[^<>]*>\s*)?<summary[^<>]*>(.*?)</summary\s*>(.*)$", re.IGNORECASE)
_FRAMED = re.compile(
    rf"^\s*{_NUMBER}(?:\*\*|__)?(?:\[{{1,3}}|<{{1,3}}|[【「『〔〈《]|\{{{{1,3}})\s*([^\[\]<>{{}}【】「」『』〔〕〈〉《》/]+?)\s*(?:\]{{1,3}}|>{{1,3}}|[】」』〕〉》]|\}}{{1,3}})(?:\*\*|__)?:?\s*$"
)
_PLAIN_RUN_IN = re.compile(rf"^\s*{_NUMBER}([^\W\d_][^:*_#|<>\[\]]{{2,60}}?)(?::|\.|\s[–—-])\s+(\S.*)$")
_RUN_IN = re.compile(rf"^\s*(?:[-*+•]\s+)?{_NUMBER}(\*\*|__|\*|_)([^*]+?)\1\s*[:.–—-]?\s+(\S.*)$")


@dataclass(frozen=True)
class Line:
    """A line that is a heading by its form.

    Attributes:
        number: Its place in the text; the first is 0.
        level: 1 to 6, BOLD_LEVEL, or one of WEAK_LEVELS.
        text: What it says, as it is written.
        form: What it is instead of a Markdown heading, in the plural; empty for one that is one.
        rest: Text that stands beneath it on the same line.
        is_shown: Whether Markdown shows it as something that stands out; otherwise a reader would see the bare marks.
        needs_name: Whether it is a heading only if it names a section.
        lines: How many lines it takes, from its own on.
        is_overlined: Whether the line above it belongs to it, too.
        has_hidden: Whether it holds characters that nobody can see.
    """

    number: int
    level: int
    text: str
    form: str = ""
    rest: str = ""
    is_shown: bool = True
    needs_name: bool = True
    lines: int = 1
    is_overlined: bool = False
    has_hidden: bool = False


def strong_line(lines: list[str], number: int) -> Line | None:
    """Give a line as a heading, in the forms that are headings wherever they stand; None where it has none of these.

    Args:
        lines: The lines of a text.
        number: The line's place.
    """
    line = lines[number]
    if _may_be_one(line):
        is_plain = line.isascii() and (line.isprintable() or "\t" in line)
        if (found := _marked(number, line if is_plain else _plainly_written(line))) is not None:
            return found if is_plain else _as_it_came(found, line)
    below = lines[number + 1].strip() if number + 1 < len(lines) else ""
    if below[:1] not in _UNDERLINE_MARKS or below[0] != below[-1] or not line.strip() or not _UNDERLINES.match(lines[number + 1]):
        return None
    return _underlined(lines, number)


def is_rule_of_title(lines: list[str], number: int) -> bool:
    """Tell whether a line of tildes, which elsewhere begins a code block, is drawn above or below a title (reStructuredText).

    Args:
        lines: The lines of a text.
        number: The line's place.
    """
    marks = lines[number].strip()
    if marks.strip("~") or len(marks) < 4:
        return False
    above = lines[number - 1].strip() if number else ""
    if above and len(above) == len(marks):
        return True
    return any(_is_overlined(lines, at) for at in (number - 1, number + 1) if 0 < at < len(lines) - 1)


def _may_be_one(line: str) -> bool:
    """A quick look at how a line begins: nearly all of a text are no headings."""
    start = line.lstrip()[:1]
    if start in "#\\><=*_":
        return bool(start)
    if start in "-+":
        return "#" in line
    if not start.isascii():
        return not start.isalpha()
    return "**" in line or "__" in line or (start == "h" and line.lstrip()[1:2].isdigit())


def _marked(number: int, seen: str) -> Line | None:
    quoted = _QUOTE.match(seen)
    bare = seen[quoted.end() :] if quoted else seen
    form = "quotations" if quoted else ""
    start = bare.lstrip()[:1]
    if start in ("#", "\\", "-", "*", "_", "+") and (found := _hashes(number, bare, form, start)):
        return found
    if start == "<" and (tagged := _HTML.match(bare)):
        return Line(number, int(tagged[1]), tagged[2].strip(), "HTML", tagged[3].strip(), is_shown=False, needs_name=False)
    if start in ("=", "h", "\\") and (other := _other_markup(number, bare)):
        return other
    bold = _BOLD.match(_without_inline(bare))
    if bold is None or not bold[1].strip():
        return None
    return Line(
        number,
        BOLD_LEVEL,
        bare.strip(),
        form or ("bold lines" if start != "<" else "HTML"),
        is_shown=start != "<" and bold[1] == bold[1].strip(),
    )


def weak_lines(lines: list[str], number: int) -> Iterator[Line]:
    """Give a line as a heading in each of the forms that are headings only if all sections stand so.

    Args:
        lines: The lines of a text.
        number: The line's place.
    """
    line = visible(lines[number])
    for form, pattern in _WEAK_FORMS.items():
        if (found := pattern(line)) and not (form == "lines in brackets" and _is_closed_below(lines, number, found[0])):
            yield Line(number, WEAK_LEVELS[form], found[0], form, found[1], is_shown=form not in _BARE_FORMS)
    text = undecorated(line)
    above = visible(lines[number - 1]).strip() if number else ""
    below = visible(lines[number + 1]).strip() if number + 1 < len(lines) else ""
    is_in_tags = line.lstrip()[:1] in ("<", "[") and (_CELL.match(line) or _is_closed_below(lines, number, text))
    if text and len(text) <= LONGEST_PLAIN_CHARACTERS and (not above or is_drawn(above)) and not is_in_tags:
        drawn = 2 if is_drawn(below) else 1
        yield Line(number, WEAK_LEVELS["plain lines"], text, "plain lines", is_shown=False, lines=drawn, is_overlined=bool(above))


def _is_closed_below(lines: list[str], number: int, name: str) -> bool:
    """Tell whether a name in brackets is a tag that something below closes."""
    return any(f"/{name}" in line for line in islice(lines, number + 1, number + 1 + MOST_LINES_IN_TAGS))


def rewritten(line: Line) -> list[str]:
    """Give the lines of a Markdown heading, with the text beneath it, for one that Markdown does not show as one."""
    level = "#" * (2 if line.level > 6 else line.level)
    return [f"{level} {bare_heading(line.text)}", *(["", line.rest] if line.rest else [])]


def _hashes(number: int, line: str, form: str, start: str) -> Line | None:
    found = _HASHES.match(line)
    if found is None or (start == "_" and not found[2]):
        return None
    text = found[5].rstrip().removesuffix(found[2] or "").rstrip().rstrip("#").rstrip()
    is_plain = start == "#" and len(found[1].expandtabs(4)) < 4
    level = found[3].count("#")
    odd = "" if is_plain and found[4] else _ODD
    return Line(number, level, text, form or odd, is_shown=is_plain and bool(found[4]), needs_name=not (is_plain and found[4]))


def _other_markup(number: int, line: str) -> Line | None:
    for pattern, form in ((_WIKI, "wiki markup"), (_CONFLUENCE, "wiki markup"), (_LATEX, "LaTeX")):
        if found := pattern.match(line):
            level = _LATEX_LEVELS.get(found[1]) or (int(found[1]) if found[1].isdigit() else len(found[1]))
            return Line(number, level, found[2], form, is_shown=False)
    return None


def _without_inline(line: str) -> str:
    return _BOLD_TAGS.sub("**", _INLINE_TAGS.sub("", line)) if "<" in line else line


def _underlined(lines: list[str], number: int) -> Line | None:
    """Read a line with a line of marks beneath it as a heading; only = and - make one in Markdown, and only without such a line above."""
    line, marks = lines[number].strip(), lines[number + 1].strip()
    if number > 0 and _is_overlined(lines, number):
        return Line(number, 2, line, "underlined lines", is_shown=False, lines=2, is_overlined=True)
    if marks[0] in _MARKDOWN_MARKS:
        return Line(number, 1 if marks[0] == "=" else 2, line, has_hidden=visible(line) != line)
    if marks[0] not in '*^"#═─━' and len(marks) < len(line):
        return None
    return Line(number, 2, line, "underlined lines", is_shown=False, lines=2)


def _is_overlined(lines: list[str], number: int) -> bool:
    """Tell whether the lines above and below a line are the same marks, as long as it."""
    above, line, below = (text.strip() for text in lines[number - 1 : number + 2])
    is_drawn = above[:1] in _UNDERLINE_MARKS and above == below and _UNDERLINES.match(above) is not None
    return is_drawn and bool(line) and line[0] != "#" and (above[0] in "═─━" or abs(len(above) - len(line)) <= _MOST_BEYOND)


def _as_it_came(found: Line, line: str) -> Line:
    """Note what was done to a line before it was read."""
    hidden = visible(line) != line
    if found.is_shown and not found.form and not _SHOWN.match(line):
        return replace(found, has_hidden=hidden, form="" if hidden else _ODD, is_shown=False)
    return replace(found, has_hidden=hidden)


def _plainly_written(line: str) -> str:
    """Make wide and styled signs of headings plain ones; what follows stays as it is written."""
    seen = visible(line)
    marks = len(seen) - len(seen.lstrip("\uff03#\u3000\xa0 \t"))
    return unicodedata.normalize("NFKC", seen[:marks]) + seen[marks:] if marks else seen


def _groups(pattern: re.Pattern[str], text: int, rest: int | None) -> Callable[[str], tuple[str, str] | None]:
    def find(line: str) -> tuple[str, str] | None:
        found = pattern.match(line)
        return None if found is None else (found[text].strip(), found[rest].strip() if rest else "")

    return find


_WEAK_FORMS: dict[str, Callable[[str], tuple[str, str] | None]] = {
    "lines in italics": _groups(_ITALIC, 2, None),
    "bold items of a list": _groups(_BOLD_ITEM, 1, None),
    "folded parts": _groups(_SUMMARY, 1, 2),
    "bold words before their text": _groups(_RUN_IN, 2, 3),
    "lines in brackets": _groups(_FRAMED, 1, None),
    "words before their text": _groups(_PLAIN_RUN_IN, 1, 2),
}
