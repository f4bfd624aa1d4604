"""Hosts whose clocks are minutes off: what is due, leased or old goes by the database's clock, and stored times are its."""

from __future__ import annotations

import datetime as module
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from caseforge_assets.store.database import clock
from caseforge_assets_tests.workbench import CODES, OpenBench

MINUTES = 6


@pytest.fixture
def clock_off(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets this host's clock some minutes ahead or back, as far as code of CaseForge's reads it."""

    def off(minutes: int) -> None:
        by = timedelta(minutes=minutes)

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + by

        true_time = time.time
        for name, loaded in list(sys.modules.items()):
            if name.startswith("caseforge_assets.") and getattr(loaded, "datetime", None) is module.datetime:
                monkeypatch.setattr(loaded, "datetime", Shifted)
        monkeypatch.setattr(time, "time", lambda: true_time() + by.total_seconds())

    return off


@pytest.mark.parametrize("minutes", [MINUTES, -MINUTES])
def test_a_host_whose_clock_is_off_asks_once_collects_and_stores_the_databases_times(
    bench: OpenBench, clock_off: Callable[[int], None], minutes: int
) -> None:
    opened = bench(faults=["reply_reset:when=after,call=1"], create_grace_s=0.3)
    began = clock.now_in(opened.store)
    clock_off(minutes)
    opened.generate()
    ended = clock.now_in(opened.store)
    assert opened.column("select count(*) from caseforge.content where is_current") == [2 * len(CODES)]
    assert opened.stats()["accepted"]["max_multiplicity"] == 1
    for column in ("b.created_at", "b.final_at", "b.collected_at", "a.created_at"):
        query = f"select {column} from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id"
        assert all(began <= at.astimezone(UTC) <= ended for at in opened.column(query)), column
