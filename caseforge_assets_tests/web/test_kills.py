"""Whoever numbers, delivers and does wishes is killed at any point: no event is lost, none has two ids, and nothing is paid for twice."""

from __future__ import annotations

import multiprocessing
import random
import time
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.batches.states import Wish
from caseforge_assets.commands.rounds.do_wishes import do_wishes
from caseforge_assets.commands.telling.deliver_events import deliver_events
from caseforge_assets.commands.telling.manage_webhooks import add_webhook
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.settings.service_secret import ServiceSecret
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.serving import wishes
from caseforge_assets_tests.web.receiver import LOOPBACK, Receiver
from caseforge_assets_tests.workbench import CODES, PATIENCE_S, OpenBench, Workbench, open_workbench

SECRET = ServiceSecret("a secret of thirty-two characters, yes")
KILLS = 10
SETTINGS: dict[str, Any] = {"max_requests_per_batch": 1, "budget_usd": Decimal(10), "create_grace_s": 1}
ALL_DONE = """
select not exists (select 1 from caseforge.event where position is null) and not exists (select 1 from caseforge.webhook_delivery where state = 'waiting')
   and not exists (select 1 from caseforge.work_wish where done_at is null)
"""


def work(opened: Workbench) -> None:
    """Works once, as a service and its worker do."""
    number_events(opened.store)
    do_wishes(opened.project, announce=lambda _: None)
    number_events(opened.store)
    deliver_events(opened.store, lambda: SECRET, LOOPBACK)


def work_until_killed(url: str, path: Path, base_url: str, ready: Event) -> None:
    """In a process of its own."""
    opened = open_workbench(open_store(url), path, base_url, **SETTINGS)
    ready.set()
    while True:
        work(opened)


@pytest.mark.slow
def test_kills_lose_no_event_and_spend_nothing_twice(bench: OpenBench, receiver: Receiver) -> None:
    opened, chance = bench(bills=True, **SETTINGS), random.Random(22)
    with opened.store.begin() as connection:
        add_webhook(connection, receiver.url, (), None, allowed=LOOPBACK, by="anna")
    opened.approve()
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    url = opened.store.url.render_as_string(hide_password=False)
    for _ in range(KILLS):
        with opened.store.begin() as connection:
            for wish in Wish:
                wishes.ask(connection, wish, "anna")
        ready = processes.Event()
        child = processes.Process(target=work_until_killed, args=(url, opened.path, opened.provider.base_url, ready))
        child.start()
        assert ready.wait(PATIENCE_S)
        time.sleep(chance.random() / 2)
        child.kill()
        child.join()
    end = time.monotonic() + 2 * PATIENCE_S
    while True:
        opened.round()
        work(opened)
        opened.change("update caseforge.webhook_delivery set next_try_at = now() where state = 'waiting'")
        finished = opened.column("select count(*) from caseforge.content where is_current") == [2 * len(CODES)]
        if finished and opened.column(ALL_DONE) == [True]:
            break
        left = (opened.query("select id, state, reason from caseforge.batch where state <> 'collected'"), opened.column(ALL_DONE))
        assert time.monotonic() < end, left
    positions = opened.column("select position from caseforge.event order by position")
    assert positions == list(range(1, len(positions) + 1))
    assert opened.column("select count(*) from caseforge.event where kind = 'batch.collected'") == [2 * len(CODES)]
    bodies: dict[str, set[str]] = {}
    for headers, body in receiver.got:
        bodies.setdefault(headers["webhook-id"], set()).add(body)
    assert len(bodies) == len(positions) - 1  # the framework was loaded before anybody listened
    assert {len(same) for same in bodies.values()} == {1}
    accepted = opened.stats()["accepted"]
    assert (accepted["requests"], accepted["max_multiplicity"]) == (2 * len(CODES), 1)
