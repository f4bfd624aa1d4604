"""Random histories of a project."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from dagster import AssetKey
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from hypothesis import strategies as st

from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.importing.appraise_import import ForeignFile
from caseforge_assets.commands.importing.import_results import import_results
from caseforge_assets.commands.importing.take_back_import import take_back_import
from caseforge_assets.commands.materializing.await_answers import Waiting
from caseforge_assets.commands.materializing.materialize_assets import materialize_assets
from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.settings import FrameworkSettings, StageOverrides, load_settings
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.editions.nodes import target_nodes
from caseforge_assets_tests.commands.result_files import NODES as NODES_OF_LINES
from caseforge_assets_tests.commands.result_files import answer_line, document, use_cases, written
from caseforge_assets_tests.defs.project import (
    ASSETS,
    FAILED,
    MATERIALIZED,
    MISSING,
    Project,
)
from caseforge_assets_tests.workbench import PROCESS, SHOP, USECASES, Workbench

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
    def project(self) -> OpenProject:
        """The project as commands take it."""
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
        bench, number = self.bench, next(_NUMBERS)
        answer = document(f"the team {number}") if stage is PROCESS else use_cases().replace("Idea", f"Idea {number}")
        lines = [answer_line(f"node_{number}_{code}", answer) for code in codes]
        path = written(bench.path / f"{self.key}-{number}.jsonl", *lines, answer_line(f"node_{number}_{codes[-1]}", f"Too short {number}"))
        imported = import_results(bench.project, ForeignFile(path, self.key, stage, NODES_OF_LINES), by="test")
        self.imports.append(imported.batch_id)

    def write(self, identities: Sequence[str]) -> None:
        """A person writes a document."""
        with self.opened.bench.store.begin() as connection:
            for row in target_nodes(connection, self.key):
                if row.identity in identities:
                    edit_content(
                        connection, self.project, ContentOf(self.key, row.node_id, PROCESS), document(f"Ada {next(_NUMBERS)}"), by="Ada"
                    )

    def materialize(self, codes: Sequence[str], assets: Sequence[str]) -> None:
        partitions = [f"{row[0]}_{row[1]}" for row in self.rows if row[0] in codes]
        materialize_assets(self.project, self.key, assets, partitions, Waiting(self.bench.provider, 20))

    def in_store(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """Per asset and partition: state and staleness, as the store has them."""
        names = {Condition.FAILED: FAILED, Condition.MISSING: MISSING}
        with self.opened.bench.store.connect() as connection:
            found = asset_statuses(connection, self.project, self.key)
        return {
            (status.asset, str(status.node.partition_key)): (names.get(status.condition, MATERIALIZED), bool(status.stale))
            for status in found
        }

    def in_dagster(self) -> dict[tuple[str, str], tuple[str, bool]]:
        """The same as Dagster computes it."""
        instance = self.opened.instance
        definitions = build_defs(load_settings(self.opened.path).model_copy(update={"configuration": self.bench.configuration}))
        resolver = CachingStaleStatusResolver(instance, definitions.resolve_asset_graph(), LoadingContextForTest(instance))
        found = {}
        for asset in ASSETS:
            in_dagster = AssetKey([self.key, asset])
            keys = node_partitions(self.key).get_partition_keys(dynamic_partitions_store=instance)
            states = instance.get_status_by_partition(in_dagster, keys, node_partitions(self.key)) or {}
            for key in keys:
                state = states.get(key)
                stale = resolver.get_status(in_dagster, key) is StaleStatus.STALE
                found[asset, key] = (state.name if state else MISSING, stale)
        return found
