"""Candidates as Markdown, changed by a person, become candidates again: what was left alone is as it was, the rest is validated like an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.usecases.record import FACTS, LEAST_CANDIDATES, LEVEL_NAMES, MOST_CANDIDATES, TEXTS, item_of, render_candidates
from caseforge_assets.stages.usecases.validation import check_candidate, say_problems
from caseforge_assets.wording import counted

_TITLE = re.compile(r"^##[ \t]+(?:(\d+)[.)][ \t]*)?(\S.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_LABEL = re.compile(rf"^\*\*({'|'.join(map(re.escape, TEXTS.values()))})[.:]?\*\*[.:]?[ \t]*", re.MULTILINE)
_FACT = re.compile(rf"({'|'.join(map(re.escape, FACTS.values()))})\s*:\s*([^·*\n]+)", re.IGNORECASE)
_HARD_BREAK = re.compile(r"[ \t]{2,}$|\\$", re.MULTILINE)
_FIELD_OF_LABEL = {label: name for name, label in TEXTS.items()}
_FIELD_OF_FACT = {label.casefold(): name for name, label in FACTS.items()}


def read_page_of_candidates(text: str, before: Sequence[Item], shown: Callable[[str], str], live: Callable[[str], str]) -> tuple[Item, ...]:
    """Read the candidates of a page.

    Args:
        text: As `render_candidates` makes it and `shown` shows it, with a person's changes.
        before: The candidates that the page was made of; the number before a title says which is which.
        shown: How a text is made safe where it is shown.
        live: What somebody wrote into such a text.

    Raises:
        ValueError: Something is missing, or is no value of its field; with all that is wrong.
    """
    raw = [_raw(piece, before, shown, live) for piece in _pieces(text)]
    checked = [check_candidate(candidate, position) for position, candidate in enumerate(raw, 1)]
    problems = [problem for candidate in checked for problem in candidate.problems]
    if not LEAST_CANDIDATES <= len(raw) <= max(MOST_CANDIDATES, len(before)) and len(raw) != len(before):
        problems.append(
            f"it has {counted(len(raw), 'candidate')}; {LEAST_CANDIDATES} to {MOST_CANDIDATES} are needed, each below a heading like '## 1. Title'"
        )
    if problems:
        raise ValueError(f"the use cases are not accepted: {say_problems(problems)}")
    return tuple(item_of(candidate.use_case) for candidate in checked if candidate.use_case is not None)


def with_fields(item: Item, written: Mapping[str, object]) -> Item:
    """Give a candidate some fields as a person wrote them; a level may be its name or its number.

    Args:
        item: The candidate.
        written: The fields, the title among them.

    Raises:
        ValueError: A field is blank, or no value of its kind.
    """
    levels = {name: LEVEL_NAMES.get(_number(value), value) for name, value in written.items() if name in FACTS}
    checked = check_candidate({**raw_of(item), **written, **levels}, 1)
    if checked.use_case is None:
        raise ValueError("; ".join(problem.removeprefix("candidate 1: ") for problem in checked.problems))
    return item_of(checked.use_case)


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


def raw_of(item: Item) -> dict[str, object]:
    """Give the fields of a stored candidate as an answer has them.

    Args:
        item: A candidate.
    """
    complexity = item.fields["complexity_score"]
    return {"title": item.title, **item.fields, "complexity_score": LEVEL_NAMES.get(complexity, complexity)}


def _pieces(text: str) -> Iterator[tuple[re.Match[str], str]]:
    titles = list(_TITLE.finditer(text))
    ends = [*(title.start() for title in titles[1:]), len(text)]
    for title, end in zip(titles, ends, strict=True):
        yield title, text[title.end() : end]


def _raw(
    piece: tuple[re.Match[str], str], before: Sequence[Item], shown: Callable[[str], str], live: Callable[[str], str]
) -> dict[str, object]:
    """The fields of one candidate as they stand on the page; those that say what they said are what they were."""
    title, rest = piece
    place = int(title[1]) - 1 if title[1] else -1
    old = before[place] if 0 <= place < len(before) else None
    was = raw_of(old) if old is not None else {}
    written = dict(_fields(title[2], rest))
    same = dict(_fields_of_page(shown(render_candidates([old])))) if old is not None else {}
    return {name: was[name] if _is_alike(value, same.get(name)) else _typed(name, live(value)) for name, value in written.items()}


def _fields_of_page(page: str) -> Iterator[tuple[str, str]]:
    for title, rest in _pieces(page):
        yield from _fields(title[2], rest)


def _fields(title: str, rest: str) -> Iterator[tuple[str, str]]:
    yield "title", title
    labels = list(_LABEL.finditer(rest))
    facts = rest[: labels[0].start()] if labels else rest
    for label, value in _FACT.findall(facts):
        yield _FIELD_OF_FACT[label.casefold()], value.strip()
    ends = [*(label.start() for label in labels[1:]), len(rest)]
    for label, end in zip(labels, ends, strict=True):
        yield _FIELD_OF_LABEL[label[1]], rest[label.end() : end].strip("\n")


def _typed(name: str, value: str) -> str:
    return _HARD_BREAK.sub("", value).strip() if name in TEXTS else value.strip()


def _is_alike(value: str, other: str | None) -> bool:
    return other is not None and [line.rstrip() for line in value.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]
