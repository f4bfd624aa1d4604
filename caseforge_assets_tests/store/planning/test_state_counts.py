"""States that the database finds are those that `classify` gives, whatever a node's facts are."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from typing import Any

import pytest
from sqlalchemy import text

from caseforge_assets.batches.states import RequestState
from caseforge_assets.reports.coverage import NodeState, classify
from caseforge_assets.stages.canonical import question_of
from caseforge_assets.store.planning.state_counts import STATE, Judged
from caseforge_assets_tests.workbench import OpenBench

NOW, OTHER_STYLE, OLD = "now", "other style", "old"


@dataclass(frozen=True)
class Row:
    """The facts of a node."""

    node_version: str
    context_node_version: str | None
    context_version: str | None
    source_version: str | None
    source_simulated: bool | None
    content_question: str | None
    content_simulated: bool | None
    content_edited: bool | None
    request_state: str | None
    request_question: str | None

    @property
    def unchosen(self) -> bool:
        return False


def any_row(chance: random.Random) -> Row:
    has_context, has_source, has_content, has_request = (chance.random() < 0.8 for _ in range(4))
    context, source = f"context {chance.randrange(2)}" if has_context else None, f"source {chance.randrange(2)}" if has_source else None

    def question() -> str | None:
        if chance.random() < 0.15:
            return None
        version = chance.choice((NOW, OTHER_STYLE, OLD))
        return question_of(version, context or "context 0", source if chance.random() < 0.8 else "source 9")

    return Row(
        node_version="node 1",
        context_node_version=chance.choice(("node 1", "node 1", "node 0")) if has_context else None,
        context_version=context,
        source_version=source,
        source_simulated=chance.random() < 0.4 if has_source else None,
        content_question=question() if has_content else None,
        content_simulated=chance.random() < 0.4 if has_content else None,
        content_edited=chance.random() < 0.1 if has_content else False,
        request_state=chance.choice(list(RequestState)) if has_request else None,
        request_question=question() if has_request else None,
    )


@pytest.mark.parametrize("reads", [None, "another stage"])
@pytest.mark.parametrize("simulated", [True, False])
def test_the_database_judges_as_the_one_rule_does(bench: OpenBench, reads: str | None, *, simulated: bool) -> None:
    chance = random.Random(7)
    rows = [any_row(chance) for _ in range(2_000)]
    if reads is None:
        rows = [Row(**{**vars_of(row), "source_version": None, "source_simulated": None}) for row in rows]
    judged = Judged("a stage", reads, NOW, (NOW, OTHER_STYLE), simulated)
    expected = [classify(row, NOW, judged.fresh, reads=reads is not None, accept_simulated=simulated) for row in rows]
    assert set(expected) == set(NodeState) - {NodeState.UNCHOSEN} - (set() if reads else {NodeState.NO_SOURCE})
    columns = [field.name for field in fields(Row)]
    kinds = {name: "boolean" if name.endswith(("simulated", "edited")) else "text" for name in columns}
    given = ", ".join(f"cast(:{name} as {kinds[name]}[])" for name in columns)
    query = text(f"select {STATE} from unnest({given}) with ordinality as s({', '.join(columns)}, number) order by s.number")
    values = judged.values | {name: [getattr(row, name) for row in rows] for name in columns}
    with bench().store.connect() as connection:
        assert list(connection.scalars(query, values)) == [str(state) for state in expected]


def vars_of(row: Row) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row)}
