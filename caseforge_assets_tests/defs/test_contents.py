"""Assets of other people get what CaseForge made: typed rows of a partition, several, or all, in runs and in a plain process."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pandas
import pytest

from caseforge_assets.commands.exporting.tabulate_asset import columns_of, tabulate_asset
from caseforge_assets.defs.contents import CaseforgeContents
from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets.handing_on.sheets.frames import DTYPES
from caseforge_assets_tests.defs.project import CANDIDATES, CONTEXTS, DOCUMENTS, NODES, PARTITIONS, OpenProject
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import KEY, SHOP

DOCS = Path(__file__).parents[2] / "docs" / "dagster-projects.md"
STAGES = stages_as_they_come()
TABLES = ("framework", NODES, DOCUMENTS, CANDIDATES)
FIRST, SECOND, *_, LAST = PARTITIONS


def typed(frame: pandas.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def stated(asset: str) -> dict[str, str]:
    return {column.name: DTYPES[column.type] for column in columns_of(STAGES, asset)}


def test_rows_have_the_stated_columns_and_types_and_what_is_unknown_is_none(project: OpenProject) -> None:
    bench = project().bench
    bench.load()

    def tables() -> dict[str, pandas.DataFrame]:
        with bench.store.connect() as connection:
            return {asset: tabulate_asset(connection, bench.stages, KEY, asset) for asset in TABLES}

    before = tables()
    bench.generate("1.1.1", "2.1.1")
    after = tables()
    for found in (before, after):
        assert {asset: typed(frame) for asset, frame in found.items()} == {asset: stated(asset) for asset in TABLES}
    assert (len(before["framework"]), len(before[NODES])) == (len(SHOP), len(PARTITIONS))
    assert before[DOCUMENTS].empty
    assert before[CANDIDATES].empty
    documents, candidates = after[DOCUMENTS], after[CANDIDATES]
    assert list(documents["partition_key"]) == [FIRST, "2.1.1_h"]
    assert documents["document"].str.startswith("#").all()
    assert documents["simulated"].all()
    assert str(documents["answered_at"].dt.tz) == "UTC"
    assert set(candidates["partition_key"]) == {FIRST, "2.1.1_h"}
    assert candidates["id"].is_unique
    assert set(candidates["complexity"]) <= {"1", "2", "3"} | {"Low", "Medium", "High"}
    assert json.loads(candidates["fields"][0])["category"] == candidates["category"][0]

    first, second = map(int, documents["content_id"])
    bench.change("update caseforge.content set cost_usd = 0.1234567 where id = :id", id=first)
    bench.change("update caseforge.content set cost_usd = null where id = :id", id=second)
    costs = tables()[DOCUMENTS].set_index("content_id")["cost_usd"]
    assert costs[first] == pytest.approx(0.1234567)
    assert costs[second] is pandas.NA  # unknown, not 0


def test_what_has_no_table_says_what_has_one(project: OpenProject) -> None:
    bench = project().bench
    with bench.store.connect() as connection, pytest.raises(LookupError, match=f"^{CONTEXTS} has no table.*{DOCUMENTS}, {CANDIDATES}$"):
        tabulate_asset(connection, bench.stages, KEY, CONTEXTS)


@dg.asset(ins={"documents": dg.AssetIn([KEY, DOCUMENTS])}, partitions_def=node_partitions(KEY))
def words(documents: pandas.DataFrame) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": len(documents), "codes": " ".join(documents["code"])})


@dg.asset(ins={"found": dg.AssetIn([KEY, CANDIDATES], metadata={"columns": ["id", "title"]})})
def all_candidates(found: pandas.DataFrame) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": len(found), "columns": " ".join(found.columns)})


def metadata_of(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.mark.slow
def test_assets_below_get_a_partition_or_all_a_notebook_a_range_and_rows_are_counted(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1", "1.1.2", "2.1.3")
    defs = dg.Definitions.merge(opened.definitions, dg.Definitions([words, all_candidates]))
    job, instance = defs.resolve_implicit_global_asset_job_def(), opened.instance

    def run(asset: dg.AssetsDefinition, partition: str | None) -> dict[str, object]:
        return metadata_of(job.execute_in_process(instance=instance, asset_selection=[asset.key], partition_key=partition))

    assert run(words, SECOND) == {"rows": 1, "codes": "1.1.2"}
    assert run(words, "1.1.3_e") == {"rows": 0, "codes": ""}
    (total,) = opened.bench.column("select count(*) from caseforge.candidate where is_current")
    assert run(all_candidates, None) == {"rows": total, "columns": "id title"}

    shown = {asset: opened.latest(asset, FIRST).asset_materialization.metadata for asset in (NODES, DOCUMENTS, CANDIDATES)}
    counts = {asset: metadata["dagster/row_count"].value for asset, metadata in shown.items()}
    assert counts == {NODES: len(PARTITIONS), DOCUMENTS: 3, CANDIDATES: total}
    assert shown[DOCUMENTS]["dagster/partition_row_count"].value == 1

    documents = dg.AssetKey([KEY, DOCUMENTS])
    one = defs.load_asset_value(documents, partition_key=SECOND, instance=instance)
    assert isinstance(one, pandas.DataFrame)
    assert list(one["code"]) == ["1.1.2"]
    with defs.get_asset_value_loader(instance) as loader:
        some = loader.load_asset_value(documents, partition_key_range=dg.PartitionKeyRange(SECOND, LAST))
        everything = loader.load_asset_value(documents)
    assert list(some["code"]) == ["1.1.2", "2.1.3"]  # type: ignore[index]
    assert list(everything["code"]) == ["1.1.1", "1.1.2", "2.1.3"]  # type: ignore[index]


def test_an_asset_of_another_location_gets_it_by_key_and_cannot_write_with_it(project: OpenProject) -> None:
    opened = project()
    opened.load()
    contents = CaseforgeContents(project_folder=str(opened.path))

    @dg.asset(ins={"nodes": dg.AssetIn([KEY, NODES], input_manager_key="contents")})
    def node_count(nodes: pandas.DataFrame) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": len(nodes)})

    @dg.asset(io_manager_key="contents")
    def written() -> str:
        return "something"

    defs = dg.Definitions([dg.AssetSpec([KEY, NODES]), node_count, written], resources={"contents": contents})
    job = defs.resolve_implicit_global_asset_job_def()
    assert metadata_of(job.execute_in_process(instance=opened.instance, asset_selection=[node_count.key])) == {"rows": len(PARTITIONS)}
    with pytest.raises(dg.DagsterInvariantViolationError, match="written would write a str through CaseForge's input manager"):
        job.execute_in_process(instance=opened.instance, asset_selection=[written.key])


@pytest.mark.parametrize("asset", [NODES, DOCUMENTS, CANDIDATES])
def test_the_documented_columns_are_those_in_the_code(asset: str) -> None:
    rows = "\n".join(f"| `{name}` | {dtype} |" for name, dtype in stated(asset).items())
    assert f"|---|---|\n{rows}\n" in f"{DOCS.read_text(encoding='utf-8')}\n"
