"""Entries of caseforge.toml: added, brought up to date and taken out; the file's comments stay."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import tomlkit

from caseforge_assets.settings import FrameworkSettings, Settings

_NOT_REPLACED = (errno.EBUSY, errno.EROFS, errno.EACCES)
# What a load says of a framework that is declared already, and what holds where nothing is said; all else is a person's.
SAID_BY_LOAD: dict[str, Any] = {"source": None, "targets": "leaf", "hierarchy": None, "map": {}, "language": ""}


def write_entry(settings: Settings, key: str, entry: FrameworkSettings) -> bool:
    """Writes an entry into caseforge.toml where it differs; returns whether it was new. Comments and order are kept."""
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
        for name, default in SAID_BY_LOAD.items():
            value = _plain(getattr(entry, name))
            if frameworks[key].get(name, default) != value:
                frameworks[key][name] = value
    _write(path, document)
    return is_new


def remove_entry(settings: Settings, key: str) -> bool:
    """Takes an entry out of caseforge.toml; returns whether there was one. All else in the file stays."""
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
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except OSError as error:
            if error.errno not in _NOT_REPLACED:
                raise
            part.unlink(missing_ok=True)
            path.write_text(text, encoding="utf-8")  # a file that is mounted by itself can be written, and not replaced


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
