"""An export that was asked for: where it lies among the artifacts, and whether it is there yet.

Nothing of it is a row: what was asked lies beside the file, and both are removed after a day. Its id is its time and 128 random bits.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseforge_assets.artifacts import ArtifactFolder, ArtifactMissing
from caseforge_assets.commands.gathering.choose_contents import Selection
from caseforge_assets.handing_on.kinds import KINDS

FOLDER = "exports"
ID_PATTERN = r"^\d{8}T\d{6}-[0-9a-f]{32}$"
ID_TIME = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class ExportWish:
    """An export that somebody wants: of a framework, in a form, of a selection."""

    key: str
    kind: str
    selection: Selection


@dataclass(frozen=True)
class KeptExport:
    """An export: what was asked for by whom, its size once it is there, and why it will not be; None: not so."""

    id: str
    framework_key: str
    kind: str
    selection: Selection
    asked_by: str
    asked_at: datetime
    size_bytes: int | None
    problem: str | None

    @property
    def file_name(self) -> str:
        """The name under which a person keeps it."""
        kind = KINDS[self.kind]
        return f"{self.framework_key}{kind.ending}{'.zip' if kind.several else ''}"  # what makes several files is one archive


def find_export(folder: ArtifactFolder, export_id: str) -> KeptExport | None:
    """An export by its id; None where there is none, or not any more."""
    asked = _read(folder, export_path(export_id, "asked.json"))
    if asked is None:
        return None
    failed = _read(folder, export_path(export_id, "failed.json"))
    selection = asked["selection"]
    return KeptExport(
        export_id,
        asked["framework"],
        asked["kind"],
        Selection(**selection),
        asked["asked_by"],
        datetime.fromisoformat(asked["asked_at"]),
        folder.size_bytes(export_path(export_id, "file")),
        None if failed is None else failed["problem"],
    )


def export_path(export_id: str, name: str) -> str:
    """Says where a part of an export lies: nothing of it is a name that somebody gave.

    Raises:
        LookupError: this is no id.
    """
    if not re.fullmatch(ID_PATTERN, export_id) or export_id.endswith("\n"):
        raise LookupError(f"there is no export {export_id!r}")
    return f"{FOLDER}/{export_id}/{name}"


def _read(folder: ArtifactFolder, path: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(b"".join(folder.read(path)))
    except ArtifactMissing:
        return None
    return found
