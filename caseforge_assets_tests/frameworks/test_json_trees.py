"""Trees as people write them in JSON: by keys, by names alone, by ids of children, inside what a program wraps around them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from caseforge_assets.frameworks import ReadResult
from caseforge_assets_tests.frameworks.outlines import only_problem, outline

Read = Callable[..., ReadResult]
SHOP = ["1 Sell", "  1.1 Win", "  1.2 Keep", "2 Buy"]
NODES = [{"id": "1", "name": "Sell"}, {"id": "1.1", "name": "Win"}, {"id": "1.2", "name": "Keep"}, {"id": "2", "name": "Buy"}]


@pytest.mark.parametrize(
    "whole",
    [
        {"Sell": ["Win", "Keep"], "Buy": []},
        {"Sell": {"Win": {}, "Keep": {}}, "Buy": {}},
        {"Sell": {"Win": "is won", "Keep": None}, "Buy": None},
        {"Sell": {"description": "d", "children": {"Win": {"description": "d"}, "Keep": {"description": "d"}}}, "Buy": {"description": "d"}},
        [{"name": "Sell", "children": ["Win", "Keep"]}, {"name": "Buy"}],
        [{"name": "Sell", "subprocesses": [{"name": "Win"}, {"name": "Keep"}], "kpis": [{"name": "Rate"}]}, {"name": "Buy", "risks": [{"name": "Loss"}]}],
        {"catalog": {"groups": [{"title": "Sell", "controls": [{"title": "Win", "props": [{"name": "p"}]}, {"title": "Keep"}]}, {"title": "Buy"}]}},
        {"domains": [{"name": "Sell", "areas": [{"name": "Win"}, {"name": "Keep"}]}, {"name": "Buy"}]},
        {"data": {"edges": [{"node": node} for node in NODES]}},
        {"version": "1", "processes": NODES},
        [{"id": "1", "name": "Sell", "children": ["1.1", "1.2"]}, *NODES[1:]],
        [NODES[0], *({**node, "parent": {"id": "1", "name": "Sell"}} for node in NODES[1:3]), NODES[3]],
        [{"path": path} for path in (["Sell"], ["Sell", "Win"], ["Sell", "Keep"], ["Buy"])],
    ],
)  # fmt: skip
def test_trees_of_many_forms(read: Read, whole: Any) -> None:
    assert outline(read(json.dumps(whole), "a.json")) == SHOP


def test_lists_of_other_things_are_no_processes(read: Read) -> None:
    result = read(
        json.dumps([{"name": "Sell", "applications": [{"name": "Shop"}]}, {"name": "Buy", "applications": [{"name": "Desk"}]}]), "a.json"
    )
    assert outline(result) == ["1 Sell", "2 Buy"]
    assert '(columns not used: "applications")' in result.warnings[-1].message


def test_lists_of_which_none_is_plain_are_refused(read: Read) -> None:
    message = only_problem(read(json.dumps([{"name": "Sell", "foos": [{"name": "a"}], "bars": [{"name": "b"}]}]), "a.json"))
    assert 'The object "Sell" has several lists of objects ("foos", "bars").' in message
    assert message.endswith('call that one "children".')
