"""Reuse before paying: a question that was answered before is answered from the store, at no cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.batches.states import RequestState
from caseforge_assets.commands.requests.build_next_requests import build_next_requests
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import identity_key
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.store.collecting import contents, quality_scores
from caseforge_assets.store.collecting.contents import NewCandidate, NewContent, StoredContent
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes, pairs
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import OutboxRow
from caseforge_assets.store.requests import requests, reuse
from caseforge_assets.store.requests.pending import PendingRequest
from caseforge_assets.store.requests.reuse import Rule
from caseforge_assets.store.requests.styles import fresh_versions


@dataclass(frozen=True)
class ReusedAnswer:
    """A request that was answered from the store: by which rule, and from which framework."""

    request_id: int
    node_id: int
    rule: Rule
    from_framework: str


def reuse_answers(connection: Connection, project: Project, simulated: bool, rows: Sequence[PendingRequest]) -> list[ReusedAnswer]:
    """Answers pending requests of any stages that have a good answer from the same kind of provider, and makes the next stages' requests.

    Which answers fit says `reuse` in the configuration. Each answered request gets a content row of its own that names its
    source and costs 0.

    Args:
        simulated: the kind of provider.
    """
    if project.configuration.reuse == "off" or not rows:
        return []
    keys = _identity_keys(connection, project, rows) if project.configuration.reuses_by_identity else {}
    sources = reuse.reusable(connection, [row.id for row in rows], simulated, keys)
    stored = contents.stored_contents(connection, sorted({source.content_id for source in sources.values()}))
    answered = [(row, stored[sources[row.id].content_id], sources[row.id].rule) for row in rows if row.id in sources]
    for key, stage_key in sorted({(row.framework_key, row.stage) for row, _, _ in answered}):
        _reuse(
            connection,
            key,
            project.stages[stage_key],
            [answer for answer in answered if (answer[0].framework_key, answer[0].stage) == (key, stage_key)],
        )
    _make_next_requests(connection, project, [row for row, _, _ in answered])
    return [ReusedAnswer(row.id, row.node_id, rule, source.framework_key) for row, source, rule in answered]


def answered_already(connection: Connection, project: Project, simulated: bool, rows: Sequence[PendingRequest]) -> set[int]:
    """The ids of the pending requests that `reuse_answers` would answer; nothing is changed."""
    if project.configuration.reuse == "off" or not rows:
        return set()
    keys = _identity_keys(connection, project, rows) if project.configuration.reuses_by_identity else {}
    return set(reuse.reusable(connection, [row.id for row in rows], simulated, keys))


def _identity_keys(connection: Connection, project: Project, rows: Sequence[PendingRequest]) -> dict[int, list[str]]:
    """Per request, its own identity key, and those that it would have with another model whose content is kept."""
    keys = {row.id: [row.identity_key] for row in rows if row.identity_key is not None}
    others = {asked: _other_versions(connection, project, *asked) for asked in {(row.framework_key, row.stage) for row in rows}}
    framework_of = {row.id: row.framework_key for row in rows}
    asked = [row for row in rows if row.id in keys and others[row.framework_key, row.stage]]
    likenesses = pairs.likenesses(connection) if asked else {}
    node_ids: dict[str, list[int]] = {}
    for row in asked:
        node_ids.setdefault(row.framework_key, []).append(row.node_id)
    targets = {row.node_id: row for key, ids in node_ids.items() for row in nodes.target_nodes(connection, key, ids)}
    for identity in reuse.identities(connection, [row.id for row in asked]):
        meant = likenesses.get(identity.node_id, targets[identity.node_id])
        for version in others[framework_of[identity.request_id], identity.stage]:
            keys[identity.request_id].append(identity_key(version, meant.identity, meant.name, meant.description, identity.source_version))
    return keys


def _other_versions(connection: Connection, project: Project, key: str, stage_key: str) -> list[str]:
    stage = project.stages.in_framework(project.stages[stage_key], key)
    settings = project.stage_settings[stage.key]
    return sorted(fresh_versions(connection, stage, settings) - {stage_version(stage, settings)})


def _make_next_requests(connection: Connection, project: Project, rows: Sequence[PendingRequest]) -> None:
    groups: dict[str, dict[tuple[str, int | None], list[int]]] = {}
    for row in rows:
        groups.setdefault(row.stage, {}).setdefault((row.framework_key, row.plan_id), []).append(row.node_id)
    for stage, of_stage in groups.items():
        build_next_requests(connection, project, project.stages[stage], ((*group, node_ids) for group, node_ids in of_stage.items()))


def _reuse(connection: Connection, key: str, stage: Stage, answered: Sequence[tuple[PendingRequest, StoredContent, Rule]]) -> None:
    targets = {row.node_id: row for row in nodes.target_nodes(connection, key, [row.node_id for row, _, _ in answered])}
    current = contents.save_contents(connection, [_copy(stage, row, source, rule, targets[row.node_id]) for row, source, rule in answered])
    quality_scores.carry(connection, {current[row.node_id]: source.id for row, source, _ in answered if row.node_id in current})
    requests.set_states(connection, {row.id: RequestState.answered for row, _, _ in answered})
    shown = [(row, source) for row, source, _ in answered if row.node_id in current]
    _write_events(connection, key, stage, shown, targets, current)


def _copy(stage: Stage, row: PendingRequest, source: StoredContent, rule: Rule, target: NodeRow) -> NewContent:
    return NewContent(
        framework_key=row.framework_key,
        node_id=row.node_id,
        stage=row.stage,
        request_id=row.id,
        attempt_id=None,
        source_content_id=row.source_content_id,
        question=row.question,
        title=stage.content_title(target.name),
        body=source.body,
        version=source.version,
        stage_version=source.stage_version,
        simulated=source.simulated,
        generated_by=source.generated_by,
        model=source.model,
        temperature=source.temperature,
        model_type=row.framework_key,
        owner=source.owner,
        remote_batch_id=source.remote_batch_id,
        remote_request_id=source.remote_request_id,
        input_tokens=0,
        output_tokens=0,
        cost_usd=Decimal(0),
        answered_at=source.answered_at,
        notes=[_note(source, rule)],
        reused_from=source.original_id,
        candidates=tuple(
            NewCandidate(item.position, stage.item_uid(target.code, item.position), item.title, item.fields) for item in source.candidates
        ),
        surplus=source.surplus,
    )


def _note(source: StoredContent, rule: Rule) -> str:
    shorter = "; its request was shortened, because it was too long for the model" if source.shortened else ""
    if rule is Rule.exact:
        return f"reused from content {source.original_id}, the answer to the same request{shorter}"
    why = "is the same node by id, name and description" if rule is Rule.identity else "was accepted as the same by a person"
    return f"reused from content {source.original_id}: {source.framework_key} {source.code} {why}{shorter}"


def _write_events(
    connection: Connection,
    key: str,
    stage: Stage,
    pairs: Sequence[tuple[PendingRequest, StoredContent]],
    targets: dict[int, NodeRow],
    current: dict[int, int],
) -> None:
    read = outbox.latest_of_requests(connection, key, stage.inputs, [row.node_id for row, _ in pairs], [row.id for row, _ in pairs])
    outputs = [
        OutboxRow(
            key,
            stage.outputs,
            row.node_id,
            targets[row.node_id].partition_key,
            data_version=source.answer_sha256 or source.version,
            code_version=source.stage_version,
            upstream={stage.inputs: read[row.id]} if row.id in read else {},
            request_id=row.id,
        )
        for row, source in pairs
    ]
    output_ids = outbox.add(connection, outputs)
    outbox.add(
        connection,
        [
            OutboxRow(
                key,
                stage.content,
                row.node_id,
                targets[row.node_id].partition_key,
                data_version=source.version,
                code_version=source.stage_version,
                upstream={stage.outputs: output_id},
                request_id=row.id,
                content_id=current[row.node_id],
            )
            for (row, source), output_id in zip(pairs, output_ids, strict=True)
        ],
    )
