"""Finds, starts, joins and stops the embedded PostgreSQL: one server for all processes that share a data folder.

The server outlives whoever started it, until `stop`. It listens on a socket that only its owner can open, never on TCP. What lies
where is decided in `cluster_location`; what is stored in it is the matter of the other modules here.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shlex
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caseforge_assets.store.database.cluster_files import DATABASE, ROLE, RunningServer, find_server, read_version, remove_if_misleading
from caseforge_assets.store.database.cluster_location import (
    SOCKET_NAME,
    EmbeddedPostgresError,
    ServerUser,
    choose_user,
    find_data_dir,
    find_programs,
    measure_bytes,
    place_data_dir,
    place_socket_dir,
    remove_unfinished,
)

__all__ = ["MAJOR_VERSION", "EmbeddedPostgresError", "EmbeddedStatus", "ensure_running", "revive", "status", "stop"]

MAJOR_VERSION = "16"
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60
STOPPED = "postgres.stopped"  # a person has stopped it; who works with it then does not start it again by itself
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One log file a weekday, overwritten after a week; without statements and rows, because these hold content.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# What the server says while processes of one that was killed are still ending.
_STILL_ENDING = ('lock file "postmaster.pid" already exists', "is still in use")


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedStatus:
    """The state of the embedded server of one data folder.

    Attributes:
        running: Whether it takes connections.
        pid: Its process, where running.
        version: Major version of the data, None where there are none yet.
        data_dir: The cluster's folder, links resolved.
        url: SQLAlchemy URL, where running.
        size_bytes: What the cluster takes on disk.
    """

    running: bool
    pid: int | None
    version: str | None
    data_dir: Path
    url: str | None
    size_bytes: int


def ensure_running(home: Path) -> str:
    """Return the URL of the embedded server, started where it isn't running, created where there is none.

    Any number of processes may call this at once; a call for a running server takes a millisecond.

    Args:
        home: CaseForge's data folder; the cluster is `postgres` in it.

    Returns:
        SQLAlchemy URL, `postgresql+psycopg2://…?host=FOLDER_OF_THE_SOCKET&port=5432`; the same at each start.

    Raises:
        EmbeddedPostgresError: It can't be started; the message says why and what to do.
    """
    server = find_server(find_data_dir(home))
    if server is not None and server.ready:
        return server.url
    with _alone(home) as lock:
        user = choose_user(find_data_dir(home))
        data_dir = place_data_dir(home, user)
        programs = find_programs(user)
        if not _is_cluster(data_dir):
            _create_cluster(data_dir, programs, user, lock)
        (home / STOPPED).unlink(missing_ok=True)
        return _start(home, data_dir, programs, user).url


def revive(home: Path) -> bool:
    """Start the embedded server of a process that works with it, where it has ended by itself: killed, or out of memory.

    One that a person has stopped stays so, and none is created: its folder may have been moved away on purpose.

    Returns:
        Whether there was one to start.

    Raises:
        EmbeddedPostgresError: It can't be started; the message says why and what to do.
    """
    data_dir = find_data_dir(home)
    server = find_server(data_dir)
    if (server is not None and server.ready) or (home / STOPPED).exists() or read_version(data_dir) is None:
        return False
    ensure_running(home)
    log.warning("the embedded database had ended and was started again")
    return True


def stop(home: Path) -> bool:
    """Stop the embedded server; connections that are still open are ended, committed work is kept.

    Returns:
        Whether there was one to stop.

    Raises:
        EmbeddedPostgresError: It doesn't stop, or belongs to somebody else.
    """
    data_dir = find_data_dir(home)
    if not data_dir.exists():
        return False
    with _alone(home):
        server = find_server(data_dir)
        (home / STOPPED).touch()  # first: who works with it must not start it again at once
        if server is None:
            return False
        user = choose_user(data_dir)
        command: list[str | Path] = [find_programs(user) / "pg_ctl", "stop", "-m", "fast", "-w", "-t", str(STOP_TIMEOUT_S)]
        code, said = user.run(command, data_dir=data_dir)
        if code != 0:
            (home / STOPPED).unlink()
            raise EmbeddedPostgresError(f"The embedded database in {data_dir} didn't stop: {said.strip()}")
        return True


def status(home: Path) -> EmbeddedStatus:
    """Look at the embedded server without changing anything.

    Raises:
        EmbeddedPostgresError: The data belong to somebody else.
    """
    data_dir = find_data_dir(home)
    server = find_server(data_dir)
    ready = server is not None and server.ready
    return EmbeddedStatus(
        running=ready,
        pid=server.pid if server else None,
        version=read_version(data_dir),
        data_dir=data_dir,
        url=server.url if server and ready else None,
        size_bytes=measure_bytes(data_dir),
    )


@contextmanager
def _alone(home: Path) -> Iterator[int]:
    """Let one process at a time start or stop this folder's server; makes the folder where it is missing. Yields the lock's descriptor."""
    with _open_lock(home / "postgres.lock") as fd:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd


@contextmanager
def _open_lock(path: Path) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"CaseForge's data folder {path.parent} can't be written to: {error.strerror}. Set CASEFORGE_HOME to one that can."
        ) from error
    try:
        yield fd
    finally:
        os.close(fd)


def _is_cluster(data_dir: Path) -> bool:
    """True where there is a cluster to start; one of another major version, or a folder of other things, is refused."""
    version = read_version(data_dir)
    if version is None and data_dir.exists() and any(data_dir.iterdir()):
        raise EmbeddedPostgresError(f"{data_dir} holds files that are not a PostgreSQL database. Move them away, or set CASEFORGE_HOME.")
    if version not in (None, MAJOR_VERSION):
        raise EmbeddedPostgresError(
            f"The database in {data_dir} was made by PostgreSQL {version}; this CaseForge uses {MAJOR_VERSION}. Nothing was changed. To "
            f"migrate: with the programs of PostgreSQL {version}, start it and run `pg_dump -Fc -f caseforge.dump {DATABASE}`; stop it, move "
            f"the folder away, run `caseforge db start`, then `pg_restore -d {DATABASE} caseforge.dump`."
        )
    return version is not None


def _create_cluster(data_dir: Path, programs: Path, user: ServerUser, lock: int) -> None:
    """Create the cluster and its database under another name first: a creation that was killed leaves nothing that looks usable.

    The programs hold the lock as well: where this process is killed, the next one waits until they are through, and then removes what they made.
    """
    for unfinished in data_dir.parent.glob(f"{data_dir.name}.new-*"):
        remove_unfinished(unfinished)
    fresh = user.take(Path(tempfile.mkdtemp(prefix=f"{data_dir.name}.new-", dir=data_dir.parent)))
    # Whoever may open the socket may open the data files as well, so that a password would add nothing: trust.
    options = ["-U", ROLE, "-A", "trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    code, said = user.run([programs / "initdb", *options, *settings], data_dir=fresh, pass_fds=[lock])
    if code == 0:
        single: list[str | Path] = [programs / "postgres", "--single", "-c", "logging_collector=off", "template1"]
        code, said = user.run(single, data_dir=fresh, stdin=f"CREATE DATABASE {DATABASE}\n".encode(), pass_fds=[lock])
        code = code or ("ERROR" in said)
    if code != 0:
        remove_unfinished(fresh)
        raise EmbeddedPostgresError(f"The embedded database couldn't be created in {data_dir}: {said.strip()}")
    fresh.rename(data_dir)


def _start(home: Path, data_dir: Path, programs: Path, user: ServerUser) -> RunningServer:
    """Start the server, or wait for one that is starting; tries again while what is left of a killed one is still ending."""
    socket_dir = place_socket_dir(home, data_dir, user)
    deadline = time.monotonic() + START_TIMEOUT_S
    said = ""
    while time.monotonic() < deadline:
        server = find_server(data_dir)
        if server is not None and server.ready:
            return server
        if server is None:
            said = _try_start(home, data_dir, socket_dir, programs, user)
        time.sleep(0.05)
    raise EmbeddedPostgresError(
        f"The embedded database in {data_dir} isn't ready after {START_TIMEOUT_S} s. {said}\n{_last_words(data_dir)}"
    )


def _try_start(home: Path, data_dir: Path, socket_dir: Path, programs: Path, user: ServerUser) -> str:
    """Start the server once. Returns why it should be tried again, or nothing.

    The server and its children inherit a file lock. While it is held, one of them lives, even where this process can't see it (in
    another container that mounts the same folder): two servers on one cluster would destroy it.
    """
    with _open_lock(home / "postgres.serving") as serving:
        try:
            fcntl.flock(serving, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "A server that can't be seen from here, perhaps in another container, has it open."
        for left in (data_dir / "postmaster.pid", socket_dir / f"{SOCKET_NAME}.lock"):
            remove_if_misleading(left)
        in_list = '"' + str(socket_dir).replace('"', '""') + '"'
        options = shlex.join(["-D", str(data_dir), "-k", in_list])
        command: list[str | Path] = [programs / "pg_ctl", "start", "-w", "-t", str(START_TIMEOUT_S), "-o", options]
        code, said = user.run(command, data_dir=data_dir, pass_fds=[serving])
    if code == 0 or any(text in said for text in _STILL_ENDING):
        return said.strip()
    raise EmbeddedPostgresError(f"The embedded database in {data_dir} didn't start: {said.strip()}\n{_last_words(data_dir)}")


def _last_words(data_dir: Path) -> str:
    """Return the end of the server's newest log, where it has one, and where to read the rest."""
    logs = sorted((data_dir / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    lines = logs[-1].read_text(errors="replace").splitlines()[-5:] if logs else []
    return "\n".join([*lines, f"Its log is in {data_dir / 'log'}."])
