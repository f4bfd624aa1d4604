"""From an answer's text to the document in it: taken out of what stands around it, without a preface and closing words. Only forms are read, nothing is guessed.

Each way of reading is tried only where the text as it came lacks sections, and counts only if it brings more of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from caseforge_assets.stages.judgement import shorten
from caseforge_assets.stages.measuring.endings import without_closing
from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets.stages.process_details.heading_forms import strong_line
from caseforge_assets.stages.process_details.heading_text import plain_heading
from caseforge_assets.stages.process_details.headings import FoundSection, count_repeated, first_heading, shown_as_headings, without_doubled
from caseforge_assets.stages.process_details.sections import Sections
from caseforge_assets.stages.process_details.ways import ways
from caseforge_assets.wording import counted

_WORDS = re.compile(r"[^\W_]")
_FENCE_MARKS = ("```", "~~~")
_QUOTE_MARK = re.compile(r"^\s*> ?")
_FRONT_MATTER_LINE = re.compile(r"^(?:[\w.-]+\s*[:=].*|\s+\S.*|- .*|#.*|\s*)$")
_LEAD_IN = re.compile(
    r"\A((?![#>*_\d-])[^\n]{0,200}?[:\]>`!][ \t]*|\*\*[^*\n]{1,60}\*\*:?[ \t]+)(#{1,6}[ \t]+(?:[^\n.;&{}<>]|\.(?=\S)){1,120})$",
    re.MULTILINE,
)
_LABEL = re.compile(
    r"^(?:begin|start|final|assistant|ai|model|(?:(?:begin|start)(?: of)? )?(?:(?:the|my|final|revised|full) ){0,2}(?:answer|response|output|result|draft|version|document))$"
)
_THINKING_HEADING = re.compile(
    r"^(?:(?:my|internal|initial|the|step by step) )?(?:think(?:ing)?|thoughts?|thought process|reasoning(?: process)?|scratchpad|chain of thought|planning|plan|approach"
    r"|analysis|considerations|überlegung(?:en)?|gedankengang|denkprozess|réflexion|raisonnement|razonamiento|ragionamento)$"
)


@dataclass(frozen=True)
class Document:
    """A document as it is read.

    Attributes:
        body: Its text.
        found: Its sections, with headings as they came.
        notes: What was tolerated about its form as a whole.
        is_one_of_several: Whether another whole document that says something else stands in the text, too.
    """

    body: str
    found: tuple[FoundSection, ...]
    notes: tuple[str, ...] = ()
    is_one_of_several: bool = False

    @property
    def filled(self) -> int:
        """Number of sections that have text."""
        return sum(section.filled for section in self.found)


def read_document(text: str, sections: Sections, *, only_sections: bool = False) -> Document:
    """Read the document in a text.

    Args:
        text: An answer, without thinking that is marked as such.
        sections: Those that a document has to have.
        only_sections: Whether all that stands before the first section is left out, whatever it is.
    """
    whole, taken = text, tuple[str, ...]()
    for read, note in _FIRST:
        if (after := read(whole)) is not None:
            whole, taken = after, (*taken, note)
    best = Document(whole, find_sections(whole, sections), taken)
    if best.filled < len(sections.entries):
        best = _best_reading(best, sections)
    return _tidied(_once(best, sections), sections, only_sections) if best.filled == len(sections.entries) else best


def _best_reading(best: Document, sections: Sections) -> Document:
    for body, notes in _readings(best.body, best.notes, sections):
        other = Document(body, find_sections(body, sections), notes)
        best = other if other.filled > best.filled else best
        if best.filled == len(sections.entries):
            break
    return best


def _once(document: Document, sections: Sections) -> Document:
    """Keep one of several equal copies of a whole document; where whole documents differ, say so."""
    repeated = count_repeated(document.body, sections)
    if 0 < repeated < len(sections.entries):
        again = f"{counted(repeated, 'section begins', 'sections begin')} once more further down; both texts were kept."
        return replace(document, notes=(*document.notes, again))
    if not repeated:
        return document
    if (body := without_doubled(document.body)) != document.body:
        doubled = (*document.notes, "Headings stood there twice, one below the other.")
        return _once(Document(body, find_sections(body, sections), doubled), sections)
    lines = document.body.splitlines()
    first = min(section.heading.at.number for section in document.found)
    begins = [number for number, line in enumerate(lines) if line.strip() == lines[first].strip()]
    title = {line.strip() for line in lines[: begins[0]]}
    copies = [_said_in(lines[start:end], title) for start, end in pairwise([*begins, len(lines)])]
    said = [copy for copy in copies if any(_WORDS.search(line) and strong_line(copy, number) is None for number, line in enumerate(copy))]
    if len(said) == 1 < len(copies):
        body = "\n".join([*lines[: begins[0]], *said[0]]).strip()
        return Document(body, find_sections(body, sections), (*document.notes, "A list of the headings was left out."))
    if len(copies) < 2 or any(copy != copies[0] for copy in copies):
        return replace(document, is_one_of_several=True)
    body = "\n".join([*lines[: begins[0]], *copies[0]]).strip()
    return Document(body, find_sections(body, sections), (*document.notes, f"The same document came {len(copies)} times."))


def _said_in(lines: list[str], title: set[str]) -> list[str]:
    """Give the lines of a copy without what stands between it and the next one."""
    end = len(lines)
    while end and (not _WORDS.search(lines[end - 1]) or lines[end - 1].strip() in title):
        end -= 1
    return lines[:end]


def _readings(text: str, notes: tuple[str, ...], sections: Sections) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the text in other ways of reading it, and what each takes for granted; they go together."""
    known = [(text, notes)]
    for read, note in ways(sections):
        for before, said in list(known):
            after = read(before)
            if after is not None and after.strip() and after != before:
                known.append((after, (*said, note)))
                yield known[-1]


def _out_of_margin(text: str) -> str | None:
    """Take off what stands before every line: an indentation, or the mark of a quotation; None where some line has neither."""
    lines = text.splitlines()
    said = [line for line in lines if line.strip()]
    if said and all(line.lstrip().startswith(">") for line in said):
        return "\n".join(_QUOTE_MARK.sub("", line) for line in lines)
    if len(said) > 1 and all(line[:1].isspace() for line in said[1:]):
        indent = min(len(line) - len(line.lstrip()) for line in said[1:])
        return "\n".join([lines[0].lstrip(), *(line[indent:] for line in lines[1:])])
    return None


def _below_lead_in(text: str) -> str | None:
    """Put the first heading on a line of its own where words or marks stand before it that end there: `assistant: ## Overview`."""
    found = _LEAD_IN.match(text)
    if found is None:
        return None
    if not found[1].strip(" \t`"):
        return text.strip("`").strip()
    return f"{found[1].rstrip()}\n\n{text[found.start(2) :]}"


_FIRST = (
    (_out_of_margin, "Every line was indented or quoted; that was taken off."),
    (_below_lead_in, "The first heading stood behind other text on its line."),
)


def _tidied(document: Document, sections: Sections, only_sections: bool) -> Document:
    """Leave out what was not asked for before the first section and after the last, and show all headings as such."""
    lines, notes = document.body.splitlines(), list(document.notes)
    kept = _without_preface(lines, min(section.heading.at.number for section in document.found), only_sections)
    preface = [line for line in lines[: len(lines) - len(kept)] if _WORDS.search(line)]
    if preface:
        notes.append(f'A text before the document was left out: "{shorten(" ".join(preface), 120)}".')
    left = without_closing(kept)
    if left != kept:
        words = " ".join(kept[len(left) :] or [kept[-1].removeprefix(left[-1])])
        notes.append(f'Closing words were left out: "{shorten(words.strip(" -*_"), 120)}".')
    body = document.body if left == lines else "\n".join(left).strip()
    return replace(document, body=shown_as_headings(body, sections).strip(), notes=tuple(notes))


def _without_preface(lines: list[str], first: int, only_sections: bool) -> list[str]:
    """Keep a title and what stands beneath it; what stands before any heading, or beneath one that speaks of thinking or says "Answer", is no part of a document."""
    if only_sections:
        return lines[first:]
    start = _after_front_matter(lines, first)
    title = first_heading(lines[start:first])
    begin = first if title is None else start + title
    headings = [(number, plain_heading(found.text)) for number in range(begin, first) if (found := strong_line(lines, number))]
    if any(_THINKING_HEADING.match(heading) for _, heading in headings):
        begin = first
    elif headings and _LABEL.match(headings[0][1]):
        begin = next((number for number, heading in headings if not _LABEL.match(heading)), first)
    return lines[begin:] if any(_WORDS.search(line) or line.lstrip().startswith(_FENCE_MARKS) for line in lines[:begin]) else lines


def _after_front_matter(lines: list[str], first: int) -> int:
    """Give the place behind settings that stand before a document between lines of dashes or plus signs; 0 where there are none."""
    mark = lines[0].strip() if lines else ""
    if mark not in ("---", "+++"):
        return 0
    end = next((number for number in range(1, first) if lines[number].strip() == mark), None)
    is_one = end is not None and end > 1 and all(_FRONT_MATTER_LINE.match(line) for line in lines[1:end])
    return end + 1 if end is not None and is_one else 0
