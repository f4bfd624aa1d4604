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
# What is secret may lie in a file that the variable of this name and _FILE names, as containers are given secrets. It never stands in the environment then.
FROM_FILES = (
    "OPENAI_API_KEY",
    "OPENAI_WEBHOOK_SECRET",
    "CASEFORGE_POSTGRES_URL",
    "CASEFORGE_ALERT_URLS",
    "CASEFORGE_SERVICE_SECRET",
    "CASEFORGE_OIDC_CLIENT_SECRET",
)
_FILE = "_FILE"

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
        if name in FROM_FILES and (place := self.variables.get(name + _FILE)):
            return f"{place} ({name}{_FILE})"
        return f"{ENV_FILE} ({name})" if name in self.from_file else f"environment ({name})"

    @property
    def overrides(self) -> dict[str, str]:
        """The variables that may stand for keys of caseforge.toml."""
        places = {*PLACES, *(name + _FILE for name in FROM_FILES)}
        return {name: value for name, value in self.variables.items() if name.startswith(PREFIX) and name not in places}


def hand_on(name: str, value: str) -> None:
    """Sets a variable for this process and those that it starts."""
    os.environ[name] = value


def read_environment(folder: Path | None = None) -> Environment:
    """Reads the environment, after the `.env` file of a folder, if one is given, has filled in what is not set.

    From then on its secrets are masked in all that this process says, logs and stores.

    Raises:
        ConfigurationError: the file, or one that holds a secret, cannot be read.
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
    variables |= _secrets_of_files(variables)
    know_secrets(secrets_in(variables))
    guard_process()
    return variables


def _secrets_of_files(variables: Mapping[str, str]) -> dict[str, str]:
    """Gives what the files hold that variables such as OPENAI_API_KEY_FILE name, without the line end that editors leave; an empty file is a variable that is not set."""
    found: dict[str, str] = {}
    for name in FROM_FILES:
        if place := variables.get(name + _FILE):
            if name in variables:
                raise ConfigurationError(f"{name} and {name}{_FILE} are both set; keep one of them")
            try:
                value = Path(place).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"{name}{_FILE}: {place} cannot be read: {error}") from error
            if value:
                found[name] = value
    return found
