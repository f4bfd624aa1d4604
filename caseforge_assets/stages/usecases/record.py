"""The record of a use-case candidate: its fields, their meaning, and the spellings of a value that mean the same.

The JSON schema that the model has to follow is made from these classes, and its answer is validated by them.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr

from caseforge_assets.stages.characters import visible
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.stand_ins import OPENINGS, SHORT_CHARACTERS, is_stand_in

LEAST_CANDIDATES = 6
MOST_CANDIDATES = 10
ASKED_TITLE_CHARACTERS = 80
STORED_TITLE_CHARACTERS = 200


class Level(StrEnum):
    """How much of something; also an order, see LEVEL_NUMBERS."""

    low = "Low"
    medium = "Medium"
    high = "High"


class Category(StrEnum):
    """Where the benefit comes from."""

    automation = "automation"
    optimization = "optimization"
    digitization = "digitization"
    analytics = "analytics"
    integration = "integration"


LEVEL_NUMBERS: Mapping[Level, int] = {Level.low: 1, Level.medium: 2, Level.high: 3}

# Only spellings whose meaning is certain: "Medium-High" is none of the three, and says so.
_SPELLINGS: Mapping[str, str] = {
    "l": "Low",
    "m": "Medium",
    "med": "Medium",
    "mid": "Medium",
    "moderate": "Medium",
    "h": "High",
    "automated": "automation",
    "process automation": "automation",
    "optimisation": "optimization",
    "process optimization": "optimization",
    "process optimisation": "optimization",
    "digitisation": "digitization",
    "digitalization": "digitization",
    "digitalisation": "digitization",
    "analytic": "analytics",
    "data analytics": "analytics",
    "system integration": "integration",
    "systems integration": "integration",
    **dict.fromkeys(
        [
            "niedrig",
            "gering",
            "tief",
            "klein",
            "faible",
            "bas",
            "basse",
            "bajo",
            "baja",
            "basso",
            "bassa",
            "baixo",
            "baixa",
            "laag",
            "niski",
            "niska",
        ],
        "Low",
    ),
    **dict.fromkeys(
        [
            "mittel",
            "mäßig",
            "moderat",
            "moyen",
            "moyenne",
            "modéré",
            "modérée",
            "medio",
            "media",
            "moderado",
            "moderada",
            "moderato",
            "médio",
            "média",
            "gemiddeld",
            "matig",
            "średni",
            "średnia",
        ],
        "Medium",
    ),
    **dict.fromkeys(["hoch", "groß", "élevé", "élevée", "haut", "haute", "alto", "alta", "hoog", "wysoki", "wysoka"], "High"),
    **dict.fromkeys(
        ["automatisierung", "automatisation", "automatización", "automazione", "automação", "automatisering", "automatyzacja"], "automation"
    ),
    **dict.fromkeys(["optimierung", "optimización", "ottimizzazione", "otimização", "optimalisatie", "optymalizacja"], "optimization"),
    **dict.fromkeys(
        ["digitalisierung", "numérisation", "digitalización", "digitalizzazione", "digitalização", "digitalisering", "cyfryzacja"],
        "digitization",
    ),
    **dict.fromkeys(["analytik", "analyse", "analytique", "analítica", "analisi", "análise", "analityka"], "analytics"),
    **dict.fromkeys(["intégration", "integración", "integrazione", "integração", "integratie", "integracja"], "integration"),
}
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_REMARK = re.compile(r"^([a-z ]+?)\s*[(\[:;,–—-]\s*(.+)$")
_OF_WHAT = re.compile(r" (?:complexity|difficulty|effort|risk|roi|return|return on investment|level|impact|value)$")  # "Medium complexity"
_SAYS_ANYTHING = re.compile(r"[^\W_]")
_WRITTEN = {choice.casefold(): choice.value for choice in (*Level, *Category)}
_AS_ASKED = frozenset(_WRITTEN.values())


def _as_written(value: object) -> object:
    """Bring a choice to its written form, without pictures, emphasis and remarks around it; anything else is left to validation."""
    if not isinstance(value, str) or value in _AS_ASKED:
        return value
    plain = " ".join(_EDGES.sub("", unicodedata.normalize("NFKC", visible(value)).casefold()).split())
    if choice := _choice(plain) or _choice(_OF_WHAT.sub("", plain)):
        return choice
    remark = _REMARK.match(plain)
    others = [word for word in re.findall(r"\w+", remark[2]) if _choice(word)] if remark else []
    return (remark and not others and _choice(remark[1])) or value


def _choice(plain: str) -> str | None:
    return _WRITTEN.get(plain) or _SPELLINGS.get(plain)


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
