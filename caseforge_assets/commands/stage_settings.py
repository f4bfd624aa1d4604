"""The settings of a stage: its own defaults, the seed system's names, then `[stages.KEY]`."""

from __future__ import annotations

from caseforge_assets.settings import Configuration, StageOverrides
from caseforge_assets.stages.stage import Stage, StageSettings, stage_version


def stage_settings(configuration: Configuration, stage: Stage) -> StageSettings:
    """What a stage's requests are made with."""
    own = configuration.stages.get(stage.key, StageOverrides())
    budget = getattr(configuration, stage.max_tokens_setting, stage.default_max_completion_tokens)
    return StageSettings(
        model=own.model or configuration.openai_model,
        temperature=own.temperature if own.temperature is not None else configuration.openai_temperature,
        max_completion_tokens=own.max_completion_tokens or budget,
        reasoning_effort=own.reasoning_effort,
        verbosity=own.verbosity,
        budget_quantile=configuration.budget_quantile,
    )


def current_stage_version(configuration: Configuration, stage: Stage) -> str:
    """The version of a stage as it is configured now."""
    return stage_version(stage, stage_settings(configuration, stage))
