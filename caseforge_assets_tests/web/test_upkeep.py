"""Upkeep beside the answers doesn't hold the service up."""

from __future__ import annotations

import threading

import pytest

from caseforge_assets.web import upkeep
from caseforge_assets.web.service import Service
from caseforge_assets_tests.web.conftest import Serve


def test_a_service_stops_though_something_is_kept_up_that_takes_long(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def long_step(_service: Service) -> float:
        begun.set()
        let_go.wait(60)
        return 0.0

    monkeypatch.setattr(upkeep, "STOPS_WITHIN_S", 0.1)
    monkeypatch.setattr(upkeep, "_number_and_deliver", long_step)
    with upkeep.events_kept_up(serve().app.state.service):
        assert begun.wait(30)
    assert not let_go.is_set()
    still_at_it = [thread for thread in threading.enumerate() if thread.name == "events"]
    assert still_at_it
    let_go.set()
    still_at_it[0].join(30)
