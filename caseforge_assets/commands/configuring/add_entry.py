"""Settings as they are once a framework is declared, before caseforge.toml says so: what is judged and priced for it holds for that."""

from __future__ import annotations

from caseforge_assets.settings import FrameworkSettings, Settings
from caseforge_assets.settings.stages import project_stages


def with_entry(settings: Settings, key: str, entry: FrameworkSettings) -> Settings:
    """Settings in which a framework is declared as an entry says, whether it stands in caseforge.toml yet or not; its stages are those of the entry.

    Raises:
        ConfigurationError: a template of its own cannot be used.
    """
    configuration = settings.configuration
    configuration = configuration.model_copy(update={"frameworks": {**configuration.frameworks, key: entry}})
    stages = project_stages(settings.project_folder, configuration)
    return settings.model_copy(update={"configuration": configuration, "stages": stages})
