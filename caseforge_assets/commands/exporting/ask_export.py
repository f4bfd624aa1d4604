"""An export is asked for, to be made by whoever comes to it, and fetched as a file within a day."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.exporting.find_export import FOLDER, ID_PATTERN, ID_TIME, ExportWish, export_path
from caseforge_assets.commands.gathering.choose_contents import choose_contents
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection

KEPT = timedelta(days=1)


def ask_export(connection: Connection, stages: Stages, folder: ArtifactFolder, wish: ExportWish, *, by: str, now: datetime) -> str:
    """Notes what is wanted, and removes exports that are older than a day; returns the export's id.

    Raises:
        LookupError: no node is called so, or the framework has not been loaded.
        ValueError: the selection makes no sense, such as a category that no candidate has.
    """
    choose_contents(connection, stages, wish.key, wish.selection)
    _remove_old(folder, now)
    export_id = f"{now.astimezone(UTC):{ID_TIME}}-{secrets.token_hex(16)}"
    asked = {"framework": wish.key, "kind": wish.kind, "selection": asdict(wish.selection), "asked_by": by, "asked_at": now.isoformat()}
    folder.write(export_path(export_id, "asked.json"), [json.dumps(asked).encode()])
    return export_id


def _remove_old(folder: ArtifactFolder, now: datetime) -> None:
    oldest = f"{(now - KEPT).astimezone(UTC):{ID_TIME}}"
    for name in folder.stored_names(FOLDER):
        export_id = name.split("/")[1]
        if re.fullmatch(ID_PATTERN, export_id) and export_id < oldest:
            folder.remove(name)
