"""Measuring contents: when they are stored, and later where that was not done yet.

An answer was paid for: whatever its text does to a measure, it is stored. A content that cannot be measured stays unmeasured, and
is shown so.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.measuring.word_lists import language_of
from caseforge_assets.stages.quality import RULES, NodeFacts, Quality
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import quality_scores
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction

MEASURED_AT_ONCE = 300

_log = logging.getLogger(__name__)


def measured_stages(stages: Stages) -> list[Stage]:
    """The stages whose contents are measured, in the order in which they read each other."""
    return [stage for stage in stages if stage.measure is not None]


def measure_contents(connection: Connection, stages: Stages, stage: Stage, contents: Mapping[int, tuple[int, Content]]) -> int:
    """Measures contents of one stage and stores the measures, in the caller's transaction.

    Args:
        contents: node id and content, by content id. Those of nodes that the current edition does not have are left unmeasured.

    Returns:
        How many have a measure now.
    """
    if stage.measure is None or not contents:
        return 0
    measures: dict[int, Quality] = {}
    facts = quality_scores.facts(connection, [node_id for node_id, _ in contents.values()])
    written_in = languages_of(connection, stages, stage, {key for key, _ in facts.values()})
    for content_id, (node_id, content) in contents.items():
        if node_id in facts:
            key, of_node = facts[node_id]
            found = _measure(stages.in_framework(stage, key), content_id, content, NodeFacts(*of_node, written_in[key]))
            if found is not None:
                measures[content_id] = found
    quality_scores.save(connection, measures)
    return len(measures)


def measure_missing(store: Engine, stages: Stages, key: str) -> int:
    """Measures the current contents of a framework that have no measure by the rules of today; returns how many that were.

    Several processes may do so at once: each chunk is measured by one of them.
    """
    keys = [stage.key for stage in measured_stages(stages)]
    measured = after = 0
    while True:
        with store.begin() as connection:
            lock_in_transaction(connection, "measure quality")
            rows = quality_scores.unmeasured(connection, key, keys, RULES, after, MEASURED_AT_ONCE)
            for stage_key in {row.stage for row in rows}:
                contents = {
                    row.content_id: (row.node_id, Content(row.body, tuple(Item(title, fields) for title, fields in row.items)))
                    for row in rows
                    if row.stage == stage_key
                }
                measured += measure_contents(connection, stages, stages[stage_key], contents)
        if not rows:
            return measured
        after = rows[-1].content_id


def languages_of(connection: Connection, stages: Stages, stage: Stage, keys: Collection[str]) -> dict[str, str]:
    """Tags of the languages that frameworks are written in, by key; empty where that is not plain, or where it makes no difference."""
    spoken = {key for key in keys if stages.in_framework(stage, key).language}
    return {key: language_of(" ".join(quality_scores.words_of(connection, key))) if key in spoken else "" for key in keys}


def _measure(stage: Stage, content_id: int, content: Content, facts: NodeFacts) -> Quality | None:
    if stage.measure is None:
        return None
    try:
        return stage.measure(content, facts)
    except Exception:  # noqa: BLE001 - a fault of measuring must not keep an answer that was paid for from being stored
        _log.warning("content %s of %r could not be measured", content_id, facts.name, exc_info=True)
        return None
