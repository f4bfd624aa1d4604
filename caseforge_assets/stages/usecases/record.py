"""The record of a use-case candidate: its fields and their meaning, as it is asked for, stored, and shown as Markdown.

The JSON schema that the model has to follow is made from these classes, and its answer is validated by them.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr

from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.texts.stand_ins import OPENINGS, SHORT_CHARACTERS, is_stand_in
from caseforge_assets.stages.usecases.spellings import choice_meant

LEAST_CANDIDATES = 6
MOST_CANDIDATES = 10
ASKED_TITLE_CHARACTERS = 80
STORED_TITLE_CHARACTERS = 200


class Level(StrEnum):
    """Levels of complexity, return and the like; also an order, see LEVEL_NUMBERS."""

    low = "Low"
    medium = "Medium"
    high = "High"


class Category(StrEnum):
    """Categories of use cases, by where their benefit comes from."""

    automation = "automation"
    optimization = "optimization"
    digitization = "digitization"
    analytics = "analytics"
    integration = "integration"


LEVEL_NUMBERS: Mapping[Level, int] = {Level.low: 1, Level.medium: 2, Level.high: 3}
LEVEL_NAMES: Mapping[object, str] = {number: level.value for level, number in LEVEL_NUMBERS.items()}

_SAYS_ANYTHING = re.compile(r"[^\W_]")
_CHOICES = frozenset([*Level, *Category])


def _as_written(value: object) -> object:
    """Bring a choice to its written form; anything else is left to validation."""
    if not isinstance(value, str) or value in _CHOICES:
        return value
    return choice_meant(value, _CHOICES) or value


def _not_blank(text: str) -> str:
    if not _SAYS_ANYTHING.search(text):
        raise ValueError("is blank")
    return text.strip()


def _says_something(text: str) -> str:
    if (len(text) <= SHORT_CHARACTERS or text.startswith(OPENINGS)) and is_stand_in(text):
        raise ValueError(f"only stands for a text: {text.strip()[:40]!r}")
    return text


# The length of texts is asked for in words: strict schemas take no minLength or maxLength.
Title = Annotated[StrictStr, AfterValidator(_not_blank)]
Text = Annotated[StrictStr, AfterValidator(_not_blank), AfterValidator(_says_something)]
ChosenLevel = Annotated[Level, BeforeValidator(_as_written)]
ChosenCategory = Annotated[Category, BeforeValidator(_as_written)]


class UseCase(BaseModel):
    """One candidate, with the fields in the order in which the model writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title = Field(description=f"What is introduced and for what, at most {ASKED_TITLE_CHARACTERS} characters.")
    description: Text = Field(description="120 to 200 words: what it does, which steps it changes, who uses it, what it needs.")
    impact_assessment: Text = Field(description="Effect on time, cost, quality, risk, customers and employees, and its mechanism.")
    complexity_score: ChosenLevel
    complexity_details: Text = Field(description="What makes it as hard as that.")
    technology_requirements: Text = Field(description="Kinds of systems and techniques, and interfaces.")
    success_metrics: Text = Field(description="Two to five indicators, how each is measured, its direction.")
    implementation_timeline: Text = Field(description="Phases with their length in weeks and the result of each.")
    category: ChosenCategory
    estimated_roi: ChosenLevel
    risk_level: ChosenLevel


FIELD_NAMES = frozenset(UseCase.model_fields)
"""Names of all fields; asking the class for them takes longer."""

CHOICES = ("complexity_score", "category", "estimated_roi", "risk_level")
"""Fields that hold one of a few values; the others are texts."""


class UseCases(BaseModel):
    """The answer as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use_cases: list[UseCase] = Field(min_length=LEAST_CANDIDATES, max_length=MOST_CANDIDATES)


def candidate_uid(code: str, position: int) -> str:
    """Name a candidate, such as `1.2.4-UC01`: unique in a framework's edition.

    Args:
        code: The node's code.
        position: The candidate's place in its answer; the first is 1.
    """
    return f"{code}-UC{position:02d}"


def item_of(use_case: UseCase) -> Item:
    """Give a candidate as it is stored, with the complexity as a number and a title that is not too long.

    Args:
        use_case: The candidate.
    """
    values: dict[str, object] = use_case.model_dump(mode="json", exclude={"title"})
    title = use_case.title
    stored = title if len(title) <= STORED_TITLE_CHARACTERS else title[: STORED_TITLE_CHARACTERS - 1].rstrip() + "…"
    return Item(stored, values | {"complexity_score": LEVEL_NUMBERS[use_case.complexity_score]})


TEXTS = {
    "description": "Description",
    "impact_assessment": "Impact",
    "complexity_details": "Complexity",
    "technology_requirements": "Technology",
    "success_metrics": "Success metrics",
    "implementation_timeline": "Timeline",
}
FACTS = {
    "category": "Category",
    "complexity_score": "complexity",
    "estimated_roi": "return on investment",
    "risk_level": "risk",
}
_BULLET = re.compile(r"^(\s*)[•‣◦▪●–—·*](?:\s+|(?<=[•‣◦▪●])(?=\S))")
_LIST_ITEM = re.compile(r"^\s*(?:[-+*]|\d{1,9}[.)])\s")


def render_candidates(items: Sequence[Item]) -> str:
    """Render candidates, a section each.

    Args:
        items: Candidates with all their fields.
    """
    return "\n\n".join(_render(position, item) for position, item in enumerate(items, 1))


def _render(position: int, item: Item) -> str:
    fields = item.fields
    facts = " · ".join(f"{label}: {LEVEL_NAMES.get(fields[name], fields[name])}" for name, label in FACTS.items())
    title = " ".join(item.title.split())
    texts = [_beneath(heading, str(fields[name])) for name, heading in TEXTS.items()]
    return "\n\n".join([f"## {position}. {title}", f"*{facts}*", *texts])


def _beneath(heading: str, text: str) -> str:
    """Put a text beneath its heading: on the same line, unless it is a list or has several lines, which would be one paragraph with it."""
    lines = [line.rstrip() if line[:1].isalnum() else _BULLET.sub(r"\1- ", line.rstrip()) for line in text.strip().splitlines()]
    if len(lines) == 1 and not _LIST_ITEM.match(lines[0]):
        return f"**{heading}.** {lines[0]}"
    shown = [_kept_apart(line, after) for line, after in zip(lines, [*lines[1:], ""], strict=True)]
    return f"**{heading}.**\n\n" + "\n".join(shown)


def _kept_apart(line: str, after: str) -> str:
    """End a line so that the next one begins anew: Markdown joins lines of a paragraph, and a list needs a blank line before it in some readers."""
    if not line or not after or (_LIST_ITEM.match(after) and _LIST_ITEM.match(line)):
        return line
    if _LIST_ITEM.match(after):
        return line if line.startswith((" ", "\t")) else f"{line}\n"
    return line if _LIST_ITEM.match(line) or after.startswith((" ", "\t")) else f"{line}  "
