"""Verifying finds and names what is missing or altered; archived files are read as before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.artifacts import ARCHIVED, ArtifactFolder, ArtifactsUnavailable
from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.commands.editions.keep_workbook import keep_workbook
from caseforge_assets.commands.journaling.fold_journal import fold_journal
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.archive import archive, unarchive
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.commands.keeping.verify import verify
from caseforge_assets.store.database.engine import Engine
from caseforge_assets_tests.commands.worlds import edit, eventful, everything
from caseforge_assets_tests.workbench import PROCESS, OpenBench, Workbench

pytestmark = pytest.mark.slow


def made(bench: OpenBench, **options: Any) -> Workbench:
    opened = bench(**options)
    opened.generate("1.1.1", "1.1.2")
    keep_sources(opened)
    write_journal(opened.store, opened.folder)
    return opened


def keep_sources(opened: Workbench) -> None:
    """The workbench loads without the command line, which keeps the copies."""
    for key, sha256 in opened.query("select framework_key, source_sha256 from caseforge.framework_version where is_current"):
        keep_workbook(opened.folder, opened.path / f"{key}.csv", sha256)


def found(opened: Workbench) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in verify(opened.store, opened.stages, opened.folder).problems]


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def unmarked(opened: Workbench, sql: str, table: str = "content") -> None:
    """A change that passes by the triggers, as damage on a disk or a restored dump would."""
    opened.change(f"alter table caseforge.{table} disable trigger user; {sql}; alter table caseforge.{table} enable trigger user")


def test_a_world_in_order_has_no_problems(bench: OpenBench) -> None:
    opened = eventful(bench)
    looked_at = verify(opened.store, opened.stages, opened.folder)
    assert {problem.where.partition("/")[0] for problem in looked_at.problems} <= {"workbooks"}
    assert looked_at.artifacts == opened.column("select sum((select count(*) from jsonb_object_keys(artifacts))) from caseforge.batch")[0]
    assert looked_at.answers >= opened.column("select count(*) from caseforge.attempt where outcome = 'ok'")[0]
    assert looked_at.contents == opened.column("select count(*) from caseforge.content")[0]
    assert looked_at.rows == sum(map(len, everything(opened.store).values())) + opened.column("select count(*) from caseforge.outbox")[0]


def test_missing_and_altered_artifacts_are_named(bench: OpenBench) -> None:
    opened = made(bench)
    assert found(opened) == []
    output, manifest = opened.query(
        "select artifacts #>> '{output,path}', artifacts #>> '{manifest,path}' from caseforge.batch order by id"
    )[0]
    kept = {path: b"".join(opened.folder.read(path)) for path in (output, manifest)}
    opened.folder.remove(output)
    opened.folder.write(manifest, [kept[manifest].replace(b"1.1.1", b"1.1.9")])
    assert sorted(found(opened)) == [("altered artifact", manifest), ("missing artifact", output)]
    for path, content in kept.items():
        opened.folder.write(path, [content])
    assert found(opened) == []


def test_a_missing_workbook_is_named(bench: OpenBench) -> None:
    opened = made(bench)
    (path,) = opened.folder.names("workbooks")
    opened.folder.remove(path)
    assert found(opened) == [("missing artifact", path)]


def test_missing_rows_are_named(bench: OpenBench) -> None:
    opened = made(bench)
    unmarked(opened, "delete from caseforge.candidate where position = 1", "candidate")
    assert found(opened)[-1] == ("missing row", "table candidate")
    assert ("altered row", f"content {opened.column('select max(id) from caseforge.content')[0]}") in found(opened)


def test_altered_rows_are_named_even_where_the_journal_took_them(bench: OpenBench) -> None:
    opened = made(bench)
    opened.change("update caseforge.content set version = 'x' where id = (select min(id) from caseforge.content)")
    opened.change("update caseforge.attempt set answer_sha256 = 'x' where id = (select min(id) from caseforge.attempt)")
    write_journal(opened.store, opened.folder)
    kinds = [kind for kind, _ in found(opened)]
    assert kinds == ["rows and artifacts differ", "altered row"]


def test_rows_that_were_altered_unseen_are_named(bench: OpenBench) -> None:
    opened = made(bench)
    unmarked(opened, "update caseforge.content set owner = 'Eve'")
    assert found(opened) == [("altered row", "table content")]
    fold_journal(opened.store, opened.folder)
    assert found(opened) == []


def test_what_is_not_journaled_yet_is_said(bench: OpenBench) -> None:
    opened = made(bench)
    edit(opened, "1.1.1")
    assert found(opened) == [("not journaled", "journal")]
    write_journal(opened.store, opened.folder)
    assert found(opened) == []


def test_files_of_a_batch_that_the_database_does_not_know_are_named(bench: OpenBench) -> None:
    opened = made(bench)
    path = opened.folder.batch_path("feedfeed", "output.jsonl")
    opened.folder.write(path, [b"{}"])
    assert found(opened) == [("missing row", opened.folder.batch_path("feedfeed", "*"))]


def test_a_broken_journal_is_named_and_can_be_written_anew(bench: OpenBench, empty_store: Engine) -> None:
    opened = made(bench)
    opened.folder.remove_any(opened.folder.names("journal")[0])
    ((kind, _),) = found(opened)
    assert kind == "journal broken"
    fold_journal(opened.store, opened.folder)
    assert found(opened) == []
    restore(empty_store, opened.folder)
    assert everything(empty_store) == everything(opened.store)


def plain_and_packed(opened: Workbench) -> tuple[int, int]:
    names = [path.name for path in (opened.path / "artifacts" / "batches").rglob("*") if path.is_file()]
    packed = sum(name.endswith(ARCHIVED) for name in names)
    return len(names) - packed, packed


def test_archived_batches_are_verified_restored_and_brought_back(bench: OpenBench, empty_store: Engine) -> None:
    opened = made(bench)
    before = {name: b"".join(opened.folder.read(name)) for name in opened.folder.names("batches")}
    assert archive(opened.store, opened.folder, datetime.now(UTC) - timedelta(days=1)).files == 0
    assert archive(opened.store, opened.folder, soon(), dry_run=True).files == len(before) == 8
    assert plain_and_packed(opened) == (8, 0)
    packed = archive(opened.store, opened.folder, soon())
    assert (packed.batches, packed.files, packed.left_alone) == (2, 8, ())
    assert 0 < packed.bytes_after < packed.bytes_before == sum(map(len, before.values()))
    assert plain_and_packed(opened) == (0, 8)
    assert archive(opened.store, opened.folder, soon()).files == 0
    assert found(opened) == []
    restore(empty_store, opened.folder)
    assert everything(empty_store) == everything(opened.store)
    assert unarchive(opened.store, opened.folder).files == 8
    assert {name: b"".join(opened.folder.read(name)) for name in opened.folder.names("batches")} == before
    assert plain_and_packed(opened) == (8, 0)


def test_batches_that_are_not_through_are_not_archived(bench: OpenBench) -> None:
    opened = bench(latency_s=60)
    opened.approve(stages=[PROCESS])
    opened.round()
    assert archive(opened.store, opened.folder, soon()).files == 0


def test_an_altered_file_is_not_archived(bench: OpenBench) -> None:
    opened = made(bench)
    (path,) = opened.column("select artifacts #>> '{output,path}' from caseforge.batch order by id limit 1")
    opened.folder.write(path, [b"something else"])
    packed = archive(opened.store, opened.folder, soon())
    assert packed.files == 7
    assert len(packed.left_alone) == 1
    assert path in packed.left_alone[0]
    assert b"".join(opened.folder.read(path)) == b"something else"
    assert plain_and_packed(opened) == (1, 7)


class _Dying(ArtifactFolder):
    """A folder whose process dies at one of its operations."""

    def __init__(self, root: str, operation: str) -> None:
        super().__init__(root)
        self.operation = operation

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "__dict__").get("operation"):
            raise KeyboardInterrupt(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("operation", ["write_packed", "read_archived", "remove", "stored_bytes"])
def test_archiving_that_dies_half_way_loses_nothing_and_goes_on(bench: OpenBench, operation: str) -> None:
    opened = made(bench)
    with pytest.raises(KeyboardInterrupt):
        archive(opened.store, _Dying(str(opened.path / "artifacts"), operation), soon())
    assert found(opened) == []
    archive(opened.store, opened.folder, soon())
    assert found(opened) == []
    assert plain_and_packed(opened) == (0, 8)


@pytest.mark.parametrize("operation", ["write", "read_archived", "remove"])
def test_bringing_back_that_dies_half_way_loses_nothing(bench: OpenBench, operation: str) -> None:
    opened = made(bench)
    archive(opened.store, opened.folder, soon())
    with pytest.raises(KeyboardInterrupt):
        unarchive(opened.store, _Dying(str(opened.path / "artifacts"), operation))
    assert found(opened) == []
    unarchive(opened.store, opened.folder)
    assert found(opened) == []


def test_a_damaged_archive_is_left_alone_and_named(bench: OpenBench) -> None:
    opened = made(bench)
    archive(opened.store, opened.folder, soon())
    (path,) = opened.column("select artifacts #>> '{output,path}' from caseforge.batch order by id limit 1")
    file = Path(opened.folder.describe(path + ARCHIVED))
    content = bytearray(file.read_bytes())
    content[-6] ^= 0xFF
    file.write_bytes(content)
    assert found(opened) == [("altered artifact", path)]
    back = unarchive(opened.store, opened.folder)
    assert (back.files, len(back.left_alone)) == (7, 1)
    with pytest.raises(ArtifactsUnavailable, match="is damaged"):
        list(opened.folder.read(path))


def test_an_archived_batch_can_be_collected_again(bench: OpenBench) -> None:
    opened = made(bench)
    archive(opened.store, opened.folder, soon())
    before = everything(opened.store)["content"]
    opened.change("update caseforge.batch set state = 'final'")
    ids = opened.column("select id from caseforge.batch order by id")
    for batch_id in ids:
        assert collect_batch(opened.project, batch_id) is not None
    assert everything(opened.store)["content"] == before


def test_the_whole_way_in_a_bucket(bench: OpenBench, empty_store: Engine, tmp_path: Path) -> None:
    opened = replace(bench(), folder=ArtifactFolder(f"memory://{tmp_path.name}"))
    opened.generate("1.1.1")
    keep_sources(opened)
    write_journal(opened.store, opened.folder)
    assert found(opened) == []
    assert archive(opened.store, opened.folder, soon()).files == 8
    fold_journal(opened.store, opened.folder)
    assert found(opened) == []
    restore(empty_store, opened.folder)
    assert everything(empty_store) == everything(opened.store)
