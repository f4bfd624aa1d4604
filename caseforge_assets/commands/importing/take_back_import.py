"""import-results --undo: an import is taken back, with everything that came of it. What was there before is current again; the file stays.

What was made from its answers meanwhile, and perhaps paid for, stays, and is stale. Nothing is sent in the place of what went: a person asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from decimal import Decimal

from caseforge_assets.batches.states import BatchState, Origin
from caseforge_assets.commands.editions.name_candidates import name_candidates
from caseforge_assets.commands.requests.write_input_events import write_events_of
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.access import audit
from caseforge_assets.store.collecting import contents, imports
from caseforge_assets.store.collecting.imports import Standing, Unsent
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets.store.requests import requests
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted


@dataclass(frozen=True)
class TakenBack:
    """The answers and contents (copies of them, too) that were removed, and their cost: the sum where it was known, the number where it was not.

    `as_before` is how many of the nodes have what they had before. `frameworks` are those of the nodes.
    """

    batch_id: int
    answers: int
    contents: int
    cost_usd: Decimal
    unknown_costs: int
    as_before: int
    frameworks: tuple[str, ...]


def take_back_import(store: Engine, stages: Stages, name: str, by: str) -> TakenBack:
    """Takes an import back, in one transaction.

    Args:
        name: its batch's number.
        by: who wants it.

    Raises:
        ValueError: there is no such import, it was taken back before, or another process is at it.
    """
    with store.connect() as connection:
        submission = _find(connection, name).submission_id
    with try_lock(store, submission) as held:
        if not held:
            raise ValueError(f"import {name} is being worked on by another process")
        with store.begin() as connection:
            return _take_back(connection, stages, _find(connection, name), by)


def _find(connection: Connection, name: str) -> BatchRow:
    batch = batches.find(connection, name) if name.isdecimal() else None
    if batch is not None and batch.origin == Origin.imported:
        return batch
    if batch is not None and batch.origin == Origin.taken_back:
        raise ValueError(f"import {name} is not there any more: {batch.reason}")
    raise ValueError(f"there is no import {name}. All imports with their numbers: caseforge import-results --list")


def _take_back(connection: Connection, stages: Stages, batch: BatchRow, by: str) -> TakenBack:
    requests.lock_making(connection)
    stage, found = stages[batch.stage], imports.brought(connection, batch.id)
    (listed,) = [row for row in imports.all_imports(connection) if row.batch_id == batch.id]
    assets = (stage.outputs, stage.content)
    shown = {key: imports.last_words(connection, key, assets, ids, found) for key, ids in found.node_ids.items()}
    next_requests = imports.made_from(connection, found.content_ids)
    imports.remove(connection, found)
    imports.reset_requests(connection, found.request_ids)
    own = [row for row in imports.unsent(connection, found.request_ids) if row.before is not None]
    withdrawn = [*own, *imports.unsent(connection, next_requests)]
    imports.put_back_requests(connection, withdrawn)
    now = clock.now(connection).astimezone(UTC)
    said = f"{batch.reason or Origin.imported}; taken back by {by} on {now:%Y-%m-%d %H:%M} UTC: {counted(len(found.attempt_ids), 'answer')}"
    as_before = 0
    for key, node_ids in found.node_ids.items():
        contents.choose_current(connection, stage.key, node_ids)
        name_candidates(connection, stages, key)
        as_before += len(imports.current_standing(connection, stage.key, node_ids))
        _write_events(connection, key, stage, shown[key], f"the answer was {said}; there is none now")
    _write_input_events(connection, stages, withdrawn, f"what it was made from was {said}")
    batches.change(
        connection, batch.id, origin=Origin.taken_back, state=BatchState.collected, request_count=0, reason=said, collected_at=now
    )
    for key in found.node_ids:
        audit.note(connection, by, "import.taken-back", f"batch {batch.id}", key, {"answers": len(found.attempt_ids)})
    frameworks = tuple(sorted(found.node_ids))
    return TakenBack(batch.id, len(found.attempt_ids), len(found.content_ids), listed.cost_usd, listed.unknown_costs, as_before, frameworks)


def _write_events(connection: Connection, key: str, stage: Stage, shown: set[tuple[str, int]], why: str) -> None:
    """Says of assets of which the import said the last word what stands now, or that nothing does."""
    targets = {row.node_id: row.partition_key for row in nodes.target_nodes(connection, key, sorted({node_id for _, node_id in shown}))}
    of_outputs = [node_id for asset, node_id in sorted(shown) if asset == stage.outputs and node_id in targets]
    of_content = [node_id for asset, node_id in sorted(shown) if asset == stage.content and node_id in targets]
    answers = imports.answers_standing(connection, stage.key, of_outputs)
    current = imports.current_standing(connection, stage.key, of_content)
    read = outbox.latest_of_requests(
        connection,
        key,
        stage.inputs,
        list(answers),
        [standing.request_id for standing in answers.values() if standing.request_id is not None],
    )
    gone = OutboxRow(key, "", None, None, kind=Kind.failed, reason=why)

    def row(asset: str, node_id: int, one: Standing | None, version: str, upstream: dict[str, int]) -> OutboxRow:
        said = gone if one is None else _made(key, one, version, upstream)
        return replace(said, asset=asset, node_id=node_id, partition_key=targets[node_id])

    rows = []
    for node_id in of_outputs:
        standing = answers.get(node_id)
        upstream = {stage.inputs: read[standing.request_id]} if standing is not None and standing.request_id in read else {}
        rows.append(row(stage.outputs, node_id, standing, standing.answer_version if standing else "", upstream))
    outbox.add(connection, rows)
    newest = outbox.latest(connection, key, stage.outputs, of_content)
    rows = []
    for node_id in of_content:
        standing = current.get(node_id)
        upstream = {stage.outputs: newest[node_id].id} if node_id in newest else {}
        rows.append(row(stage.content, node_id, standing, standing.version if standing else "", upstream))
    outbox.add(connection, rows)


def _write_input_events(connection: Connection, stages: Stages, withdrawn: Sequence[Unsent], why: str) -> None:
    """Says at the inputs assets which request is current again, or that there is none."""
    for key, stage_key in sorted({(row.framework_key, row.stage) for row in withdrawn}):
        rows = [row for row in withdrawn if (row.framework_key, row.stage) == (key, stage_key)]
        made = {row.node_id: row.before for row in rows if row.before is not None}
        stage, again = stages[stage_key], requests.as_new(connection, list(made.values()))
        write_events_of(connection, stages, key, stage, list(again.values()), made)
        gone = nodes.target_nodes(connection, key, [row.node_id for row in rows if row.before is None])
        outbox.add(
            connection,
            [OutboxRow(key, stage.inputs, row.node_id, row.partition_key, kind=Kind.failed, reason=why) for row in gone],
        )


def _made(key: str, standing: Standing, version: str, upstream: dict[str, int]) -> OutboxRow:
    """Gives what is said of a content, without asset and node."""
    return OutboxRow(
        key,
        "",
        None,
        None,
        data_version=version,
        code_version=standing.stage_version,
        upstream=upstream,
        request_id=standing.request_id,
        attempt_id=standing.attempt_id,
        content_id=standing.content_id,
    )
