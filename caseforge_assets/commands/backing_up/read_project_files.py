"""The project's files in a backup: what each of them is, and whether it would be run.

Code is what runs, or decides what runs: stages and templates of one's own, and settings of Dagster that name other modules than CaseForge's.
Nothing here is run or rendered to find that out.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

import yaml  # type: ignore[import-untyped]

from caseforge_assets.commands.backing_up.read_backup import BadBackup, shown
from caseforge_assets.frameworks.files.source import JSON_SUFFIXES, TEXT_SUFFIXES, WORKBOOK_SUFFIXES

CONFIGURATION = "caseforge.toml"
PROJECT_FILES = (CONFIGURATION, "dagster.yaml", "workspace.yaml")
LARGEST_SETTINGS_BYTES = 1 << 18
LARGEST_FILE_BYTES = 256 << 20  # a workbook
SHOWN_CHARACTERS = 120
SETTINGS_SHOWN = 60
_TABLES = frozenset({*WORKBOOK_SUFFIXES, *TEXT_SUFFIXES, *JSON_SUFFIXES})
_OF_CASEFORGE = {
    "storage": {"custom": {"module": "caseforge_assets.defs.storage", "class": "CaseforgeStorage", "config": {}}},
    "compute_logs": {"module": "caseforge_assets.defs.storage", "class": "CaseforgeComputeLogs", "config": {}},
    "run_launcher": {"module": "caseforge_assets.defs.launcher", "class": "CaseforgeRunLauncher", "config": {}},
    "local_artifact_storage": {"module": "caseforge_assets.defs.storage", "class": "CaseforgeArtifacts", "config": {}},
}
_NUMBERS_ONLY = frozenset(
    {"concurrency", "run_queue", "sensors", "schedules", "run_monitoring", "run_retries", "retention", "telemetry", "nux"}
)
_WORKSPACE = {"load_from": [{"python_module": "caseforge_assets.definitions"}]}


class Kind(StrEnum):
    """The kinds of files that a project has, in the words that people read."""

    settings = "settings"
    data = "data"
    template = "template, decides what is sent"
    code = "code, is run"
    dagster = "settings of Dagster that name code of others, or another place"

    @property
    def runs(self) -> bool:
        """Tells whether it would be run, or rendered, or decides what is."""
        return self in (Kind.template, Kind.code, Kind.dagster)


@dataclass(frozen=True)
class Places:
    """The places of a project's own things, relative to its folder; empty where it has none."""

    templates: str = ""
    own_stages: str = ""
    sources: frozenset[str] = frozenset()


def places_in(configuration: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[Places]:
    """Gives what caseforge.toml names, and what the backup says that the environment named instead of it.

    Raises:
        BadBackup: they are not what they should be.
    """
    frameworks = configuration.get("frameworks", {})
    named = [entry.get("source") for entry in frameworks.values() if isinstance(entry, dict)] if isinstance(frameworks, dict) else []
    yield _places(configuration.get("templates"), configuration.get("own_stages"), named)
    yield _places(recorded.get("templates"), recorded.get("own_stages"), recorded.get("sources") or [])


def _places(templates: object, own_stages: object, sources: object) -> Places:
    if not isinstance(sources, list) or not all(isinstance(source, str | None) for source in (templates, own_stages, *sources)):
        raise BadBackup(f"{CONFIGURATION} or the list of its files is not what a backup has")
    return Places(_below(templates), _below(own_stages), frozenset(filter(None, map(_below, sources))))


def _below(name: Any) -> str:
    """A folder or file below the project's folder, as a backup names it; nothing for the folder itself, or one outside."""
    plain = os.path.normpath(name) if name else "."
    return "" if plain in (".", "..") or plain.startswith(("../", "/")) else plain


def kind_of(name: str, content: bytes, places: Iterable[Places]) -> Kind:
    """Gives what a file of the project is.

    Raises:
        BadBackup: a backup does not have such a file.
    """
    parts = PurePosixPath(name).parts
    if any(part.startswith(".") for part in parts):
        raise BadBackup(f"project/{shown(name)} does not belong into a backup: hidden files, .env among them, are in none")
    if name == CONFIGURATION:
        return Kind.settings
    if name in PROJECT_FILES:
        return Kind.settings if _is_plain(name, content) else Kind.dagster
    for place in places:
        if place.own_stages and PurePosixPath(place.own_stages) in PurePosixPath(name).parents:
            return Kind.code
        if place.templates and PurePosixPath(place.templates) in PurePosixPath(name).parents:
            return Kind.template
        if name in place.sources and PurePosixPath(name).suffix.lower() in _TABLES:
            return Kind.data
    raise BadBackup(
        f"project/{shown(name)} does not belong into a backup: it is neither {', '.join(PROJECT_FILES)}, nor a template, a stage or a source "
        f"that {CONFIGURATION} names"
    )


def _is_plain(name: str, content: bytes) -> bool:
    """Tells whether settings of Dagster name nothing but CaseForge's own parts, and numbers."""
    try:
        if any(sign in content for sign in (b"&", b"*", b"!")):  # anchors and tags of YAML: small files that become large, objects
            return False
        found = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        return False
    if name == "workspace.yaml":
        return bool(found == _WORKSPACE)
    return isinstance(found, dict) and all(
        value == _OF_CASEFORGE[key] if key in _OF_CASEFORGE else key in _NUMBERS_ONLY and _is_harmless(value)
        for key, value in found.items()
    )


def _is_harmless(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and "module" not in key and _is_harmless(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_harmless, value))
    return value is None or isinstance(value, bool | int | float) or value in ("run", "op")


def read_configuration(content: bytes) -> dict[str, Any]:
    """Gives what caseforge.toml says, without a look at what it means.

    Raises:
        BadBackup: it is no TOML.
    """
    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise BadBackup(f"project/{CONFIGURATION} cannot be read: {shown(str(error))}") from error


def settings_shown(configuration: Mapping[str, Any]) -> list[str]:
    """Each key with its value, for people: what a stranger's file would have one's own project do."""
    lines = [f"{key} = {value}"[:SHOWN_CHARACTERS] for key, value in _flat(configuration, "")]
    left = len(lines) - SETTINGS_SHOWN
    return [*lines[:SETTINGS_SHOWN], *([f"and {left:,} more"] if left > 0 else [])]


def _flat(table: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{before}{key if key.isidentifier() else json.dumps(key)}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        else:
            yield name, json.dumps(value, default=str)
