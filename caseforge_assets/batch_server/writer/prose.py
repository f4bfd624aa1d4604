"""Markdown documents: the sections that the request lists, or plain paragraphs where it lists none."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Any

from caseforge_assets.batch_server.request_body import message_texts
from caseforge_assets.batch_server.writer import phrases
from caseforge_assets.batch_server.writer.phrases import fill
from caseforge_assets.batch_server.writer.subject import SURROGATE, Subject

NOTE = "> *Simulated by the local Batch API server: written from the request's own words, without a language model.*"
NO_TITLE = re.compile(r"\b(no|without a) title\b", re.IGNORECASE)
SECTION_LINE = re.compile(r"(?m)^## (\S.*?)\s*$")
OUTLINE = re.compile(r"(?ms)^<outline>$(.*?)^</outline>$")
OUTLINE_LINE = re.compile(r"(?m)^(#{1,6}) (\S.*?)\s*$")
# The first that fits a heading decides what stands under it.
BANKS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"step|workflow|procedure", phrases.STEPS, "1."),
    (r"activit|task", phrases.ACTIVITIES, "-"),
    (r"input|prerequisite|requirement", phrases.INPUTS, "-"),
    (r"output|deliverable|result", phrases.OUTPUTS, "-"),
    (r"role|responsib|people|stakeholder", phrases.PEOPLE, "-"),
    (r"practice|recommend|principle", phrases.PRACTICES, "-"),
    (r"challenge|risk|problem|pitfall", phrases.CHALLENGES, "-"),
    (r"metric|kpi|measure|indicator|performance", phrases.FIGURES, "-"),
    (r"technolog|tool|system", phrases.TOOLS, "-"),
    (r"business case|benefit|value", phrases.BENEFITS, "-"),
    (r"solution", phrases.DESCRIPTIONS, "-"),
    (r"integration|interface", phrases.INTERFACES, "-"),
    (r"effort|roadmap|timeline", phrases.ROADMAPS, "-"),
)
WORDS_IN_ALL = 680
WORDS_IN_A_LINE = 14
LINES_IN_A_PARAGRAPH = 3


def write_prose(body: dict[str, Any], subject: Subject, rng: Random) -> str:
    """A document with exactly the headings that the request lists, in their order: some 400 to 900 words, more where there are many headings."""
    text = SURROGATE.sub("\ufffd", "\n".join(message_texts(body)))
    headings = _headings(text)
    lines_each = max(4, min(12, round(WORDS_IN_ALL / WORDS_IN_A_LINE / max(1, len(headings)))))
    parts = [] if NO_TITLE.search(text) else [f"# {subject.name}"]
    if not headings:
        return "\n\n".join([*parts, NOTE, *_paragraphs(phrases.TEXT, lines_each, subject, rng)])
    for position, (marks, heading) in enumerate(headings):
        parts.append(f"{marks} {heading}")
        if position == 0:
            parts.append(NOTE)
        parts.extend(_section(heading, lines_each, subject, rng))
    return "\n\n".join(parts) + "\n"


def _headings(text: str) -> list[tuple[str, str]]:
    """The headings of the last outline, level by level, where the request has one; otherwise each line that is one of a section."""
    outlines = OUTLINE.findall(text)
    if outlines:
        return OUTLINE_LINE.findall(outlines[-1])
    return [("##", heading) for heading in dict.fromkeys(SECTION_LINE.findall(text))]


def _section(heading: str, lines: int, subject: Subject, rng: Random) -> list[str]:
    bank, bullet = _bank(heading)
    if bank is phrases.TEXT:
        opening = [subject.description] if subject.description else []
        return [*opening, *_paragraphs(bank, lines, subject, rng)]
    return [fill(rng.choice(phrases.INTROS), subject, rng), _listing(_lines(bank, min(lines, 6), subject, rng), bullet)]


@lru_cache(maxsize=1_000)
def _bank(heading: str) -> tuple[tuple[str, ...], str]:
    for pattern, bank, bullet in BANKS:
        if re.search(pattern, heading, re.IGNORECASE):
            return bank, bullet
    return phrases.TEXT, ""


def _listing(lines: list[str], bullet: str) -> str:
    if bullet == "1.":
        return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
    return "\n".join(f"{bullet} {line}" for line in lines)


def _paragraphs(bank: tuple[str, ...], lines: int, subject: Subject, rng: Random) -> list[str]:
    texts = _lines(bank, lines, subject, rng)
    return [" ".join(texts[start : start + LINES_IN_A_PARAGRAPH]) for start in range(0, len(texts), LINES_IN_A_PARAGRAPH)]


def _lines(bank: tuple[str, ...], count: int, subject: Subject, rng: Random) -> list[str]:
    """Filled templates, each once before any comes again; steps keep their order."""
    if bank is phrases.STEPS:
        templates = list(bank)
    else:
        templates = [template for _ in range(0, count, len(bank)) for template in rng.sample(bank, len(bank))][:count]
    return [fill(template, subject, rng) for template in templates]
