"""Edits of a node's items as one page, such as all its candidates."""

from __future__ import annotations

from caseforge_assets.commands.editing.edit_content import edit_content, take_back
from caseforge_assets.commands.editing.find_version import Edit, Edited, content_of_version, edited
from caseforge_assets.safe_text import safe_markdown
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting.contents import StoredContent
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.requests import requests


def edit_set(connection: Connection, project: Project, edit: Edit) -> Edited:
    """Stores the items of a node as a person changed them in the page that shows them all, if the content is the one that it was made from.

    Args:
        edit: with a text as `page_of_set` gives it, changed.

    Raises:
        LookupError: the node has no content in this stage.
        EditedMeanwhile: it has another one.
        ValueError: items cannot be read from the text, or not in this stage; the text says what is wrong.
    """
    requests.lock_making(connection)
    stage, node_id = edit.of.stage, edit.of.node_id
    now, _ = content_of_version(connection, stage, node_id, edit.version)
    taken = take_back(connection, node_id, stage, edit.text)
    if taken is None:
        return Edited(now.id, now.version, False)
    return edited(connection, stage, node_id, edit_content(connection, project, edit.of, taken, by=edit.by))


def page_of_set(stage: Stage, stored: StoredContent) -> str:
    """The items of a content as one page, to be changed and taken back.

    Raises:
        ValueError: those of this stage are not shown so.
    """
    if stage.render_items is None or stage.read_items is None:
        raise ValueError(
            f"{stage.title} are data, not a text; ask for new ones with: caseforge generate --regenerate --framework KEY --nodes NODE"
        )
    return safe_markdown(stage.render_items([Item(candidate.title, candidate.fields) for candidate in stored.candidates]))
