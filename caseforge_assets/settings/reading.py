"""Makes one configuration of caseforge.toml, environment variables and the command line, and remembers where each value comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from caseforge_assets.settings.configuration import CONFIG_NAME, Configuration, ConfigurationError
from caseforge_assets.settings.declarations import Declaration
from caseforge_assets.settings.environment import PREFIX, Environment
from caseforge_assets.settings.faults import Fault, faults_of
from caseforge_assets.settings.toml_lines import key_lines

KeyPath = tuple[str, ...]
DEFAULT = "default"
DECLARED = "defs.yaml"
COMMAND_LINE = "command line (--set)"
FRAMEWORKS = "frameworks"


@dataclass(frozen=True)
class Sources:
    """The values that were given, before they are checked: merged, and for those that are not from the file where they come from.

    Attributes:
        values: As TOML gives them, nested.
        text: Of caseforge.toml; empty where there is none.
        given: Origins of what environment and command line gave, in words, by the path of the key.
        unknown_variables: Variables that begin like ours and stand for no key.
    """

    values: Mapping[str, Any]
    text: str = ""
    given: Mapping[KeyPath, str] = field(default_factory=dict)
    unknown_variables: tuple[str, ...] = ()

    @cached_property
    def lines(self) -> dict[KeyPath, int]:
        """The line of caseforge.toml on which each key stands."""
        return key_lines(self.text)

    def origin(self, path: KeyPath) -> str:
        """Says where a key's value comes from: a line of the file, a variable, the command line, or the default."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.given:
                return self.given[path[:length]]
        return f"{CONFIG_NAME}, line {self.lines[path]}" if path in self.lines else DEFAULT

    def place(self, path: KeyPath) -> str:
        """Names the place where a person has to look for something that is wrong: the key itself or the table that it should stand in."""
        for length in range(len(path), 0, -1):
            if (origin := self.origin(path[:length])) != DEFAULT:
                return origin
            below = [origin for key, origin in self.given.items() if key[:length] == path[:length]]
            if below:
                return below[0]
        return CONFIG_NAME


def read_sources(
    path: Path,
    environment: Environment | None = None,
    set_keys: Mapping[str, str] | None = None,
    declared: Mapping[str, Any] | None = None,
    kept: Mapping[str, Declaration] | None = None,
) -> Sources:
    """Gathers what is given, later ones winning: the file with what is declared beside it, the database, variables, the command line.

    Args:
        path: of caseforge.toml; it may be missing.
        environment: whose CASEFORGE_ variables count.
        set_keys: values by key, dots between the parts, such as `stages.usecases.model`.
        declared: tables like those of the file.
        kept: what the database declares, by framework.

    Raises:
        ConfigurationError: the file is not TOML, a key cannot hold what stands below it, or file and declaration contradict each other.
    """
    text, values = _read_file(path)
    given: dict[KeyPath, str] = {}
    _take_kept(
        values, {key: declaration for key, declaration in (kept or {}).items() if key not in (declared or {}).get(FRAMEWORKS, {})}, given
    )
    _declare(values, declared or {}, (), given)
    unknown = []
    for name, value in sorted((environment.overrides if environment else {}).items()):
        key = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if key[0] not in Configuration.model_fields:
            unknown.append(name)
            continue
        given[key] = environment.origin(name) if environment else ""
        _put(values, key, _plain(value, name), name)
    for name, value in (set_keys or {}).items():
        key = tuple(name.split("."))
        given = {other: origin for other, origin in given.items() if other[: len(key)] != key} | {key: COMMAND_LINE}
        _put(values, key, _plain(value, name), f"--set {name}")
    return Sources(values, text, given, tuple(unknown))


def check_sources(sources: Sources) -> Configuration | list[Fault]:
    """The configuration, or everything that is wrong with it."""
    try:
        return Configuration.model_validate(sources.values)
    except ValidationError as error:
        return faults_of(error, sources.values, sources.place)


def valid_configuration(sources: Sources) -> Configuration:
    """The configuration.

    Raises:
        ConfigurationError: a wrong key (with the nearest right one) or a wrong value, each with the place where it stands.
    """
    checked = check_sources(sources)
    if isinstance(checked, Configuration):
        return checked
    raise ConfigurationError("\n".join(fault.text for fault in checked))


def read_configuration(path: Path) -> Configuration:
    """Reads and checks one caseforge.toml, and nothing else; a missing file means defaults and no frameworks.

    Raises:
        ConfigurationError: not TOML, or something in it is wrong; with the line.
    """
    return valid_configuration(read_sources(path))


def _read_file(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        return text, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{path.name}: cannot be read as TOML: {error}") from error


def _take_kept(values: dict[str, Any], kept: Mapping[str, Declaration], given: dict[KeyPath, str]) -> None:
    """Frameworks are as the database declares them, where the file says of them what it said then."""
    if not kept or not isinstance(frameworks := values.setdefault(FRAMEWORKS, {}), dict):
        return
    for key, declaration in kept.items():
        if declaration.holds_beside(frameworks.get(key)):
            frameworks.pop(key, None)
            if declaration.entry is not None:
                frameworks[key], given[FRAMEWORKS, key] = dict(declaration.entry), declaration.origin


def _declare(values: dict[str, Any], declared: Mapping[str, Any], above: KeyPath, given: dict[KeyPath, str]) -> None:
    """Adds what is declared to the values of the file, where it may say the same, and nothing else."""
    for name, value in declared.items():
        path = (*above, name)
        if isinstance(value, Mapping) and isinstance(below := values.setdefault(name, {}), dict):
            _declare(below, value, path, given)
        elif name not in values:
            values[name], given[path] = value, DECLARED
        elif values[name] != value:
            key = ".".join(path)
            raise ConfigurationError(f"{key}: {CONFIG_NAME} says {values[name]!r}, {DECLARED} says {value!r}. Say it in one of them")


def _plain(value: str, name: str) -> Any:
    """A list or a table is written as in TOML; anything else stays text, and its key's type makes something of it."""
    if value.strip()[:1] not in ("[", "{"):
        return value
    try:
        return tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: cannot be read as a list or table of TOML: {error}") from error


def _put(values: dict[str, Any], key: KeyPath, value: Any, name: str) -> None:
    table = values
    for part in key[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigurationError(f"{name}: {part} is a single value and holds no keys")
    table[key[-1]] = value
