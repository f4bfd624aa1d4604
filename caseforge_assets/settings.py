"""Configuration: the only reader of the environment and of caseforge.toml.

The environment brings what differs between machines or is secret (OPENAI_API_KEY, OPENAI_BASE_URL, CASEFORGE_POSTGRES_URL,
CASEFORGE_HOME, CASEFORGE_ARTIFACTS, CASEFORGE_PROJECT, CASEFORGE_WEBSERVER_URL); a `.env` file beside caseforge.toml is read, too, and never overrides what is set.
caseforge.toml holds everything else and never a secret.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from dotenv import load_dotenv
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

CONFIG_NAME = "caseforge.toml"
KEY_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"


class ConfigurationError(ValueError):
    """caseforge.toml or the environment holds something that cannot be used; the text says what and where."""


class FrameworkSettings(BaseModel):
    """One `[frameworks.KEY]` table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    source: str = Field(min_length=1, description="path of the workbook or table, relative to caseforge.toml")
    targets: str | tuple[str, ...] = "leaf"
    owner: str = ""
    budget_usd: Decimal | None = Field(default=None, ge=0)


class StageOverrides(BaseModel):
    """One `[stages.KEY]` table: what differs from the stage's defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_completion_tokens: int | None = Field(default=None, ge=256)
    reasoning_effort: str | None = None
    verbosity: str | None = None


class Configuration(BaseModel):
    """All of caseforge.toml. The names of the seed system are kept: openai_model, batch_max_completion_tokens_process and the like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    openai_model: str = "gpt-5"
    openai_temperature: float | None = Field(default=1.0, ge=0, le=2)
    batch_max_completion_tokens_process: int = Field(default=8_000, ge=256)
    batch_max_completion_tokens_usecase: int = Field(default=15_000, ge=256)
    batch_user_assignment: str = ""
    reuse: Literal["identity", "exact", "off"] = "identity"
    budget_quantile: float | None = Field(
        default=None, ge=0.5, lt=1, description="completion budgets are fitted to what this share of earlier answers used"
    )
    max_attempts: int = Field(default=3, ge=1, le=10)
    auto_approve_below_usd: Decimal = Field(default=Decimal(0), ge=0)
    budget_usd: Decimal | None = Field(
        default=None, ge=0, description="over all frameworks; a provider that bills gets nothing without one"
    )
    allow_unknown_cost: bool = False
    quiet_period_s: float = Field(default=20.0, ge=0)
    create_grace_s: float = Field(default=120.0, ge=0)
    missing_files_grace_s: float = Field(default=900.0, ge=0)
    poll_interval_s: float = Field(default=30.0, gt=0)
    max_requests_per_batch: int = Field(default=50_000, ge=1, le=50_000)
    max_enqueued_tokens: dict[str, int] = Field(default_factory=dict, description="the account's limit per model, where known")
    frameworks: dict[str, FrameworkSettings] = Field(default_factory=dict)
    stages: dict[str, StageOverrides] = Field(default_factory=dict)

    @property
    def reuses_by_identity(self) -> bool:
        """Whether an answer that was made for the same node elsewhere is good enough."""
        return self.reuse == "identity"

    @field_validator("frameworks")
    @classmethod
    def _keys_are_names(cls, frameworks: dict[str, FrameworkSettings]) -> dict[str, FrameworkSettings]:
        for key in frameworks:
            check_framework_key(key)
        return frameworks


class Settings(BaseModel):
    """What a process works with: where it is, what it may reach, and the configuration."""

    model_config = ConfigDict(frozen=True)

    project: Path
    home: Path
    artifacts_url: str | None
    postgres_url: SecretStr | None
    openai_base_url: str
    openai_api_key: SecretStr | None
    openai_account: str
    webserver_url: str
    configuration: Configuration

    @property
    def config_path(self) -> Path:
        """The project's caseforge.toml, whether it exists or not."""
        return self.project / CONFIG_NAME

    @property
    def artifacts(self) -> str:
        """Folder (or bucket) of JSONL files, manifests, workbooks and the journal."""
        return self.artifacts_url or str(self.home / "artifacts")

    def framework(self, key: str) -> FrameworkSettings:
        """The entry of a framework.

        Raises:
            ConfigurationError: it is not declared; the text names those that are.
        """
        known = self.configuration.frameworks
        if key in known:
            return known[key]
        names = ", ".join(sorted(known)) or "none yet"
        raise ConfigurationError(
            f"framework {key!r} is not in {CONFIG_NAME} (declared: {names}). Add it with: caseforge load FILE --framework {key}"
        )

    def framework_key(self, key: str | None) -> str:
        """The framework that is meant: the one named, or the only one declared.

        Raises:
            ConfigurationError: not declared, or none named while there are several.
        """
        declared = sorted(self.configuration.frameworks)
        if key is None and len(declared) > 1:
            raise ConfigurationError(
                f"several frameworks are declared; say which (--framework, or the form's framework): {', '.join(declared)}"
            )
        if key is None and not declared:
            raise ConfigurationError("no framework is declared yet. Add one with: caseforge load FILE --framework KEY")
        chosen = declared[0] if key is None else key
        self.framework(chosen)
        return chosen


def check_framework_key(key: str) -> str:
    """A framework key as Dagster and URLs can carry it.

    Raises:
        ConfigurationError: the key is not a lower-case name.
    """
    import re

    if not re.fullmatch(KEY_PATTERN, key):
        raise ConfigurationError(
            f"framework key {key!r}: use lower-case letters, digits and _ only, beginning with a letter, at most 40 characters, for example cross_industry"
        )
    return key


def find_project(start: Path | None = None, environment: Mapping[str, str] | None = None, *, new: bool = False) -> Path:
    """The folder that holds caseforge.toml: CASEFORGE_PROJECT, or the nearest one above `start`, or the installed checkout.

    Args:
        new: instead of the checkout, `start`, which is to become a project.
    """
    environment = os.environ if environment is None else environment
    if named := environment.get("CASEFORGE_PROJECT"):
        return Path(named).expanduser().resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    return here if new else Path(__file__).resolve().parents[1]


def load_settings(project: Path | None = None) -> Settings:
    """Reads environment, `.env` and caseforge.toml.

    Raises:
        ConfigurationError: a file cannot be read, or a key or value is not known; the text names it.
    """
    folder = (project or find_project()).resolve()
    load_dotenv(folder / ".env", override=False)
    home = Path(os.environ.get("CASEFORGE_HOME") or folder / "var").expanduser()
    organization, openai_project = os.environ.get("OPENAI_ORG_ID", ""), os.environ.get("OPENAI_PROJECT_ID", "")
    key, url = os.environ.get("OPENAI_API_KEY"), os.environ.get("CASEFORGE_POSTGRES_URL")
    return Settings(
        project=folder,
        home=home if home.is_absolute() else folder / home,
        artifacts_url=_artifacts_url(folder),
        postgres_url=SecretStr(url) if url else None,
        openai_base_url=(os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1").rstrip("/"),
        openai_api_key=SecretStr(key) if key else None,
        openai_account="/".join(part for part in (organization, openai_project) if part) or "default",
        webserver_url=(os.environ.get("CASEFORGE_WEBSERVER_URL") or "http://127.0.0.1:3000").rstrip("/"),
        configuration=read_configuration(folder / CONFIG_NAME),
    )


def _artifacts_url(folder: Path) -> str | None:
    named = os.environ.get("CASEFORGE_ARTIFACTS", "").rstrip("/")
    if not named or "://" in named:
        return named or None
    return str(folder / Path(named).expanduser())


def read_configuration(path: Path) -> Configuration:
    """Reads and checks one caseforge.toml; a missing file means defaults and no frameworks.

    Raises:
        ConfigurationError: not TOML, a wrong key (with the nearest right one) or a wrong value.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name}: cannot be read as TOML: {error}") from error
    try:
        return Configuration.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, path.name)) from error


def normalized_postgres_url(url: str) -> str:
    """The URL with the driver named: dagster-postgres speaks psycopg2 only, and SQLAlchemy's default differs by version.

    Raises:
        ConfigurationError: the URL is not one of PostgreSQL.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        return f"postgresql+psycopg2://{rest}"
    raise ConfigurationError("CASEFORGE_POSTGRES_URL must begin with postgresql://")


@cache
def _known_keys() -> tuple[str, ...]:
    models = (Configuration, FrameworkSettings, StageOverrides)
    return tuple(name for model in models for name in model.model_fields)


def _explain(error: ValidationError, file_name: str) -> str:
    lines = []
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"])
        near = get_close_matches(str(fault["loc"][-1]), _known_keys(), n=1) if fault["type"] == "extra_forbidden" else []
        hint = f" (did you mean {near[0]}?)" if near else ""
        what = "is not a known key" if fault["type"] == "extra_forbidden" else fault["msg"]
        lines.append(f"{file_name}: {where}: {what}{hint}")
    return "\n".join(lines)
