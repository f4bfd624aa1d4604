"""What Dagster says of each node at each asset is what the store says, and both are right."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from dagster import AssetKey
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseforge_assets.commands.editing.edit_content import edit_content
from caseforge_assets.commands.importing.import_results import import_results
from caseforge_assets.commands.importing.take_back_import import take_back_import
from caseforge_assets.commands.materializing.materialize_assets import materialize_assets
from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets.defs.names import asset_key
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.settings import FrameworkSettings, StageOverrides, load_settings
from caseforge_assets.settings.project import Project as ProjectAsIs
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.editions.nodes import target_nodes
from caseforge_assets_tests.commands.test_import_results import NODES as NODES_OF_LINES
from caseforge_assets_tests.commands.test_import_results import answer_line, document, use_cases, written, wrong
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
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, Workbench

MANY = [
    ("1", "a", "Sell", "Finds customers and serves them."),
    *((f"1.{branch}", f"b{branch}", f"Branch {branch}", f"Sells in branch {branch}.") for branch in range(1, 16)),
    *((f"1.{b}.{n}", f"c{b}x{n}", f"Offer {b} {n}", f"Makes offer {n} of branch {b}.") for b in range(1, 16) for n in range(1, 21)),
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
            one for one in expected if one[0] == shown
        }  # 300 questions take 2 seconds


def store_stale(opened: Project) -> set[tuple[str, str]]:
    with opened.bench.store.connect() as connection:
        found = asset_statuses(connection, opened.bench.project, KEY)
    return {(one.asset, str(one.node.partition_key)) for one in found if one.stale}


# Against each other, on random histories


LEAVES = [row[0] for row in SHOP if row[0].count(".") == 2]
some_leaves = st.lists(st.sampled_from(LEAVES), min_size=1, max_size=6, unique=True)
some_assets = st.lists(st.sampled_from(ASSETS), min_size=1, max_size=8, unique=True)
actions = st.one_of(
    st.tuples(st.just("generate"), some_leaves),
    st.tuples(st.just("materialize"), some_leaves, some_assets),
    st.tuples(st.just("rename"), st.sampled_from([row[0] for row in SHOP]), st.sampled_from(["Anew", "Otherwise"])),
    st.tuples(st.just("remove"), st.sampled_from(LEAVES)),
    st.tuples(st.just("move"), st.sampled_from(LEAVES), st.sampled_from(["1.1.8", "2.1.9"])),
    st.tuples(st.just("swap"), st.sampled_from(LEAVES), st.sampled_from(LEAVES)),
    st.tuples(st.just("model"), st.sampled_from(["process_details", "usecases"]), st.sampled_from(["gpt-5", "gpt-5-mini"])),
    st.tuples(st.just("import"), some_leaves, st.sampled_from([PROCESS, USECASES])),
    st.tuples(st.just("take back")),
    st.tuples(st.just("edit"), st.sampled_from(LEAVES)),
    st.tuples(st.just("rule"), st.sampled_from(["keep", "regenerate"])),
    st.tuples(st.just("flush")),
)
_NUMBERS = itertools.count(1)


def with_codes_exchanged(rows: list[tuple[str, ...]], one: str, other: str) -> list[tuple[str, ...]]:
    """The rows with two codes exchanged, in the order of their codes; one of them may be free, and so only moved to."""
    exchanged = {one: other, other: one}
    return sorted((exchanged.get(row[0], row[0]), *row[1:]) for row in rows)


class History:
    """A framework of its own on which actions are carried out one after the other."""

    def __init__(self, opened: Project) -> None:
        self.opened, self.key, self.rows, self.models = opened, f"shop{next(_NUMBERS)}", list(SHOP), {}
        self.imports: list[int] = []
        self.rule: str = "keep"
        self.load()

    @property
    def bench(self) -> Workbench:
        """The project's, with the models chosen so far and this framework alone."""
        return self.opened.bench.configured(
            when_model_changes=self.rule,
            stages={stage: StageOverrides(model=model) for stage, model in self.models.items()},
            frameworks={self.key: FrameworkSettings(title=self.key, source="shop.csv")},
        )

    @property
    def project(self) -> ProjectAsIs:
        """What commands take of it."""
        return self.bench.project

    def load(self) -> None:
        self.bench.load(self.rows, key=self.key)

    def apply(self, action: Sequence[Any]) -> None:
        """Carries out one action."""
        match action:
            case ("generate", codes):
                self.materialize(codes, ASSETS)
            case ("materialize", codes, assets):
                self.materialize(codes, assets)
            case ("rename", code, name):
                self.rows = [(*row[:2], name, row[3]) if row[0] == code else row for row in self.rows]
                self.load()
            case ("remove", code):
                if len(self.rows) > 7:
                    self.rows = [row for row in self.rows if row[0] != code]
                    self.load()
            case ("move" | "swap", code, other):
                self.rows = with_codes_exchanged(self.rows, code, other)
                self.load()
            case ("model", stage, model):
                self.models[stage] = model
            case ("import", codes, stage):
                self.take_over([row[0] for row in self.rows if row[0] in codes], stage)
            case ("take back",) if self.imports:
                take_back_import(self.opened.bench.store, self.opened.bench.stages, str(self.imports.pop()), "Ada")
            case ("edit", code):
                self.write([row[1] for row in self.rows if row[0] == code])
            case ("rule", rule):
                self.rule = rule
            case ("flush",):
                self.flush()

    def flush(self) -> None:
        self.opened.flush(project=self.project)

    def take_over(self, codes: Sequence[str], stage: Stage) -> None:
        """Imports an answer for each node, of which the last is no good one."""
        if not codes:
            return
        bench, number = self.opened.bench, next(_NUMBERS)
        answer = document(f"the team {number}") if stage is PROCESS else use_cases().replace("Idea", f"Idea {number}")
        lines = [answer_line(f"node_{number}_{code}", answer) for code in codes]
        path = written(bench.path / f"{self.key}-{number}.jsonl", *lines, answer_line(f"node_{number}_{codes[-1]}", f"Too short {number}"))
        imported = import_results(bench.store, bench.folder, self.project, path, self.key, stage, NODES_OF_LINES)
        self.imports.append(imported.batch_id)

    def write(self, identities: Sequence[str]) -> None:
        """A person writes a document."""
        with self.opened.bench.store.begin() as connection:
            for row in target_nodes(connection, self.key):
                if row.identity in identities:
                    edit_content(connection, self.project, self.key, row.node_id, PROCESS, document(f"Ada {next(_NUMBERS)}"), by="Ada")

    def materialize(self, codes: Sequence[str], assets: Sequence[str]) -> None:
        partitions = [f"{row[0]}_{row[1]}" for row in self.rows if row[0] in codes]
        bench = self.opened.bench
        materialize_assets(bench.store, bench.folder, self.project, self.key, assets, partitions, provider=bench.provider, wait_s=20)

    def in_store(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """Per asset and partition: state and staleness, as the store has them."""
        names = {Condition.FAILED: FAILED, Condition.MISSING: MISSING}
        with self.opened.bench.store.connect() as connection:
            found = asset_statuses(connection, self.project, self.key)
        return {(one.asset, str(one.node.partition_key)): (names.get(one.condition, MATERIALIZED), bool(one.stale)) for one in found}

    def in_dagster(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """The same as Dagster computes it."""
        instance = self.opened.instance
        definitions = build_defs(load_settings(self.opened.path).model_copy(update={"configuration": self.bench.configuration}))
        resolver = CachingStaleStatusResolver(instance, definitions.resolve_asset_graph(), LoadingContextForTest(instance))
        found = {}
        for asset in ASSETS:
            in_dagster = AssetKey(asset_key(self.key, asset))
            keys = node_partitions(self.key).get_partition_keys(dynamic_partitions_store=instance)
            states = instance.get_status_by_partition(in_dagster, keys, node_partitions(self.key)) or {}
            for key in keys:
                state = states.get(key)
                stale = resolver.get_status(in_dagster, key) is StaleStatus.STALE
                found[asset, key] = (state.name if state else MISSING, stale)
        return found


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
    assert [one for one in wrong(histories.bench) if one[0] != "missing artifact"] == []


# New editions, whatever is edited


@pytest.fixture
def faultless(project: OpenProject) -> Project:
    return project()


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
