"""load, from a table in memory: a DataFrame of processes is judged like a file, becomes the framework's source, and is loaded."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.configuring.declare_framework import declare_framework, declaring_place
from caseforge_assets.commands.configuring.open_source import ARTIFACTS, is_address
from caseforge_assets.commands.editions.doubt_edition import doubt_edition
from caseforge_assets.commands.editions.keep_workbook import keep_workbook, workbook_path
from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.frameworks import Edition, read_framework
from caseforge_assets.settings import Settings
from caseforge_assets.store.database.engine import Engine

if TYPE_CHECKING:
    import pandas


class TableRefused(ValueError):
    """A table that is no framework, or not in order; the text names every place. Nothing was changed."""


def load_table(store: Engine, folder: ArtifactFolder, settings: Settings, key: str, table: pandas.DataFrame, *, by: str) -> Loaded:
    """Loads a table as the newest edition of a framework, and keeps it as the CSV file that the framework names as its source.

    Where that cannot be written, its copy among the artifacts becomes the source.

    Nothing is asked of a model, and nothing is spent: what became missing or stale waits for a plan. The same table again changes nothing.

    Args:
        store: CaseForge's store.
        folder: of artifacts; a copy of each edition's table stays there.
        settings: that declare the framework.
        key: of the framework.
        table: columns as a file has them: code, name, and what else there is (id, parent, description, owner, level1 …).
        by: who loads it.

    Raises:
        TableRefused: it is not in order, or looks like another framework than the one whose edition it is to be.
        ConfigurationError: the framework is not declared.
    """
    entry = settings.framework(key)
    file = settings.project_folder / entry.source
    is_kept_here = not is_address(entry.source) and os.access(file.parent, os.W_OK)
    if file.suffix.lower() != ".csv":
        raise TableRefused(f"frameworks.{key}.source is {entry.source}; a table is kept as a CSV file there. Name one that ends with .csv")
    if not is_kept_here:
        declaring_place(store, settings)  # what cannot be declared is not loaded
    with TemporaryDirectory(dir=file.parent if is_kept_here else None, prefix=".caseforge-") as place:
        draft = Path(place) / file.name
        _write(draft, table)
        result = read_framework(draft, form=entry.form)
        if result.edition is None:
            raise TableRefused("\n".join(problem.message for problem in result.problems))
        _refuse_other_framework(store, key, result.edition, file.name)
        keep_workbook(folder, draft, result.edition.source_sha256)
        loaded = load_framework(store, settings.project, NewEdition(key, entry, result.edition, file.name), by=by)
        if is_kept_here:
            draft.replace(file)
        else:
            source = f"{ARTIFACTS}{workbook_path(file.name, result.edition.source_sha256)}"
            declare_framework(store, settings, key, entry.model_copy(update={"source": source}), by=by)
    return loaded


def _refuse_other_framework(store: Engine, key: str, edition: Edition, name: str) -> None:
    with store.connect() as connection:
        doubt = doubt_edition(connection, key, edition, name)
    if doubt:
        raise TableRefused(
            f"{doubt}. If it is an edition of this framework, write it to a file: caseforge load FILE --framework {key} --yes"
        )


def _write(path: Path, table: pandas.DataFrame) -> None:
    import pandas

    decimal = [str(name) for name, values in table.items() if pandas.api.types.is_float_dtype(values) and (values.dropna() % 1 != 0).any()]
    if decimal:
        raise TableRefused(f"{', '.join(decimal)}: decimal numbers, of which 1.1 could be 1.10. Make texts of them where the table is made")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(str, table.columns))
        writer.writerows([_cell(value) for value in row] for row in table.itertuples(index=False, name=None))


def _cell(value: object) -> str:
    """Unknown is empty; whole numbers in a column of floats, which pandas makes of integers where one is unknown, are whole."""
    import pandas

    if pandas.isna(value):  # type: ignore[call-overload]
        return ""
    return str(int(value)) if isinstance(value, float) else str(value)
