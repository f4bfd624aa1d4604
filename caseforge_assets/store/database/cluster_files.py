"""Reads what PostgreSQL's files tell of its server: its process, its socket, its version; and removes what a killed one left."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from caseforge_assets.store.database.cluster_location import ServerUser, not_readable

DATABASE = "caseforge"
ROLE = "postgres"  # not the name of the schema: PostgreSQL would look into a schema of the role's name first


@dataclass(frozen=True)
class RunningServer:
    """A live server, as its postmaster.pid describes it."""

    pid: int
    socket_dir: Path
    ready: bool

    @property
    def url(self) -> str:
        """SQLAlchemy URL of its socket."""
        # The port is named because libpq would otherwise take it from PGPORT.
        return f"postgresql+psycopg2://{ROLE}@/{DATABASE}?host={quote(str(self.socket_dir))}&port=5432"


def find_server(data_dir: Path) -> RunningServer | None:
    """Read postmaster.pid: process, start time, socket folder (line 5), state (line 8). None where no server of this folder lives."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise not_readable(data_dir) from None
    if not lines or not lines[0].isdecimal() or not _is_server_of(int(lines[0]), data_dir):
        return None
    ready = len(lines) >= 8 and lines[7].strip() == "ready"
    return RunningServer(int(lines[0]), Path(lines[4] if len(lines) > 4 else ""), ready)


def _is_server_of(pid: int, data_dir: Path) -> bool:
    """True where the process is alive and is this cluster's server; after a crash its number may belong to anything."""
    if not Path("/proc/self").exists():  # macOS
        return ServerUser("").can_run("/bin/sh", "-c", 'ps -ww -o args= -p "$1" | grep -qF -- "$2"', "sh", str(pid), data_dir)
    try:
        return os.fsencode(data_dir) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def read_version(data_dir: Path) -> str | None:
    """Read the major version of a cluster; None where there is none."""
    try:
        return (data_dir / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise not_readable(data_dir) from None


def remove_if_misleading(lock_file: Path) -> None:
    """Remove what a killed server left if its process number now belongs to another process, or to its own remains.

    PostgreSQL would refuse to start; where the number belongs to nobody, it removes the file itself.
    """
    try:
        os.kill(int(lock_file.read_text().split("\n", 1)[0]), 0)
    except (ProcessLookupError, FileNotFoundError, OverflowError):
        return
    except (PermissionError, ValueError):  # ValueError: it was killed before it had written its number
        lock_file.unlink()
    else:
        lock_file.unlink()
