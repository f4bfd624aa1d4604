"""The settings of a stage: its own defaults, the names that older configurations have, then `[stages.KEY]`."""

from __future__ import annotations

from caseforge_assets.settings import Configuration, StageOverrides
from caseforge_assets.stages.model_rules import room_beside, rules_of
from caseforge_assets.stages.stage import Stage, StageSettings, stage_version


def stage_settings(configuration: Configuration, stage: Stage) -> StageSettings:
    """What a stage's requests are made with."""
    own = configuration.stages.get(stage.key, StageOverrides())
    budget = getattr(configuration, stage.max_tokens_setting, stage.default_max_completion_tokens)
    temperature = configuration.openai_temperature if own.temperature is None else own.temperature
    return StageSettings(
        model=own.model or configuration.openai_model,
        temperature=None if temperature == "none" else temperature,
        max_completion_tokens=own.max_completion_tokens or budget,
        reasoning_effort=own.reasoning_effort,
        verbosity=own.verbosity,
        budget_quantile=configuration.budget_quantile,
    )


def setting_key(configuration: Configuration, stage: Stage, setting: str) -> str:
    """The key of caseforge.toml that a stage's setting comes from, such as `stages.usecases.model` or `openai_model`.

    Args:
        setting: name of a field of StageSettings.
    """
    own = configuration.stages.get(stage.key, StageOverrides())
    shared = {"model": "openai_model", "temperature": "openai_temperature", "max_completion_tokens": stage.max_tokens_setting}
    if getattr(own, setting) is None and shared.get(setting) in Configuration.model_fields:
        return shared[setting]
    return f"stages.{stage.key}.{setting}"


def current_stage_version(configuration: Configuration, stage: Stage) -> str:
    """The version of a stage as it is configured now."""
    return stage_version(stage, stage_settings(configuration, stage))


def largest_budget(stage: Stage, model: str, input_tokens: int = 0) -> int:
    """How far a request's completion budget may be raised: as far as the stage goes, and not beyond what its model can write.

    Args:
        input_tokens: of the request; they take their part of the model's window.
    """
    rules = rules_of(model)
    most = rules.max_completion_tokens if rules else None
    limits = (stage.max_max_completion_tokens, most, room_beside(model, input_tokens))
    return min(limit for limit in limits if limit is not None)
