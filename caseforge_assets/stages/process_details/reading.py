"""From an answer's text to the document in it: taken out of what stands around it, without a preface and closing words. Only forms are read, nothing is guessed.

Each way of reading is tried only where the text as it came lacks sections, and counts only if it brings more of them.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from caseforge_assets.stages.canonical import texts_in
from caseforge_assets.stages.judgement import shorten
from caseforge_assets.stages.process_details.heading_forms import strong_line
from caseforge_assets.stages.process_details.heading_text import plain_heading
from caseforge_assets.stages.process_details.headings import FoundSection, count_repeated, find_sections, first_heading, shown_as_headings
from caseforge_assets.stages.process_details.sections import Sections

LONGEST_CLOSING_CHARACTERS = 400
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([^`\s]*)[^`]*$")
_MARKDOWN = {"markdown", "md"}
_WORDS = re.compile(r"[^\W_]")
_RULE = re.compile(r"^\s*([-*_=])(?:\s*\1){2,}\s*$")
_QUOTE_MARK = re.compile(r"^\s*> ?")
_MARGIN = "Every line was indented or quoted; that was taken off."
_ESCAPED_BREAK = re.compile(r"\\r\\n|\\n")
_LEAST_ESCAPED_BREAKS = 10
_THINKING_HEADING = re.compile(
    r"^(?:(?:my|internal|initial|the|step by step) )?(?:think(?:ing)?|thoughts?|thought process|reasoning(?: process)?|scratchpad|chain of thought|planning|plan|approach"
    r"|analysis|considerations|überlegung(?:en)?|gedankengang|denkprozess|réflexion|raisonnement|razonamiento|ragionamento)$"
)
_CLOSING = re.compile(
    r"^[*_\s]*(?:(?:please )?let me know|(?:please )?feel free|(?:i )?hope (?:this|that|it)|(?:would|do) you (?:like|want|need)|shall i |should i "
    r"|is there anything|if you(?:['’]d| would| need| want| have| wish)|i can also|i am happy to|i['’]?m happy to|happy to |\[?(?:end of (?:the )?document|end)\]?\W*$)",
    re.IGNORECASE,
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
    flush = _out_of_margin(text)
    whole = text if flush is None else flush
    taken = () if flush is None else (_MARGIN,)
    best = Document(whole, find_sections(whole, sections), taken)
    for body, notes in _readings(whole, taken):
        if best.filled == len(sections.entries):
            break
        other = Document(body, find_sections(body, sections), notes)
        best = other if other.filled > best.filled else best
    return _tidied(_once(best, sections), sections, only_sections) if best.filled == len(sections.entries) else best


def _once(document: Document, sections: Sections) -> Document:
    """Keep one of several equal copies of a whole document; where whole documents differ, say so."""
    if count_repeated(document.body, sections) < len(sections.entries):
        return document
    lines = document.body.splitlines()
    first = min(section.heading.line for section in document.found)
    begins = [number for number, line in enumerate(lines) if line.strip() == lines[first].strip()]
    title = {line.strip() for line in lines[:first]}
    copies = [_said_in(lines[start:end], title) for start, end in pairwise([*begins, len(lines)])]
    if len(copies) < 2 or any(copy != copies[0] for copy in copies):
        return replace(document, is_one_of_several=True)
    body = "\n".join([*lines[:first], *copies[0]]).strip()
    return Document(body, find_sections(body, sections), (*document.notes, f"The same document came {len(copies)} times."))


def _said_in(lines: list[str], title: set[str]) -> list[str]:
    """Give the lines of a copy without what stands between it and the next one."""
    end = len(lines)
    while end and (not _WORDS.search(lines[end - 1]) or lines[end - 1].strip() in title):
        end -= 1
    return lines[:end]


def _readings(text: str, notes: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the text in other ways of reading it, and what each takes for granted; they go together."""
    known = [(text, notes)]
    for read, note in _WAYS:
        for before, said in list(known):
            after = read(before)
            if after is not None and after.strip() and after != before:
                known.append((after, (*said, note)))
                yield known[-1]


def _out_of_fence(text: str) -> str | None:
    """Take what stands between the first fence and the last one, so that code blocks inside stay; the last one may be missing."""
    lines = text.splitlines()
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    if not fences or sum(_info(lines[number]).casefold() in _MARKDOWN for number in fences) > 1:
        return None
    bare = [number for number in fences[1:] if not _info(lines[number])]
    return "\n".join(lines[fences[0] + 1 : bare[-1] if bare else len(lines)]).strip()


def _info(fence: str) -> str:
    found = _FENCE.match(fence)
    return found[2] if found else ""


def _before_stray_fence(text: str) -> str | None:
    """Take off a fence at the end that nothing has opened."""
    lines = text.rstrip().splitlines()
    fences = [line for line in lines if line.lstrip().startswith(("```", "~~~"))]
    return "\n".join(lines[:-1]).rstrip() if lines and len(fences) % 2 and lines[-1] == fences[-1] and not _info(lines[-1]) else None


def _out_of_fences(text: str) -> str | None:
    """Take off the fences around parts of a document, such as one around each section; code blocks without a heading stay."""
    lines, opened = text.splitlines(), 0
    kept: list[str] = []
    fence: str | None = None
    for line in lines:
        found = _FENCE.match(line)
        if fence is None and found:
            fence, opened = found[1], len(kept)
        elif fence is not None and found and not found[2] and found[1].startswith(fence):
            inside = kept[opened + 1 :]
            holds_heading = any(strong_line(inside, number) for number, said in enumerate(inside) if said.strip())
            kept[opened:] = ["", *inside, ""] if holds_heading else [*kept[opened:], line]
            fence = None
            continue
        kept.append(line)
    return "\n".join(kept).strip() if len(kept) != len(lines) or kept != lines else None


def _out_of_json(text: str) -> str | None:
    """Take the one long text of a JSON string, or of an object that has no other; or a text under each section's name."""
    if text.lstrip()[:1] not in ('"', "{", "["):
        return None
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, dict) and len(value) > 1 and all(isinstance(part, str) for part in value.values()):
        by_name = "\n\n".join(f"## {name.replace('_', ' ')}\n\n{part}" for name, part in value.items())
    else:
        by_name = None
    long = [part for part in texts_in(value) if "\n" in part]
    return long[0] if len(long) == 1 and (by_name is None or "\n## " in f"\n{long[0]}") else by_name


def _with_breaks(text: str) -> str | None:
    r"""Read `\n` as a line break in a text that has none of its own."""
    if len(_ESCAPED_BREAK.findall(text)) < _LEAST_ESCAPED_BREAKS or len(text.strip().splitlines()) > 2:
        return None
    return _ESCAPED_BREAK.sub("\n", text.strip().strip('"')).replace('\\"', '"').replace("\\t", "\t")


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


_WAYS: Sequence[tuple[Callable[[str], str | None], str]] = (
    (_out_of_fence, "The document stood in a code block, which was taken off."),
    (_out_of_json, "The document stood in JSON, from which it was taken."),
    (_before_stray_fence, "A fence that closes no code block was left out."),
    (_with_breaks, "Line breaks were written as escapes."),
    (_out_of_fences, "Parts of the document stood in code blocks, which were taken off."),
)


def _tidied(document: Document, sections: Sections, only_sections: bool) -> Document:
    """Leave out what was not asked for before the first section and after the last, and show all headings as such."""
    lines, notes = document.body.splitlines(), list(document.notes)
    kept = _without_preface(lines, min(section.heading.line for section in document.found), only_sections)
    preface = [line for line in lines[: len(lines) - len(kept)] if _WORDS.search(line)]
    if preface:
        notes.append(f'A text before the document was left out: "{shorten(" ".join(preface), 120)}".')
    left = _without_closing(kept)
    if len(left) < len(kept):
        notes.append(f'Closing words were left out: "{shorten(" ".join(kept[len(left) :]).strip(" -*_"), 120)}".')
    body = document.body if len(left) == len(lines) else "\n".join(left).strip()
    return replace(document, body=shown_as_headings(body, sections).strip(), notes=tuple(notes))


def _without_preface(lines: list[str], first: int, only_sections: bool) -> list[str]:
    """Keep a title and what stands beneath it; what stands before any heading, or beneath one that speaks of thinking, is no part of a document."""
    if only_sections:
        return lines[first:]
    title = first_heading(lines)
    begin = first if title is None else min(title, first)
    headings = [found for number in range(begin, first) if (found := strong_line(lines, number))]
    if any(_THINKING_HEADING.match(plain_heading(heading.text)) for heading in headings):
        begin = first
    return lines[begin:] if any(_WORDS.search(line) for line in lines[:begin]) else lines


def _without_closing(lines: list[str]) -> list[str]:
    """Leave out a last paragraph that speaks to whoever asked, and the rule above it."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and lines[start - 1].strip() and not _RULE.match(lines[start - 1]):
        start -= 1
    paragraph = " ".join(lines[start:end])
    if not _CLOSING.match(paragraph) or len(paragraph) > LONGEST_CLOSING_CHARACTERS:
        return lines
    while start and (not lines[start - 1].strip() or _RULE.match(lines[start - 1])):
        start -= 1
    return lines[:start]
