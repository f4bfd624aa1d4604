"""Compares what people have chosen with what contents were made from: the difference in words, and since when it is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from caseforge_assets.reports.freshness import StaleReason
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.curating.choices import Choice, choices, last_chosen, made_from
from caseforge_assets.store.database.engine import Connection


def changed_choices(
    connection: Connection, stages: Stages, key: str, stage: Stage, node_ids: Collection[int] | None = None
) -> dict[int, StaleReason]:
    """By node, how what is chosen now differs from what the current content of a stage was made from; nothing for a stage that is made from no choice.

    Args:
        node_ids: only these nodes.
    """
    if stage.chosen_from is None:
        return {}
    contents = made_from(connection, key, stage.key, node_ids)
    now = choices(connection, key, stage.chosen_from, [content.node_id for content in contents])
    what = stages[stage.chosen_from].title.lower()
    said = {content.node_id: _difference(what, content.choice, now.get(content.node_id)) for content in contents}
    changed = {node_id: words for node_id, words in said.items() if words}
    since = last_chosen(connection, stage.chosen_from, list(changed))
    return {node_id: StaleReason(words, since.get(node_id)) for node_id, words in changed.items()}


def _difference(what: str, before: Mapping[str, Any] | None, now: Choice | None) -> str:
    """The difference as a sentence; empty where there is none."""
    if now is None:
        return f"none of its {what} is chosen any more"
    if before is None or before["version"] == now.version:
        return "" if before else f"it was made without the {what} that are chosen"
    had, has = Counter(before["titles"]), Counter(item.title for item in now.items)
    changes = (("added", has - had), ("taken out", had - has))
    parts = [f"{word} {_named(titles)}" for word, titles in changes if titles]
    return f"the choice of {what} changed: {'; '.join(parts)}" if parts else f"the text or the order of the chosen {what} changed"


def _named(titles: Counter[str]) -> str:
    return ", ".join(f'"{title}"' for title in titles.elements())
