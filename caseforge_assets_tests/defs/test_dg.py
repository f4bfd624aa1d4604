"""Dagster's newer command line, `dg`, on a project with the component: it checks, lists, scaffolds and launches what is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caseforge_assets.store.database.embedded_postgres import stop
from caseforge_assets_tests.conftest import VARIABLES

EXAMPLE = Path(__file__).parents[2] / "examples" / "company"
Run = Callable[..., str]

pytestmark = pytest.mark.slow
pytest.importorskip("dagster_dg_cli", reason="dagster-dg-cli is not installed; `make test-slow` installs it")


@pytest.fixture
def dg(tmp_path: Path) -> Iterator[Run]:
    """Runs `dg` in a copy of the example."""
    folder = tmp_path / "company_project"
    shutil.copytree(EXAMPLE, folder)
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES and not name.startswith("DAGSTER")}
    environment |= {"DAGSTER_HOME": str(folder), "CASEFORGE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(folder)}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-c", "from dagster_dg_cli.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout or done.stderr  # what a launched run says is on the latter

    yield run
    stop(tmp_path / "home")


def test_a_project_with_the_component_is_checked_listed_scaffolded_and_launched(dg: Run) -> None:
    assert "All definitions loaded successfully" in dg("check", "defs")
    assert "caseforge_assets.CaseforgeFramework" in dg("list", "components")
    dg("scaffold", "defs", "dagster.asset", "mine.py")
    dg("scaffold", "defs", "caseforge_assets.CaseforgeFramework", "more")
    listed = json.loads(dg("list", "defs", "--json"))
    assert {"sales/framework", "sales/process_documents", "word_counts", "mine"} <= {asset["asset_key"] for asset in listed["assets"]}
    assert "submit_sensor" in {sensor["name"] for sensor in listed["sensors"]}
    dg("launch", "--assets", "key:sales/framework")
    assert "RUN_SUCCESS" in dg("launch", "--assets", "key:sales/node_contexts", "--partition", "1.1.2_112")
