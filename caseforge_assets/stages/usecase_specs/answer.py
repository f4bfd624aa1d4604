"""The judge of specifications: whether all sections are there and filled, and every chosen use case under a heading of its own with all its parts."""

from collections.abc import Sequence

from caseforge_assets.stages.judgement import Answer, Judgement, Outcome, shorten
from caseforge_assets.stages.process_details.answer import judge_text as judge_document
from caseforge_assets.stages.usecase_specs.cases import FoundCase, find_cases
from caseforge_assets.stages.usecase_specs.outline import Outline

LONGEST_SHOWN_TITLE = 60


def judge_text(answer: Answer, outline: Outline) -> Judgement:
    """Judge an answer.

    Args:
        answer: The answer, with the titles of the use cases that it was asked for.
        outline: The headings that it has to have.

    Returns:
        What is said of any document with these sections; and `sections_missing` with their names where use cases or parts of them are missing.
    """
    judgement = judge_document(answer, sections=outline.sections)
    if judgement.content is None:
        return judgement
    found = find_cases(judgement.content.body, outline, answer.chosen)
    missing = _missing(found, answer.chosen, outline)
    return Judgement(Outcome.sections_missing, "; ".join(missing)) if missing else judgement


def _missing(found: Sequence[FoundCase], titles: Sequence[str], outline: Outline) -> list[str]:
    there = [case.title for case in found]
    absent = [_shown(title) for title in titles if title not in there]
    said = [f"use cases absent: {', '.join(absent)}"] if absent else []
    if not found and not absent:
        said.append("no use case has a heading of its own")
    for case in found:
        filled = case.filled()
        if parts := [part.name for part in outline.parts.entries if part.name not in filled]:
            said.append(f"{_shown(case.title)} lacks {', '.join(parts)}")
    return said


def _shown(title: str) -> str:
    return f'"{shorten(title, LONGEST_SHOWN_TITLE)}"'
