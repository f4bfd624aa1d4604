"""Configuration: the only reader of the environment and of caseforge.toml.

The environment brings what differs between machines or is secret (OPENAI_API_KEY, OPENAI_BASE_URL, CASEFORGE_POSTGRES_URL,
CASEFORGE_HOME, CASEFORGE_PROJECT, CASEFORGE_WEBSERVER_URL, CASEFORGE_SERVICE_SECRET); a `.env` file beside caseforge.toml is read, too, and never overrides what is set.
caseforge.toml holds everything else and never a secret; each of its keys can be overridden by an environment variable and on the command line.
"""

from caseforge_assets.settings.configuration import (
    CONFIG_NAME,
    KEY_PATTERN,
    Configuration,
    ConfigurationError,
    FrameworkSettings,
    StageOverrides,
    check_framework_key,
)
from caseforge_assets.settings.project import Settings, find_project, load_places, load_settings, normalized_postgres_url
from caseforge_assets.settings.reading import read_configuration

__all__ = [
    "CONFIG_NAME",
    "KEY_PATTERN",
    "Configuration",
    "ConfigurationError",
    "FrameworkSettings",
    "Settings",
    "StageOverrides",
    "check_framework_key",
    "find_project",
    "load_places",
    "load_settings",
    "normalized_postgres_url",
    "read_configuration",
]
