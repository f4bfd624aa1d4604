"""Judges what is alike in all stages: what stands around an answer is left out, and silence, refusals, blanks and repetition are told from answers that are only bad."""

from collections.abc import Callable
from dataclasses import replace

from caseforge_assets.stages.judgement import Answer, Content, Judgement, Outcome, shorten
from caseforge_assets.stages.texts.characters import (
    COLOUR_BEGINS,
    HAS_LONG_BLANKS,
    SEEN,
    visible_start,
    without_blank_end,
    without_colours,
    without_long_blanks,
)
from caseforge_assets.stages.texts.refusals import refusal_in
from caseforge_assets.stages.texts.thinking import BEGINS_PLAINLY, MARKS, MARKS_AT_END, without_thinking

BLANKS = "blanks and line breaks"
LEAST_BLANKS = 300  # characters at the end of a cut text; two paragraphs or a wide table's cell have fewer
LEAST_REPEATED_CHARACTERS = 1_500  # a wide table's rule or a row of dots is shorter
LEAST_TIMES = 5
LONGEST_UNIT_CHARACTERS = 2_000  # a use case and a half
MOST_LAYERS = 8  # tags around thinking around tags; more are no answer
BLANKS_LEFT_OUT = "Hundreds of blanks or line breaks one after the other were left out."
INVISIBLE_LEFT_OUT = "Invisible characters before the text were left out."
COLOURS_LEFT_OUT = "Marks that set the colours of a terminal were left out."


def judge_plainly(answer: Answer, judge_text: Callable[[Answer], Judgement], *, tells_thinking: bool = False) -> Judgement:
    """Judge an answer as it came.

    Args:
        answer: Any answer.
        judge_text: The judgement on one that has text, without thinking and tags around it.
        tells_thinking: Whether that heeds `Answer.may_be_thinking`; otherwise thinking that never ends and is still in the content makes it none.
    """
    plain, notes = (answer, ()) if stands_alone(answer.text) else take_out(answer)
    if (silence := _judge_silence(plain)) is not None:
        return silence
    judgement = judge_text(plain)
    if judgement.content is None:
        if (said := refusal_in(plain.text)) is not None:
            return Judgement(Outcome.refused, f"the model declined: {shorten(said)}")
        return _judge_blanks(plain) or _judge_repetition(plain) or judgement
    if plain.may_be_thinking and not tells_thinking and _begins_alike(judgement.content, plain):
        return Judgement(Outcome.empty, "the text begins with thinking that never ends; what of it is the answer cannot be told")
    return replace(judgement, notes=(*notes, *judgement.notes)) if notes else judgement


def stands_alone(text: str) -> bool:
    """Tell whether an answer begins as it was asked for, and has no mark of anything that may stand around it: then there is nothing to take it out of.

    Args:
        text: The answer's.
    """
    return (
        BEGINS_PLAINLY.match(text) is not None
        and not text.rstrip().endswith(MARKS_AT_END)
        and not any(mark in text for mark in (*MARKS, COLOUR_BEGINS))
        and HAS_LONG_BLANKS.search(text) is None
    )


def take_out(answer: Answer) -> tuple[Answer, tuple[str, ...]]:
    """Give an answer without what stands around it, and a note for each thing that was left out.

    Args:
        answer: As it came.
    """
    coloured, may_be_thinking, notes = without_colours(answer.text), answer.may_be_thinking, list[str]()
    if coloured != answer.text:
        notes.append(COLOURS_LEFT_OUT)
    plain = without_long_blanks(coloured)
    if plain != coloured:
        notes.append(BLANKS_LEFT_OUT)
    for _ in range(MOST_LAYERS):
        seen = visible_start(plain)
        if seen != plain and seen.strip():
            notes.append(INVISIBLE_LEFT_OUT)
        bare = without_thinking(seen)
        text = visible_start(bare.text)
        plain = text if text.strip() else bare.text
        may_be_thinking = may_be_thinking or bare.is_open
        notes += bare.notes
        if not bare.notes:
            break
    if plain == answer.text and may_be_thinking == answer.may_be_thinking:
        return answer, tuple(dict.fromkeys(notes))
    return replace(answer, text=plain, may_be_thinking=may_be_thinking), tuple(dict.fromkeys(notes))


def _begins_alike(content: Content, answer: Answer) -> bool:
    words = content.body.split()[:8]
    return bool(words) and words == answer.text.split()[:8]


def _judge_silence(answer: Answer) -> Judgement | None:
    """Judge an answer that has no text, or whose text must not be used: refused, filtered, all thinking, or empty; None for any other."""
    if answer.refusal and answer.refusal.strip():
        return Judgement(Outcome.refused, f"the model declined: {shorten(answer.refusal)}")
    if answer.finish_reason == "content_filter":
        return Judgement(Outcome.content_filtered, "the provider's content filter stopped the answer")
    if answer.cut and answer.may_be_thinking:
        return Judgement(Outcome.truncated_reasoning, "the token budget was used up before the thinking in the text ended")
    if SEEN.search(answer.text):
        return None
    if answer.cut and answer.text and not _thought_mostly(answer):
        return Judgement(Outcome.whitespace, f"{BLANKS} used up {_budget_words(answer)}; no text was left")
    if answer.cut:
        return Judgement(Outcome.truncated_reasoning, _thinking(answer))
    return Judgement(Outcome.empty, f"the answer holds no text (finish reason: {answer.finish_reason or 'none given'})")


def _judge_blanks(answer: Answer) -> Judgement | None:
    """Judge an answer that was cut off while it wrote nothing but blanks and line breaks, written out or as escapes; None for any other."""
    if not answer.cut:
        return None
    said = without_blank_end(answer.text)
    blank = len(answer.text) - len(said)
    if blank < max(LEAST_BLANKS, len(said)):
        return None
    return Judgement(Outcome.whitespace, f"after {len(said):,} characters {BLANKS} used up the rest of {_budget_words(answer)}")


def _thought_mostly(answer: Answer) -> bool:
    return answer.reasoning_tokens is not None and answer.budget is not None and answer.reasoning_tokens > answer.budget / 2


def _budget_words(answer: Answer) -> str:
    return "the token budget" if answer.budget is None else f"the budget of {answer.budget:,} tokens"


def _thinking(answer: Answer) -> str:
    if answer.budget is None:
        return "the token budget was used up; no text was left"
    if not answer.reasoning_tokens:
        return f"all {answer.budget:,} tokens of the budget were used; no text was left"
    share = "all" if answer.reasoning_tokens >= answer.budget else f"{answer.reasoning_tokens:,} of the"
    return f"reasoning used {share} {answer.budget:,} tokens of the budget; no text was left"


def _judge_repetition(answer: Answer) -> Judgement | None:
    """Judge an answer that was cut off while it repeated itself: a larger budget would hold more of the same. None for any other."""
    unit = _repeated_end(answer.text) if answer.cut else None
    if unit is None:
        return None
    return Judgement(Outcome.repetition, f'"{shorten(unit, 60)}" over and over used up the rest of {_budget_words(answer)}')


def _repeated_end(text: str) -> str | None:
    """Give the shortest piece that a text's end consists of, over and over; None where it does not repeat itself there. It may be cut within the piece."""
    for length in range(1, min(LONGEST_UNIT_CHARACTERS, len(text) // LEAST_TIMES) + 1):
        unit = text[-length:]
        if text[-2 * length : -length] == unit and text.endswith(unit * max(LEAST_TIMES, -(-LEAST_REPEATED_CHARACTERS // length))):
            return unit
    return None
