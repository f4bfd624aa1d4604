"""Turns: so much at a time, in the order in which it came, and what fails gives its turn back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from caseforge_assets.web.wire.turns import Turns


@pytest.mark.parametrize("at_once", [1, 2])
def test_so_many_are_at_work_and_the_others_wait_in_their_order(at_once: int) -> None:
    at_work, done, most, lock = set[int](), list[int](), 0, threading.Lock()
    go_on = threading.Event()

    def work(number: int) -> int:
        nonlocal most
        with lock:
            at_work.add(number)
            most = max(most, len(at_work))
        assert go_on.wait(20)
        with lock:
            at_work.discard(number)
            done.append(number)
        return number

    async def all_of_them() -> list[int]:
        turns = Turns(at_once)
        waiting = [asyncio.ensure_future(turns.take(lambda number=number: work(number))) for number in range(6)]
        while len(at_work) < at_once:
            await asyncio.sleep(0.001)
        go_on.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(all_of_them()) == list(range(6))
    assert most == at_once
    assert at_once > 1 or done == list(range(6))


def test_what_fails_gives_its_turn_back() -> None:
    def fail() -> None:
        raise LookupError("nothing there")

    async def one_after_another() -> str:
        turns = Turns(1)
        with pytest.raises(LookupError):
            await turns.take(fail)
        return await turns.take(lambda: "next")

    assert asyncio.run(one_after_another()) == "next"
