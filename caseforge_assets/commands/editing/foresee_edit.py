"""Tries an edit and takes it back, to say whether it is accepted, how it scores, what becomes stale, and what it costs to make that anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from caseforge_assets.commands.editing.edit_set import edit_set
from caseforge_assets.commands.editing.edit_version import edit_document
from caseforge_assets.commands.editing.find_version import Edit, Edited
from caseforge_assets.commands.planning.foresee_change import stages_after
from caseforge_assets.commands.planning.make_plan import Plan, draft_plan
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import quality_scores
from caseforge_assets.store.database.engine import Connection, Engine


@dataclass(frozen=True)
class ForeseenEdit:
    """The results that an edit would have.

    Attributes:
        changed: Whether it says anything else than what is there.
        score: What it would score; None where it is not measured.
        stale: Stages whose content would be stale then.
        plan: What asking for these anew would be; None where nothing would be stale.
    """

    changed: bool
    score: int | None
    stale: tuple[Stage, ...]
    plan: Plan | None


def foresee_edit(store: Engine, project: Project, edit: Edit, *, simulated: bool) -> ForeseenEdit:
    """Tries an edit and takes it back: nothing of it is kept.

    Args:
        simulated: the kind of provider that would be asked.

    Raises:
        LookupError: the node has no content in this stage.
        EditedMeanwhile: it has another one.
        ValueError: the text is not accepted; the text says why.
    """
    key, node_id, stage = edit.of.key, edit.of.node_id, edit.of.stage
    with taken_back(store) as connection:
        edited = edit_text(connection, project, edit)
        (scored,) = quality_scores.scored(connection, key, [stage.key], RULES, [node_id])
        stale = tuple(
            reader
            for reader, _ in stages_after(project.stages.shared, stage)
            if survey(connection, project, key, reader, simulated, [node_id])[0][1] is NodeState.STALE
        )
        if not (stale and edited.changed):
            return ForeseenEdit(edited.changed, scored.score, stale if edited.changed else (), None)
        plan = draft_plan(connection, project, Scope(key, stale, simulated, [node_id]), made_by="what if")
    return ForeseenEdit(True, scored.score, stale, plan)


def edit_text(connection: Connection, project: Project, edit: Edit) -> Edited:
    """Stores what a person wrote, be it a document or a page of items; raises what `edit_document` and `edit_set` raise."""
    return edit_set(connection, project, edit) if edit.of.stage.answers_in_json else edit_document(connection, project, edit)


@contextmanager
def taken_back(store: Engine) -> Iterator[Connection]:
    """A connection on which everything is undone after the block."""
    with store.connect() as connection, connection.begin() as transaction:
        try:
            yield connection
        finally:
            transaction.rollback()
