"""How good a node's use-case candidates are as a set: enough of them, filled in, about the node, different from one another."""

from collections.abc import Sequence

from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.own_words import find_mentions, own_words
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, between, weigh
from caseforge_assets.stages.shingles import empty_share, repeated_share, shingles_of
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, LEVEL_NUMBERS
from caseforge_assets.stages.usecases.titles import near_titles

TEXTS = ("description", "impact_assessment", "complexity_details", "technology_requirements", "success_metrics", "implementation_timeline")
ENOUGH_CHARACTERS = {"description": 400, "impact_assessment": 200}  # others: 100
ENOUGH_MENTIONS = 3  # of a word of the node's name in descriptions and impacts together
FOREIGN, OWN = 0.25, 0.6  # measured: half of a framework's other nodes lie below 0.3, real candidates above 0.5
MOST_REPEATED = 0.4
ENOUGH_CATEGORIES = 3
MOST_EMPTY = 0.2
LEVELS = {"category": "category", "complexity": "complexity_score", "roi": "estimated_roi", "risk": "risk_level"}
_LEVEL_NAMES: dict[object, str] = {number: level.value for level, number in LEVEL_NUMBERS.items()}
_ENDS = (".", "!", "?", "…", ")", "]", '"', "”", "。")


def measure(content: Content, facts: NodeFacts) -> Quality:
    """Measure the candidates of a node.

    Args:
        content: The candidates, and their Markdown as body.
        facts: Their node.
    """
    items = content.items
    texts = [[str(item.fields.get(name, "")) for name in TEXTS] for item in items]
    descriptions = [of_item[0] for of_item in texts]
    pieces = [f"{of_item[0]} {of_item[1]}".lower() for of_item in texts]  # without titles: many end with the node's name, whatever follows
    lowered = "\n".join(pieces)
    own = find_mentions(own_words(facts), lowered, pieces, ENOUGH_MENTIONS).together(name=60, description=15, spread=25)
    depth = _depth(texts)
    repeated = repeated_share([text for of_item in texts for text in of_item])
    near = near_titles([item.title for item in items], facts.name)
    alike = len(near) / max(len(items), 1)
    empty = empty_share(shingles_of(lowered))
    cut = sum(not text.rstrip().endswith(_ENDS) for text in descriptions) / max(len(items), 1)
    parts = (
        Part("count", between(len(items), 2, LEAST_CANDIDATES), 10),
        Part("depth", depth, 20),
        Part("own_node", None if own is None else between(own, FOREIGN, OWN), 25),
        Part("titles", 1 - alike, 10),
        Part("repetition", between(repeated, MOST_REPEATED, 0.0), 15),
        Part("variety", min(1.0, len({item.fields.get("category") for item in items}) / ENOUGH_CATEGORIES), 10),
        Part("substance", between(empty, MOST_EMPTY, 0.03), 5),
        Part("ending", 1 - cut, 5),
    )
    limits = [
        Limit(100 - 20 * (LEAST_CANDIDATES - len(items)), f"there are only {len(items)} candidates"),
        Limit(30 + 80 * depth, f"its texts are short ({100 * depth:.0f} of 100)"),
        Limit(110 - 120 * repeated, f"{repeated:.0%} of its texts stand there twice"),
        Limit(110 - 100 * alike, f"{alike:.0%} of its titles say nearly the same as another"),
        Limit(110 - 50 * cut, f"{cut:.0%} of its descriptions look cut off"),
        Limit(110 - 200 * empty, f"{empty:.0%} of its phrases could stand anywhere"),
    ]
    if own is not None:
        limits.append(Limit(35 + 100 * own, f"it speaks too little of its node ({100 * own:.0f} of 100)"))
    figures = {
        "candidates": len(items),
        "description_characters": [len(text) for text in descriptions],
        "own_node_share": None if own is None else round(own, 3),
        "repeated_share": round(repeated, 3),
        "near_titles": near,
        "levels": _count_levels(items),
    }
    return weigh(parts, limits, figures)


def _depth(texts: Sequence[Sequence[str]]) -> float:
    """Give the mean over candidates and fields of how near the texts come to a length that says something."""
    enough = [ENOUGH_CHARACTERS.get(name, 100) for name in TEXTS]
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
