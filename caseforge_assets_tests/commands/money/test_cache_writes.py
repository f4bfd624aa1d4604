"""Tokens written to the prompt cache are counted, stored, priced to the cent, and shown, whichever interface answered."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.commands.importing.appraise_import import ForeignFile
from caseforge_assets.commands.importing.import_results import import_results
from caseforge_assets.commands.money.sum_costs import GROUPINGS, sum_costs
from caseforge_assets.reports.history import tell_history
from caseforge_assets.store.figures.histories import history_of_node
from caseforge_assets_tests.commands.result_files import document, written
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench

NODES = r"^node_\d+_(?P<code>[\d.]+)$"
WRITES = {"cached_tokens": 0, "cache_write_tokens": 1_024}
READS = {"cached_tokens": 1_024, "cache_write_tokens": 0}
BEFORE_CACHE_WRITES = {"cached_tokens": 1_024}


def chat_line(custom_id: str, model: str, details: dict[str, int]) -> str:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": document(custom_id)}}
    usage = {"prompt_tokens": 1_200, "completion_tokens": 4_000, "prompt_tokens_details": details}
    body = {"id": "c", "object": "chat.completion", "model": model, "created": 1_790_000_000, "choices": [choice], "usage": usage}
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})


def responses_line(custom_id: str, model: str, details: dict[str, int]) -> str:
    content = [{"type": "output_text", "text": document(custom_id), "annotations": []}]
    usage = {"input_tokens": 1_200, "output_tokens": 4_000, "input_tokens_details": details}
    body: dict[str, Any] = {"id": "r", "object": "response", "created_at": 1_790_000_000, "model": model, "status": "completed"}
    body |= {
        "error": None,
        "incomplete_details": None,
        "output": [{"type": "message", "role": "assistant", "content": content}],
        "usage": usage,
    }
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})


@pytest.fixture
def opened(bench: OpenBench, tmp_path: Path) -> Workbench:
    """Answers that wrote to the cache and read from it; the last is of a model that has no price for writing."""
    workbench = bench()
    path = written(
        tmp_path / "answers.jsonl",
        chat_line("node_0_1.1.1", "gpt-6.1-sol", WRITES),
        chat_line("node_1_1.1.2", "gpt-6.1-sol", READS),
        responses_line("node_2_1.1.3", "gpt-6.1-sol", WRITES),
        chat_line("node_3_2.1.1", "gpt-6.1-sol", BEFORE_CACHE_WRITES),
        chat_line("node_4_2.1.2", "gpt-5", WRITES),
    )
    import_results(workbench.project, ForeignFile(path, KEY, PROCESS, NODES), by="test")
    return workbench


def test_each_answer_costs_what_it_wrote_to_the_cache(opened: Workbench) -> None:
    rows = opened.query("select cached_tokens, cache_write_tokens, cost_usd from caseforge.attempt order by line_number")
    wrote = Decimal("0.021456")  # 176 at $1, 1,024 at $1.25, 4,000 at $5 a million
    read = Decimal("0.0202272")  # 176 at $1, 1,024 at $0.05, 4,000 at $5
    plain = Decimal("0.02075")  # 1,200 at $0.625, 4,000 at $5
    assert rows == [(0, 1_024, wrote), (1_024, 0, read), (0, 1_024, wrote), (1_024, 0, read), (0, 1_024, plain)]


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_they_are_added_up_with_the_costs(opened: Workbench, grouping: str) -> None:
    with opened.store.connect() as connection:
        rows = sum_costs(connection, grouping, KEY)
    assert sum(row.cache_write_tokens or 0 for row in rows) == 3 * 1_024
    assert sum(row.cached_tokens or 0 for row in rows) == 2 * 1_024
    assert sum(row.cost.known_usd for row in rows) == Decimal("0.1041164")


def test_a_nodes_history_tells_them(opened: Workbench) -> None:
    said = []
    for node_id in opened.ids("1.1.1", "1.1.2"):
        with opened.store.connect() as connection:
            events = tell_history(history_of_node(connection, node_id))
        said += [detail for event in events if event.kind == "answer" for detail in event.details if "tokens in" in detail]
    assert ["1,200 tokens in (1,024 written to the cache), 4,000 out" in detail for detail in said] == [True, False]
    assert ["1,200 tokens in (1,024 from the cache), 4,000 out" in detail for detail in said] == [False, True]
