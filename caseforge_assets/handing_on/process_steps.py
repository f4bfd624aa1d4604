"""The steps of a process, read from its document: the numbered list in the section that holds them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from caseforge_assets.handing_on.markdown_blocks import Block, Heading, Item, Paragraph, Run, blocks, plain

LONGEST_NAME = 80
STEPS_SECTION = "Process Steps"
_SENTENCE = re.compile(r"(?<=[.!?])\s|[:;]\s|\s[–—]\s")
_LABEL_END = ".:;,–— "


@dataclass(frozen=True)
class Step:
    """A step: a short name for a diagram, and all that the document says of it."""

    name: str
    text: str


def process_steps(body: str, meant: Callable[[str], str | None]) -> list[Step]:
    """The steps of a document, in their order; none where it has no such list.

    Args:
        body: the document.
        meant: from a heading to the section that it means.
    """
    return _steps(_section(blocks(body), meant))


def _section(read: list[Block], meant: Callable[[str], str | None]) -> list[Block]:
    """The blocks beneath the heading of the steps, up to the next heading of its level or above."""
    begin = next((at for at, block in enumerate(read) if isinstance(block, Heading) and meant(plain(block.runs)) == STEPS_SECTION), None)
    if begin is None:
        return []
    level = next(block.level for block in read[begin : begin + 1] if isinstance(block, Heading))
    beneath = read[begin + 1 :]
    end = next((at for at, block in enumerate(beneath) if isinstance(block, Heading) and block.level <= level), len(beneath))
    return beneath[:end]


def _steps(section: list[Block]) -> list[Step]:
    """Numbered items of the outermost lists; where nothing is numbered, steps under headings of their own."""
    steps: list[tuple[str, list[str]]] = []
    numbered = any(isinstance(block, Item) and block.depth == 0 and block.number is not None for block in section)
    for block in section:
        if numbered and isinstance(block, Item) and block.depth == 0 and block.number is not None:
            steps.append((_name(block.runs), [plain(block.runs)]))
        elif not numbered and isinstance(block, Heading):
            steps.append((_short(re.sub(r"^(?:step )?\d+[.:)]*\s*", "", plain(block.runs), flags=re.IGNORECASE)), []))
        elif steps and isinstance(block, Item | Paragraph):
            steps[-1][1].append(plain(block.runs))
    return [Step(name, "\n".join(texts)) for name, texts in steps if name]


def _name(runs: tuple[Run, ...]) -> str:
    """Gives what is in bold at the beginning, else the first sentence."""
    lead = ""
    for run in runs:
        if not run.bold:
            break
        lead += run.text
    name = " ".join(lead.split()).strip(_LABEL_END)
    return _short(name or _SENTENCE.split(plain(runs), maxsplit=1)[0].strip(_LABEL_END))


def _short(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 1].rsplit(' ', 1)[0].rstrip(_LABEL_END)}…"
