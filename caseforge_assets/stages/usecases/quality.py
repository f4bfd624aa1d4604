"""Measures the quality of a node's use-case candidates as a set: enough of them, filled in, about the node, different from one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.measuring.novelty import DistinctWords, empty_share, find_distinct, near_titles, repeated_share, shingles_of
from caseforge_assets.stages.measuring.subject import Specifics, find_mentions, find_specifics, own_words
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, Readable, between, readable, substance, weigh, wording_limits
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, LEVEL_NUMBERS

TEXTS = ("description", "impact_assessment", "complexity_details", "technology_requirements", "success_metrics", "implementation_timeline")
ENOUGH_CHARACTERS = {"description": 700, "impact_assessment": 300}  # others: 150; descriptions of 120 to 200 words are asked for
ENOUGH_MENTIONS = 3  # of a word of the node's name in descriptions and impacts together
ENOUGH_SPREAD = 0.4  # of the words of the node's name in each candidate; real ones have 0.15 to 0.45
ENOUGH_NEW_WORDS = 40  # in each candidate; real ones have 15 to 50 beside the first two
ENOUGH_FIGURES, ENOUGH_NAMES = 6.0, 4.0  # in 1,000 characters; real candidates have 6 to 8 and 9
FOREIGN, OWN = 0.25, 0.7  # measured: half of a framework's other nodes lie below 0.3, real candidates above 0.5
MOST_REPEATED = 0.4
ENOUGH_VALUES = {"category": 3, "complexity": 2, "roi": 2, "risk": 2}
LEVELS = {"category": "category", "complexity": "complexity_score", "roi": "estimated_roi", "risk": "risk_level"}
_LEVEL_NAMES: dict[object, str] = {number: level.value for level, number in LEVEL_NUMBERS.items()}
_ENDS = (".", "!", "?", "…", ")", "]", '"', "”", "。")


@dataclass(frozen=True)
class _Seen:
    """Findings in the candidates of a node; shares are from 0 to 1."""

    count: int
    description_characters: list[int]
    depth: float
    own: float | None
    near: list[tuple[int, int]]
    words: DistinctWords
    specifics: Specifics
    repeated: float
    empty: float | None
    cut: float
    levels: Mapping[str, Mapping[str, int]]
    can: Readable

    @property
    def praised(self) -> float | None:
        """The share of words that only praise; None where these are not known."""
        return self.words.marketing_share if self.can.words else None

    @property
    def alike(self) -> float:
        """The share of titles that say nearly the same as another."""
        return len(self.near) / max(self.count, 1)

    @property
    def distinct(self) -> float | None:
        """Share by which the candidates come near new words that are enough."""
        return self.words.value(ENOUGH_NEW_WORDS)

    @property
    def variety(self) -> float | None:
        """Share by which the candidates differ in category, complexity, return and risk; None where they have none of them."""
        values = [between(len(counts), 1, ENOUGH_VALUES[name]) for name, counts in self.levels.items() if counts]
        return sum(values) / len(values) if values else None


def measure(content: Content, facts: NodeFacts, language: str = "") -> Quality:
    """Measure the candidates of a node.

    Args:
        content: The candidates, and their Markdown as body.
        facts: Their node.
        language: Tag of the language that they were asked for in; empty where nothing was said.
    """
    items = content.items
    texts = [[str(item.fields.get(name, "")) for name in TEXTS] for item in items]
    descriptions = [of_item[0] for of_item in texts]
    pieces = [f"{of_item[0]} {of_item[1]}".lower() for of_item in texts]  # without titles: many end with the node's name, whatever follows
    whole = ["\n".join(of_item) for of_item in texts]
    lowered = "\n".join(pieces)
    can = readable(lowered, language, facts)
    mentions = find_mentions(own_words(facts), lowered, pieces, ENOUGH_MENTIONS, ENOUGH_SPREAD)
    seen = _Seen(
        count=len(items),
        description_characters=[len(text) for text in descriptions],
        depth=_depth(texts),
        own=mentions.together(name=50, description=15, spread=35) if can.own_words else None,
        near=near_titles([item.title for item in items], facts.name, can.words or ENGLISH),
        words=find_distinct([text.lower() for text in whole], can.words),
        specifics=find_specifics("\n".join(whole)),
        repeated=repeated_share([text for of_item in texts for text in of_item]),
        empty=empty_share(shingles_of(lowered, can.words), can.words) if can.words else None,
        cut=sum(not text.rstrip().endswith(_ENDS) for text in descriptions) / max(len(items), 1),
        levels=_count_levels(items),
        can=can,
    )
    return weigh(_parts(seen), _limits(seen), _figures(seen))


def _parts(seen: _Seen) -> tuple[Part, ...]:
    return (
        Part("count", between(seen.count, 2, LEAST_CANDIDATES), 10),
        Part("depth", seen.depth, 15),
        Part("own_node", None if seen.own is None else between(seen.own, FOREIGN, OWN), 20),
        Part("titles", 1 - seen.alike, 5),
        Part("distinct", seen.distinct, 15),
        Part("specifics", seen.specifics.value(ENOUGH_FIGURES, ENOUGH_NAMES), 10),
        Part("repetition", between(seen.repeated, MOST_REPEATED, 0.0), 5),
        Part("variety", seen.variety, 10),
        Part("substance", substance(seen.empty, seen.praised), 5),
        Part("ending", 1 - seen.cut, 5),
    )


def _limits(seen: _Seen) -> list[Limit]:
    limits = [
        Limit(
            100 - 20 * (LEAST_CANDIDATES - seen.count),
            "there is only one candidate" if seen.count == 1 else f"there are only {seen.count} candidates",
        ),
        Limit(35 + 80 * seen.depth, f"its texts are short ({100 * seen.depth:.0f} of 100)"),
        Limit(110 - 120 * seen.repeated, f"{seen.repeated:.0%} of its texts stand there twice"),
        Limit(110 - 100 * seen.alike, f"{seen.alike:.0%} of its titles say nearly the same as another"),
        Limit(105 - 60 * seen.cut, f"{seen.cut:.0%} of its descriptions look cut off"),
    ]
    limits += wording_limits(seen.empty, seen.praised, seen.can.wrong)
    if seen.distinct is not None:
        limits.append(Limit(55 + 60 * seen.distinct, f"its candidates say little that is new ({100 * seen.distinct:.0f} of 100)"))
    if seen.variety is not None:
        limits.append(
            Limit(60 + 60 * seen.variety, f"its candidates hardly differ in category and levels ({100 * seen.variety:.0f} of 100)")
        )
    if seen.own is not None:
        limits.append(Limit(20 + 120 * seen.own, f"it speaks too little of its node ({100 * seen.own:.0f} of 100)"))
    return limits


def _figures(seen: _Seen) -> dict[str, object]:
    missing = {part: why for part, why in seen.can.missing.items() if part != "repetition"}  # which compares whole texts here
    return {
        "candidates": seen.count,
        "description_characters": seen.description_characters,
        "own_node_share": None if seen.own is None else round(seen.own, 3),
        "new_words": list(seen.words.new),
        "figures_per_1000": round(seen.specifics.figures, 3),
        "names_per_1000": round(seen.specifics.names, 3),
        "repeated_share": round(seen.repeated, 3),
        "empty_share": None if seen.empty is None else round(seen.empty, 3),
        "marketing_share": None if seen.praised is None else round(seen.praised, 3),
        "near_titles": seen.near,
        "levels": seen.levels,
    } | ({"not_measured": missing} if missing else {})


def _depth(texts: Sequence[Sequence[str]]) -> float:
    """Give the mean over candidates and fields of how near the texts come to a length that says something."""
    enough = [ENOUGH_CHARACTERS.get(name, 150) for name in TEXTS]
    lengths = [1.0 if len(text) >= least else len(text) / least for of_item in texts for text, least in zip(of_item, enough, strict=True)]
    return sum(lengths) / len(lengths) if lengths else 0.0


def _count_levels(items: Sequence[Item]) -> dict[str, dict[str, int]]:
    """Count the values of category, complexity, return and risk."""
    levels: dict[str, dict[str, int]] = {shown: {} for shown in LEVELS}
    for item in items:
        for shown, name in LEVELS.items():
            value = item.fields.get(name)
            if value is not None:
                said = _LEVEL_NAMES.get(value) or str(value)
                levels[shown][said] = levels[shown].get(said, 0) + 1
    return levels
