"""verify, archive, backup and restore as their user types them."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zstandard

from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.documented import write_documented

pytestmark = pytest.mark.slow


SECRET = "sk-live-Zz99Yy88Xx77"
NewDatabase = Callable[[], None]


@pytest.fixture
def lose_database(postgres_url: str, dagster_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[NewDatabase]:
    """From then on commands find another database, which is empty."""
    with ExitStack() as stack:
        yield lambda: monkeypatch.setenv("CASEFORGE_POSTGRES_URL", stack.enter_context(new_database(postgres_url, dagster_template)))


@pytest.fixture
def made(command_line: OpenCommandLine) -> CommandLine:
    line = command_line()
    line.load_shop()
    line.run("generate", "--yes", "--wait", "--nodes", "1.1.1,1.1.2")
    return line


def names_in(backup: Path) -> list[str]:
    with (
        backup.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as reader,
        tarfile.open(fileobj=reader, mode="r|") as tar,
    ):
        return [member.name for member in tar]


def test_a_lost_database_is_restored_and_shown_in_dagster(made: CommandLine, lose_database: NewDatabase) -> None:
    before = made.json("show", "1.1.1")
    lose_database()
    said = made.run("restore")
    assert "1 framework, 1 edition, 10 nodes" in said
    assert "4 contents" in said
    assert made.json("show", "1.1.1") == before
    assert made.json("verify")["problems"] == []
    assert "0 events" in made.run("flush")
    assert "not empty" in made.run("restore", expected=2)


def test_every_command_leaves_the_journal_up_to_date(made: CommandLine) -> None:
    body = made.json("show", "1.1.1")["contents"][0]["body"]
    (made.folder / "text.md").write_text(f"{body}\n\nMore of it.")
    made.run("edit", "1.1.1", "--file", str(made.folder / "text.md"), "--by", "Ada")
    made.run("plan", "--keep")
    assert made.json("verify")["problems"] == []


def test_verify_says_what_is_wrong_and_what_to_do(made: CommandLine) -> None:
    assert "Everything is there" in made.run("verify")
    (output, *_) = sorted((made.folder / "var/artifacts/batches").rglob("*.output.jsonl"))
    output.write_bytes(output.read_bytes()[:-5])
    said = made.run("verify", expected=3)
    assert f"altered artifact: batches/{output.parent.name}/{output.name}" in said
    assert "What to do: bring it back from a backup" in said
    (problem,) = made.json("verify", expected=3)["problems"]
    assert problem["kind"] == "altered artifact"


def test_archive_and_back(made: CommandLine) -> None:
    before = made.run("show", "1.1.1")
    assert "0 files of 0 batches" in made.run("archive", "--older-than", "30d", "--dry-run")
    assert "8 files of 2 batches" in made.run("archive", "--older-than", "0h", "--dry-run")
    assert made.json("archive", "--older-than", "0h")["files"] == 8
    assert made.json("verify")["problems"] == []
    assert made.run("show", "1.1.1") == before
    assert "8 files of 2 batches" in made.run("unarchive")
    assert "no batch 'nothing'" in made.run("unarchive", "nothing", expected=2)
    assert "is not an age" in made.run("archive", "--older-than", "soon", expected=2)


def test_a_backup_has_everything_but_secrets(made: CommandLine) -> None:
    (made.folder / ".env").write_text(f"OPENAI_API_KEY={SECRET}\n")
    made.run("config", "templates", str(made.folder / "words"), "--stage", "usecases")
    (made.folder / "words" / "usecases" / ".env.local").write_text(SECRET)
    (made.folder / "caseforge.toml").write_text(f'templates = "words"\n{made.configuration()}# the key was {SECRET}\n')
    target = made.folder / "kept.tar.zst"
    said = made.run("backup", str(target))
    assert "caseforge.toml holds what looks like a secret" in said
    assert target.stat().st_mode & 0o077 == 0
    names = names_in(target)
    assert {"project/caseforge.toml", "project/dagster.yaml", "project/shop.csv", "project/words/usecases/system.jinja"} <= set(names)
    assert not [name for name in names if ".env" in name]
    with target.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as reader:
        assert SECRET.encode() not in reader.read()
    assert "exists already" in made.run("backup", str(target), expected=2)
    made.run("backup", str(made.folder))
    assert len(list(made.folder.glob("caseforge-2*.tar.zst"))) == 1


def test_a_backup_comes_back_in_another_place(
    made: CommandLine, lose_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, target = made.json("show", "1.1.1"), made.folder / "kept.tar.zst"
    made.run("backup", str(target))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.delenv("CASEFORGE_PROJECT")
    monkeypatch.chdir(elsewhere)
    lose_database()
    said = made.run("restore", "--from-backup", str(target))
    assert "Unpacked" in said
    assert made.json("show", "1.1.1") == before
    assert (elsewhere / "caseforge.toml").read_text() == made.configuration()
    assert made.json("verify")["problems"] == []
    asked = made.stats()["accepted"]
    made.run("generate", "--yes", "--wait", "--nodes", "1.1.1,1.1.2")
    assert made.stats()["accepted"] == asked


def test_a_backup_does_not_overwrite_another_project(made: CommandLine, lose_database: NewDatabase) -> None:
    target = made.folder / "kept.tar.zst"
    made.run("backup", str(target))
    (made.folder / "caseforge.toml").write_text(made.configuration() + "# changed since\n")
    lose_database()
    made.run("restore", "--from-backup", str(target))
    assert made.configuration().endswith("# changed since\n")
    assert (made.folder / "caseforge.toml.from-backup").exists()
    made.run("generate", "--yes", "--wait", "--nodes", "2.1.1")
    lose_database()
    assert "artifacts that are not in the backup" in made.run("restore", "--from-backup", str(target), expected=2)


def test_code_in_a_backup_is_shown_and_not_run_unless_it_is_trusted(
    made: CommandLine, lose_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = made.folder / "ran"
    write_documented(made.folder, "my_stages/")
    (code,) = (made.folder / "my_stages").glob("*/__init__.py")
    code.write_text(f"{code.read_text()}\nfrom pathlib import Path\nPath({str(ran)!r}).touch()\n")
    (made.folder / "caseforge.toml").write_text(f'own_stages = "my_stages"\n{made.configuration()}')
    target = made.folder / "kept.tar.zst"
    made.run("backup", str(target))
    ran.unlink()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.delenv("CASEFORGE_PROJECT")
    monkeypatch.chdir(elsewhere)
    lose_database()
    said = made.run("restore", "--from-backup", str(target), "--show")
    assert f"{code.relative_to(made.folder)}: code, is run" in said
    assert 'own_stages = "my_stages"' in said
    assert list(elsewhere.iterdir()) == []
    said = made.run("restore", "--from-backup", str(target))
    assert f"Set aside in from-backup, and not run: caseforge.toml, {code.relative_to(made.folder)}" in said
    assert "4 contents" in said
    assert not ran.exists()
    assert not (elsewhere / "my_stages").exists()
    shutil.copytree(elsewhere / "from-backup", elsewhere, dirs_exist_ok=True)
    made.run("flush")
    assert ran.exists()
    assert made.json("verify")["problems"] == []


def test_code_that_is_trusted_is_in_place_after_a_restore(
    made: CommandLine, lose_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.run("config", "templates", str(made.folder / "words"), "--stage", "usecases")
    (made.folder / "caseforge.toml").write_text(f'templates = "words"\n{made.configuration()}')
    target = made.folder / "kept.tar.zst"
    made.run("backup", str(target))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.delenv("CASEFORGE_PROJECT")
    monkeypatch.chdir(elsewhere)
    lose_database()
    made.run("restore", "--from-backup", str(target), "--trust-code")
    assert (elsewhere / "words" / "usecases" / "system.jinja").exists()
    made.run("status")
    assert "from-backup" not in {path.name for path in elsewhere.iterdir()}
    assert "name it with --from-backup" in made.run("restore", "--trust-code", expected=2)


def test_a_damaged_backup_is_said_to_be_so_and_the_database_stays_empty(made: CommandLine, lose_database: NewDatabase) -> None:
    target = made.folder / "kept.tar.zst"
    made.run("backup", str(target))
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 0xFF
    target.write_bytes(content)
    shutil.rmtree(made.folder / "var" / "artifacts")
    lose_database()
    assert "is damaged" in made.run("restore", "--from-backup", str(target), expected=2)
    (made.folder / "nothing.txt").write_text("no backup")
    assert "is no backup" in made.run("restore", "--from-backup", str(made.folder / "nothing.txt"), expected=2)
    assert made.json("verify") == {"artifacts": 0, "answers": 0, "contents": 0, "rows": 0, "problems": []}
