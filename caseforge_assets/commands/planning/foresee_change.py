"""Foresees a change of a node's content: what is made from it, what would be stale then, and what asking for that anew costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.planning.preview_request import preview_request
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating.choices import choices
from caseforge_assets.store.database.engine import Connection


@dataclass(frozen=True)
class Follows:
    """A stage that reads, directly or not, what is changed, and what becomes of the node's content there.

    Attributes:
        reads: Title of the stage whose content it reads.
        is_there: Whether there is such a content; otherwise nothing of it can be stale.
        is_kept: Whether a person wrote it: then it stays, whatever it was made from.
        expected_cost_usd: Of asking for it once, at batch prices; None where that is unknown.
    """

    stage: Stage
    reads: str
    is_there: bool
    is_kept: bool
    expected_cost_usd: Decimal | None


def foresee_change(connection: Connection, project: Project, key: str, node_id: int, stage: Stage) -> list[Follows]:
    """Gives what follows in the stages after this one, in their order; not in one that is made from chosen items where nothing is chosen. Nothing is changed by asking.

    Args:
        node_id: of a target node.
    """
    found = []
    for reader, read in stages_after(project.stages.shared, stage):
        if reader.chosen_from and not choices(connection, key, reader.chosen_from, [node_id]):
            continue
        written = node_id in contents.written_by_people(connection, reader.key, [node_id])
        there = node_id in contents.current_contents(connection, reader.key, [node_id])
        price = preview_request(connection, project, key, node_id, reader).expected_cost_usd
        found.append(Follows(reader, read.title, there, written, price))
    return found


def stages_after(stages: Sequence[Stage], stage: Stage) -> Iterator[tuple[Stage, Stage]]:
    """The stages that read a stage's content, or that of one of these, each with the one that it reads."""
    known = {stage.key: stage}
    for reader in stages:
        if reader.reads in known and reader.key not in known:
            known[reader.key] = reader
            yield reader, known[reader.reads or ""]
