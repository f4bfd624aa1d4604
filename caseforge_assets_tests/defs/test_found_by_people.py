"""A person who has never seen the project finds in Dagster who drives an asset, where its prompts are, what a partition is called."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster import AssetKey
from dagster._core.remote_representation.external_data import RepositorySnap

from caseforge_assets.cli.running.ui import where_to_begin
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.events import event_metadata
from caseforge_assets.defs.names import CODE_LOCATION
from caseforge_assets.defs.runs.sensors import SENSORS
from caseforge_assets.settings import load_settings
from caseforge_assets.store.mirroring.previews import WHOLE_CHARACTERS
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    CONTEXTS,
    DOCUMENTS,
    FAILED,
    INPUTS,
    MATERIALIZED,
    NODES,
    OUTPUTS,
    PARTITIONS,
    USECASE_INPUTS,
    OpenProject,
    write_project,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shown(tmp_path: Path) -> RepositorySnap:
    """The definitions of the small project as the UI gets them."""
    return RepositorySnap.from_def(build_defs(load_settings(write_project(tmp_path))).get_repository_def())


def asset(shown: RepositorySnap, name: str) -> Any:
    return next(node for node in shown.asset_nodes if node.asset_key.path[-1] == name)


def test_every_asset_names_the_sensors_that_drive_it(shown: RepositorySnap) -> None:
    driven_by = {sensor.name: set(sensor.target_dict) for sensor in shown.sensors}
    assert driven_by.keys() == {sensor.name for sensor in SENSORS}
    for node in shown.asset_nodes:
        assert list(node.job_names)[:2] == ["__ASSET_JOB", "shop_assets"]  # the first is what the page's own button launches
    assert {name for name, jobs in driven_by.items() if "shop_assets" not in jobs} == {"dead_run_sensor"}  # it is about runs


def test_no_markup_is_left_in_what_the_catalog_shows_as_it_is(shown: RepositorySnap) -> None:
    assert [node.asset_key for node in shown.asset_nodes if "**" in (node.description or "")] == []
    assert asset(shown, "framework").description.startswith("A bicycle shop\n")


@pytest.mark.parametrize(("source", "kind"), [("a.csv", "csv"), ("a.XLSX", "excel"), ("a.json", "json"), ("a.txt", "file")])
def test_the_framework_has_the_icon_of_its_file(tmp_path: Path, source: str, kind: str) -> None:
    write_project(tmp_path)
    file = tmp_path / "caseforge.toml"
    file.write_text(file.read_text().replace("shop.csv", source))
    (tmp_path / source).write_text("")
    graph = build_defs(load_settings(tmp_path)).resolve_asset_graph()
    assert graph.get(AssetKey(["shop", "framework"])).kinds == {kind, "python"}


def test_columns_prompts_and_freshness_are_known_before_anything_is_made(shown: RepositorySnap) -> None:
    columns = {name: asset(shown, name).metadata.get("dagster/column_schema") for name in ASSETS}
    assert [column.name for column in columns[CANDIDATES].schema.columns][:2] == ["id", "title"]
    assert {name for name, schema in columns.items() if schema} == {NODES, DOCUMENTS, CANDIDATES}
    for name in ASSETS:
        references = asset(shown, name).metadata["dagster/code_references"].code_references
        assert references
        assert all(Path(reference.file_path).is_file() for reference in references)
    assert [reference.label for reference in asset(shown, INPUTS).metadata["dagster/code_references"].code_references][:2] == [
        "system.jinja",
        "user.jinja",
    ]
    assert all(asset(shown, name).freshness_policy for name in ("run_report", "stale_report"))
    for node in shown.asset_nodes:
        doc = node.metadata["docs"].text
        assert (ROOT / doc).is_file()
        assert node.metadata["dagster/code_references"].code_references[-1].label == doc


def test_assets_lead_to_the_portal_where_people_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path)
    assert not any("portal" in spec.metadata for spec in build_defs(load_settings(tmp_path)).resolve_all_asset_specs())
    monkeypatch.setenv("CASEFORGE_SERVICE__PUBLIC_URL", "https://caseforge.example.org")
    for spec in build_defs(load_settings(tmp_path)).resolve_all_asset_specs():
        page = "report?framework=shop" if spec.key.path[-1].endswith("_report") else "frameworks/shop"
        assert spec.metadata["portal"].url == f"https://caseforge.example.org/{page}"


@pytest.mark.parametrize("job", ["submit", "retry", "regenerate"])
def test_forms_are_flat_and_filled_in(tmp_path: Path, job: str) -> None:
    defined = build_defs(load_settings(write_project(tmp_path))).resolve_job_def(job)
    fields = defined.config_mapping.config_schema.config_type.fields  # type: ignore[union-attr]
    assert "ops" not in fields
    assert all(field.description and not field.is_required for field in fields.values())
    assert any(field.default_provided for field in fields.values())


def test_runs_say_what_they_do(tmp_path: Path) -> None:
    jobs = build_defs(load_settings(write_project(tmp_path))).resolve_all_job_defs()
    untold = {job.name for job in jobs if "caseforge/run" not in job.tags and not job.name.startswith("__")}
    assert untold <= {"many_events"}


def test_the_location_has_one_name_however_it_is_started() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert project["dg"]["directory_type"] == "project"
    told = project["dg"]["project"]
    assert (told["code_location_name"], told["code_location_target_module"]) == (CODE_LOCATION, CODE_LOCATION)
    assert project["dagster"]["module_name"] == CODE_LOCATION
    assert yaml.safe_load((ROOT / "workspace.yaml").read_text()) == {"load_from": [{"python_module": CODE_LOCATION}]}


def test_the_first_page_says_what_there_is_to_do() -> None:
    graph = f"http://here/locations/{CODE_LOCATION}/asset-groups/shop"
    assert where_to_begin("http://here", ["shop", "bank"]) == f"Begin here: http://here/assets/shop/framework\nAll assets: {graph}"
    assert where_to_begin("http://here", []) == ""


@pytest.mark.slow
def test_a_document_is_shown_whole_and_a_request_in_its_lines(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.run(ASSETS)
    (body,) = opened.bench.column(
        "select c.body from caseforge.content c join caseforge.node n on n.id = c.node_id where c.stage = 'process_details' and n.identity = 'c'"
    )
    assert 2_000 < len(body) < WHOLE_CHARACTERS
    document = opened.latest(DOCUMENTS, "1.1.1_c").asset_materialization.metadata["document"].md_str
    assert "the rest" not in document
    assert document.count("## ") == body.count("## ")
    request = opened.latest(INPUTS, "1.1.1_c").asset_materialization.metadata["request"].md_str
    assert request.count("  \n") == request.count("\n") > 3
    assert "the rest" not in request
    longer = opened.latest(USECASE_INPUTS, "1.1.1_c").asset_materialization.metadata["request"].md_str  # it holds the document
    assert longer.endswith("\n\n*… the rest: caseforge preview --stage usecases 1.1.1*")
    assert len(longer) > 1_500
    answer = opened.latest(OUTPUTS, "1.1.1_c").asset_materialization.metadata["answer"].md_str
    assert answer.endswith("*… the rest: caseforge show*")


@pytest.mark.slow
def test_a_table_says_which_partition_a_process_is_and_rows_are_counted_for_the_asset(project: OpenProject) -> None:
    opened = project()
    opened.load()
    event = opened.instance.get_latest_materialization_event(AssetKey(["shop", "framework"]))
    assert event is not None
    assert event.asset_materialization is not None
    table = event.asset_materialization.metadata["partitions_by_name"]
    assert isinstance(table, dg.TableMetadataValue)
    assert {str(row.data["name"]): row.data["partition"] for row in table.records}["Mend"] == "2.1.2_i"
    assert len(table.records) == len(PARTITIONS)
    opened.run(ASSETS)
    metadata = opened.latest(CANDIDATES, "1.1.1_c").asset_materialization.metadata
    (total,) = opened.bench.column("select count(*) from caseforge.candidate where is_current")
    assert metadata["dagster/row_count"].value == total
    assert 0 < metadata["dagster/partition_row_count"].value < total


def test_a_table_that_would_be_too_long_says_how_much_of_it_there_is(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_metadata, "LISTED_PARTITIONS", 2)
    opened = project()
    opened.load()
    event = opened.instance.get_latest_materialization_event(AssetKey(["shop", "framework"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert "partitions_by_name" not in metadata
    table = metadata["partitions_by_name_first_2"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [row.data["partition"] for row in table.records] == ["1.1.1_c", "1.1.2_d"]


def test_inputs_alone_of_a_new_framework_are_made(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.run([INPUTS]).success
    assert opened.states(INPUTS) == opened.states(CONTEXTS) == dict.fromkeys(PARTITIONS, MATERIALIZED)
    assert FAILED not in opened.states(INPUTS).values()


def test_a_process_is_named_by_its_name_in_the_form(project: OpenProject) -> None:
    opened = project()
    opened.load()
    job = opened.definitions.resolve_job_def("regenerate")
    assert job.execute_in_process(instance=opened.instance, run_config={"nodes": ["mend"], "stage": "process_details"}).success
    assert [key for key, state in opened.states(DOCUMENTS).items() if state == MATERIALIZED] == ["2.1.2_i"]
