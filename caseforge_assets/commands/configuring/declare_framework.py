"""Entries of caseforge.toml: a framework that is loaded for the first time is added, and the file's comments stay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import tomlkit

from caseforge_assets.frameworks import TableForm
from caseforge_assets.settings import FrameworkSettings, Settings, check_framework_key


def entry_for(
    settings: Settings,
    key: str,
    file: Path,
    known: FrameworkSettings | None,
    title: str | None,
    targets: Any,
    form: TableForm | None = None,
    language: str | dict[str, str] | None = None,
) -> FrameworkSettings:
    """The entry that a framework has after loading `file`: the declared one with its source, selector, form and language brought up to date.

    Args:
        language: the language of its texts, or languages by stage; None leaves what is declared.

    Raises:
        ConfigurationError: the key is not one that Dagster and URLs can carry.
    """
    check_framework_key(key)
    source = _relative(file.resolve(), settings.project_folder)
    changed = {"source": source, "targets": targets}
    if form is not None:
        changed |= {"hierarchy": form.hierarchy, "map": dict(form.columns)}
    if language is not None:
        changed["language"] = language
    if known is not None:
        return known.model_copy(update=changed)
    return FrameworkSettings.model_validate({"title": title or key.replace("_", " ").title(), **changed})


def declare_framework(settings: Settings, key: str, entry: FrameworkSettings) -> bool:
    """Writes the entry into caseforge.toml where it differs; returns whether it was new. Comments and order are kept."""
    path = settings.config_path
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    frameworks = document.get("frameworks")
    if frameworks is None:
        frameworks = tomlkit.table(is_super_table=True)
        document.append("frameworks", frameworks)
    is_new = key not in frameworks
    if is_new:
        frameworks.append(key, _table(entry, inline=isinstance(frameworks, tomlkit.items.InlineTable)))
    else:
        for name, default in (("source", None), ("targets", "leaf"), ("hierarchy", None), ("map", {}), ("language", "")):
            value = _plain(getattr(entry, name))
            if frameworks[key].get(name, default) != value:
                frameworks[key][name] = value
    _write(path, document)
    return is_new


def undeclare_framework(settings: Settings, key: str) -> bool:
    """Takes the entry out of caseforge.toml; returns whether there was one. All else in the file stays."""
    path = settings.config_path
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    frameworks = document.get("frameworks", {})
    if key not in frameworks:
        return False
    del frameworks[key]
    _write(path, document)
    return True


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    text = tomlkit.dumps(document)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)


def _table(entry: FrameworkSettings, *, inline: bool) -> tomlkit.items.Table | tomlkit.items.InlineTable:
    table = tomlkit.inline_table() if inline else tomlkit.table()
    table["title"] = entry.title
    table["source"] = entry.source
    table["targets"] = _plain(entry.targets)
    if entry.owner:
        table["owner"] = entry.owner
    if entry.hierarchy:
        table["hierarchy"] = entry.hierarchy
    if entry.map:
        table["map"] = _plain(entry.map)
    if entry.language:
        table["language"] = _plain(entry.language)
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return table
    return list(value) if isinstance(value, tuple) else value


def _relative(file: Path, project: Path) -> str:
    return str(file.relative_to(project)) if file.is_relative_to(project) else str(file)
