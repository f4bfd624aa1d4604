"""The stages that a person or a program names, and whether anything may be asked of their models now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from caseforge_assets.commands.providing.check_models import endings_said, refuse_broken_rules
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.submitting import providers


@dataclass(frozen=True)
class ChosenStages:
    """Stages in the order in which they read each other, and what is to be said of their models, such as that one ends soon."""

    stages: list[Stage]
    warnings: list[str]


def named_stages(stages: Stages, keys: Collection[str]) -> list[Stage]:
    """The stages that are named, or all.

    Raises:
        LookupError: there is no such stage; the text names those there are.
    """
    known = {stage.key: stage for stage in stages}
    for key in keys:
        if key not in known:
            off = any(stage.key == key for stage in stages.off)
            raise LookupError(stages.why_unknown(key) if off else f"there is no stage {key!r}; there are: {', '.join(known)}")
    return [stage for stage in known.values() if not keys or stage.key in keys]


def accepted_stages(connection: Connection, project: Project, keys: Collection[str]) -> ChosenStages:
    """The stages that are named, or all, held against what is known of their models.

    Raises:
        LookupError: there is no such stage.
        ConfigurationError: a stage's model is known to refuse its settings, or has ended.
    """
    chosen = named_stages(project.stages, keys)
    ends = providers.model_ends(connection)
    refuse_broken_rules(project.configuration, chosen, ends)
    return ChosenStages(chosen, endings_said(project.configuration, chosen, ends))
