"""A framework as a component in somebody else's Dagster project: the example of the documentation, as people run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import caseforge_assets
from caseforge_assets import definitions
from caseforge_assets.defs.component import CaseforgeFramework
from caseforge_assets.settings import ConfigurationError
from caseforge_assets_tests.conftest import VARIABLES
from caseforge_assets_tests.defs.project import write_project
from caseforge_assets_tests.workbench import serving, write_table

EXAMPLE = Path(__file__).parents[2] / "examples" / "company"
SHOP_DEFS = "type: caseforge_assets.CaseforgeFramework\nattributes:\n  key: {key}\n"
FULL = SHOP_DEFS + "  title: A shop\n  source: shop.csv\n"


def tree(path: Path, **files: str) -> dg.ComponentTree:
    """A Dagster project with a `defs.yaml` in a folder each."""
    module = f"company_{path.name}"
    (path / "pyproject.toml").write_text(f'[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "{module}"\n')
    for name, text in files.items():
        folder = path / module / "defs" / name
        folder.mkdir(parents=True)
        (folder / "defs.yaml").write_text(text)
    write_table(path / "shop.csv")
    return dg.ComponentTree.for_project(path)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to import from; no variable says that the project is elsewhere."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def keys_of(defs: dg.Definitions) -> set[str]:
    return {key.path[0] for key in defs.resolve_asset_graph().get_all_asset_keys()}


def test_several_frameworks_share_jobs_sensors_and_resources(place: Path) -> None:
    one = FULL.format(key="one") + "  targets: [1.*]\n  stages:\n    process_details:\n      model: gpt-6.1-terra\n"
    defs = tree(place, first=one, second=FULL.format(key="two")).build_defs()
    dg.Definitions.validate_loadable(defs)
    assert keys_of(defs) == {"one", "two"}
    assert {"submit", "collect", "one_assets", "two_assets"} <= {job.name for job in defs.resolve_all_job_defs()}
    sensors = {sensor.name for sensor in defs.sensors or ()}
    assert "flush_sensor" in sensors
    assert "dead_run_sensor" not in sensors  # other people's runs are not CaseForge's to end
    assert {schedule.name for schedule in defs.schedules or ()} == {"backup_schedule", "report_schedule"}  # nor is their history to remove
    settings = (defs.resources or {})["caseforge"].settings
    assert settings.framework("one").targets == ("1.*",)
    assert settings.configuration.model_name("process_details") == "gpt-6.1-terra"


def test_a_key_alone_means_the_entry_of_the_file(place: Path) -> None:
    write_project(place)
    defs = tree(place, first=SHOP_DEFS.format(key="shop")).build_defs()
    assert keys_of(defs) == {"shop"}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"one": FULL.format(key="a"), "two": FULL.format(key="a")}, "declared by two components"),
        ({"one": SHOP_DEFS.format(key="a")}, "frameworks.a.title"),
        ({"one": FULL.format(key="shop")}, "frameworks.shop.title: caseforge.toml says 'A bicycle shop', defs.yaml says 'A shop'"),
        ({"one": FULL.format(key="a") + "  project: here\n", "two": FULL.format(key="b") + "  project: there\n"}, "one CaseForge project"),
        (
            {
                "one": FULL.format(key="a") + "  stages: {usecases: {model: x}}\n",
                "two": FULL.format(key="b") + "  stages: {usecases: {model: y}}\n",
            },
            "stages.usecases.model: the component of 'b' says 'y', another one 'x'",
        ),
    ],
    ids=["twice", "nothing said", "file says otherwise", "two projects", "stages"],
)
def test_what_does_not_go_together_is_refused_in_words(place: Path, files: dict[str, str], says: str) -> None:
    write_project(place)
    with pytest.raises(Exception, match="Error while building definitions for one") as caught:  # says which defs.yaml
        tree(place, **files).build_defs()
    assert isinstance(caught.value.__cause__, ConfigurationError)
    assert says in str(caught.value.__cause__)


def test_own_definitions_and_components_stand_beside_the_frameworks_of_the_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(place)
    write_table(place / "more.csv")
    package = place / "own_place"
    (package / "more").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "more" / "defs.yaml").write_text(FULL.format(key="more"))
    (package / "mine.py").write_text("import dagster as dg\n\n@dg.asset(deps=[['shop', 'run_report']])\ndef mine(): ...\n")
    import own_place  # type: ignore[import-not-found]

    monkeypatch.setenv("CASEFORGE_PROJECT", str(place))
    monkeypatch.setattr(definitions, "own_defs", own_place)
    monkeypatch.setattr(definitions, "OWN_FOLDER", package)
    monkeypatch.setattr("caseforge_assets.defs.component.OWN_DEFINITIONS", "own_place")
    defs = definitions.build_defs()
    dg.Definitions.validate_loadable(defs)
    assert keys_of(defs) == {"shop", "more", "mine"}
    assert set((defs.resources or {})["caseforge"].settings.configuration.frameworks) == {"shop", "more"}


def test_dagster_finds_the_component_and_nothing_else_loads_dagster() -> None:
    assert caseforge_assets.CaseforgeFramework is CaseforgeFramework
    assert "CaseforgeFramework" in dir(caseforge_assets)
    quick = "import sys, caseforge_assets; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", quick]).returncode == 0


@pytest.mark.slow
def test_the_example_is_valid_and_materializes_a_partition_with_an_asset_below(place: Path) -> None:
    folder = place / "company_project"
    shutil.copytree(EXAMPLE, folder)
    with serving(place) as url:
        variables = {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "sk-test-0123456789",
            "DAGSTER_HOME": str(folder),
            "CASEFORGE_HOME": str(place / "home"),
        }

        def dagster(*arguments: str) -> str:
            command = [sys.executable, "-m", "dagster", *arguments]
            done = subprocess.run(command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, timeout=240)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout + done.stderr

        location = ("-m", "company.definitions", "-d", str(folder))
        try:
            assert "Validation successful" in dagster("definitions", "validate", *location)
            dagster("asset", "materialize", "--select", "key:sales/framework", *location)
            steps = "key:sales/* and not key:sales/framework and not key:sales/*_report"
            for selection in (steps, "key:word_counts"):
                dagster("asset", "materialize", "--select", selection, "--partition", "1.1.2_112", *location)
            report = subprocess.run(
                [sys.executable, "-c", _LOOK], cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, timeout=240
            )
            assert report.returncode == 0, report.stderr
            assert report.stdout.split() == ["1.1.2_112", "1"]
        finally:
            from caseforge_assets.store.database.embedded_postgres import stop

            stop(place / "home")


_LOOK = """
import dagster as dg
from company.definitions import defs

with dg.DagsterInstance.get() as instance:
    (event,) = instance.fetch_materializations(dg.AssetKey("word_counts"), limit=1).records
    assert event.asset_materialization.metadata["words"].value > 100
    found = defs().load_asset_value(dg.AssetKey(["sales", "process_documents"]), partition_key="1.1.2_112", instance=instance)
    print(event.partition_key, len(found))
"""
