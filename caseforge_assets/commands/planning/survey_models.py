"""models: every model that is known, with what the frameworks that are loaded would cost with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from caseforge_assets.commands.money.expect_costs import expected_output_tokens
from caseforge_assets.commands.providing.list_models import ModelFacts, list_models
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.submitting import providers


@dataclass(frozen=True)
class SurveyedModels:
    """The models, those in use first; and the declared frameworks that are not loaded, so that they have no cost."""

    models: list[ModelFacts]
    loaded: list[str]
    not_loaded: list[str]


def survey_models(connection: Connection, project: Project, offered: Mapping[str, date | None] | None, now: datetime) -> SurveyedModels:
    """Every model that prices, rules and the provider know.

    Args:
        offered: the provider's models with the days of their ends; None where it was not asked.
    """
    configuration = project.configuration
    targets = {key: len(nodes.partition_keys(connection, key)) for key in configuration.frameworks}
    lengths = {
        stage.key: expected_output_tokens(connection, stage, project.stage_settings[stage.key].model, simulated=False)
        for stage in project.stages
    }
    loaded = {key: count for key, count in targets.items() if count}
    ends = providers.model_ends(connection)
    found = list_models(configuration, project.stages.shared, loaded, offered, ends, now, lambda stage, _: lengths[stage.key])
    return SurveyedModels(found, list(loaded), [key for key, count in targets.items() if not count])
