"""Tells an answer that ran into saying one thing over and over from one that was only cut off."""

from caseforge_assets.stages.judgement import Answer, Judgement, Outcome, budget_words, shorten

LEAST_REPEATED_CHARACTERS = 1_500  # a wide table's rule or a row of dots is shorter
LEAST_TIMES = 5
LONGEST_UNIT_CHARACTERS = 2_000  # a use case and a half


def judge_repetition(answer: Answer) -> Judgement | None:
    """Judge an answer that was cut off while it repeated itself: a larger budget would hold more of the same. None for any other.

    Args:
        answer: One whose text is no good content.
    """
    unit = repeated_end(answer.text) if answer.cut else None
    if unit is None:
        return None
    return Judgement(Outcome.repetition, f'"{shorten(unit, 60)}" over and over used up the rest of {budget_words(answer)}')


def repeated_end(text: str) -> str | None:
    """Give the shortest piece that a text's end consists of, over and over; None where it does not repeat itself there.

    Args:
        text: Any text; where it was cut within the piece does not matter.
    """
    for length in range(1, min(LONGEST_UNIT_CHARACTERS, len(text) // LEAST_TIMES) + 1):
        unit = text[-length:]
        if text[-2 * length : -length] == unit and text.endswith(unit * max(LEAST_TIMES, -(-LEAST_REPEATED_CHARACTERS // length))):
            return unit
    return None
