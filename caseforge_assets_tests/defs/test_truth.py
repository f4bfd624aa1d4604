"""Dagster says of each node at each asset what the store says, and both are right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets_tests.commands.result_files import wrong
from caseforge_assets_tests.defs.histories import LEAVES, History, actions, with_codes_exchanged
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    DOCUMENTS,
    FAILED,
    INPUTS,
    MATERIALIZED,
    MISSING,
    NODES,
    OUTPUTS,
    USECASE_INPUTS,
    USECASE_OUTPUTS,
    OpenProject,
    Project,
)
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP

MANY = [
    ("1", "a", "Sell", "Finds customers and serves them."),
    *((f"1.{branch}", f"b{branch}", f"Branch {branch}", f"Sells in branch {branch}.") for branch in range(1, 16)),
    *(
        (f"1.{branch}.{number}", f"c{branch}x{number}", f"Offer {branch} {number}", f"Makes offer {number} of branch {branch}.")
        for branch in range(1, 16)
        for number in range(1, 21)
    ),
]
CHANGED = {"1.3.7_c3x7", "1.15.20_c15x20"}


def changed() -> list[tuple[str, ...]]:
    """The 300 leaves with two of them described differently."""
    return [(*row[:3], row[3] + " In writing.") if f"{row[0]}_{row[1]}" in CHANGED else row for row in MANY]


@pytest.mark.slow
def test_of_300_nodes_exactly_the_two_changed_ones_are_stale_a_asset_at_a_time(project: OpenProject) -> None:
    opened = project(faults=["truncate:batch=1,match=-1-2-2-r"])
    opened.load(MANY)
    opened.generate()
    assert opened.states(DOCUMENTS) == {**dict.fromkeys(opened.states(NODES), MATERIALIZED), "1.2.2_c2x2": FAILED}
    opened.generate()
    assert set(opened.states(CANDIDATES).values()) == {MATERIALIZED}  # the failed one turned green
    opened.load(changed())
    steps = [  # what is made anew, and what is stale then: collecting carries nodes through documents and on to the next inputs
        (None, [INPUTS, USECASE_INPUTS]),
        (INPUTS, [OUTPUTS, USECASE_INPUTS]),
        (OUTPUTS, [USECASE_OUTPUTS]),
        (USECASE_OUTPUTS, []),
    ]
    for made, below in steps:
        if made:
            assert opened.run([made], *sorted(CHANGED, reverse=True)).success
        expected = {(asset, partition) for asset in below for partition in CHANGED}
        assert store_stale(opened) == expected
        assert opened.stale(shown := (*below, CANDIDATES)[0]) == {
            place for place in expected if place[0] == shown
        }  # 300 questions take 2 seconds


def store_stale(opened: Project) -> set[tuple[str, str]]:
    with opened.bench.store.connect() as connection:
        found = asset_statuses(connection, opened.bench.project, KEY)
    return {(status.asset, str(status.node.partition_key)) for status in found if status.stale}


# Against each other, on random histories


@pytest.fixture
def histories(project: OpenProject) -> Project:
    return project(faults=["http_500:rate=0.15", "truncate:rate=0.15"])


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(actions=st.lists(actions, min_size=3, max_size=7))
def test_dagsters_resolver_and_the_store_agree_after_any_history(histories: Project, actions: list[tuple[Any, ...]]) -> None:
    history = History(histories)
    for action in [("generate", LEAVES), *actions]:
        history.apply(action)
    history.flush()
    assert history.in_dagster() == history.in_store()
    assert [problem for problem in wrong(histories.bench) if problem[0] != "missing artifact"] == []


@pytest.fixture
def faultless(project: OpenProject) -> Project:
    return project()


FORMER_NAME = next(row[2] for row in SHOP if row[0] == "1.1.2")
MOVED_WITH_SOMETHING_OLDER_THAT_COUNTS = {
    "a document that use cases were made from before an import": [
        ("import", ["1.1.2"], PROCESS),
        ("move", "1.1.2", "1.1.8"),
        ("take back",),
    ],
    "a question that an answer comes back for": [
        ("rename", "1.1.2", "Anew"),
        ("materialize", ["1.1.2"], [INPUTS]),
        ("import", ["1.1.2"], PROCESS),
        ("move", "1.1.2", "1.1.8"),
        ("take back",),
        ("rename", "1.1.8", FORMER_NAME),
        ("materialize", ["1.1.8"], [INPUTS, USECASE_INPUTS]),
    ],
}


@pytest.mark.parametrize("actions", MOVED_WITH_SOMETHING_OLDER_THAT_COUNTS.values(), ids=MOVED_WITH_SOMETHING_OLDER_THAT_COUNTS)
def test_what_is_as_it_was_before_a_move_is_fresh_in_both(faultless: Project, actions: list[tuple[Any, ...]]) -> None:
    history = History(faultless)
    for action in [("generate", ["1.1.2"]), *actions]:
        history.apply(action)
    history.flush()
    in_dagster = history.in_dagster()
    assert in_dagster == history.in_store()
    assert {asset: in_dagster[asset, "1.1.8_d"] for asset in ASSETS} == dict.fromkeys(ASSETS, (MATERIALIZED, False))


# New editions, whatever is edited


WORDS = st.sampled_from(["Otherwise", "Anew", "With care"])
edits = st.one_of(
    st.tuples(st.just("rename"), st.sampled_from([row[1] for row in SHOP]), WORDS),
    st.tuples(st.just("redescribe"), st.sampled_from([row[1] for row in SHOP]), WORDS),
    st.tuples(st.just("move"), st.sampled_from(LEAVES), st.sampled_from(["1.1.8", "2.1.9"])),
    st.tuples(st.just("swap"), st.sampled_from(LEAVES), st.sampled_from(LEAVES)),
    st.tuples(st.just("remove"), st.sampled_from([row[1] for row in SHOP if row[0] in LEAVES]), WORDS),
    st.tuples(st.just("add"), st.sampled_from(["1.1.5", "2.1.5"]), WORDS),
)


def edited(rows: list[tuple[str, ...]], edit: tuple[str, str, str]) -> list[tuple[str, ...]]:
    """The rows of the next edition; they stay a tree with leaves."""
    match edit:
        case ("rename", identity, name):
            return [(row[0], row[1], name, row[3]) if row[1] == identity else row for row in rows]
        case ("redescribe", identity, text):
            return [(*row[:3], text) if row[1] == identity else row for row in rows]
        case ("move" | "swap", code, other):
            return with_codes_exchanged(rows, code, other)
        case ("remove", identity, _) if len(rows) > 8:
            return [row for row in rows if row[1] != identity]
        case ("add", code, name) if all(row[0] != code for row in rows):
            return sorted([*rows, (code, f"new{code}", name, "Is new.")])
    return rows


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=st.lists(edits, min_size=1, max_size=5))
def test_after_any_new_edition_exactly_what_says_something_else_of_itself_is_stale(
    faultless: Project, edits: list[tuple[str, str, str]]
) -> None:
    history = History(faultless)
    history.materialize(LEAVES, ASSETS)
    before = {row[1]: row[2:] for row in history.rows}
    for edit in edits:
        history.rows = edited(history.rows, edit)
    history.load()
    history.flush()
    after = {f"{row[0]}_{row[1]}": (row[1], row[2:]) for row in history.rows if row[0].count(".") == 2}
    stale = {key for key, (identity, texts) in after.items() if identity in before and before[identity] != texts}
    new = {key for key, (identity, _) in after.items() if identity not in before}
    for found in (history.in_store(), history.in_dagster()):
        assert {key for (asset, key), (_, is_stale) in found.items() if asset == INPUTS and is_stale} == stale
        assert {key for (asset, key), (state, _) in found.items() if asset == INPUTS and state == MISSING} == new
        assert {key for (asset, key), (state, _) in found.items() if asset == CANDIDATES and state == MATERIALIZED} == after.keys() - new
