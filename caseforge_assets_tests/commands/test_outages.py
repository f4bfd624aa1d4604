"""The database is stopped, the disk is full: nothing is lost, nothing is paid for twice, and the work goes on by itself."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from caseforge_assets.artifacts import ArtifactFolder, ArtifactsUnavailable
from caseforge_assets.commands.collecting import collect_batch
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.store.database.embedded_postgres import ensure_running, stop
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets_tests.workbench import OpenBench, Workbench

CALLS = ("upload", "create", "list_batches", "retrieve", "download")
ALL = [("process_details", 6), ("usecases", 6)]
STORED = "select stage, count(*) from caseforge.content group by 1 order by 1"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A server of its own, which may be stopped without harm to other tests."""
    folder = Path(tempfile.mkdtemp(prefix="caseforge-outage-"))
    folder.chmod(0o755)
    yield folder
    stop(folder)
    shutil.rmtree(folder)


@pytest.fixture
def bench_store(home: Path) -> Iterator[Engine]:
    engine = open_store(ensure_running(home))
    yield engine
    ensure_running(home)
    with engine.begin() as connection:
        connection.execute(text("drop schema caseforge cascade"))
    engine.dispose()


class Watched(BatchClient):
    """A client that lets something else happen in the middle of its first call of a kind."""

    def __init__(self, base_url: str, call: str, meanwhile: Callable[[], object]) -> None:
        super().__init__(base_url, "any")
        self._call, self._meanwhile, self._done = call, meanwhile, False

    def __getattribute__(self, name: str) -> Any:
        if name in CALLS and name == super().__getattribute__("_call") and not super().__getattribute__("_done"):
            self._done = True
            super().__getattribute__("_meanwhile")()
        return super().__getattribute__(name)


def all_done_once(bench: Workbench) -> None:
    assert bench.query(STORED) == ALL
    assert bench.stats()["accepted"] == {"requests": 12, "distinct_bodies": 12, "max_multiplicity": 1}
    assert bench.column("select distinct outcome from caseforge.attempt") == ["ok"]


def restarted(home: Path) -> None:
    stop(home)
    ensure_running(home)


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_database_that_is_restarted_in_the_middle_of_a_step(bench: OpenBench, home: Path, call: str) -> None:
    opened = bench(create_grace_s=0.5)
    client = Watched(opened.provider.base_url, call, lambda: restarted(home))
    opened.approve()
    replace(opened, provider=replace(opened.provider, client=client)).work()
    all_done_once(opened)


@pytest.mark.slow
def test_a_database_that_is_restarted_between_two_chunks_of_a_collect(
    bench: OpenBench, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = bench()
    original, chunks = collect_batch.record_answers, iter(range(100))

    def record_answers(*arguments: Any) -> Any:
        if next(chunks) == 1:
            restarted(home)
        return original(*arguments)

    monkeypatch.setattr(collect_batch, "CHUNK_LINES", 2)
    monkeypatch.setattr(collect_batch, "record_answers", record_answers)
    opened.approve()
    opened.work()
    all_done_once(opened)


@pytest.mark.slow
def test_a_database_that_is_away_for_a_while_is_waited_for(bench: OpenBench, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened = bench()
    opened.approve()
    stop(home)
    back = threading.Timer(1.0, lambda: ensure_running(home))
    back.start()
    with caplog.at_level(logging.WARNING):
        opened.work()
    back.join()
    all_done_once(opened)
    assert any("the database: " in record.message and "trying again" in record.message for record in caplog.records)


def test_a_serialization_failure_is_tried_again(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench()
    opened.approve()
    original, calls = collect_batch.record_answers, iter(range(100))

    def record_answers(connection: Any, *arguments: Any) -> Any:
        if next(calls) == 0:
            connection.execute(text("do $$ begin raise exception 'could not serialize access' using errcode = '40001'; end $$"))
        return original(connection, *arguments)

    monkeypatch.setattr(collect_batch, "record_answers", record_answers)
    opened.work()
    all_done_once(opened)


# The disk


def rounds_until_it_fails(bench: Workbench) -> None:
    for _ in range(100):
        bench.round()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 64 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_said_to_be_so_and_the_work_goes_on_when_there_is_room(bench: OpenBench, small_disk: Path) -> None:
    opened = replace(bench(), folder=ArtifactFolder(str(small_disk)))
    opened.approve()
    with pytest.raises(ArtifactsUnavailable, match=r"cannot be written: No space left on device\. Nothing is lost"):
        rounds_until_it_fails(opened)
    assert not list(small_disk.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    opened.work()
    all_done_once(opened)


def test_waiting_outlasts_a_full_disk(bench: OpenBench, small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened = replace(bench(), folder=ArtifactFolder(str(small_disk)))
    opened.approve()
    was_full, is_over = threading.Event(), threading.Event()

    def make_room() -> None:
        while not any("No space left" in record.message for record in list(caplog.records)):
            if is_over.wait(0.05):
                return
        was_full.set()
        subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)

    room = threading.Thread(target=make_room)
    room.start()
    try:
        with caplog.at_level(logging.WARNING):
            opened.work()
    finally:
        is_over.set()
        room.join()
    all_done_once(opened)
    assert was_full.is_set()
