"""Plans that are sent, processes that die meanwhile, and what the server and the store say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caseforge_assets.batches.provider_kinds import KINDS, OPENAI, ProviderKind
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets_tests.workbench import PROCESS, Workbench

GRACE_S = 120.0


class Killed(BaseException):
    """The process ended here."""


class Dying(BatchClient):
    """A client whose process is killed at a call: before it went out, or after the provider did what was asked."""

    def __init__(self, base_url: str, call: str, *, after: bool, kind: ProviderKind = KINDS[OPENAI]) -> None:
        super().__init__(base_url, "any", kind=kind)
        self._call, self._after = call, after

    def upload(self, path: Path, file_name: str, model: str = "") -> str:
        self._die("upload", after=False)
        file_id = super().upload(path, file_name, model)
        self._die("upload", after=True)
        return file_id

    def create(self, input_file_id: str, endpoint: str, submission_id: str) -> dict[str, Any]:
        self._die("create", after=False)
        remote = super().create(input_file_id, endpoint, submission_id)
        self._die("create", after=True)
        return remote

    def _die(self, call: str, *, after: bool) -> None:
        if (call, after) == (self._call, self._after):
            raise Killed


def plan(bench: Workbench) -> Workbench:
    bench.approve(stages=[PROCESS])
    plan_batches(bench.project)
    return bench


def state(bench: Workbench) -> tuple[str, str | None]:
    rows = bench.query("select state, reason from caseforge.batch order by id desc limit 1")
    return (rows[0][0], rows[0][1])


def settle(bench: Workbench, *, seconds_later: float = 0.0) -> int:
    now = datetime.now(UTC) + timedelta(seconds=seconds_later)
    return reconcile_batches(bench.configured(create_grace_s=GRACE_S).project, now=now)


def assert_sent_once(bench: Workbench) -> None:
    assert bench.stats()["batches_created"] == 1
    assert bench.stats()["accepted"] == {"requests": 6, "distinct_bodies": 6, "max_multiplicity": 1}
    assert bench.query("select outcome, count(*) from caseforge.attempt group by 1") == [("ok", 6)]
