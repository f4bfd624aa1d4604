"""Reuse before paying: a question that was answered before is answered from the store, at no cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from caseforge_assets.stages.stage import stage as stage_of
from caseforge_assets.store import attempts, contents, nodes, outbox, requests
from caseforge_assets.store.contents import NewCandidate, NewContent, StoredContent
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.nodes import NodeRow
from caseforge_assets.store.outbox import OutboxRow
from caseforge_assets.store.requests import Sendable


def reuse_answers(connection: Connection, simulated: bool, rows: Sequence[Sendable]) -> set[int]:
    """Answers pending requests whose fingerprint and generation have a good answer from the same kind of provider.

    Returns:
        Ids of the requests that are answered now. Each got a content row of its own that names its source and costs 0.
    """
    sources = attempts.reusable(connection, [row.id for row in rows], simulated)
    stored = contents.stored_contents(connection, sorted(set(sources.values())))
    answered = [row for row in rows if row.id in sources]
    for key, stage_key in sorted({(row.framework_key, row.stage) for row in answered}):
        group = [row for row in answered if (row.framework_key, row.stage) == (key, stage_key)]
        _reuse(connection, key, stage_key, [(row, stored[sources[row.id]]) for row in group])
    return {row.id for row in answered}


def _reuse(connection: Connection, key: str, stage_key: str, pairs: Sequence[tuple[Sendable, StoredContent]]) -> None:
    targets = {row.node_id: row for row in nodes.target_nodes(connection, key, [row.node_id for row, _ in pairs])}
    new = [_copy(row, source, targets[row.node_id]) for row, source in pairs]
    current = contents.save_contents(connection, new)
    requests.set_states(connection, {row.id: "answered" for row, _ in pairs})
    _write_events(connection, key, stage_key, [pair for pair in pairs if pair[0].node_id in current], targets, current)


def _copy(row: Sendable, source: StoredContent, target: NodeRow) -> NewContent:
    stage = stage_of(row.stage)
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
        notes=[f"reused from content {source.id}, the answer to the same question"],
        reused_from=source.id,
        candidates=tuple(
            NewCandidate(item.position, stage.item_uid(target.code, item.position), item.title, item.fields) for item in source.candidates
        ),
    )


def _write_events(
    connection: Connection,
    key: str,
    stage_key: str,
    pairs: Sequence[tuple[Sendable, StoredContent]],
    targets: dict[int, NodeRow],
    current: dict[int, int],
) -> None:
    stage = stage_of(stage_key)
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
