"""edit: what a person wrote becomes a node's current content, and stays it until a person asks for another one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from caseforge_assets.commands.measure_quality import measure_contents
from caseforge_assets.commands.stage_settings import shown_stage_version, stage_settings
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.judgement import Answer, Content, Judgement
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store import contents, nodes, outbox, requests
from caseforge_assets.store.contents import CurrentContent, NewContent
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.nodes import NodeRow
from caseforge_assets.store.outbox import OutboxRow

# The title and the line of facts that an exported file begins with.
_EXPORT_HEAD = re.compile(r"\A\s*# [^\n]*\n+\*[^\n]* · [^\n]*\*\n+")


def edit_content(
    connection: Connection, configuration: Configuration, key: str, node_id: int, stage: Stage, text: str, *, by: str, anyway: bool = False
) -> int:
    """Stores a text as a new version of a node's content; returns the content's id. What reads it becomes stale.

    Args:
        text: markdown; title and facts of an exported file are taken off.
        by: who wrote it.
        anyway: also where the judge of the stage's answers would not accept it.

    Raises:
        ValueError: the stage's content is data, the text is empty, or the judge has something against it; the text says what.
        LookupError: the node is not a target of the current edition.
    """
    if stage.response_format is not None:
        raise ValueError(f"{stage.title} are data, not a text; ask for new ones with: caseforge generate --regenerate")
    requests.lock_making(connection)
    targets = nodes.target_nodes(connection, key, [node_id])
    if not targets:
        raise LookupError("the node is not a target of the current edition")
    (target,) = targets
    version = shown_stage_version(stage, stage_settings(configuration, stage))  # no model made it
    judgement = stage.judge(Answer(_EXPORT_HEAD.sub("", text), "stop", None, None, None, None))
    content = _accepted(judgement, text, anyway)
    before = contents.current_contents(connection, stage.key, [node_id]).get(node_id)
    newest = requests.newest_id(connection, node_id, stage.key)
    new = _new_content(configuration, key, stage, target, content, before, f"edited by {by}")
    new = replace(new, stage_version=version, notes=[*new.notes, *judgement.notes], edited_after=newest)
    saved = contents.save_contents(connection, [new])
    measure_contents(connection, stage, {saved[node_id]: (node_id, content)})
    requests.park_pending(connection, node_id, stage.key)
    row = OutboxRow(key, stage.content, node_id, target.partition_key, content_id=saved[node_id])
    _write_event(connection, key, stage, row, content, version)
    return saved[node_id]


def _new_content(
    configuration: Configuration, key: str, stage: Stage, target: NodeRow, content: Content, before: CurrentContent | None, by: str
) -> NewContent:
    return NewContent(
        framework_key=key,
        node_id=target.node_id,
        stage=stage.key,
        request_id=None,
        attempt_id=None,
        source_content_id=None,
        question=None,
        title=stage.content_title(target.name),
        body=content.body,
        version=content.version,
        stage_version="",
        simulated=False,
        generated_by=by,
        model=None,
        temperature=None,
        model_type=key,
        owner=configuration.batch_user_assignment,
        remote_batch_id=None,
        remote_request_id=None,
        input_tokens=None,
        output_tokens=None,
        cost_usd=None,
        answered_at=datetime.now(UTC),
        notes=[f"edited from content {before.id}" if before else "written by hand"],
    )


def _accepted(judgement: Judgement, text: str, anyway: bool) -> Content:
    if judgement.content is not None:
        return judgement.content
    if not anyway or not text.strip():
        raise ValueError(f"the text is not accepted: {judgement.detail or judgement.outcome.meaning} With --anyway it is kept as it is.")
    return Content(_EXPORT_HEAD.sub("", text).strip())


def _write_event(connection: Connection, key: str, stage: Stage, row: OutboxRow, content: Content, stage_version: str) -> None:
    node_ids = [row.node_id or 0]
    read = outbox.latest(connection, key, stage.outputs, node_ids)
    upstream = {stage.outputs: read[node_ids[0]].id} if read else {}
    outbox.add(connection, [replace(row, data_version=content.version, code_version=stage_version, upstream=upstream)])
