"""load: an edition that was read from a file becomes a framework's current one, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from caseforge_assets.commands.editions.carry_over_content import CarriedOver, carry_over
from caseforge_assets.commands.editions.name_candidates import name_candidates
from caseforge_assets.commands.planning.make_plan import draft_plan, typical_cost
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.contexts import node_version
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.frameworks import Edition, Node, node_path, partition_key, select_targets
from caseforge_assets.frameworks.editions import as_before
from caseforge_assets.reports.comparing.difference import Difference, compare_editions
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stages import FRAMEWORK, PCF_NODES
from caseforge_assets.store.access import audit
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction
from caseforge_assets.store.editions import frameworks, nodes
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import OutboxRow
from caseforge_assets.store.requests import requests
from caseforge_assets.store.serving.events import tell


@dataclass(frozen=True)
class Loaded:
    """The result of a load. A framework's first edition differs from nothing, and carries nothing over (None).

    `to_send` counts the requests that bring everything up to the new edition, per stage; `expected_cost_usd` is what they would cost at a provider that
    bills, None where unknown. What is there may be `simulated`: such a provider would be asked for all of it. `source_sha256` is of the file as it
    was read.
    """

    changed: bool
    label: str
    nodes: int
    targets: int
    difference: Difference = field(default_factory=Difference)
    carried: CarriedOver | None = None
    to_send: dict[str, int] = field(default_factory=dict)
    expected_cost_usd: Decimal | None = None
    simulated: bool = False
    source_sha256: str = ""


@dataclass(frozen=True)
class NewEdition:
    """An edition that was read from a source, for the framework as an entry declares it."""

    key: str
    entry: FrameworkSettings
    edition: Edition
    source_name: str


def load_framework(store: Engine, project: Project, new: NewEdition, *, by: str, dry_run: bool = False) -> Loaded:
    """Stores an edition, makes it current, and brings what it leaves as it is over to it, in one transaction.

    Loading what is loaded already again changes nothing. A load that fails changes nothing.

    Args:
        by: who loads it.
        dry_run: only say what it would come to.

    Raises:
        ValueError: the selector of the entry does not fit the edition.
    """
    key, entry, edition, source_name = new.key, new.entry, new.edition, new.source_name
    selector = entry.targets if isinstance(entry.targets, str) else list(entry.targets)
    label = edition.version or f"file {edition.source_sha256[:8]}"
    with store.begin() as connection:
        lock_in_transaction(connection, f"load-{key}")
        requests.lock_making(connection)  # now: who makes requests reads nodes that change below
        current = frameworks.current_edition(connection, key)
        frameworks.save_framework(connection, key, entry.title, entry.owner, selector)
        read = as_before(edition, nodes.codes_by_identity(connection, key))
        targets = {node.code for node in select_targets(read, entry.targets)}
        rows = _rows(read, targets)
        loaded = Loaded(False, label, len(read), len(targets), source_sha256=edition.source_sha256)
        before = nodes.last_nodes(connection, key)
        is_same_file = current is not None and (current.source_sha256, current.targets) == (edition.source_sha256, selector)
        if is_same_file and _are_stored(rows, before):
            return loaded
        frameworks.save_edition(connection, key, label, source_name, edition.source_sha256, rows)
        name_candidates(connection, project.stages, key)
        _write_events(connection, key, edition.source_sha256)
        loaded = replace(loaded, changed=True)
        told = {"edition": label, "source": source_name, "nodes": loaded.nodes, "targets": loaded.targets}
        tell(connection, EventKind.framework_loaded, f"framework {key}", key, told)
        audit.note(connection, by, EventKind.framework_loaded, f"framework {key}", key, told | {"sha256": edition.source_sha256})
        if before:
            difference = compare_editions(before, nodes.all_nodes(connection, key))
            loaded = _followed_up(connection, project, replace(loaded, difference=difference), key)
        if dry_run:
            connection.rollback()
    return loaded


def _are_stored(rows: Sequence[Mapping[str, Any]], stored: Sequence[NodeRow]) -> bool:
    """Tells whether an edition is stored as it is read now: the same file may be read otherwise, where more is said of its form."""
    return len(rows) == len(stored) and all(
        all(getattr(there, name) == value for name, value in row.items()) for row, there in zip(rows, stored, strict=True)
    )


def _followed_up(connection: Connection, project: Project, loaded: Loaded, key: str) -> Loaded:
    carried = carry_over(connection, project, key)
    stages = project.stages.shared
    if not (contents.any_is_there(connection) or requests.any_is_there(connection)):
        of_all = [stage for stage in stages if not stage.chosen_from]  # nothing is chosen yet
        to_send = {stage.key: loaded.targets for stage in of_all}
        return replace(loaded, carried=carried, to_send=to_send, expected_cost_usd=typical_cost(project, of_all, loaded.targets))
    simulated = contents.is_simulated(connection, key, stages[0].key)
    with connection.begin_nested() as look:
        plan = draft_plan(connection, project, Scope(key, stages, simulated), made_by="load")
        look.rollback()
    to_send = {part.stage.key: part.nodes for part in plan.stages}
    return replace(loaded, carried=carried, to_send=to_send, expected_cost_usd=plan.expected_cost_usd, simulated=simulated)


def confirm_nodes(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> int:
    """Writes an event for each target node as it is stored; returns how many."""
    above = outbox.latest_unpartitioned(connection, key, FRAMEWORK)
    rows = nodes.target_nodes(connection, key, node_ids)
    upstream: Mapping[str, int] = {FRAMEWORK: above.id} if above else {}
    outbox.add(
        connection, [OutboxRow(key, PCF_NODES, row.node_id, row.partition_key, data_version=row.version, upstream=upstream) for row in rows]
    )
    return len(rows)


def _write_events(connection: Connection, key: str, source_sha256: str) -> None:
    outbox.add(connection, [OutboxRow(key, FRAMEWORK, None, None, data_version=source_sha256)])
    confirm_nodes(connection, key)


def _rows(edition_nodes: Sequence[Node], targets: set[str]) -> list[dict[str, Any]]:
    by_code = {node.code: node for node in edition_nodes}
    return [
        {
            "identity": node.identity,
            "code": node.code,
            "name": node.name,
            "description": node.description,
            "level": node.level,
            "parent_code": node.parent_code,
            "position": node.position,
            "kpis": [asdict(kpi) for kpi in node.kpis],
            "is_leaf": node.is_leaf,
            "partition_key": partition_key(node) if node.code in targets else None,
            "version": node_version(node, node_path(node, by_code)),
            "owner": node.owner,
        }
        for node in edition_nodes
    ]
