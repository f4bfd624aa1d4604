"""The path of one answer: which modules are entered while its line is judged, stored and shown; none joins them unnoticed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import caseforge_assets
from caseforge_assets.commands.collecting import collect_batch as collecting
from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.commands.collecting.fetch_results import fetch_results
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.mirroring.flush import flush_outbox
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.defs.project import OpenProject, Project, eventually
from caseforge_assets_tests.workbench import PROCESS, USECASES

PACKAGE = f"{Path(caseforge_assets.__file__).parent}/"
ELSEWHERE = ("batch_server/",)  # answers in this process


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "next_request", "most"),
    [
        pytest.param(USECASES, True, 38, id="use cases"),
        pytest.param(PROCESS, False, 40, id="document"),
        pytest.param(PROCESS, True, 55, id="document and next request"),
    ],
)
def test_an_answer_enters_no_more_modules_than_are_told(
    project: OpenProject, monkeypatch: pytest.MonkeyPatch, stage: Stage, next_request: bool, most: int
) -> None:
    opened = project()
    opened.load()
    if stage is USECASES:
        opened.generate("1.1.1", stages=[PROCESS])
    opened.bench.approve("1.1.1", stages=[PROCESS, USECASES])
    opened.bench.round()
    batch_id = eventually(lambda: _finished(opened))
    with opened.bench.store.connect() as connection:
        paths = fetch_results(opened.bench.project, batches.get(connection, batch_id))
    monkeypatch.setattr(collecting, "fetch_results", lambda *_: paths)
    if not next_request:
        monkeypatch.setattr(collecting, "carry_on", lambda *_: None)
    opened.flush()
    made_once = opened.bench.project
    with entered() as functions:
        assert collect_batch(made_once, batch_id)
        assert flush_outbox(opened.instance, made_once, failed_nodes)
    modules = sorted({module for module, _ in functions})
    told = {module: sorted(name for entered, name in functions if entered == module) for module in modules}
    assert len(modules) <= most, f"{len(modules)}\n" + "\n".join(f"{module}: {', '.join(names)}" for module, names in told.items())


def _finished(opened: Project) -> int | None:
    poll_batches(opened.bench.project)
    return next(iter(opened.bench.column("select id from caseforge.batch where state = 'final'")), None)


@contextmanager
def entered() -> Iterator[set[tuple[str, str]]]:
    """Collects (module, function) of all that is entered of the package meanwhile, in any thread."""
    found: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and code.co_filename.endswith(".py") and code.co_name != "<module>":
            module = code.co_filename.removeprefix(PACKAGE)
            if not module.startswith(ELSEWHERE):
                found.add((module, code.co_name))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
