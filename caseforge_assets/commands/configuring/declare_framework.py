"""A framework that was loaded is declared, and one that was taken out is not any more: in caseforge.toml, or in the database."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from caseforge_assets.commands.configuring.edit_entries import SAID_BY_LOAD, remove_entry, write_entry
from caseforge_assets.settings import CONFIG_NAME, ConfigurationError, FrameworkSettings, Settings
from caseforge_assets.settings.declarations import as_stored
from caseforge_assets.store.database.engine import Engine, wait_for_lock
from caseforge_assets.store.editions import declarations


class Place(StrEnum):
    """The places where frameworks are declared, in the words that people read."""

    file = CONFIG_NAME
    database = "the database"


@dataclass(frozen=True)
class Declared:
    """The place where a framework is declared now, and whether it was not declared before."""

    place: Place
    is_new: bool


def declaring_place(store: Engine, settings: Settings) -> Place:
    """Says where a load declares frameworks: in caseforge.toml, or in the database where the file cannot be written or is not meant to be.

    Raises:
        ConfigurationError: in neither; nothing was changed.
        SchemaNotUsable: the database has no place for it yet.
    """
    if settings.configuration.declare_in == "file" and _is_writable(settings):
        return Place.file
    if settings.postgres_url is not None:
        with store.connect() as connection:
            declarations.refuse_unless_there(connection)
        return Place.database
    raise ConfigurationError(
        f"frameworks are declared in {CONFIG_NAME}, and {settings.config_path} cannot be written here, or declare_in says otherwise. The embedded "
        "database declares none. Nothing was changed. Make the file writable, or set CASEFORGE_POSTGRES_URL to a database of your own"
    )


def declare_framework(store: Engine, settings: Settings, key: str, entry: FrameworkSettings, *, by: str) -> Declared:
    """Declares a framework as an entry says. Whoever declares at the same time comes before or after.

    Raises:
        ConfigurationError: there is no place for it.
    """
    place = declaring_place(store, settings)
    is_new = key not in settings.configuration.frameworks
    with wait_for_lock(store, CONFIG_NAME):
        if place is Place.file:
            write_entry(settings, key, entry)
            _forget(store, key)
        elif is_new or entry != settings.configuration.frameworks[key]:
            _keep(store, settings, key, entry, by)
    return Declared(place, is_new)


def undeclare_framework(store: Engine, settings: Settings, key: str, *, by: str) -> bool:
    """Takes a declaration back; returns whether there was one.

    Raises:
        ConfigurationError: the place where it stands cannot be written.
    """
    if key not in settings.configuration.frameworks:
        return False
    place = declaring_place(store, settings)
    with wait_for_lock(store, CONFIG_NAME):
        if place is Place.file:
            remove_entry(settings, key)
            _forget(store, key)
        else:
            _keep(store, settings, key, None, by)
    return True


def _keep(store: Engine, settings: Settings, key: str, entry: FrameworkSettings | None, by: str) -> None:
    in_file = as_stored(_in_file(settings, key))
    with store.begin() as connection:
        known = declarations.all_declarations(connection).get(key)
        before = known.entry if known is not None and known.holds_beside(in_file) else in_file
        declarations.declare(connection, key, _brought_up_to_date(before, entry) if entry else None, in_file, by)


def _brought_up_to_date(before: Mapping[str, Any] | None, entry: FrameworkSettings) -> dict[str, Any]:
    """A table with what the load says; what a person said, or the environment says at this moment, is left as it is."""
    if not before:
        return entry.model_dump(mode="json", exclude_defaults=True)
    said = entry.model_dump(mode="json", include=set(SAID_BY_LOAD))
    return dict(before) | {name: value for name, value in said.items() if value != before.get(name, SAID_BY_LOAD[name])}


def _forget(store: Engine, key: str) -> None:
    """The file says it now."""
    with store.begin() as connection:
        declarations.forget(connection, key)


def _in_file(settings: Settings, key: str) -> Any:
    if not settings.config_path.exists():
        return None
    return tomllib.loads(settings.config_path.read_text(encoding="utf-8-sig")).get("frameworks", {}).get(key)


def _is_writable(settings: Settings) -> bool:
    """Tells whether the file can be written; one of a ConfigMap cannot."""
    path = settings.config_path
    return os.access(path if path.exists() else path.parent, os.W_OK)
