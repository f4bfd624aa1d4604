"""Judging what is left of an answer without what stands around it; and telling refusals, blanks and repetition from answers that are only bad."""

from collections.abc import Callable
from dataclasses import replace

from caseforge_assets.stages.characters import visible_start
from caseforge_assets.stages.judgement import Answer, Content, Judgement, Outcome, judge_blanks, judge_silence, shorten
from caseforge_assets.stages.refusals import refusal_in
from caseforge_assets.stages.repetition import judge_repetition
from caseforge_assets.stages.thinking import without_thinking

INVISIBLE_LEFT_OUT = "Invisible characters before the text were left out."


def judge_plainly(answer: Answer, judge_text: Callable[[Answer], Judgement]) -> Judgement:
    """Judge an answer as it came.

    Args:
        answer: Any answer.
        judge_text: The judgement on one that has text, without thinking and tags around it.
    """
    plain, notes = plain_answer(answer)
    if (silence := judge_silence(plain)) is not None:
        return silence
    judgement = judge_text(plain)
    if judgement.content is not None:
        return replace(judgement, notes=(*notes, *judgement.notes))
    if (said := refusal_in(plain.text)) is not None:
        return Judgement(Outcome.refused, f"the model declined: {shorten(said)}")
    return judge_blanks(plain) or judge_repetition(plain) or judgement


def plain_answer(answer: Answer) -> tuple[Answer, tuple[str, ...]]:
    """Give an answer without what stands around it, and a note for each thing that was left out.

    Args:
        answer: As it came.
    """
    seen = visible_start(answer.text)
    hidden = (INVISIBLE_LEFT_OUT,) if seen != answer.text and seen.strip() else ()
    bare = without_thinking(seen)
    text = visible_start(bare.text)
    is_open = answer.may_be_thinking or bare.is_open
    return replace(answer, text=text if text.strip() else bare.text, may_be_thinking=is_open), (*hidden, *bare.notes)


def thinking_is_kept(answer: Answer, content: Content) -> bool:
    """Tell whether thinking that never ends is still in what was made of an answer."""
    plain, _ = plain_answer(answer)
    words = content.body.split()[:8]
    return plain.may_be_thinking and bool(words) and words == plain.text.split()[:8]
