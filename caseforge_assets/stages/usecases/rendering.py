"""Use-case candidates as Markdown, for people to read."""

import re
from collections.abc import Mapping, Sequence

from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.usecases.record import LEVEL_NUMBERS

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
_LEVEL_NAMES: Mapping[object, object] = {number: level.value for level, number in LEVEL_NUMBERS.items()}


def render_candidates(items: Sequence[Item]) -> str:
    """Render candidates, a section each.

    Args:
        items: Candidates with all their fields.
    """
    return "\n\n".join(_render(position, item) for position, item in enumerate(items, 1))


def _render(position: int, item: Item) -> str:
    fields = item.fields
    facts = " · ".join(f"{label}: {_LEVEL_NAMES.get(fields[name], fields[name])}" for name, label in FACTS.items())
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
