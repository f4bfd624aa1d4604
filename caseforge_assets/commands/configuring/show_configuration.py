"""config show: every value that holds and where it comes from, with secrets masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.redaction import shown_database, without_login
from caseforge_assets.settings import Configuration, ConfigurationError, Settings
from caseforge_assets.settings.inspecting import Inspection, Value, effective_values
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.stage import Stage


@dataclass(frozen=True)
class ShownStage:
    """The settings that a stage is made with; `own_files` are templates that differ from those that come with CaseForge."""

    stage: str
    reads: str | None
    model: str
    temperature: float | None
    reasoning_effort: str | None
    verbosity: str | None
    endpoint: str
    max_completion_tokens: int | None
    sent_as: str
    own_files: list[str]


@dataclass(frozen=True)
class ShownConfiguration:
    """Places and secrets that the environment has, keys of caseforge.toml, stages."""

    places: list[Value]
    values: list[Value]
    stages: list[ShownStage]


def show_configuration(inspection: Inspection, settings: Settings | None = None) -> ShownConfiguration:
    """Lists what holds.

    Args:
        settings: those that are worked with; None: those that are read.

    Raises:
        ConfigurationError: keys, values, templates or stages cannot be used.
    """
    settings = settings or inspection.settings
    if inspection.faults or settings is None:
        raise ConfigurationError("\n".join(f"{place}: {says}" for place, says in inspection.faults))
    configuration = settings.configuration
    return ShownConfiguration(
        _places(inspection, settings), list(effective_values(inspection, configuration)), _stages(inspection.stages, configuration)
    )


def _places(inspection: Inspection, settings: Settings) -> list[Value]:
    """The settings that only the environment has; a secret is shown as being set."""
    environment = inspection.environment
    shown = {
        "CASEFORGE_HOME": str(settings.home),
        "CASEFORGE_WEBSERVER_URL": without_login(settings.webserver_url),
        "CASEFORGE_POSTGRES_URL": shown_database(settings.postgres_url.get_secret_value())
        if settings.postgres_url
        else "(the embedded database)",
        "CASEFORGE_PROJECT": str(inspection.folder),
        "OPENAI_BASE_URL": settings.openai_base_url,
        "OPENAI_API_KEY": "(set)" if settings.openai_api_key else "(not set)",
        "OPENAI_ORG_ID": environment.get("OPENAI_ORG_ID") or "(not set)",
        "OPENAI_PROJECT_ID": environment.get("OPENAI_PROJECT_ID") or "(not set)",
    }
    return [Value(name, value, environment.origin(name) if environment.get(name) else "default") for name, value in shown.items()]


def _stages(stages: Sequence[Stage], configuration: Configuration) -> list[ShownStage]:
    rows = []
    for stage in stages:
        settings = stage_settings(configuration, stage)
        rows.append(
            ShownStage(
                stage=stage.key,
                reads=stage.reads,
                model=settings.model,
                temperature=settings.temperature,
                reasoning_effort=settings.reasoning_effort,
                verbosity=settings.verbosity,
                endpoint=settings.endpoint,
                max_completion_tokens=settings.max_completion_tokens,
                sent_as=configuration.name_at_provider(stage.key, settings.model),
                own_files=[name for name in stage.files if stage.templates and stage.templates.is_own(name)],
            )
        )
    return rows
