"""Finds a project, and loads its settings: its folder, what it may reach, and its configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, InstanceOf, SecretStr

from caseforge_assets.redaction import without_login
from caseforge_assets.settings.configuration import CONFIG_NAME, Configuration, ConfigurationError, FrameworkSettings
from caseforge_assets.settings.declarations import Declaration
from caseforge_assets.settings.environment import Environment, read_environment
from caseforge_assets.settings.faults import Fault
from caseforge_assets.settings.provider import contradictions
from caseforge_assets.settings.reading import Sources, read_sources, valid_configuration
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.settings.stages import project_stages, unknown_stages
from caseforge_assets.stages.stage import Stage, StageSettings
from caseforge_assets.stages.stages import Stages

OPENAI_URL = "https://api.openai.com/v1"
NO_STAGES = Stages()
WEBSERVER_URL = "http://127.0.0.1:3000"


@dataclass(frozen=True)
class Project:
    """A project's configuration, the stages that this names, and by key what each is asked for with: made once and handed on."""

    configuration: Configuration
    stages: Stages
    stage_settings: Mapping[str, StageSettings] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        made = {stage.key: stage_settings(self.configuration, stage) for stage in (*self.stages.shared, *self.stages.off)}
        object.__setattr__(self, "stage_settings", made)


class Settings(BaseModel):
    """The settings that a process works with: where it is, what it may reach, the configuration and its stages."""

    model_config = ConfigDict(frozen=True)

    project_folder: Path
    home: Path
    artifacts_url: str | None
    postgres_url: SecretStr | None
    openai_url: SecretStr
    openai_api_key: SecretStr | None
    openai_account: str
    openai_webhook_secret: SecretStr | None = None
    webserver_url: str
    dagster_home: Path | None = None
    alert_urls: tuple[SecretStr, ...] = ()
    service_secret: SecretStr | None = None
    oidc_client_secret: SecretStr | None = None
    configuration: Configuration
    stages: InstanceOf[Stages] = NO_STAGES

    @property
    def project(self) -> Project:
        """The part of it that commands take."""
        return Project(self.configuration, self.stages)

    @property
    def openai_base_url(self) -> str:
        """Says where the provider is, as it may be stored and shown: without user and password."""
        return without_login(self.openai_url.get_secret_value())

    @property
    def has_credentials(self) -> bool:
        """Tells whether there is a key to send, or a token instead of it."""
        return self.openai_api_key is not None or self.configuration.provider.has_tokens

    @property
    def config_path(self) -> Path:
        """The project's caseforge.toml, whether it exists or not."""
        return self.project_folder / CONFIG_NAME

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
                f"several frameworks are declared; say which with --framework KEY (in Dagster, the field framework of the form): {', '.join(declared)}"
            )
        if key is None and not declared:
            raise ConfigurationError("no framework is declared yet. Add one with: caseforge load FILE --framework KEY")
        chosen = declared[0] if key is None else key
        self.framework(chosen)
        return chosen


def find_project(start: Path | None = None, environment: Mapping[str, str] | None = None, *, new: bool = False) -> Path:
    """The folder that holds caseforge.toml: CASEFORGE_PROJECT, or the nearest one above `start`, or the installed checkout.

    Args:
        new: instead of the checkout, `start`, which is to become a project.
    """
    environment = read_environment().variables if environment is None else environment
    if named := environment.get("CASEFORGE_PROJECT"):
        return Path(named).expanduser().resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    return here if new else Path(__file__).resolve().parents[2]


def load_settings(
    project: Path | None = None,
    set_keys: Mapping[str, str] | None = None,
    *,
    declared: Mapping[str, Any] | None = None,
    kept: Mapping[str, Declaration] | None = None,
) -> Settings:
    """Reads environment, `.env`, caseforge.toml, templates and stages.

    Args:
        project: the project's folder; the one that `find_project` finds by default.
        declared: tables as in caseforge.toml, of what is declared elsewhere, such as in a `defs.yaml`; the file must not say otherwise.
        set_keys: values by key, dots between the parts, that win over everything else.
        kept: frameworks that the database declares, see `read_settings`.

    Raises:
        ConfigurationError: a file cannot be read, a key or value is not known, or a template or stage of one's own cannot be used; the
            text names it.
    """
    folder = (project or find_project()).resolve()
    environment = read_environment(folder)
    sources = read_sources(folder / CONFIG_NAME, environment, set_keys, declared, kept)
    configuration = valid_configuration(sources)
    stages = project_stages(folder, configuration)
    settings = settings_of(folder, environment, configuration, stages)
    if faults := [*provider_faults(sources, settings, stages.shared), *unknown_stages(sources, configuration, stages)]:
        raise ConfigurationError("\n".join(fault.text for fault in faults))
    return settings


def provider_faults(sources: Sources, settings: Settings, stages: Sequence[Stage]) -> list[Fault]:
    """Gives what in [provider] contradicts itself, what its provider takes, or what other keys say of its models."""
    configuration = settings.configuration
    found = contradictions(configuration.provider, configuration.max_requests_per_batch)
    return [Fault(path, sources.place(path), what) for path, what in (*found, *_misnamed(configuration, stages))]


def _misnamed(configuration: Configuration, stages: Sequence[Stage]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys by the provider's name of a model where the model itself is meant, and models of which it is not said which name is meant."""
    models = configuration.provider.models
    for table in ("prices", "max_enqueued_tokens"):
        for name in getattr(configuration, table):
            if models.get(name, name) != name:
                yield (table, name), f"is the provider's name for {models[name]} ([provider.models]); write it for that model"
    for stage in stages:
        written = configuration.model_name(stage.key, stage.model)
        names = [] if written in models else configuration.provider.names_of(written)
        if len(names) > 1:
            own = configuration.stages.get(stage.key)
            path = ("stages", stage.key, "model") if own and own.model else ("openai_model",)
            yield path, f"{written} has {len(names)} names at this provider ([provider.models]); write which is meant: {', '.join(names)}"


def load_places(project: Path | None = None) -> Settings:
    """Says where a project's data are, from the environment alone: for what has to work also where caseforge.toml or a template is broken."""
    folder = (project or find_project()).resolve()
    return settings_of(folder, read_environment(folder), Configuration())


def settings_of(folder: Path, environment: Environment, configuration: Configuration, stages: Stages = NO_STAGES) -> Settings:
    """The settings of a project, from what was read already."""
    home = Path(environment.get("CASEFORGE_HOME") or folder / "var").expanduser()
    organization, openai_project = environment.get("OPENAI_ORG_ID"), environment.get("OPENAI_PROJECT_ID")
    key, url = environment.get("OPENAI_API_KEY"), environment.get("CASEFORGE_POSTGRES_URL")
    service_secret, client_secret = environment.get("CASEFORGE_SERVICE_SECRET"), environment.get("CASEFORGE_OIDC_CLIENT_SECRET")
    base_url = (environment.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
    return Settings(
        project_folder=folder,
        home=home if home.is_absolute() else folder / home,
        artifacts_url=_artifacts_url(folder, environment),
        postgres_url=SecretStr(url) if url else None,
        openai_url=SecretStr(base_url),
        openai_api_key=SecretStr(key) if key else None,
        openai_webhook_secret=_secret(environment, "OPENAI_WEBHOOK_SECRET"),
        openai_account="/".join(part for part in (organization, openai_project) if part) or "default",
        webserver_url=(environment.get("CASEFORGE_WEBSERVER_URL") or WEBSERVER_URL).rstrip("/"),
        dagster_home=_dagster_home(environment),
        alert_urls=tuple(SecretStr(url) for url in (environment.get("CASEFORGE_ALERT_URLS") or "").split()),
        service_secret=SecretStr(service_secret) if service_secret else None,
        oidc_client_secret=SecretStr(client_secret) if client_secret else None,
        configuration=configuration.model_copy(update={"provider": configuration.provider.at(base_url)}),
        stages=stages,
    )


def _dagster_home(environment: Environment) -> Path | None:
    """The folder of Dagster's instance; relative ones are refused by Dagster itself."""
    named = environment.get("DAGSTER_HOME")
    return Path(named).expanduser() if named else None


def _secret(environment: Environment, name: str) -> SecretStr | None:
    value = environment.get(name)
    return SecretStr(value) if value else None


def _artifacts_url(folder: Path, environment: Environment) -> str | None:
    named = (environment.get("CASEFORGE_ARTIFACTS") or "").rstrip("/")
    if not named or "://" in named:
        return named or None
    return str(folder / Path(named).expanduser())


def normalized_postgres_url(url: str) -> str:
    """The URL with the driver named: dagster-postgres speaks psycopg2 only, and SQLAlchemy's default differs by version.

    Raises:
        ConfigurationError: the URL is not one of PostgreSQL.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        return f"postgresql+psycopg2://{rest}"
    raise ConfigurationError("CASEFORGE_POSTGRES_URL must begin with postgresql://")
