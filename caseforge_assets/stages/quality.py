"""The quality of a content, from 0 to 100, with the parts that the score is made of: what all stages share of measuring.

What is measured differs by stage and stands in their own modules. A score says how far a text keeps to what was asked for,
not whether what it says is true.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from caseforge_assets.stages.languages import ENGLISH, language_name, primary
from caseforge_assets.stages.measuring.word_lists import has_words, language_of

MOST_EMPTY = 0.2
USUAL_MARKETING, MOST_MARKETING = 0.005, 0.04  # of all words; real answers have 0.003 or less
WRONG_LANGUAGE = 30  # the most that a text in another language than the one asked for can score
RULES = "2"
"""Version of all rules and weights of measuring: contents measured by other rules are measured anew."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """The node that a content is held against, as the framework has it.

    Attributes:
        name: The node's name.
        description: Its description, possibly empty.
        kpis: Names of its official indicators.
        language: Tag of the language that the framework is written in, one that has lists of words; empty where that is not known.
    """

    name: str
    description: str = ""
    kpis: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score.

    Attributes:
        name: What it is about, such as `sections`.
        value: From 0 (bad) to 1 (as asked for); None where it does not apply, and then the others weigh more.
        weight: Its share of the score, in points of 100.
    """

    name: str
    value: float | None
    weight: int


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a content with a serious fault can score, and the fault in words."""

    most: float
    fault: str


@dataclass(frozen=True)
class Quality:
    """The measure of one content.

    Attributes:
        score: From 0 to 100.
        parts: Points from 0 to 100 by part; None where a part does not apply.
        limits: The faults that hold the score down, in words.
        figures: What was counted, in the units of the names.
        signature: MinHash over shingles of the text, in hexadecimal; None for a stage whose texts are not compared.
    """

    score: int
    parts: Mapping[str, int | None]
    limits: tuple[str, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    signature: str | None = None


def weigh(parts: Iterable[Part], limits: Iterable[Limit], figures: Mapping[str, object], signature: str | None = None) -> Quality:
    """Make a score of its parts: their mean by weight, but never more than a serious fault allows.

    Args:
        parts: All parts of the stage, in the order in which they are shown.
        limits: Candidates for limits; those that the mean stays below are left out.
        figures: What was counted.
        signature: See `Quality`.
    """
    shown: dict[str, int | None] = {}
    total = weights = 0.0
    for part in parts:
        shown[part.name] = None if part.value is None else round(100 * part.value)
        if part.value is not None:
            total += part.weight * part.value
            weights += part.weight
    score = 100 * total / weights if weights else 0.0
    holding = [limit for limit in limits if limit.most < score]
    score = min([score, *(limit.most for limit in holding)])
    return Quality(round(max(score, 0.0)), shown, tuple(limit.fault for limit in holding), figures, signature)


@dataclass(frozen=True)
class Readable:
    """Parts of quality that can be measured in a language.

    Attributes:
        words: Tag of the language whose lists of words are used; empty where it has none.
        own_words: Whether the words of the node's name stand in the same language.
        missing: Why parts are not measured, by part.
        wrong: That the text is in another language than was asked for, in words; empty where that is not plain.
    """

    words: str = ENGLISH
    own_words: bool = True
    missing: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""


def readable(text: str, language: str, facts: NodeFacts) -> Readable:
    """Say what can be measured of a text.

    Args:
        text: What was written.
        language: Tag of the language that was asked for; empty takes the text as English.
        facts: Its node.
    """
    if not language:
        return Readable()
    found = language_of(text)
    words = found or (primary(language) if has_words(language) else "")
    wrong = f"it is written in {language_name(found)}, not in {language_name(language)}" if found not in ("", primary(language)) else ""
    missing = {} if words else dict.fromkeys(("repetition", "substance"), f"there are no lists of words for {language_name(language)}")
    alike = bool(words) and facts.language == words
    if not alike:
        of_node = f"written in {language_name(facts.language)}" if facts.language else "in a language that could not be told"
        missing["own_node"] = f"the framework is {of_node}, the text is in {language_name(words or language)}"
    return Readable(words, alike, missing, wrong)


def between(value: float, worst: float, best: float) -> float:
    """Place a value on the way from the worst (0) to the best (1), cut off at both ends; the worst may be the larger number."""
    return min(1.0, max(0.0, (value - worst) / (best - worst)))


def substance(empty: float | None, praised: float | None) -> float | None:
    """Say how free a text is of phrases that could stand anywhere and of praise, from 0 to 1, by the worse of their shares; None where one is unknown."""
    if empty is None or praised is None:
        return None
    return min(between(empty, MOST_EMPTY, 0.03), between(praised, MOST_MARKETING, USUAL_MARKETING))


def wording_limits(empty: float | None, praised: float | None, wrong: str) -> Iterator[Limit]:
    """Give the limits that follow from a text's words: shares of empty phrases and of praise, and that it is in another language than asked for."""
    if empty is not None:
        yield Limit(110 - 200 * empty, f"{empty:.0%} of its phrases could stand anywhere")
    if praised is not None:
        yield Limit(103 - 700 * praised, f"{praised:.1%} of its words are marketing")
    if wrong:
        yield Limit(WRONG_LANGUAGE, wrong)
