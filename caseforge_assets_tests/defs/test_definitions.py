"""The code location: what is declared in caseforge.toml is there, complete and described, before anything is connected to."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import AssetKey

from caseforge_assets import definitions
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.runs.sensors import SENSORS
from caseforge_assets.settings import ConfigurationError, load_settings
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    CONTEXTS,
    DOCUMENTS,
    INPUTS,
    NODES,
    OUTPUTS,
    USECASE_INPUTS,
    USECASE_OUTPUTS,
    write_project,
)
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

ABOVE = {
    NODES: {"framework"},
    CONTEXTS: {NODES},
    INPUTS: {CONTEXTS},
    OUTPUTS: {INPUTS},
    DOCUMENTS: {OUTPUTS},
    USECASE_INPUTS: {CONTEXTS, DOCUMENTS},
    USECASE_OUTPUTS: {USECASE_INPUTS},
    CANDIDATES: {USECASE_OUTPUTS},
    "framework": set(),
    "run_report": {DOCUMENTS, CANDIDATES},
    "stale_report": {DOCUMENTS, CANDIDATES},
}
OF_STAGE = {"process_details": {INPUTS, OUTPUTS, DOCUMENTS}, "usecases": {USECASE_INPUTS, USECASE_OUTPUTS, CANDIDATES}}
BANK = '\n[frameworks.bank]\ntitle = "A bank"\nsource = "bank.xlsx"\ntargets = ["8.*"]\nowner = "kim@example.org"\n'


def loaded(path: Path, *, more: str = "", **configuration: Any) -> dg.Definitions:
    write_project(path, **configuration)
    with (path / "caseforge.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    return build_defs(load_settings(path))


def spec(defs: dg.Definitions, key: str, asset: str) -> Any:
    return defs.resolve_asset_graph().get(AssetKey([key, asset]))


def code_versions(defs: dg.Definitions) -> dict[str, str | None]:
    return {asset: spec(defs, "shop", asset).code_version for asset in ASSETS}


def test_loading_needs_neither_database_nor_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something was connected to")

    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    dg.Definitions.validate_loadable(loaded(tmp_path, more=BANK))


def test_the_checkout_itself_is_a_project() -> None:
    assert AssetKey(["sample", CANDIDATES]) in definitions.defs.resolve_asset_graph().get_all_asset_keys()


@pytest.mark.parametrize("key", ["shop", "bank"])
def test_every_framework_is_a_group_with_its_assets_in_order(tmp_path: Path, key: str) -> None:
    defs = loaded(tmp_path, more=BANK)
    graph = defs.resolve_asset_graph()
    mine = {asset.path[-1] for asset in graph.get_all_asset_keys() if graph.get(asset).group_name == key}
    assert mine == set(ABOVE)
    for asset, above in ABOVE.items():
        assert {upstream.path[-1] for upstream in spec(defs, key, asset).parent_keys} == above
        assert all(upstream.path[0] == key for upstream in spec(defs, key, asset).parent_keys)
    order = [asset.path[-1] for asset in graph.toposorted_asset_keys if asset.path[0] == key and asset.path[-1] in ASSETS]
    assert order == list(ASSETS)


def test_assets_have_a_partition_for_each_target_node_and_the_others_none(tmp_path: Path) -> None:
    defs = loaded(tmp_path, more=BANK)
    for key in ("shop", "bank"):
        names = {spec(defs, key, asset).partitions_def.name for asset in ASSETS}
        assert names == {f"{key}_nodes"}
        assert not spec(defs, key, "framework").is_partitioned
        assert not spec(defs, key, "run_report").is_partitioned
        assert not spec(defs, key, "stale_report").is_partitioned


def test_everything_says_what_it_is_and_whose(tmp_path: Path) -> None:
    defs = loaded(tmp_path, more=BANK)
    graph = defs.resolve_asset_graph()
    for asset in graph.get_all_asset_keys():
        node = graph.get(asset)
        assert node.description, asset
        assert node.kinds, asset
        assert list(node.owners) == [{"shop": "team:shop", "bank": "kim@example.org"}[asset.path[0]]]
    for asset in OF_STAGE["process_details"] | OF_STAGE["usecases"]:
        assert "(/locations/caseforge_assets.definitions/jobs/regenerate/playground)" in graph.get(AssetKey(["bank", asset])).description
    assert "A bank" in graph.get(AssetKey(["bank", "framework"])).description
    for job in ("submit", "poll", "collect", "retry", "flush", "show_alerts", "failed_nodes", "many_events"):
        assert defs.resolve_job_def(job).description


def test_an_owner_that_dagster_does_not_know_as_one_is_left_out(tmp_path: Path) -> None:
    defs = loaded(tmp_path, more=BANK.replace("kim@example.org", "Kim"))
    assert list(spec(defs, "bank", NODES).owners) == []


def test_another_model_is_another_code_version_of_the_stage(tmp_path: Path) -> None:
    before = code_versions(loaded(tmp_path, when_model_changes="regenerate"))
    assert [asset for asset, version in before.items() if version is None] == [NODES, CONTEXTS]
    assert all(len({before[asset] for asset in assets}) == 1 for assets in OF_STAGE.values())
    everywhere = code_versions(loaded(tmp_path, openai_model="gpt-6.1-terra", when_model_changes="regenerate"))
    assert {asset for asset in ASSETS if everywhere[asset] != before[asset]} == set().union(*OF_STAGE.values())
    of_one = '\n[stages.usecases]\nmodel = "gpt-6.1-terra"\n'
    one = code_versions(loaded(tmp_path, more=of_one, when_model_changes="regenerate"))
    assert {asset for asset in ASSETS if one[asset] != before[asset]} == OF_STAGE["usecases"]


def test_where_content_is_kept_another_model_is_no_other_code_version(tmp_path: Path) -> None:
    assert code_versions(loaded(tmp_path)) == code_versions(loaded(tmp_path, openai_model="gpt-6.1-terra"))


def test_nothing_is_sent_by_itself_and_everything_runs_in_process(tmp_path: Path) -> None:
    defs = loaded(tmp_path)
    sensors = {sensor.name: defs.resolve_sensor_def(sensor.name) for sensor in SENSORS}
    assert {name for name, sensor in sensors.items() if sensor.default_status is dg.DefaultSensorStatus.RUNNING} == {
        "flush_sensor",
        "dead_run_sensor",
    }
    assert all(sensor.description for sensor in sensors.values())
    jobs = [
        defs.resolve_job_def(name) for name in ("submit", "poll", "collect", "retry", "flush", "show_alerts", "failed_nodes", "many_events")
    ]
    assert {job.executor_def.name for job in (*jobs, defs.resolve_implicit_global_asset_job_def())} == {"in_process"}


def test_stages_without_frameworks_are_no_assets(tmp_path: Path) -> None:
    (tmp_path / "caseforge.toml").write_text("openai_model = 'gpt-5'\n")
    defs = build_defs(load_settings(tmp_path))
    dg.Definitions.validate_loadable(defs)
    assert defs.resolve_asset_graph().get_all_asset_keys() == set()
    assert len(stages_as_they_come().shared) == 2


def test_a_wrong_entry_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"caseforge\.toml, line 10: frameworks\.bank\.titel: is not a known key \(did you mean title\?\)"
    ):
        loaded(tmp_path, more=BANK.replace("title", "titel"))


def test_what_talks_to_the_provider_is_in_one_pool_and_nothing_else_is(tmp_path: Path) -> None:
    jobs = loaded(tmp_path, more=BANK).resolve_all_job_defs()
    pools = {node.name: set(node.definition.pools) for job in jobs for node in job.nodes}
    in_pool = {name for name, found in pools.items() if found == {"provider"}}
    assert in_pool == {
        "shop_flow",
        "bank_flow",
        "submit_pending",
        "poll_open",
        "collect_finished",
        "ask_again",
        "ask_for_failed_nodes",
        "regenerate_selected",
    }
    assert all(not pools[name] for name in pools.keys() - in_pool)
