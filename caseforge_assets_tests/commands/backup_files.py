"""Backups made by hand: what `backup` would write, and what it never would."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.backing_up.place_backup import Unpacked, place_backup
from caseforge_assets.commands.backing_up.unpack_backup import checked_backup

TOML = b'templates = "words"\nown_stages = "ours"\nbudget_usd = 40\n[frameworks.shop]\ntitle = "Shop"\nsource = "shop.csv"\n'
JOURNAL = "artifacts/journal/20261124T120000000000Z-0011aabb.journal.jsonl.zst"
FILES: dict[str, bytes] = {
    "project/caseforge.toml": TOML,
    "project/shop.csv": b"code,name\n",
    "project/words/usecases/system.jinja": b"Say it.",
    "project/ours/reviews/__init__.py": b"raise SystemExit('was run')\n",
    "artifacts/batches/ab/ab12.input.jsonl": b"{}\n",
    JOURNAL: b"packed",
}


def contents_of(names: Sequence[str], **other: Any) -> bytes:
    listed = {kind: [name.removeprefix(f"{kind}/") for name in names if name.startswith(f"{kind}/")] for kind in ("project", "artifacts")}
    return json.dumps({"format": 1, "made_at": "2026-11-24T12:00:00+00:00", "schema": "x", "masked": [], **listed, **other}).encode()


def hashes_of(files: Mapping[str, bytes]) -> bytes:
    return json.dumps({name: hashlib.sha256(content).hexdigest() for name, content in files.items()}).encode()


def member(name: str, content: bytes = b"", **header: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in header.items():
        setattr(info, key, value)
    return info, content


def pack(path: Path, members: Sequence[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Writes members as they are given, in their order."""
    with (
        path.open("wb") as file,
        zstandard.ZstdCompressor().stream_writer(file, closefd=False) as packer,
        tarfile.open(fileobj=packer, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


def backup_file(path: Path, files: Mapping[str, bytes] = FILES, *, hashes: bytes | None = None, **contents: Any) -> Path:
    """A backup of these files that is in order."""
    members = [member("backup.json", contents_of(list(files), **contents)), *(member(name, content) for name, content in files.items())]
    return pack(path, [*members, member("hashes.json", hashes_of(files) if hashes is None else hashes)])


def unpack(backup: Path, project: Path, *, trust_code: bool = False) -> Unpacked:
    """Checks a backup and puts it into a project."""
    folder = ArtifactFolder(str(project / "var" / "artifacts"))
    with checked_backup(backup, folder) as checked:
        return place_backup(checked, folder, project, trust_code=trust_code)
