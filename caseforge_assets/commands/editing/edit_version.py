"""Edits that name the version that they were made from: of two people who edit at once, the second is told, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caseforge_assets.commands.editing.edit_content import ContentOf, Taken, edit_content
from caseforge_assets.commands.editing.find_version import Edit, Edited, content_of_version, edited
from caseforge_assets.commands.editing.take_back_page import is_same
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import content_ids
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.requests import requests


def edit_document(connection: Connection, project: Project, edit: Edit) -> Edited:
    """Stores a text as a node's content, as it was written, if the content is the one that it was made from.

    Raises:
        LookupError: the node has no content in this stage.
        EditedMeanwhile: it has another one.
        ValueError: the stage's content is data, or the judge has something against the text.
    """
    stage, node_id = edit.of.stage, edit.of.node_id
    if not stage.is_document:
        raise ValueError(f"{stage.title} are data, not a text" + ("; change them one by one" if stage.is_list else ""))
    requests.lock_making(connection)
    now, stored = content_of_version(connection, stage, node_id, edit.version)
    if is_same(edit.text, stored.body):
        return Edited(now.id, now.version, False)
    taken = Taken(edit.text)
    content_id = edit_content(connection, project, edit.of, taken, by=edit.by, anyway=edit.anyway)
    return edited(connection, stage, node_id, content_id)


def edit_item(
    connection: Connection, project: Project, key: str, uid: str, written: Mapping[str, object], *, version: str, by: str
) -> tuple[Stage, Edited]:
    """Changes fields of an item such as a candidate, if its node's content is the one that they were made from; the others stay.

    Args:
        uid: such as `1.2.4-UC01`.
        written: the fields, the title among them.
        version: of the content that the item is part of.

    Raises:
        LookupError: there is no such item now.
        EditedMeanwhile: the content is another one.
        ValueError: a field is blank, no value of its kind, or none that the item has.
    """
    requests.lock_making(connection)
    found = content_ids.of_item(connection, key, uid)
    if found is None:
        raise LookupError(f"there is no {uid!r} in {key} now")
    stage = project.stages[found.stage]
    now, stored = content_of_version(connection, stage, found.node_id, version)
    items = [Item(candidate.title, candidate.fields) for candidate in stored.candidates]
    place = next(place for place, candidate in enumerate(stored.candidates) if candidate.candidate_uid == uid)
    changed = with_fields(stage, items[place], written)
    if changed == items[place]:
        return stage, Edited(now.id, now.version, False)
    items[place] = changed
    content_id = edit_content(connection, project, ContentOf(key, found.node_id, stage), Taken("", tuple(items)), by=by)
    return stage, edited(connection, stage, found.node_id, content_id)


def with_fields(stage: Stage, item: Item, written: Mapping[str, object]) -> Item:
    """An item with some fields as a person wrote them.

    Raises:
        ValueError: a field is blank, no value of its kind, or none that the item has.
    """
    if unknown := [name for name in written if name != "title" and name not in item.fields]:
        raise ValueError(f"there is no field {unknown[0]!r}; there are: title, {', '.join(item.fields)}")
    if stage.with_fields is not None:
        return stage.with_fields(item, written)
    fields = {name: value for name, value in written.items() if name != "title"}
    return replace(item, title=str(written.get("title", item.title)), fields={**item.fields, **fields})
