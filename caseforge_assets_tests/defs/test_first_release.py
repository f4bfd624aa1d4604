"""A project as the first release left it, made with gpt-5 and the effort `low` in its second stage, opened by this one.

`data/first_release.sql.gz` is its database, CaseForge's tables and Dagster's: three leaves through both stages, at a simulated provider.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from dagster import AssetKey, DagsterInstance
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.commands.planning.make_plan import draft_plan
from caseforge_assets.commands.providing.open_project import with_store
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.settings import load_settings
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets_tests.conftest import DAGSTER_YAML
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.defs.project import ASSETS
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import KEY

DUMP = Path(__file__).parents[1] / "data" / "first_release.sql.gz"


@dataclass
class Old:
    """The project, its store and its Dagster instance."""

    folder: Path
    store: Engine
    instance: DagsterInstance

    def configured(self, **values: Any) -> Project:
        """Writes keys above the frameworks of caseforge.toml, and reads it."""
        lines = [f'{name} = "{value}"' for name, value in values.items()]
        lines += [f"[frameworks.{KEY}]", 'title = "Shop"', f'source = "{KEY}.csv"']
        (self.folder / "caseforge.toml").write_text("\n".join(lines) + "\n")
        return load_settings(self.folder).project

    def to_send(self, project: Project) -> list[int]:
        """Requests per stage that a plan would send; nothing is left of the look."""
        with self.store.connect() as connection:
            plan = draft_plan(connection, project, Scope(KEY, stages_as_they_come().shared, True), made_by="test")
            connection.rollback()
        return [part.nodes for part in plan.stages]

    def stale_in_store(self, project: Project) -> int:
        """Counts the partitions that are stale by the store."""
        return sum(status.condition is Condition.STALE for status in read_statuses(self.store, project, KEY))

    def stale_in_dagster(self) -> set[str]:
        """The assets that Dagster shows as stale, of at least one partition."""
        graph = build_defs(load_settings(self.folder)).resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        keys = node_partitions(KEY).get_partition_keys(dynamic_partitions_store=self.instance)
        assert len(keys) == 3
        return {asset for asset in ASSETS for key in keys if resolver.get_status(AssetKey([KEY, asset]), key) is StaleStatus.STALE}

    def show(self, project: Project) -> int:
        """Mirrors to Dagster, as every command does at its end."""
        return mirror_outside_runs(self.instance, with_store(project, self.store, ArtifactFolder(str(self.folder / "artifacts"))))


@pytest.fixture
def old(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Old]:
    with new_database(postgres_url, "template0") as url:
        connection = psycopg2.connect(url.replace("+psycopg2", ""))
        with connection, connection.cursor() as cursor:
            cursor.execute(gzip.decompress(DUMP.read_bytes()).decode())
        connection.close()
        monkeypatch.setenv("CASEFORGE_POSTGRES_URL", url)
        (tmp_path / "dagster.yaml").write_text(DAGSTER_YAML)
        store = open_store(url)
        with DagsterInstance.from_config(str(tmp_path)) as instance:
            yield Old(tmp_path, store, instance)
        store.dispose()


@pytest.mark.slow
def test_it_opens_with_nothing_to_send_and_nothing_stale(old: Old) -> None:
    configuration = old.configured()
    assert configuration.configuration.openai_model == "gpt-6.1-sol"
    assert (old.to_send(configuration), old.stale_in_store(configuration)) == ([0, 0], 0)
    of_second = {stage.inputs for stage in stages_as_they_come().shared[1:]} | {
        name for stage in stages_as_they_come().shared[1:] for name in (stage.outputs, stage.content)
    }
    assert old.stale_in_dagster() <= of_second, "what was made with the default of its time is fresh from the start"
    assert old.show(configuration) == 3 * 3, "what had an effort of its own is told once more"
    assert old.stale_in_dagster() == set()
    assert old.show(configuration) == 0


@pytest.mark.slow
def test_to_renew_all_of_it_takes_a_line_and_to_have_it_back_another(old: Old) -> None:
    renewing = old.configured(when_model_changes="regenerate")
    assert (old.to_send(renewing), old.stale_in_store(renewing)) == ([3, 3], 2 * 3 * 3)
    old.show(renewing)
    assert old.stale_in_dagster() == set(ASSETS[2:])
    keeping = old.configured()
    assert (old.to_send(keeping), old.stale_in_store(keeping)) == ([0, 0], 0)
    old.show(keeping)
    assert old.stale_in_dagster() == set()
