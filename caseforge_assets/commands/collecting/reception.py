"""What the answers of a batch are recorded with, and an attempt with the judgement on its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from caseforge_assets.batches.lines import ResultLine
from caseforge_assets.batches.response_body import Usage, usage_of
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.costs.prices import OwnPrices
from caseforge_assets.redaction import redact
from caseforge_assets.stages.judgement import Judgement
from caseforge_assets.stages.quality import Quality
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting.attempts import AttemptRow
from caseforge_assets.store.database import clock
from caseforge_assets.store.submitting.batches import BatchRow

SUBMITTED = "submitted"  # origin of a batch whose answers are to its requests as they stand here; imported ones may be to others


@dataclass(frozen=True)
class Judged:
    """One attempt with the line that answered it (None: no line did), the judgement on it, and the measure where it was taken already."""

    attempt: AttemptRow
    line: ResultLine | None
    judgement: Judgement
    quality: Quality | None = None

    @cached_property
    def usage(self) -> Usage | None:
        """Tokens that the line states; None where it states none."""
        return usage_of(self.line.usage) if self.line else None


@dataclass(frozen=True)
class Reception:
    """What the answers of one batch are recorded with; `own_prices` count before the table's, `names` are the provider's own for models."""

    batch: BatchRow
    stages: Stages
    stage: Stage
    simulated: bool
    stage_version: str
    generated_by: str
    now: datetime
    own_prices: OwnPrices
    names: Mapping[str, str] = field(default_factory=dict)

    def model_of(self, line: ResultLine) -> str | None:
        """The model that answered, whatever its provider calls it."""
        return self.batch.model if line.model and line.model == self.batch.sent_as else self.names.get(line.model or "", line.model)


def reception_of(project: OpenProject, batch: BatchRow) -> Reception:
    """Gives what the answers of a batch that was submitted to a provider are recorded with."""
    stage = project.stages[batch.stage]
    made_by = f"{project.provider.generated_by}, as {batch.sent_as}" if batch.sent_as else project.provider.generated_by
    version, names = stage_version(stage, project.stage_settings[stage.key]), project.configuration.provider.models
    return Reception(
        batch,
        project.stages,
        stage,
        project.provider.simulated,
        version,
        made_by,
        clock.now_in(project.store),
        project.configuration.prices,
        names,
    )


def failure_text(judgement: Judgement) -> str:
    """Says why a node failed, in one line: the outcome's name, then its detail."""
    return redact(f"{judgement.outcome}: {judgement.detail or judgement.outcome.meaning}")
