"""edit: what a person wrote becomes a node's current content, and stays it until a person asks for another one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from caseforge_assets.commands.editing.take_back_page import Page, is_same, read_page, restored
from caseforge_assets.commands.quality.measure_quality import measure_contents
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.safe_text import live_markdown, replace_unstorable, safe_markdown
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.judgement import Answer, Content, Item
from caseforge_assets.stages.stage import Stage, shown_stage_version
from caseforge_assets.store.access import audit
from caseforge_assets.store.collecting import content_ids, contents
from caseforge_assets.store.collecting.contents import CurrentContent, NewCandidate, NewContent, StoredContent
from caseforge_assets.store.curating import use_cases
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import OutboxRow
from caseforge_assets.store.requests import parking, requests
from caseforge_assets.store.serving.events import tell


@dataclass(frozen=True)
class ContentOf:
    """A content by its place: a framework's node, in a stage."""

    key: str
    node_id: int
    stage: Stage


@dataclass(frozen=True)
class Taken:
    """A person's content: a text and, for a stage of items, the items read from it."""

    text: str
    items: tuple[Item, ...] = ()


def take_back(connection: Connection, node_id: int, stage: Stage, raw: str, *, overwrite: bool = False) -> Taken | None:
    """Gives what is a person's own in a text or an exported page; None where nothing was changed.

    Args:
        raw: as the person hands it in.
        overwrite: also where the content has changed since the page was exported.

    Raises:
        ValueError: the page is another node's, the content has changed since it was exported, or items cannot be read from it.
    """
    page = read_page(raw)
    now = contents.current_contents(connection, stage.key, [node_id]).get(node_id)
    base = _base(connection, stage, node_id, now, page.version)
    if page.version and (base is None or base.version != page.version):
        if its_stage := content_ids.stage_of_version(connection, node_id, page.version):
            raise ValueError(f"the page is of the stage {its_stage} of this node; say so with --stage {its_stage}")
        other = page.code or "another content"
        raise ValueError(f"the page is not one of this node's: it was exported from {other}; look at NODE, --stage and --framework")
    taken = _own_words(stage, page, base)
    if base is None or now is None:
        return taken
    current = contents.stored_contents(connection, [now.id])[now.id]
    if _is_unchanged(stage, taken, base) or _is_unchanged(stage, taken, current):
        return None
    if base.version != now.version and not overwrite:
        raise ValueError(
            "the content has changed since this page was exported; export it again, or replace what came meanwhile with --overwrite"
        )
    return taken


def _base(
    connection: Connection, stage: Stage, node_id: int, now: CurrentContent | None, version: str | None = None
) -> StoredContent | None:
    """The content that a page was exported from, by its version; without one, the current content."""
    of_version = content_ids.id_of_version(connection, stage.key, node_id, version) if version else None
    base_id = of_version or (now.id if now else None)
    return contents.stored_contents(connection, [base_id])[base_id] if base_id else None


def _own_words(stage: Stage, page: Page, base: StoredContent | None) -> Taken:
    if not stage.answers_in_json:
        return Taken(restored(page, base.body) if base else "\n".join(map(live_markdown, page.text.split("\n"))))
    if stage.read_items is None:
        raise ValueError(
            f"{stage.title} are data, not a text; ask for new ones with: caseforge generate --regenerate --framework KEY --nodes NODE"
        )
    if not page.text.lstrip().startswith("#"):
        raise ValueError(
            f"{stage.title} are data, not a text; change a page that was exported, or a workbook: caseforge edit --workbook FILE --framework KEY"
        )
    before = [Item(candidate.title, candidate.fields) for candidate in base.candidates] if base else []
    beyond = [Item(item["title"], item["fields"]) for item in base.surplus] if base else []
    items = stage.read_items(page.text, [*before, *beyond], safe_markdown, live_markdown)
    own = items[: len(before)] if beyond and len(items) == len(before) + len(beyond) else items
    if list(items[len(own) :]) not in ([], beyond):
        raise ValueError("what is beyond as many as were asked for is kept as it came; change the others only")
    return Taken("", own)


def _is_unchanged(stage: Stage, taken: Taken, base: StoredContent) -> bool:
    if not stage.answers_in_json:
        return is_same(taken.text, base.body)
    return [(item.title, dict(item.fields)) for item in taken.items] == [
        (candidate.title, candidate.fields) for candidate in base.candidates
    ]


def edit_content(connection: Connection, project: Project, of: ContentOf, written: Taken | str, *, by: str, anyway: bool = False) -> int:
    """Stores what a person wrote as a new version of a node's content; returns the content's id. What reads it becomes stale.

    A text is kept as it was written; it is judged, and not changed by the judge.

    Args:
        written: what was taken back, or a text or an exported page as it was handed in, which is taken whatever came meanwhile.
        by: who wrote it.
        anyway: also where the judge of the stage's answers would not accept it.

    Raises:
        ValueError: the text is empty, or the judge has something against it; the text says what.
        LookupError: the node is not a target of the current edition.
    """
    key, node_id = of.key, of.node_id
    requests.lock_making(connection)
    targets = nodes.target_nodes(connection, key, [node_id])
    if not targets:
        raise LookupError("the node is not a target of the current edition")
    (target,) = targets
    stage = project.stages.in_framework(of.stage, key)
    version = shown_stage_version(stage, project.stage_settings[stage.key])  # no model made it
    before = contents.current_contents(connection, stage.key, [node_id]).get(node_id)
    taken = _own_words(stage, read_page(written), _base(connection, stage, node_id, before)) if isinstance(written, str) else written
    content, notes = _accepted_items(stage, taken) if taken.items else _accepted(stage, taken.text, anyway)
    newest = requests.newest_id(connection, node_id, stage.key)
    new = _new_content(project, replace(of, stage=stage), target, content, before, f"edited by {by}")
    surplus = contents.stored_contents(connection, [before.id])[before.id].surplus if before and content.items else []
    new = replace(
        new, answered_at=clock.now(connection), stage_version=version, notes=[*new.notes, *notes], edited_after=newest, surplus=surplus
    )
    saved = contents.save_contents(connection, [new])
    if before:
        use_cases.go_on_with(connection, before.id, saved[node_id])
    measure_contents(connection, project.stages, stage, {saved[node_id]: (node_id, content)})
    parking.park_pending(connection, node_id, stage.key)
    row = OutboxRow(key, stage.content, node_id, target.partition_key, content_id=saved[node_id])
    _write_event(connection, key, stage, row, content, version)
    told = {"node": target.code, "stage": stage.key, "content": saved[node_id], "by": by}
    tell(connection, EventKind.content_edited, f"node {target.code}", key, told)
    about = {"node_id": node_id, "stage": stage.key, "content": saved[node_id]}
    audit.note(connection, by, EventKind.content_edited, f"node {target.code}", key, about)
    return saved[node_id]


def _new_content(project: Project, of: ContentOf, target: NodeRow, content: Content, before: CurrentContent | None, by: str) -> NewContent:
    key, stage = of.key, of.stage
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
        owner=project.configuration.batch_user_assignment,
        remote_batch_id=None,
        remote_request_id=None,
        input_tokens=None,
        output_tokens=None,
        cost_usd=None,
        answered_at=None,
        notes=[f"edited from content {before.id}" if before else "written by hand"],
        candidates=tuple(
            NewCandidate(position, stage.item_uid(target.code, position), item.title, dict(item.fields))
            for position, item in enumerate(content.items, 1)
        ),
    )


def _accepted_items(stage: Stage, taken: Taken) -> tuple[Content, tuple[str, ...]]:
    body = stage.render_items(taken.items) if stage.render_items else ""
    return Content(body, taken.items), ()


def _accepted(stage: Stage, text: str, anyway: bool) -> tuple[Content, tuple[str, ...]]:
    """The text as it is, where the judge accepts it; what the judge would have read otherwise is not touched."""
    judgement = stage.judge(Answer(text, "stop", None, None, None, None))
    own = Content(replace_unstorable(text).strip())
    if judgement.content is not None:
        said = judgement.notes if judgement.content.body == own.body else ()
        return (judgement.content if judgement.content.items else own), said
    if not anyway or not text.strip():
        why = (judgement.detail or judgement.outcome.meaning).rstrip(".")
        raise ValueError(f"the text is not accepted: {why}. With --anyway it is kept as it is.")
    return own, ()


def _write_event(connection: Connection, key: str, stage: Stage, row: OutboxRow, content: Content, stage_version: str) -> None:
    node_ids = [row.node_id or 0]
    read = outbox.latest(connection, key, stage.outputs, node_ids)
    upstream = {stage.outputs: read[node_ids[0]].id} if read else {}
    outbox.add(connection, [replace(row, data_version=content.version, code_version=stage_version, upstream=upstream)])
