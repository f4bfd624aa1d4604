"""Answers the requests of a batch one after another into its journal: by the built-in writer, in a thread, or by an upstream server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from caseforge_assets.batch_server.answers import Answer
from caseforge_assets.batch_server.batches.lifecycle import requests_to_answer
from caseforge_assets.batch_server.batches.result_lines import journal_entry
from caseforge_assets.batch_server.faults.registry import Line
from caseforge_assets.batch_server.responses_form import as_chat, is_embeddings, is_responses
from caseforge_assets.batch_server.serving import Serving
from caseforge_assets.batch_server.state.batches import BatchRecord
from caseforge_assets.batch_server.state.journal import Journal
from caseforge_assets.batch_server.state.requests import RequestLine
from caseforge_assets.batch_server.upstream import Upstream
from caseforge_assets.batch_server.writer.completion import complete
from caseforge_assets.batch_server.writer.embedding import embed
from caseforge_assets.batch_server.writer.response import respond


class Answering:
    """The requests of one batch that are still to be answered, in an order that has nothing to do with that of its file."""

    def __init__(self, record: BatchRecord, input_path: Path, requests: list[RequestLine], journal: Journal, serving: Serving) -> None:
        self._record = record
        self._input_path = input_path
        self._journal = journal
        self._faults = serving.faults
        self._behind = serving.options.behind
        shuffled = list(requests)
        Random(record.id).shuffle(shuffled)  # noqa: S311 - an arbitrary order, not a secret
        done = set(journal.lines)
        self._todo = [request for request in shuffled[: requests_to_answer(record)] if request.line not in done]

    def write_all(self, stop: Callable[[], bool]) -> None:
        """Let the writer answer everything, until ``stop`` says so."""
        write = embed if is_embeddings(self._record.endpoint) else respond if is_responses(self._record.endpoint) else complete
        for request, body in self._bodies():
            if stop():
                return
            self._record_answer(request, body, write(self._asked(body), self._record.created_at))

    async def ask_all(self, upstream: Upstream, stop: Callable[[], bool]) -> None:
        """Let the upstream server answer everything, as many requests at a time as it is to get, until ``stop`` says so."""
        bodies = self._bodies()
        workers = [asyncio.create_task(self._ask(bodies, upstream, stop)) for _ in range(upstream.concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _ask(self, bodies: Iterator[tuple[RequestLine, dict[str, Any]]], upstream: Upstream, stop: Callable[[], bool]) -> None:
        for request, body in bodies:
            if stop():
                return
            self._record_answer(request, body, await upstream.ask(self._asked(body), self._record.endpoint))

    def _bodies(self) -> Iterator[tuple[RequestLine, dict[str, Any]]]:
        with self._input_path.open("rb") as stream:
            for request in self._todo:
                stream.seek(request.offset)
                yield request, json.loads(stream.readline())["body"]

    def _asked(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request as the model behind the name in it is asked."""
        return body | {"model": self._behind(body["model"])}

    def _record_answer(self, request: RequestLine, body: dict[str, Any], answer: Answer) -> None:
        line = Line(request.custom_id, as_chat(body, self._record.endpoint), answer)
        lines = self._faults.on_line(line, attempt=request.attempt, batch=self._record.number)
        self._journal.append(journal_entry(self._record.id, request.line, lines))
