"""The judge of use cases: from an answer's text to six to ten candidates, or the reason why there are none."""

from collections.abc import Sequence

from caseforge_assets.stages.judgement import Answer, Content, Item, Judgement, Outcome
from caseforge_assets.stages.usecases.reading import KEY, Reading, read_candidates
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, LEVEL_NUMBERS, MOST_CANDIDATES, UseCase
from caseforge_assets.stages.usecases.rendering import render_candidates
from caseforge_assets.stages.usecases.validation import Checked, check_candidate, repeated_titles, say_problems, stored_title


def judge_text(answer: Answer) -> Judgement:
    """Judge an answer that has text.

    Args:
        answer: The answer to a request of this stage.

    Returns:
        `ok` or `salvaged` with the candidates, or one of `truncated`, `invalid_json`, `schema_violation` and
        `too_few_candidates`, saying why.
    """
    reading = read_candidates(answer.text, answer.cut)
    if not reading.whole:
        return _judge_cut(answer, reading)
    if reading.candidates is None:
        return Judgement(Outcome.schema_violation, f"the JSON has no list {KEY}")
    checked = [check_candidate(raw, position) for position, raw in enumerate(reading.candidates[:MOST_CANDIDATES], 1)]
    if problems := [problem for one in checked for problem in _problems(one, reading)]:
        outcome = Outcome.invalid_json if reading.repaired else Outcome.schema_violation
        prefix = "the JSON is broken, and repairing it leaves: " if reading.repaired else ""
        return Judgement(outcome, prefix + say_problems(problems))
    if len(checked) < LEAST_CANDIDATES:
        return Judgement(Outcome.too_few_candidates, f"{len(checked)} candidates; at least {LEAST_CANDIDATES} are needed")
    notes = [*reading.notes]
    if (more := len(reading.candidates) - MOST_CANDIDATES) > 0:
        notes.append(f"{len(reading.candidates)} candidates came; the last {more} were left out.")
    if answer.cut:
        notes.append("The token budget was used up just after the last candidate.")
    return _accept(Outcome.ok, checked, notes)


def _judge_cut(answer: Answer, reading: Reading) -> Judgement:
    """Judge a text that is not one JSON value: its complete items may be enough."""
    raw = reading.candidates or []
    checked = [check_candidate(item, position) for position, item in enumerate(raw, 1)]
    complete = [one for one in checked if one.use_case is not None][:MOST_CANDIDATES]
    where = f"after {answer.budget:,} tokens" if answer.cut and answer.budget else "before its end"
    found = f"{len(complete)} of its candidates are complete"
    if len(complete) >= LEAST_CANDIDATES:
        return _accept(Outcome.salvaged, complete, [f"The answer was cut off {where}; {found} and were kept."])
    if answer.cut:
        return Judgement(Outcome.truncated, f"the answer was cut off {where}; {found}, at least {LEAST_CANDIDATES} are needed")
    return Judgement(Outcome.invalid_json, f"the text is not JSON: {reading.problem}")


def _problems(one: Checked, reading: Reading) -> list[str]:
    """List what is wrong; a field that nobody asked for is, after a repair, a sign of a text that was torn apart."""
    torn = [f"unexpected field {name[:40]!r}" for name in one.extras] if reading.repaired else []
    return [*one.problems, *torn]


def _accept(outcome: Outcome, checked: Sequence[Checked], notes: list[str]) -> Judgement:
    use_cases = [one.use_case for one in checked if one.use_case is not None]
    items = tuple(_item(use_case) for use_case in use_cases)
    all_notes = (*notes, *(note for one in checked for note in one.notes), *repeated_titles(use_cases))
    detail = notes[0][0].lower() + notes[0][1:].rstrip(".") if outcome is Outcome.salvaged else ""
    return Judgement(outcome, detail, Content(render_candidates(items), items), all_notes)


def _item(use_case: UseCase) -> Item:
    values: dict[str, object] = use_case.model_dump(mode="json", exclude={"title"})
    return Item(stored_title(use_case.title), values | {"complexity_score": LEVEL_NUMBERS[use_case.complexity_score]})
