"""A framework out of another asset: judged like a file, a new edition when that one is materialized, and nothing spent."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pandas
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from caseforge_assets.commands.editions.load_table import TableRefused, load_table
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.defs.project import PARTITIONS, OpenProject, Project
from caseforge_assets_tests.workbench import KEY, SHOP, renamed

COLUMNS = ["code", "id", "name", "description"]


def table(rows: Any = SHOP) -> pandas.DataFrame:
    return pandas.DataFrame(rows, columns=COLUMNS)


def load(opened: Project, frame: pandas.DataFrame) -> Any:
    bench = opened.bench
    return load_table(bench.store, bench.folder, load_settings(opened.path), KEY, frame, by="test")


def test_a_table_is_judged_like_a_file_and_kept_as_the_source(project: OpenProject) -> None:
    opened = project()
    source = opened.path / f"{KEY}.csv"
    loaded = load(opened, table())
    assert (loaded.changed, loaded.nodes, loaded.targets) == (True, len(SHOP), len(PARTITIONS))
    assert not load(opened, table()).changed
    kept = source.read_text(encoding="utf-8")
    for wrong, says in (
        (table([*SHOP, ("2.1.3", "z", "Again", "")]), "2.1.3"),
        (table([("1", "x", "Other", ""), ("1.1", "y", "Things", "")]), "only 0 of the 10 nodes"),
        (table().assign(code=1.1), "code: decimal numbers"),
    ):
        with pytest.raises(TableRefused, match=says):
            load(opened, wrong)
    assert source.read_text(encoding="utf-8") == kept
    assert [file.name for file in opened.path.iterdir() if file.name.startswith(".caseforge-")] == []
    (editions,) = opened.bench.column("select count(*) from caseforge.framework_version")
    assert editions == 1


def test_unknown_values_are_empty_and_whole_numbers_whole(project: OpenProject) -> None:
    opened = project()
    load(opened, table().assign(id=[float(number) for number in range(9)] + [None], description=None))
    lines = (opened.path / f"{KEY}.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["code,id,name,description", "1,0,Sell,"]
    assert lines[-1] == "2.1.3,,Hand back,"


def fed_by(opened: Project, rows: list[Any]) -> dg.Definitions:
    """The project's definitions, whose framework is what an asset of somebody else makes."""
    with (opened.path / "caseforge.toml").open("a", encoding="utf-8") as file:
        file.write('table = "crm/processes"\n')

    @dg.asset(key=["crm", "processes"])
    def processes() -> pandas.DataFrame:
        return table(rows)

    return dg.Definitions.merge(opened.definitions, dg.Definitions([processes]))


def test_the_framework_stands_below_the_edition_and_that_below_the_table(project: OpenProject) -> None:
    graph = fed_by(project(), []).resolve_asset_graph()
    assert graph.get(dg.AssetKey([KEY, "framework"])).parent_keys == {dg.AssetKey([KEY, "edition"])}
    assert graph.get(dg.AssetKey([KEY, "edition"])).parent_keys == {dg.AssetKey(["crm", "processes"])}


@pytest.mark.slow
def test_an_asset_above_makes_a_new_edition_and_nothing_is_sent(project: OpenProject) -> None:
    opened = project(bills=True)
    rows: list[Any] = list(SHOP)
    defs = fed_by(opened, rows)
    job = defs.resolve_implicit_global_asset_job_def()
    edition, framework = dg.AssetKey([KEY, "edition"]), dg.AssetKey([KEY, "framework"])

    def run(*more: dg.AssetKey) -> dict[str, Any]:
        keys = [dg.AssetKey(["crm", "processes"]), edition, *more]
        result = job.execute_in_process(instance=opened.instance, asset_selection=keys)
        (event,) = [event for event in result.get_asset_materialization_events() if event.asset_key == edition]
        resolver = CachingStaleStatusResolver(opened.instance, defs.resolve_asset_graph(), LoadingContextForTest(opened.instance))
        assert resolver.get_status(framework) is StaleStatus.FRESH
        return {name: value.value for name, value in event.materialization.metadata.items()}

    assert run()["changed"] is True
    assert run()["changed"] is False
    rows[:] = renamed("2.1.2", "Repair")
    assert run(framework)["changed"] is True
    assert opened.bench.column("select name from caseforge.current_node where code = '2.1.2'") == ["Repair"]
    assert opened.bench.column("select count(*) from caseforge.batch") == [0]
    assert set(opened.states("pcf_nodes")) == set(PARTITIONS)
