"""Use-case candidates as Markdown, for people to read."""

from collections.abc import Sequence

from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.usecases.record import LEVEL_NUMBERS

_TEXTS = {
    "description": "Description",
    "impact_assessment": "Impact",
    "complexity_details": "Complexity",
    "technology_requirements": "Technology",
    "success_metrics": "Success metrics",
    "implementation_timeline": "Timeline",
}
_LEVEL_NAMES = {number: level.value for level, number in LEVEL_NUMBERS.items()}


def render_candidates(items: Sequence[Item]) -> str:
    """Render candidates, a section each.

    Args:
        items: Candidates with all their fields.
    """
    return "\n\n".join(_render(position, item) for position, item in enumerate(items, 1))


def _render(position: int, item: Item) -> str:
    fields = item.fields
    facts = (
        f"*Category: {fields['category']} · complexity: {_LEVEL_NAMES[fields['complexity_score']]}"  # type: ignore[index]
        f" · return on investment: {fields['estimated_roi']} · risk: {fields['risk_level']}*"
    )
    title = " ".join(item.title.split())
    texts = [f"**{heading}.** {fields[name]}" for name, heading in _TEXTS.items()]
    return "\n\n".join([f"## {position}. {title}", facts, *texts])
