"""The judge of process documents: whether all sections are there and filled."""

from collections.abc import Sequence

from caseforge_assets.stages.characters import replace_unstorable
from caseforge_assets.stages.judgement import Answer, Content, Judgement, Outcome
from caseforge_assets.stages.process_details.headings import FoundSection, find_sections, unwrapped
from caseforge_assets.stages.process_details.sections import BUILT_IN, Sections

SECTION_LEVEL = 2


def judge_text(answer: Answer, sections: Sections = BUILT_IN) -> Judgement:
    """Judge an answer that has text.

    Args:
        answer: The answer to a request of this stage.
        sections: Those that a document has to have.

    Returns:
        `ok` with the document; `truncated` where the budget ended it; `sections_missing` with their names.
    """
    body, notes = _document(answer.text, sections)
    found = find_sections(body, sections)
    missing = _missing(found, sections)
    if answer.cut:
        return Judgement(Outcome.truncated, _cut_detail(answer, missing))
    if missing:
        return Judgement(Outcome.sections_missing, _missing_detail(missing))
    return Judgement(Outcome.ok, content=Content(body), notes=(*notes, *_notes(found, sections)))


def _document(text: str, sections: Sections) -> tuple[str, list[str]]:
    notes = []
    body = replace_unstorable(text).strip()
    if body != text.strip():
        notes.append("Characters that cannot be stored were replaced.")
    inside = unwrapped(body)
    if inside is not None and len(find_sections(inside, sections)) > len(find_sections(body, sections)):
        notes.append("The document stood in a code block, which was taken off.")
        body = inside
    return body, notes


def _missing(found: Sequence[FoundSection], sections: Sections) -> list[tuple[str, str]]:
    filled = {section.name: section.filled for section in found}
    return [(section.name, "empty" if section.name in filled else "absent") for section in sections.entries if not filled.get(section.name)]


def _missing_detail(missing: list[tuple[str, str]]) -> str:
    parts = []
    for state in ("absent", "empty"):
        names = [name for name, its_state in missing if its_state == state]
        if names:
            parts.append(f"{state}: {', '.join(names)}")
    return f"sections {'; '.join(parts)}"


def _cut_detail(answer: Answer, missing: list[tuple[str, str]]) -> str:
    where = f"after {answer.budget:,} tokens" if answer.budget else "at the end of its token budget"
    rest = f"; {_missing_detail(missing)}" if missing else "; its last section is incomplete"
    return f"the document was cut off {where}{rest}"


def _notes(found: Sequence[FoundSection], sections: Sections) -> list[str]:
    notes = [
        f'The heading "{section.heading.text}" was read as {section.name}.'
        for section in found
        if section.heading.text.strip("*_: ").casefold() != section.name.casefold()
    ]
    if [section.name for section in found] != [section.name for section in sections.entries]:
        notes.append("The sections are in another order.")
    if any(section.heading.level != SECTION_LEVEL for section in found):
        notes.append("Section headings are not all at level 2.")
    return notes
