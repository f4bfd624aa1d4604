"""The environment, and the `.env` file beside caseforge.toml: the one place where either is read, and where secrets become known as such."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values, load_dotenv

from caseforge_assets.redaction import guard_process, know_secrets
from caseforge_assets.settings.configuration import ConfigurationError
from caseforge_assets.settings.secrets import secrets_in

PREFIX = "CASEFORGE_"
ENV_FILE = ".env"
FIGURES_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # by which several processes count together
# Variables of CaseForge that no key of caseforge.toml stands behind.
PLACES = (
    "CASEFORGE_POSTGRES_URL",
    "CASEFORGE_HOME",
    "CASEFORGE_PROJECT",
    "CASEFORGE_WEBSERVER_URL",
    "CASEFORGE_ALERT_URLS",
    "CASEFORGE_ARTIFACTS",
    "CASEFORGE_SERVICE_SECRET",
    "CASEFORGE_OIDC_CLIENT_SECRET",
)

_GIVEN: dict[Path, dict[str, str]] = {}  # by file, the variables that have its values in this process


@dataclass(frozen=True)
class Environment:
    """Variables that are set and not empty, and the names of those that the `.env` file set."""

    variables: Mapping[str, str]
    from_file: frozenset[str] = frozenset()

    def get(self, name: str) -> str | None:
        """A variable's value; None where it is not set, or empty."""
        return self.variables.get(name)

    def origin(self, name: str) -> str:
        """Says where a variable comes from."""
        return f"{ENV_FILE} ({name})" if name in self.from_file else f"environment ({name})"

    @property
    def overrides(self) -> dict[str, str]:
        """The variables that may stand for keys of caseforge.toml."""
        return {name: value for name, value in self.variables.items() if name.startswith(PREFIX) and name not in PLACES}


def hand_on(name: str, value: str) -> None:
    """Sets a variable for this process and those that it starts."""
    os.environ[name] = value


def read_environment(folder: Path | None = None) -> Environment:
    """Reads the environment, after the `.env` file of a folder, if one is given, has filled in what is not set.

    From then on its secrets are masked in all that this process says, logs and stores.

    Raises:
        ConfigurationError: the file is not text.
    """
    if folder is None:
        return Environment(_guarded())
    path = folder / ENV_FILE
    try:
        filled = dotenv_values(path)
        _take_changes(path, filled)
        load_dotenv(path, override=False)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{ENV_FILE}: cannot be read: {error}") from error
    variables = _guarded()
    return Environment(variables, frozenset(name for name, value in filled.items() if value and variables.get(name) == value))


def _take_changes(path: Path, filled: Mapping[str, str | None]) -> None:
    """A process that lives for long sees what was changed in the file: variables that have the value that it gave them before get the new one."""
    before = _GIVEN.get(path, {})
    for name, value in filled.items():
        if value and name in before and before[name] != value and os.environ.get(name) == before[name]:
            os.environ[name] = value
    _GIVEN[path] = {name: value for name, value in filled.items() if value and os.environ.get(name, value) == value}


def _guarded() -> dict[str, str]:
    variables = {name: value for name, value in os.environ.items() if value}
    know_secrets(secrets_in(variables))
    guard_process()
    return variables
