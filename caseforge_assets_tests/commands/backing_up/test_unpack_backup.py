"""Backups of strangers: checked whole before anything is in its place, bounded, and nothing in them is run."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.backing_up import read_backup
from caseforge_assets.commands.backing_up.read_project_files import Kind, kind_of
from caseforge_assets.commands.backing_up.unpack_backup import BadBackup, checked_backup
from caseforge_assets_tests.commands.backup_files import FILES, JOURNAL, TOML, backup_file, contents_of, hashes_of, member, pack, unpack

Damage = Callable[[Path], Path]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder that is to become a project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def in_place(name: str) -> str:
    return name.replace("artifacts/", "var/artifacts/", 1) if name.startswith("artifacts/") else name.removeprefix("project/")


def with_file(name: str, content: bytes = b"x") -> Damage:
    return lambda path: backup_file(path, {**FILES, name: content})


def with_member(info: tuple[tarfile.TarInfo, bytes], at: int = 2) -> Damage:
    def made(path: Path) -> Path:
        members = [member("backup.json", contents_of([*FILES, info[0].name])), *(member(*file) for file in FILES.items())]
        members.insert(at, info)
        return pack(path, [*members, member("hashes.json", hashes_of({**FILES, info[0].name: info[1]}))])

    return made


def cut(path: Path) -> Path:
    backup_file(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return path


def raw(tar: bytes) -> Damage:
    def made(path: Path) -> Path:
        path.write_bytes(zstandard.ZstdCompressor().compress(tar))
        return path

    return made


def header(**values: object) -> bytes:
    info = tarfile.TarInfo("backup.json")
    for key, value in values.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT)


BAD: dict[str, Damage] = {
    "secrets": with_file("project/.env", b"OPENAI_API_KEY=other\n"),
    "secrets among templates": with_file("project/words/.env.local"),
    "hooks": with_file("project/.git/hooks/post-checkout"),
    "a module beside the project": with_file("project/sitecustomize.py"),
    "settings of tools": with_file("project/pyproject.toml"),
    "a file in the data folder": with_file("project/var/postgres/postgresql.conf"),
    "a template outside of its folder": with_file("project/wordsmith/system.jinja"),
    "another kind": with_file("elsewhere/file"),
    "an artifact outside": with_file("artifacts/../../file"),
    "an artifact with an odd name": with_file("artifacts/batches/ab/.hidden"),
    "an unfinished artifact": with_file("artifacts/batches/ab/ab12.part"),
    "a project's file outside": with_file("project/../file"),
    "an absolute name": with_file("/tmp/file"),
    "a name of Windows": with_file("project/words/c:\\file"),
    "a device of Windows": with_file("project/words/CON.jinja"),
    "a control character": with_file("project/words/\x1b[2J.jinja"),
    "text that runs backwards": with_file("project/words/\u202etxt.jinja"),
    "a long name": with_file("project/words/" + "a" * 500),
    "a deep name": with_file("project/words/" + "a/" * 40 + "b"),
    "a symbolic link": with_member(member("project/words/link", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    "a hard link": with_member(member("project/words/link", type=tarfile.LNKTYPE, linkname="/etc/passwd")),
    "a device": with_member(member("project/words/device", type=tarfile.CHRTYPE)),
    "a pipe": with_member(member("project/words/pipe", type=tarfile.FIFOTYPE)),
    "a folder": with_member(member("project/words/folder", type=tarfile.DIRTYPE)),
    "the same twice": with_member(member("project/shop.csv", b"other")),
    "the same in capitals": with_file("project/words/usecases/SYSTEM.jinja"),
    "the same, composed otherwise": lambda path: backup_file(path, {**FILES, "project/words/a\u0308.jinja": b"", "project/words/\u00e4.jinja": b""}),
    "a header with more than a name": with_member(member("project/words/a", pax_headers={"GNU.sparse.map": "0,1"})),
    "not listed": lambda path: pack(path, [member("backup.json", contents_of([])), member("project/caseforge.toml", TOML), member("hashes.json", hashes_of({"project/caseforge.toml": TOML}))]),
    "listed and not there": lambda path: backup_file(path, project=["caseforge.toml", "shop.csv", "words/usecases/system.jinja", "ours/reviews/__init__.py", "words/gone.jinja"]),
    "altered": lambda path: backup_file(path, hashes=hashes_of({**FILES, "project/shop.csv": b"other"})),
    "a hash is missing": lambda path: backup_file(path, hashes=hashes_of({name: content for name, content in FILES.items() if name != JOURNAL})),
    "without hashes": lambda path: pack(path, [member("backup.json", contents_of(list(FILES))), *(member(*file) for file in FILES.items())]),
    "more after its end": lambda path: pack(path, [member("backup.json", contents_of([])), member("hashes.json", b"{}"), member("project/words/late.jinja")]),
    "cut": cut,
    "no contents": lambda path: pack(path, [member("project/shop.csv", b"x")]),
    "contents that are a list": lambda path: pack(path, [member("backup.json", b"[]")]),
    "contents without a format": lambda path: pack(path, [member("backup.json", b"{}")]),
    "a newer format": lambda path: backup_file(path, format=99),
    "a format in words": lambda path: backup_file(path, format="one"),
    "a list that is none": lambda path: backup_file(path, artifacts={"a": 1}),
    "deep JSON": lambda path: pack(path, [member("backup.json", b"[" * 1_000_000)]),
    "hashes that are deep JSON": lambda path: backup_file(path, hashes=b'{"a":' * 500_000),
    "configuration that is no TOML": lambda path: backup_file(path, {**FILES, "project/caseforge.toml": b"= =="}),
    "configuration that is deep": lambda path: backup_file(path, {**FILES, "project/caseforge.toml": b"a = " + b"[" * 90_000}),
    "configuration that is large": lambda path: backup_file(path, {**FILES, "project/caseforge.toml": b"#" * 1_000_000}),
    "templates everywhere": lambda path: backup_file(path, {**FILES, "project/caseforge.toml": b'templates = "."\n'}),
    "no backup": lambda path: Path(path.write_text("no backup") and path),
    "nothing": raw(b""),
    "noise": raw(os.urandom(4_096)),
    "a size that is huge": raw(header(size=1 << 60) + bytes(4_096)),
    "a size below nothing": raw(header(size=-512) + bytes(4_096)),
    "a header that is huge": raw(header(type=tarfile.XHDTYPE, size=1 << 40) + bytes(4_096)),
    "a record that is no record": raw(header(type=tarfile.XHDTYPE, size=4) + b"abcd" + bytes(508) + bytes(4_096)),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_no_backup_holds_is_refused_and_nothing_is_changed(case: str, project: Path, tmp_path: Path) -> None:
    backup = BAD[case](tmp_path / "bad.tar.zst")
    with pytest.raises(BadBackup):
        unpack(backup, project, trust_code=True)
    assert files(project) == {}
    assert [path.name for path in (project / "var").glob("*")] == []


def test_a_bomb_is_refused_in_no_time(project: Path, tmp_path: Path) -> None:
    """Some kilobytes that unpack to gigabytes, as one file and as very many empty ones."""
    backup = tmp_path / "bomb.tar.zst"
    packer = zstandard.ZstdCompressor().compressobj()
    with backup.open("wb") as file:
        file.write(packer.compress(header(size=8 << 30, type=tarfile.REGTYPE)))
        for _ in range(512):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    assert backup.stat().st_size < 100_000
    began = time.monotonic()
    with pytest.raises(BadBackup):
        unpack(backup, project)
    many = pack(
        tmp_path / "many.tar.zst",
        [member("backup.json", contents_of(list(FILES)))] + [member(f"artifacts/batches/{number}") for number in range(3)],
    )
    with pytest.raises(BadBackup, match="does not belong"):
        unpack(many, project)
    assert time.monotonic() - began < 20
    assert files(project) == {}


def test_there_are_only_so_many_files(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_backup, "MOST_MEMBERS", 5)
    with pytest.raises(BadBackup, match="more than 5 files"):
        unpack(backup_file(tmp_path / "many.tar.zst"), project)


def test_code_is_set_aside_with_the_settings_that_name_it(project: Path, tmp_path: Path) -> None:
    done = unpack(backup_file(tmp_path / "b.tar.zst"), project)
    code = ("caseforge.toml", "ours/reviews/__init__.py", "words/usecases/system.jinja")
    assert done.set_aside == code
    assert done.written == ("shop.csv",)
    expected = {in_place(name): content for name, content in FILES.items()}
    assert files(project) == {f"from-backup/{name}" if name in code else name: content for name, content in expected.items()}


def test_code_that_is_trusted_or_there_already_is_put_into_place(project: Path, tmp_path: Path) -> None:
    backup = backup_file(tmp_path / "b.tar.zst")
    assert unpack(backup, project, trust_code=True).set_aside == ()
    assert files(project) == {in_place(name): content for name, content in FILES.items()}
    assert unpack(backup, project).set_aside == ()


def test_what_would_be_run_is_told_from_what_is_data() -> None:
    def dagster(content: bytes, name: str = "dagster.yaml") -> Kind:
        return kind_of(name, content, ())

    own = Path(__file__).parents[3]
    assert dagster((own / "dagster.yaml").read_bytes()) is Kind.settings
    assert dagster((own / "workspace.yaml").read_bytes(), "workspace.yaml") is Kind.settings
    for content in (
        b"run_launcher: {module: evil, class: Launcher}",
        b"storage: {custom: {module: evil, class: Storage, config: {}}}",
        b"storage: {postgres: {postgres_url: postgresql://elsewhere/x}}",
        b"run_queue: {tag_concurrency_limits: [{key: a, module: evil}]}",
        b"a: &a [1]\nb: *a",
        b"sensors: !!python/object/apply:os.system [id]",
        b"[" * 100_000,
        b"\xff",
    ):
        assert dagster(content) is Kind.dagster
    for content in (b"load_from: [python_file: evil.py]", b"load_from: [{python_module: evil}]", b"{}"):
        assert dagster(content, "workspace.yaml") is Kind.dagster


def test_what_is_shown_says_what_would_happen(project: Path, tmp_path: Path) -> None:
    with checked_backup(backup_file(tmp_path / "b.tar.zst"), ArtifactFolder(str(project / "a"))) as checked:
        assert {file.name: file.kind.runs for file in checked.project} == {
            "caseforge.toml": False, "shop.csv": False, "words/usecases/system.jinja": True, "ours/reviews/__init__.py": True
        }  # fmt: skip
        assert {'templates = "words"', 'own_stages = "ours"', "budget_usd = 40"} <= set(checked.settings)


def test_a_file_of_the_project_that_leads_elsewhere_is_not_written_through(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / "words").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadBackup, match="outside of the project"):
        unpack(backup_file(tmp_path / "b.tar.zst"), project, trust_code=True)
    assert files(tmp_path / "elsewhere") == {}
    assert not (project / "var" / "artifacts").exists()


_KILLED = """
import os, signal, sys
from pathlib import Path
from caseforge_assets.commands.backing_up import unpack_backup
from caseforge_assets_tests.commands.backup_files import unpack
real, count = unpack_backup.write_whole, 0
def dying(target, content):
    global count
    count += 1
    if count == int(sys.argv[3]):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    return real(target, content)
unpack_backup.write_whole = dying
unpack(Path(sys.argv[1]), Path(sys.argv[2]), trust_code=True)
"""


@pytest.mark.parametrize("at", [1, 6])
def test_killed_half_way_nothing_is_in_its_place_and_the_next_one_tidies_up(project: Path, tmp_path: Path, at: int) -> None:
    backup = backup_file(tmp_path / "b.tar.zst")
    died = subprocess.run([sys.executable, "-c", _KILLED, str(backup), str(project), str(at)], check=False)
    assert died.returncode == -9
    assert not (project / "var" / "artifacts").exists()
    assert not (project / "caseforge.toml").exists()
    unpack(backup, project, trust_code=True)
    assert files(project) == {in_place(name): content for name, content in FILES.items()}
    assert [path.name for path in (project / "var").iterdir()] == ["artifacts"]


def test_artifacts_that_are_there_already_are_completed(project: Path, tmp_path: Path) -> None:
    there = project / "var" / "artifacts" / "batches" / "ab"
    there.mkdir(parents=True)
    (there / "ab12.input.jsonl").write_bytes(b"half")
    unpack(backup_file(tmp_path / "b.tar.zst"), project, trust_code=True)
    assert files(project) == {in_place(name): content for name, content in FILES.items()}
