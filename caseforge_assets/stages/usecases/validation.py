"""From raw candidates to validated ones, with what is wrong with each said in words. A value of another type than asked for is changed where it has one reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.usecases.candidate_list import field_of, misspelt_field
from caseforge_assets.stages.usecases.json_texts import MARKS, contested_names, repeated_names
from caseforge_assets.stages.usecases.record import CHOICES, FIELD_NAMES, STORED_TITLE_CHARACTERS, UseCase

_MOST_PROBLEMS_SAID = 5


@dataclass(frozen=True)
class Checked:
    """One raw candidate, checked.

    Attributes:
        use_case: The candidate; None where something is wrong with it.
        problems: What is wrong.
        extras: Names of fields that nobody asked for; they are dropped.
        notes: What was tolerated.
    """

    use_case: UseCase | None
    problems: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_candidate(raw: object, position: int) -> Checked:
    """Validate one raw candidate.

    Args:
        raw: A JSON value.
        position: Its place in the answer; the first is 1.
    """
    where = f"candidate {position}"
    if not isinstance(raw, dict):
        return Checked(None, (f"{where} is not an object",))
    contested, repeated = contested_names(raw), repeated_names(raw)
    raw = {name: value for name, value in raw.items() if name not in MARKS}
    meant = _meant(raw)
    changed = {name: plain for name, field in meant.items() if (plain := plain_value(field, raw[name])) is not raw[name]}
    raw |= changed
    asked = {field: _storable(raw[name]) for name, field in meant.items()}
    extras = tuple(sorted(set(raw) - set(meant)))
    if fields := [name for name in contested if field_of(name)]:
        return Checked(None, tuple(f"{where}: {name} stands there several times with different values" for name in fields), extras)
    try:
        use_case = UseCase.model_validate(asked)
    except ValidationError as error:
        return Checked(None, tuple(f"{where}: {_in_words(problem)}" for problem in error.errors()), extras)
    renamed = [f'In {where}, the field "{name}" was read as {field}.' for name, field in meant.items() if name != field]
    renamed += [f"In {where}, {field} came as a list, and was made a text." for field in map(meant.__getitem__, changed)]
    renamed += [f"In {where}, {name} stood several times with the same value." for name in repeated if field_of(name)]
    return Checked(
        use_case, (), extras, (*renamed, *_notes(where, {field: raw[name] for name, field in meant.items()}, asked, use_case, extras))
    )


def _meant(raw: Mapping[str, object]) -> dict[str, str]:
    """Give the field that each name means: of its own name, of another spelling of it, or else with a small mistake in it."""
    if raw.keys() == FIELD_NAMES:
        return {name: name for name in raw}
    meant = {name: field for name in raw if (field := field_of(name)) and (field == name or field not in raw)}
    if len(meant) == len(FIELD_NAMES):
        return meant
    absent = [field for field in UseCase.model_fields if field not in meant.values()]
    for name in [name for name in raw if absent and name not in meant]:
        if (field := misspelt_field(name)) in absent and field not in meant.values():
            meant[name] = field
    return meant


def say_problems(problems: Sequence[str]) -> str:
    """Join problems to one line that stays readable.

    Args:
        problems: A sentence's part each.
    """
    more = len(problems) - _MOST_PROBLEMS_SAID
    return "; ".join(problems[:_MOST_PROBLEMS_SAID]) + (f"; and {more} more" if more > 0 else "")


def _notes(where: str, raw: dict[str, object], asked: dict[str, object], use_case: UseCase, extras: Sequence[str]) -> list[str]:
    notes = []
    if len(use_case.title) > STORED_TITLE_CHARACTERS:
        notes.append(f"The title of {where} has {len(use_case.title)} characters and was cut to {STORED_TITLE_CHARACTERS}.")
    if extras:
        notes.append(f"Fields of {where} that were not asked for were dropped: {', '.join(map(replace_unstorable, extras))}.")
    for name in CHOICES:
        if raw[name] != (value := getattr(use_case, name)):
            notes.append(f'In {where}, {name} "{raw[name]}" was read as {value}.')
    if any(asked[name] is not value for name, value in raw.items()):
        notes.append(f"Characters of {where} that cannot be stored were replaced.")
    return notes


def _in_words(problem: object) -> str:
    details = dict(problem)  # type: ignore[call-overload]
    field, kind = ".".join(map(str, details["loc"])), details["type"]
    if kind == "missing":
        return f"{field} is missing"
    if kind == "value_error":
        return f"{field} {details['ctx']['error']}"
    if kind == "enum":
        return f"{field} is {str(details['input'])[:60]!r}, not one of {details['ctx']['expected']}"
    return f"{field}: {details['msg']}"


def _storable(value: object) -> object:
    return replace_unstorable(value) if isinstance(value, str) else value


def plain_value(field: str, value: object) -> object:
    """Give a field's value as a text, a list as a list in Markdown; anything that is none stays as it is.

    Args:
        field: The field's name.
        value: As it stands in JSON.
    """
    if isinstance(value, str):
        return value
    if field in CHOICES:
        parts = list(value.values()) if isinstance(value, dict) else value
        return parts[0] if isinstance(parts, list) and len(parts) == 1 else value
    if isinstance(value, dict):
        value = [f"{_words(name)}: {_line(part)}" for name, part in value.items()] if _are_lines(list(value.values())) else value
    if not isinstance(value, list) or not value or not _are_lines(value):
        return value
    lines = [_line(part) for part in value]
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def _are_lines(parts: list[object]) -> bool:
    return bool(parts) and all(
        _is_line(part) or (isinstance(part, dict) and bool(part) and all(map(_is_line, part.values()))) for part in parts
    )


def _is_line(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and bool(str(value).strip())


def _line(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{_words(name)}: {_line(part)}" for name, part in value.items())
    return " ".join(str(value).split())


def _words(name: object) -> str:
    return str(name).replace("_", " ").strip()
