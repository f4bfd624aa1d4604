"""The judge of use cases: from an answer's text to six to ten candidates, or the reason why there are none.

One that is to the letter as it was asked for is validated as a whole, and that is all. Any other is read and checked with tolerance, each candidate by itself.
"""

import json
from collections import Counter
from collections.abc import Sequence

from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.judgement import Answer, Content, Judgement, Outcome
from caseforge_assets.stages.usecases.candidate_list import KEY
from caseforge_assets.stages.usecases.reading import Reading, read_candidates
from caseforge_assets.stages.usecases.record import (
    CHOICES,
    LEAST_CANDIDATES,
    MOST_CANDIDATES,
    STORED_TITLE_CHARACTERS,
    UseCase,
    UseCases,
    item_of,
    render_candidates,
)
from caseforge_assets.stages.usecases.validation import Checked, check_candidate, say_problems
from caseforge_assets.wording import counted


def judge_text(answer: Answer) -> Judgement:
    """Judge an answer.

    Args:
        answer: The answer to a request of this stage, without what stands around it.

    Returns:
        `ok` or `salvaged` with the candidates, or one of `truncated`, `invalid_json`, `schema_violation` and
        `too_few_candidates`, saying why.
    """
    if answer.cut or (use_cases := read_as_asked(answer.text)) is None:
        return judge_tolerantly(answer)
    items = tuple(map(item_of, use_cases))
    return Judgement(Outcome.ok, content=Content(render_candidates(items), items))


def read_as_asked(text: str) -> Sequence[UseCase] | None:
    """Read candidates of which nothing has to be said; None where the text is not to the letter as it was asked for.

    Args:
        text: The answer's.
    """
    try:
        value = json.loads(text, object_pairs_hook=_with_each_key_once)
        use_cases = UseCases.model_validate(value).use_cases
    except (ValueError, RecursionError):
        return None
    said = "\n".join(part for raw in value[KEY] for part in raw.values())
    as_asked = (
        all(raw[name] == getattr(use_case, name) for raw, use_case in zip(value[KEY], use_cases, strict=True) for name in CHOICES)
        and all(len(use_case.title) <= STORED_TITLE_CHARACTERS for use_case in use_cases)
        and not _repeated_titles(use_cases)
        and replace_unstorable(said) == said
    )
    return use_cases if as_asked else None


def _with_each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands there several times")
    return value


def judge_tolerantly(answer: Answer) -> Judgement:
    """Judge an answer in whatever form it came, with a note for each thing that was tolerated.

    Args:
        answer: As for `judge_text`.
    """
    reading = read_candidates(answer.text, answer.cut, _is_good)
    if not reading.whole:
        return _judge_cut(answer, reading)
    if reading.candidates is None:
        return Judgement(Outcome.schema_violation, f"the JSON has no list {KEY}")
    everything = [check_candidate(raw, position) for position, raw in enumerate(reading.candidates, 1)]
    checked, beyond = everything[:MOST_CANDIDATES], everything[MOST_CANDIDATES:]
    if problems := [problem for candidate in checked for problem in _problems(candidate, reading)]:
        outcome = Outcome.invalid_json if reading.repaired else Outcome.schema_violation
        prefix = "the JSON is broken, and repairing it leaves: " if reading.repaired else ""
        return Judgement(outcome, prefix + say_problems(problems))
    if len(checked) < LEAST_CANDIDATES:
        return Judgement(Outcome.too_few_candidates, f"{counted(len(checked), 'candidate')}; at least {LEAST_CANDIDATES} are needed")
    notes = [*reading.notes, *_said_of_surplus(beyond, len(everything))]
    if answer.cut:
        notes.append("The token budget was used up just after the last candidate.")
    return _accept(Outcome.ok, checked, notes, beyond)


def _is_good(candidates: list[object]) -> bool:
    checked = [check_candidate(raw, position) for position, raw in enumerate(candidates[:MOST_CANDIDATES], 1)]
    return len(checked) >= LEAST_CANDIDATES and not any(candidate.problems for candidate in checked)


def _said_of_surplus(beyond: Sequence[Checked], count: int) -> list[str]:
    if not beyond:
        return []
    kept = sum(candidate.use_case is not None for candidate in beyond)
    left = len(beyond) - kept
    rest = f"; {counted(left, 'of them is not as asked and was', 'of them are not as asked and were')} left out" if left else ""
    surplus = "one is" if len(beyond) == 1 else f"{len(beyond)} are"
    return [f"{count} candidates came; the last {surplus} surplus{rest}."]


def _judge_cut(answer: Answer, reading: Reading) -> Judgement:
    """Judge a text that is not one JSON value: its complete items may be enough."""
    raw = reading.candidates or []
    checked = [check_candidate(item, position) for position, item in enumerate(raw, 1)]
    complete = [candidate for candidate in checked if candidate.use_case is not None]
    where = f"after {answer.budget:,} tokens" if answer.cut and answer.budget else "before its end"
    found = f"{counted(len(complete), 'of its candidates is', 'of its candidates are')} complete"
    if len(complete) >= LEAST_CANDIDATES:
        note = f"The answer was cut off {where}; {found} and were kept."
        return _accept(Outcome.salvaged, complete[:MOST_CANDIDATES], [note], complete[MOST_CANDIDATES:])
    if answer.cut:
        return Judgement(Outcome.truncated, f"the answer was cut off {where}; {found}, at least {LEAST_CANDIDATES} are needed")
    return Judgement(Outcome.invalid_json, reading.problem)


def _problems(candidate: Checked, reading: Reading) -> list[str]:
    """List what is wrong; a field that nobody asked for is, after a repair, a sign of a text that was torn apart."""
    torn = [f"unexpected field {name[:40]!r}" for name in candidate.extras] if reading.repaired else []
    return [*candidate.problems, *torn]


def _accept(outcome: Outcome, checked: Sequence[Checked], notes: list[str], beyond: Sequence[Checked]) -> Judgement:
    use_cases = [candidate.use_case for candidate in checked if candidate.use_case is not None]
    items = tuple(map(item_of, use_cases))
    all_notes = (*notes, *(note for candidate in checked for note in candidate.notes), *_repeated_titles(use_cases))
    detail = notes[0][0].lower() + notes[0][1:].rstrip(".") if outcome is Outcome.salvaged else ""
    surplus = tuple(item_of(candidate.use_case) for candidate in beyond if candidate.use_case is not None)
    return Judgement(outcome, detail, Content(render_candidates(items), items, surplus), all_notes)


def _repeated_titles(use_cases: Sequence[UseCase]) -> list[str]:
    """Say which titles appear more than once, case and spaces aside."""
    titles = [use_case.title for use_case in use_cases]
    plain = [" ".join(title.casefold().split()) for title in titles]
    return [f'{count} candidates have the title "{titles[plain.index(title)]}".' for title, count in Counter(plain).items() if count > 1]
