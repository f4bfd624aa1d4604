"""An edit and the version that it names: the content that it was made from, and what is told where there is another one by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from caseforge_assets.commands.editing.edit_content import ContentOf
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.collecting.contents import CurrentContent, StoredContent
from caseforge_assets.store.database.engine import Connection


class EditedMeanwhile(ValueError):
    """The content is another one than the edit was made from; `version` is the one that it has now."""

    def __init__(self, detail: str, version: str) -> None:
        """Takes what is told, and the version that counts."""
        super().__init__(detail)
        self.version = version


@dataclass(frozen=True)
class Edit:
    """A person's text in place of a node's content.

    Attributes:
        text: A document, or the page that shows all items of a list.
        version: Of the content that was edited.
        anyway: Also where the judge of the stage's answers would not accept it.
    """

    of: ContentOf
    text: str
    version: str
    by: str
    anyway: bool = False


@dataclass(frozen=True)
class Edited:
    """The result of an edit: the content with its version, and whether anything was changed."""

    content_id: int
    version: str
    changed: bool


def content_of_version(connection: Connection, stage: Stage, node_id: int, version: str) -> tuple[CurrentContent, StoredContent]:
    """A node's current content, if it is the one that is named.

    Raises:
        LookupError: the node has no content in this stage.
        EditedMeanwhile: it has another one.
    """
    now = contents.current_contents(connection, stage.key, [node_id]).get(node_id)
    if now is None:
        raise LookupError(f"the node has no content of {stage.key} yet")
    stored = contents.stored_contents(connection, [now.id])[now.id]
    if now.version != version:
        when = _said(now.stored_at)
        raise EditedMeanwhile(f"what is to be edited has changed: {stored.generated_by}, {when}. Read it again, and edit that", now.version)
    return now, stored


def _said(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def edited(connection: Connection, stage: Stage, node_id: int, content_id: int) -> Edited:
    """Gives what an edit came to that made a content."""
    return Edited(content_id, contents.current_contents(connection, stage.key, [node_id])[node_id].version, True)
