"""Surveys nodes in a stage that is made from chosen items: what is chosen is a part of what is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseforge_assets.stages.canonical import source_version
from caseforge_assets.store.curating.choices import Choice
from caseforge_assets.store.planning.node_states import AssetState


def with_choices(rows: Sequence[AssetState], chosen: Mapping[int, Choice], *, reads: bool) -> list[AssetState]:
    """The rows with version and kind of what is read as content and choice make them; where the content is not there, there is nothing to be made from.

    Args:
        rows: as the store has them, without the choice.
        chosen: by node, what is chosen there.
        reads: whether the stage reads a content, too.
    """
    return [_with_choice(row, chosen.get(row.node_id), reads) for row in rows]


def _with_choice(row: AssetState, choice: Choice | None, reads: bool) -> AssetState:
    if choice is None:
        return replace(row, unchosen=True)
    if reads and row.source_version is None:
        return row
    version = source_version(row.source_version, choice.version)
    return replace(row, source_version=version, source_simulated=bool(row.source_simulated) or choice.simulated)
