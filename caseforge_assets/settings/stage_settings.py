"""The settings of a stage: its own defaults, the names that older configurations have, then `[stages.KEY]`."""

from __future__ import annotations

from caseforge_assets.settings.configuration import Configuration, StageOverrides
from caseforge_assets.stages.model_rules import EMBEDDINGS, default_endpoint, default_temperature, room_beside, rules_of, taken_temperature
from caseforge_assets.stages.stage import Stage, StageSettings


def stage_settings(configuration: Configuration, stage: Stage) -> StageSettings:
    """Gives the settings that a stage's requests are made with. Vectors of different models cannot be compared, so that none of another one are kept."""
    own = configuration.stages.get(stage.key, StageOverrides())
    budget = getattr(configuration, stage.max_tokens_setting, stage.default_max_completion_tokens)
    model = configuration.provider.real_model(configuration.model_name(stage.key, stage.model))
    return StageSettings(
        model=model,
        also_called=tuple(configuration.provider.names_of(model)),
        temperature=_temperature(configuration, stage, model),
        max_completion_tokens=own.max_completion_tokens or budget,
        reasoning_effort=own.reasoning_effort,
        verbosity=own.verbosity,
        budget_quantile=configuration.budget_quantile,
        endpoint=EMBEDDINGS if stage.makes_vectors else own.endpoint or default_endpoint(model),
        keeps_content=not stage.makes_vectors and (own.when_model_changes or configuration.when_model_changes) == "keep",
        dimensions=(own.dimensions or stage.dimensions) if stage.makes_vectors else None,
    )


def _temperature(configuration: Configuration, stage: Stage, model: str) -> float | None:
    own = configuration.stages.get(stage.key, StageOverrides()).temperature
    set_by_person = configuration.openai_temperature if own is None and not stage.makes_vectors else own
    if set_by_person is None:
        return default_temperature(model)
    return taken_temperature(model, None if isinstance(set_by_person, str) else set_by_person)


def setting_key(configuration: Configuration, stage: Stage, setting: str) -> str:
    """The key of caseforge.toml that a stage's setting comes from, such as `stages.usecases.model` or `openai_model`.

    Args:
        setting: name of a field of StageSettings.
    """
    own = configuration.stages.get(stage.key, StageOverrides())
    shared = {"temperature": "openai_temperature", "max_completion_tokens": stage.max_tokens_setting}
    shared |= {} if stage.model else {"model": "openai_model"}
    if getattr(own, setting) is None and shared.get(setting) in Configuration.model_fields:
        return shared[setting]
    return f"stages.{stage.key}.{setting}"


def largest_budget(stage: Stage, model: str, input_tokens: int = 0) -> int:
    """Gives the completion budget to which a request's may be raised: as far as the stage goes, and not beyond what its model can write.

    Args:
        input_tokens: of the request; they take their part of the model's window.
    """
    rules = rules_of(model)
    most = rules.max_completion_tokens if rules else None
    limits = (stage.max_max_completion_tokens, most, room_beside(model, input_tokens))
    return min(limit for limit in limits if limit is not None)
