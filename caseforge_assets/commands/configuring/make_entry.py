"""Makes a framework's entry in the configuration from the file that was loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from caseforge_assets.commands.configuring.open_source import is_address
from caseforge_assets.commands.configuring.read_form import Meant
from caseforge_assets.settings import FrameworkSettings, Settings, check_framework_key


def entry_for(settings: Settings, key: str, source: str, meant: Meant) -> FrameworkSettings:
    """The entry that a framework has after loading a file: the declared one with its source, selector, form and language brought up to date.

    Args:
        source: where the file lies: a path, or an address in a bucket or among the artifacts.

    Raises:
        ConfigurationError: the key is not one that Dagster and URLs can carry.
    """
    check_framework_key(key)
    changed: dict[str, Any] = {"source": _as_written(source, settings.project_folder), "targets": meant.targets}
    changed |= {"hierarchy": meant.form.hierarchy, "map": dict(meant.form.columns)}
    if meant.language is not None:
        changed["language"] = meant.language
    known = settings.configuration.frameworks.get(key)
    if known is not None:
        return known.model_copy(update=changed)
    return FrameworkSettings.model_validate({"title": meant.title or key.replace("_", " ").title(), **changed})


def _as_written(source: str, project: Path) -> str:
    """A file below the project's folder is named relative to it."""
    if is_address(source):
        return source
    file = (project / source).resolve()
    return str(file.relative_to(project)) if file.is_relative_to(project) else str(file)
