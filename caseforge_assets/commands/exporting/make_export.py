"""An export that was asked for is made: whole, or not at all, by one process at a time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from caseforge_assets.artifacts import CHUNK_BYTES, ArtifactFolder
from caseforge_assets.commands.exporting.export_contents import export_contents
from caseforge_assets.commands.exporting.find_export import KeptExport, export_path, find_export
from caseforge_assets.handing_on.kinds import KINDS
from caseforge_assets.redaction import redact
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Engine, try_lock
from caseforge_assets.temporary import temporary_folder


def make_export(store: Engine, stages: Stages, folder: ArtifactFolder, export_id: str) -> None:
    """Makes an export, unless it is there, cannot be made, or somebody else is at it."""
    with try_lock(store, f"export {export_id}") as held:
        found = find_export(folder, export_id) if held else None
        if found is None or found.size_bytes is not None or found.problem is not None:
            return
        try:
            _make(store, stages, folder, found)
        except (LookupError, ValueError) as error:  # the framework is another one by now
            folder.write(export_path(export_id, "failed.json"), [json.dumps({"problem": redact(str(error))}).encode()])


def _make(store: Engine, stages: Stages, folder: ArtifactFolder, found: KeptExport) -> None:
    key, kind = found.framework_key, found.kind
    with temporary_folder() as place:
        inside = Path(place) / key
        inside.mkdir()
        target = inside / f"{key}{KINDS[kind].ending}"
        with store.connect() as connection:
            export_contents(connection, stages, key, target, kind, found.selection, quietly=True)
        made = _packed(inside, Path(place) / "export.zip") if KINDS[kind].several else target
        folder.write(export_path(found.id, "file"), _chunks(made))


def _packed(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return target


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
