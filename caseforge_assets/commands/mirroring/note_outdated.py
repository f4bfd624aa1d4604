"""Notes beside contents that would be asked for differently now, although what they were made from directly is as it was.

Dagster calls a thing stale when what it read itself was made anew; content further down goes on looking fresh. People read that content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caseforge_assets.commands.mirroring.read_statuses import AssetStatus, asset_statuses
from caseforge_assets.commands.requests.compare_choices import changed_choices
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.reports.freshness import Condition, StaleReason
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import NODE_CONTEXTS
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow

WAY_ON = "Materialize it, or use the job regenerate with selection stale, to ask anew"


def note_outdated(store: Engine, project: Project, key: str) -> int:
    """Writes notes beside a framework's outdated contents, takes back those that hold no longer; returns how many rows that takes."""
    with store.begin() as connection:
        lock_in_transaction(connection, f"note outdated {key}")
        return sum(_note_stage(connection, project, key, stage) for stage in project.stages)


def choices_to_note(connection: Connection, project: Project, key: str) -> bool:
    """Tells whether notes of a framework are due because something else is chosen: a decision writes no event that would lead to them."""
    from_choices = [stage for stage in project.stages if stage.chosen_from]
    return any(any(_due(connection, project, key, stage)) for stage in from_choices)


def _note_stage(connection: Connection, project: Project, key: str, stage: Stage) -> int:
    over, new = _due(connection, project, key, stage)
    outbox.repeat_latest(connection, key, stage.content, over)
    outbox.add(connection, new)
    return len(over) + len(new)


def _due(connection: Connection, project: Project, key: str, stage: Stage) -> tuple[list[int], list[OutboxRow]]:
    """Nodes whose note holds no longer, and notes that are to be written."""
    stale = [
        row.node_id
        for row, state in survey(connection, project, key, stage, True)
        if state is NodeState.STALE or (state is NodeState.UNCHOSEN and row.content_id is not None)
    ]
    noted = outbox.outdated_now(connection, key, stage.content)
    rows = _notes(connection, project, key, stage, stale) if stale else []
    standing = {row.node_id for row in rows}
    over = [node_id for node_id in noted if node_id not in standing]
    return over, [row for row in rows if noted.get(row.node_id or 0) != row.reason]


def _notes(connection: Connection, project: Project, key: str, stage: Stage, node_ids: Sequence[int]) -> list[OutboxRow]:
    """Leaves out what Dagster itself shows as stale: it needs no note."""
    by_node: dict[int, dict[str, AssetStatus]] = {}
    for status in asset_statuses(connection, project, key, node_ids):
        by_node.setdefault(status.node.node_id, {})[status.asset] = status
    authors = contents.edited_by(connection, stage.reads, node_ids) if stage.reads else {}
    source = project.stages[stage.reads].content if stage.reads else ""
    chosen = changed_choices(connection, project.stages, key, stage, node_ids)
    rows = []
    for node_id, of_node in by_node.items():
        shown = of_node[stage.content]
        if shown.condition is Condition.FRESH:
            reason = _reason(stage, source, of_node, authors.get(node_id, ""), chosen.get(node_id))
            rows.append(OutboxRow(key, stage.content, node_id, shown.node.partition_key, kind=Kind.outdated, reason=reason))
    return rows


def _reason(stage: Stage, source: str, of_node: Mapping[str, AssetStatus], author: str, other_choice: StaleReason | None) -> str:
    """Says that something else is chosen now, or the first reason on the way to the content, with its time, and who wrote what is read."""
    if other_choice is not None:
        return f"outdated: {other_choice.text}{_on(other_choice)}. {WAY_ON}"
    reasons = [reason for name in (NODE_CONTEXTS, stage.inputs, stage.outputs) for reason in of_node[name].stale]
    found = next((reason for reason in reasons if source and source in reason.text), reasons[0] if reasons else None)
    if found is None:
        return f"outdated: what it was made from has changed. {WAY_ON}"
    by = f" ({author})" if author and source in found.text else ""
    return f"outdated: {found.text}{_on(found)}{by}. {WAY_ON}"


def _on(reason: StaleReason) -> str:
    return f" on {reason.since:%Y-%m-%d %H:%M} UTC" if reason.since and " on 2" not in reason.text else ""
