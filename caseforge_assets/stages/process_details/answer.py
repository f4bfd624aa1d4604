"""The judge of process documents: whether all sections are there and filled."""

from collections.abc import Sequence

from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.judgement import Answer, Content, Judgement, Outcome
from caseforge_assets.stages.measuring.endings import looks_cut, without_closing
from caseforge_assets.stages.process_details.finding import sections_as_asked
from caseforge_assets.stages.process_details.headings import FoundSection, count_repeated
from caseforge_assets.stages.process_details.reading import Document, read_document
from caseforge_assets.stages.process_details.sections import BUILT_IN, SECTION_LEVEL, Sections
from caseforge_assets.stages.texts.characters import visible, visible_end, with_plain_breaks
from caseforge_assets.stages.texts.plain_answers import LEAST_BLANKS

_REPLACED = "Characters that cannot be stored were replaced."
_HIDDEN_END = "Invisible characters behind the document were left out."
_OTHER_BREAKS = "Line breaks were written as other characters than Markdown knows."
_BLANKS_AFTER = "After the document blanks alone used up the token budget."


def judge_text(answer: Answer, sections: Sections = BUILT_IN) -> Judgement:
    """Judge an answer.

    Args:
        answer: The answer to a request of this stage, without what stands around it.
        sections: Those that a document has to have.

    Returns:
        `ok` with the document; `truncated` where the budget ended it; `sections_missing` with their names.
    """
    text = answer.text.strip()
    if not answer.cut and is_as_asked(text, sections):
        return Judgement(Outcome.ok, content=Content(text))
    return judge_tolerantly(answer, sections)


def is_as_asked(text: str, sections: Sections) -> bool:
    """Tell whether a text is the document to the letter as it was asked for, with nothing before or behind it, so that nothing has to be said of it.

    Args:
        text: The answer's, without blanks around it.
        sections: Those that a document has to have.
    """
    if not sections_as_asked(text, sections) or replace_unstorable(text) != text:
        return False
    lines = text.splitlines()
    return without_closing(lines) == lines


def judge_tolerantly(answer: Answer, sections: Sections) -> Judgement:
    """Judge an answer in whatever form it came, with a note for each thing that was tolerated.

    Args:
        answer: As for `judge_text`.
        sections: Those that a document has to have.
    """
    stored = replace_unstorable(answer.text)
    broken = with_plain_breaks(stored.strip())
    plain = visible_end(broken)
    if answer.may_be_thinking and count_repeated(plain, sections):
        return Judgement(
            Outcome.sections_missing, "thinking begins before the document and never ends; what is draft and what is answer cannot be told"
        )
    document = read_document(plain, sections, only_sections=answer.may_be_thinking)
    if document.is_one_of_several:
        return Judgement(
            Outcome.sections_missing, "the text holds several documents that differ, and which of them is meant cannot be told"
        )
    missing = _missing(document.found, sections)
    if answer.cut and (missing or not _ends_in_blanks(answer.text, document)):
        return Judgement(Outcome.truncated, _cut_detail(answer, missing))
    if missing:
        return Judgement(Outcome.sections_missing, _missing_detail(missing))
    notes = [_REPLACED] if stored != answer.text else []
    notes += [_OTHER_BREAKS] if broken != stored.strip() and "\r\n" not in stored else []
    notes += [_HIDDEN_END] if plain != broken else []
    notes += [_BLANKS_AFTER] if answer.cut else []
    return Judgement(Outcome.ok, content=Content(document.body), notes=(*notes, *document.notes, *_notes(document.found, sections)))


def _ends_in_blanks(text: str, document: Document) -> bool:
    """Tell whether a document was finished before the token budget was, and blanks alone used up the rest."""
    lines = document.body.splitlines()
    return len(text) - len(text.rstrip()) >= LEAST_BLANKS and not looks_cut(document.body.lower(), lines)


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
    asked = {section.name: {_bare(section.name), _bare(sections.asked.get(section.name, section.name))} for section in found}
    notes = [
        f'The heading "{visible(section.heading.at.text)}" was read as {section.name}.'
        for section in found
        if _bare(visible(section.heading.at.text)) not in asked[section.name]
    ]
    if forms := sorted({section.heading.at.form for section in found} - {""}):
        notes.append(f"Section headings are written as {' and '.join(forms)}.")
    if any(section.heading.at.has_hidden for section in found):
        notes.append("Invisible characters in headings were overlooked.")
    if [section.name for section in found] != [section.name for section in sections.entries]:
        notes.append("The sections are in another order.")
    if any(section.heading.at.level != SECTION_LEVEL for section in found):
        notes.append("Section headings are not all at level 2.")
    return notes


def _bare(heading: str) -> str:
    return heading.strip("*_: ").casefold()
