"""Carries every open batch through its life: one task a batch, started when it is created and again when the server starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from caseforge_assets.batch_server.batches.answering import Answering
from caseforge_assets.batch_server.batches.checking import check_batch
from caseforge_assets.batch_server.batches.finishing import finish_batch
from caseforge_assets.batch_server.batches.lifecycle import BatchStatus, planned_ending, requests_done, requests_to_answer
from caseforge_assets.batch_server.messenger import Messenger
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.batches import BatchRecord
from caseforge_assets.batch_server.state.journal import Journal

LOG = logging.getLogger(__name__)
LONGEST_WAIT_S = 60.0
THREADS = 4
Result = TypeVar("Result")


class Runner:
    """The tasks of all open batches. What they do can be cut off anywhere and is taken up again by the next start."""

    def __init__(self, serving: Serving, messenger: Messenger | None = None) -> None:
        self._serving, self._messenger = serving, messenger
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="batch")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wakers: dict[str, asyncio.Event] = {}
        self._journals: dict[str, Journal] = {}
        self._stopping: set[str] = set()
        self._closing = False

    def resume(self) -> None:
        """Go on with the batches that an earlier start left unfinished."""
        for record in self._serving.batches.unfinished():
            self.start(record.id)

    def start(self, batch_id: str) -> None:
        """Begin to carry a batch through."""
        self._wakers[batch_id] = asyncio.Event()
        task = asyncio.create_task(self._live(batch_id), name=batch_id)
        self._tasks[batch_id] = task
        task.add_done_callback(lambda done: self._ended(batch_id, done))

    def stop(self, batch_id: str) -> None:
        """Look at a batch at once, because it was cancelled: no further request is begun."""
        if batch_id in self._wakers:
            self._stopping.add(batch_id)
            self._wakers[batch_id].set()

    def answered(self, record: BatchRecord, now: float) -> tuple[int, int]:
        """Counts the requests of an open batch that have succeeded and that have failed, as seen at ``now``."""
        journal = self._journals.get(record.id)
        if journal is None:
            return 0, 0
        done = requests_done(record, now, len(journal))
        failed = journal.failed_among(done)
        return done - failed, failed

    async def close(self) -> None:
        """Stop working; what is on disk is enough to go on later."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)

    def _ended(self, batch_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(batch_id, None)
        self._wakers.pop(batch_id, None)
        self._stopping.discard(batch_id)
        journal = self._journals.pop(batch_id, None)
        if journal is not None:
            journal.close()
        if not task.cancelled() and task.exception() is not None:
            LOG.error("Batch %s can't go on; it will be tried again at the next start", batch_id, exc_info=task.exception())

    async def _live(self, batch_id: str) -> None:
        record = self._serving.batches.get(batch_id)
        if record is not None and record.validated_at is None:
            record = await self._in_thread(check_batch, self._serving, record, lambda: self._closing)
        if record is None or self._closing:
            return
        answering = None
        if not record.problems:
            journal = self._journals[batch_id] = await self._in_thread(Journal, self._serving.batch_dir(batch_id) / "journal.jsonl")
            if len(journal) < requests_to_answer(record):  # Also when the last answers were lost after all.
                record = self._serving.batches.change(batch_id, lambda before: replace(before, answered_at=None))
            answering = asyncio.create_task(self._answer(record))
        try:
            record, status, at = await self._until_due(batch_id, answering)
        finally:
            self._stopping.add(batch_id)
            await _settled(answering, cancel=self._serving.upstream is not None)
        await self._in_thread(finish_batch, self._serving, record, status, at, self._journals.get(batch_id))
        if self._messenger is not None:
            self._messenger.tell(batch_id, record.number, status)

    async def _until_due(self, batch_id: str, answering: asyncio.Task[None] | None) -> tuple[BatchRecord, BatchStatus, float]:
        """Wait for the planned ending, which answers that come in and a cancellation bring nearer."""
        while True:
            record = self._serving.batches.get(batch_id)
            ending = planned_ending(record) if record is not None else None
            if record is None or ending is None:
                raise RuntimeError(f"Batch {batch_id} has no planned ending.")
            wait_s = self._serving.clock.real_wait_s(ending[1])
            if wait_s <= 0:
                return record, *ending
            await self._wait_for_news(batch_id, answering, min(wait_s, LONGEST_WAIT_S))

    async def _wait_for_news(self, batch_id: str, answering: asyncio.Task[None] | None, timeout_s: float) -> None:
        woken = asyncio.create_task(self._wakers[batch_id].wait())
        waited_for = {woken} if answering is None or answering.done() else {woken, answering}
        await asyncio.wait(waited_for, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        self._wakers[batch_id].clear()
        if answering is not None and answering.done():
            answering.result()

    async def _answer(self, record: BatchRecord) -> None:
        if record.answered_at is not None or record.cancelling_at is not None:
            return
        serving = self._serving
        requests = await self._in_thread(serving.requests.of_batch, record.number)
        answering = Answering(record, serving.input_path(record.id), requests, self._journals[record.id], serving)
        if serving.upstream is not None:
            await answering.ask_all(serving.upstream, lambda: self._stopped(record.id))
        else:
            await self._in_thread(answering.write_all, lambda: self._stopped(record.id))
        if not self._stopped(record.id):
            serving.batches.change(record.id, lambda before: replace(before, answered_at=serving.clock.now()))

    def _stopped(self, batch_id: str) -> bool:
        return self._closing or batch_id in self._stopping

    async def _in_thread(self, function: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


async def _settled(task: asyncio.Task[None] | None, *, cancel: bool) -> None:
    """Wait until a task has stopped, whatever it came to."""
    if task is None:
        return
    if cancel:
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
