"""The keys of caseforge.toml: every key, its type, its default. Knows neither files nor environment."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from caseforge_assets.alerts.thresholds import Thresholds
from caseforge_assets.batches.provider_kinds import ProviderKind
from caseforge_assets.costs.prices import OwnPrice
from caseforge_assets.frameworks import TableForm
from caseforge_assets.frameworks.tables.columns import FIELDS, LEVEL_FIELD
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets.settings.service import ServiceSettings
from caseforge_assets.stages.languages import checked_tag
from caseforge_assets.stages.stage import DEFAULT_MODEL

CONFIG_NAME = "caseforge.toml"
KEY_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
NONE = "none"  # TOML has no null, and a variable is text


class ConfigurationError(ValueError):
    """caseforge.toml or the environment holds something that cannot be used; the text says what and where."""


def check_framework_key(key: str) -> str:
    """A framework key as Dagster and URLs can carry it.

    Raises:
        ConfigurationError: the key is not a lower-case name.
    """
    if not re.fullmatch(KEY_PATTERN, key) or key.endswith("\n"):
        raise ConfigurationError(
            f"framework key {key!r}: use lower-case letters, digits and _ only, beginning with a letter, at most 40 characters, for example cross_industry"
        )
    return key


def check_map(columns: dict[str, str]) -> dict[str, str]:
    """Checks which column holds what, by fields that a table can have.

    Raises:
        ConfigurationError: there is no such field.
    """
    for field in columns:
        if field not in FIELDS and not LEVEL_FIELD.fullmatch(field):
            raise ConfigurationError(f"map: there is no {field!r}; a table has {', '.join(FIELDS)}, level1, level2 and so on")
    return columns


def _none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() == NONE else value


def check_language(language: str | dict[str, str]) -> str | dict[str, str]:
    """A language's tag, or tags by stage, as all are written; empty says nothing.

    Raises:
        ValueError: a tag is none; the text says which was probably meant.
    """
    if isinstance(language, dict):
        return {stage: checked_tag(tag) for stage, tag in language.items()}
    return checked_tag(language) if language else ""


OrNone = BeforeValidator(_none)
ColumnMap = Annotated[dict[str, str], AfterValidator(check_map)]
LanguageTag = Annotated[str | dict[str, str], AfterValidator(check_language)]
HierarchyName = Literal["dotted", "parent", "levels", "indent", "prefix", "path"]
FrameworkKey = Annotated[str, AfterValidator(check_framework_key)]


class FrameworkSettings(BaseModel):
    """One `[frameworks.KEY]` table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    source: str = Field(
        min_length=1,
        description="path of the workbook or table, relative to caseforge.toml, or where it lies in a bucket or among the artifacts",
    )
    targets: str | tuple[str, ...] = "leaf"
    owner: str = ""
    budget_usd: Annotated[Decimal | None, OrNone] = Field(default=None, ge=0)
    hierarchy: HierarchyName | None = Field(default=None, description="what says which node is whose parent, where it is not recognized")
    map: ColumnMap = Field(
        default_factory=dict, description="headers of the table's columns by what they hold, where they are not recognized"
    )

    language: LanguageTag = Field(default="", description="tag of the language that its texts are asked for in, or tags by stage")
    templates: str = Field(default="", description="folder of prompts and sections of its own, which come before the project's")
    table: str = Field(default="", description="asset in Dagster whose DataFrame is the framework; it is kept as the source, a CSV file")
    automation: bool = Field(
        default=False,
        description="whether Dagster makes editions, contexts and requests anew by itself when what they are made from changes",
    )

    @property
    def languages(self) -> tuple[tuple[str, str], ...]:
        """Tags by stage, that of all stages by an empty key; none where nothing is said."""
        by_stage = self.language if isinstance(self.language, dict) else {"": self.language} if self.language else {}
        return tuple(sorted(by_stage.items()))

    @property
    def form(self) -> TableForm:
        """The form of its table, as far as it is stated."""
        return TableForm(self.map, self.hierarchy)


Endpoint = Literal["chat/completions", "responses"]
WhenModelChanges = Literal["keep", "regenerate"]
Temperature = Annotated[float, Field(ge=0, le=2)] | Literal["none"]  # "none" leaves it out of the requests


class StageOverrides(BaseModel):
    """One `[stages.KEY]` table: what differs from the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = Field(default=None, description="whether the project has the stage; where nothing is said, as the stage comes")
    model: str | None = Field(default=None, min_length=1)
    temperature: Temperature | None = None
    max_completion_tokens: int | None = Field(default=None, ge=256)
    reasoning_effort: str | None = Field(default=None, min_length=1)
    verbosity: str | None = Field(default=None, min_length=1)
    endpoint: Endpoint | None = None
    dimensions: int | None = Field(default=None, ge=16, le=4_000, description="numbers of a vector, of a stage that makes such")
    when_model_changes: WhenModelChanges | None = None


class Configuration(BaseModel):
    """All of caseforge.toml. openai_model, batch_max_completion_tokens_process and the like are names that older configurations have, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    openai_model: str = Field(default=DEFAULT_MODEL, min_length=1)
    openai_temperature: Temperature | None = None
    when_model_changes: WhenModelChanges = Field(
        default="keep", description="whether content of another model, temperature, effort, verbosity or endpoint counts as fresh"
    )
    batch_max_completion_tokens_process: int = Field(default=8_000, ge=256)
    batch_max_completion_tokens_usecase: int = Field(default=15_000, ge=256)
    batch_user_assignment: str = ""
    templates: str = Field(default="", description="folder of prompts and sections of one's own, relative to caseforge.toml")
    own_stages: str = Field(default="", description="folder of stages of one's own, relative to caseforge.toml")
    check_model_rules: bool = Field(default=True, description="whether what a model is known to refuse is refused before it is sent")
    reuse: Literal["identity", "exact", "off"] = "identity"
    budget_quantile: Annotated[float | None, OrNone] = Field(
        default=None, ge=0.5, lt=1, description="completion budgets are fitted to what this share of earlier answers used"
    )
    max_attempts: int = Field(default=3, ge=1, le=10)
    auto_approve_below_usd: Decimal = Field(default=Decimal(0), ge=0)
    budget_usd: Annotated[Decimal | None, OrNone] = Field(
        default=None, ge=0, description="over all frameworks; a provider that bills gets nothing without one"
    )
    allow_unknown_cost: bool = False
    search_usd_per_month: Decimal = Field(
        default=Decimal(0),
        ge=0,
        description="what questions of the search by meaning may cost at a provider that bills, each being asked at once",
    )
    quiet_period_s: float = Field(default=20.0, ge=0)
    create_grace_s: float = Field(default=120.0, ge=0)
    missing_files_grace_s: float = Field(default=900.0, ge=0)
    poll_interval_s: float = Field(default=30.0, gt=0)
    max_requests_per_batch: int | None = Field(
        default=None, ge=1, description="where there is none, as many as the provider takes in a file"
    )
    max_enqueued_tokens: dict[str, int] = Field(default_factory=dict, description="the account's limit per model, where known")
    quality_warn_below: int = Field(default=60, ge=0, le=100, description="contents that score less are listed by the checks")
    quality_fail_share: float = Field(default=0.1, ge=0, le=1, description="checks of quality fail, not only warn, above this share")
    near_duplicate_likeness: float = Field(
        default=0.8, gt=0.5, le=1, description="share of phrases in common from which on documents are alike"
    )
    complexity_tolerance: float = Field(default=0.2, ge=0, le=1, description="how far the shares of complexity may be from 20/60/20")
    declare_in: Literal["file", "database"] = Field(
        default="file", description="where load declares frameworks; a file that cannot be written is the database all the same"
    )
    frameworks: dict[FrameworkKey, FrameworkSettings] = Field(default_factory=dict)
    stages: dict[str, StageOverrides] = Field(default_factory=dict)
    prices: dict[str, OwnPrice] = Field(default_factory=dict)
    alerts: Thresholds = Thresholds()
    provider: ProviderSettings = ProviderSettings()
    service: ServiceSettings = ServiceSettings()

    @property
    def provider_kind(self) -> ProviderKind:
        """The facts about the provider: what it takes, and how it answers."""
        return self.provider.effective

    @property
    def requests_per_batch(self) -> int:
        """The most requests that a batch gets."""
        return min(self.max_requests_per_batch or self.provider_kind.max_requests, self.provider_kind.max_requests)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of alerts; hours that nobody set are longer by as much as a batch may take longer than a day."""
        longer_h = max((self.provider_kind.window - timedelta(days=1)) / timedelta(hours=1), 0.0)
        waits = {name: getattr(self.alerts, name) for name in ("plan_open_h", "silence_h") if name not in self.alerts.model_fields_set}
        return self.alerts.model_copy(update={name: hours + longer_h for name, hours in waits.items()}) if longer_h else self.alerts

    def model_name(self, stage_key: str, usual: str = "") -> str:
        """The name of a stage's model as it is written in caseforge.toml.

        Args:
            usual: the stage's own where nobody says otherwise; empty: that of all.
        """
        own = self.stages.get(stage_key)
        return (own.model if own else None) or usual or self.openai_model

    def name_at_provider(self, stage_key: str, model: str) -> str:
        """Gives the name of a model in a stage's requests: as it is written, where that stands for it, or by the only name that it has at the provider."""
        written, names = self.model_name(stage_key), self.provider.names_of(model)
        if written in names or not names:
            return written if written in names else model
        return names[0] if len(names) == 1 else model

    @property
    def reuses_by_identity(self) -> bool:
        """Tells whether an answer that was made for the same node elsewhere is good enough."""
        return self.reuse == "identity"
