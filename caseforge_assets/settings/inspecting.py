"""A project as it is read, with everything that is wrong with it, for those who ask about the configuration itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel

from caseforge_assets.batches.provider_kinds import NONE, SOURCES, ProviderKind
from caseforge_assets.costs.prices import OwnPrice
from caseforge_assets.settings.configuration import CONFIG_NAME, Configuration, ConfigurationError, FrameworkSettings, StageOverrides
from caseforge_assets.settings.declarations import Declaration
from caseforge_assets.settings.environment import PLACES, PREFIX, Environment, read_environment
from caseforge_assets.settings.project import Settings, provider_faults, settings_of
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets.settings.reading import DEFAULT, Sources, check_sources, read_sources
from caseforge_assets.settings.stages import project_stages, unknown_stages
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages


@dataclass(frozen=True)
class Value:
    """One effective value: its key with dots between the parts, what it is, and where it comes from, in words."""

    key: str
    value: object
    origin: str


@dataclass(frozen=True)
class Inspection:
    """The result of reading a project's configuration.

    Attributes:
        folder: The project's.
        faults: What is wrong, as place and text.
        settings: None where something is wrong with keys or values.
        asked_for: The stages, also as frameworks ask for them; none where one of them cannot be used.
    """

    folder: Path
    environment: Environment
    sources: Sources | None
    faults: tuple[tuple[str, str], ...] = ()
    settings: Settings | None = None
    asked_for: Stages = field(default_factory=Stages)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order, as they are asked for where a framework says nothing else."""
        return self.asked_for.shared

    @property
    def unknown_variables(self) -> tuple[str, ...]:
        """Variables that begin like CaseForge's and are none."""
        return self.sources.unknown_variables if self.sources else ()

    @property
    def known_variables(self) -> list[str]:
        """The variables of CaseForge, in small letters, to find what was meant."""
        return [*(place.lower() for place in PLACES), *(f"{PREFIX}{key}".lower() for key in Configuration.model_fields)]

    def place(self, key: str) -> str:
        """Names the place where a key stands; the key itself where its default holds."""
        origin = self.origin(key)
        return key if origin == DEFAULT else origin

    def origin(self, key: str) -> str:
        """Says where a key's value comes from. A model's name, which holds dots itself, stands last, or before the last part of a price's key."""
        parts = key.split(".")
        if parts[0] == "prices" and len(parts) > 2:
            parts = [parts[0], ".".join(parts[1:-1]), parts[-1]]
        table = 1 if parts[0] == "max_enqueued_tokens" else 2
        path = (*parts[:table], ".".join(parts[table:])) if len(parts) > table else tuple(parts)
        return self.sources.origin(path) if self.sources else DEFAULT


def inspect_project(folder: Path, set_keys: Mapping[str, str] | None = None, kept: Mapping[str, Declaration] | None = None) -> Inspection:
    """Reads a project as far as it can be read; what is wrong with its configuration is in the result.

    Args:
        set_keys: values by key that win over everything else.
        kept: frameworks that the database declares.

    Raises:
        ConfigurationError: the `.env` file is not text.
    """
    environment = read_environment(folder)
    try:
        sources = read_sources(folder / CONFIG_NAME, environment, set_keys, kept=kept)
    except ConfigurationError as error:
        return Inspection(folder, environment, None, ((CONFIG_NAME, str(error).removeprefix(f"{CONFIG_NAME}: ")),))
    checked = check_sources(sources)
    if not isinstance(checked, Configuration):
        faults = tuple((fault.place, f"{'.'.join(fault.path)}: {fault.what}") for fault in checked)
        return Inspection(folder, environment, sources, faults)
    settings = settings_of(folder, environment, checked)
    try:
        stages = project_stages(folder, checked)
    except ConfigurationError as error:
        lines = str(error).splitlines()
        return Inspection(folder, environment, sources, tuple(_split(line) for line in lines), settings)
    wrong = [*provider_faults(sources, settings, stages.shared), *unknown_stages(sources, checked, stages)]
    faults = tuple((fault.place, f"{'.'.join(fault.path)}: {fault.what}") for fault in wrong)
    return Inspection(folder, environment, sources, faults, settings, stages)


def effective_values(inspection: Inspection, configuration: Configuration) -> list[Value]:
    """Every key with its value and where it comes from, in the order of the documentation; secrets are no keys and so not among them."""
    values: list[Value] = []
    for name in Configuration.model_fields:
        value = getattr(configuration, name)
        if name == "provider":
            values += _provider_values(inspection, configuration.provider)
        elif name == "max_enqueued_tokens":
            values += [Value(f"{name}.{model}", limit, inspection.origin(f"{name}.{model}")) for model, limit in value.items()]
        elif isinstance(value, BaseModel):
            keys = [f"{name}.{field}" for field in type(value).model_fields]
            values += [Value(key, getattr(value, key.partition(".")[2]), inspection.origin(key)) for key in keys]
        elif name not in ("frameworks", "stages", "prices"):
            values.append(Value(name, value, inspection.origin(name)))
    tables = (
        ("frameworks", configuration.frameworks, FrameworkSettings),
        ("stages", configuration.stages, StageOverrides),
        ("prices", configuration.prices, OwnPrice),
    )
    for table, entries, record in tables:
        for key, entry in entries.items():
            for name in record.model_fields:
                path = f"{table}.{key}.{name}"
                if (origin := inspection.origin(path)) != DEFAULT or table == "frameworks":
                    values.append(Value(path, getattr(entry, name), origin))
    return values


def _provider_values(inspection: Inspection, given: ProviderSettings) -> Iterator[Value]:
    """Every field as it holds; of one that is not given, where its kind has it from."""
    holds = given.effective
    origin = inspection.origin("provider.kind")
    by_address = "the address in OPENAI_BASE_URL" if given.kind else "default (as none is certain, like OpenAI)"
    yield Value("provider.kind", holds.name, by_address if origin == DEFAULT else origin)
    for name in ProviderSettings.model_fields:
        if name == "kind":
            continue
        value = getattr(holds, name) if hasattr(holds, name) else getattr(given, name)
        origin = inspection.origin(f"provider.{name}")
        yield Value(f"provider.{name}", _plain(value), _of_kind(holds, name) if origin == DEFAULT else origin)


def _of_kind(holds: ProviderKind, name: str) -> str:
    """Says where a fact is from."""
    if name not in holds.sources:
        return DEFAULT
    source = SOURCES.get(holds.sources[name])
    return f"{DEFAULT} of the kind {holds.name} ({f'looked up {source.looked_up}' if source else 'unverified'})"


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(str(part) for part in value)
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {part}" for key, part in value.items()) or NONE
    return value


def _split(line: str) -> tuple[str, str]:
    """A fault of a template or a stage begins with its file."""
    place, separator, says = line.partition(": ")
    return (place, says) if separator and ("/" in place or place.endswith((".jinja", ".toml"))) else ("stages", line)
