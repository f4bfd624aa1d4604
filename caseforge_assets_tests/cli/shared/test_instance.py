"""The command line writes to the instance of Dagster that the environment names, whatever its storage, and in whichever database."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from caseforge_assets.settings import load_settings
from caseforge_assets_tests import chart
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.workbench import CODES, write_table

CONTENTS = [dg.AssetKey(["shop", "process_documents"]), dg.AssetKey(["shop", "usecase_candidates"])]


@pytest.mark.slow
def test_the_instance_that_is_named_is_written_to_with_the_charts_storages_in_another_database(
    command_line: OpenCommandLine, postgres_url: str, dagster_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(chart.PASSWORD, "not-asked-for-on-a-socket")
    with new_database(postgres_url, dagster_template) as of_dagster:
        cli = command_line()
        home = chart.write_instance(tmp_path / "dagster_home", of_dagster)
        monkeypatch.setenv("DAGSTER_HOME", str(home))
        cli.load_shop()
        cli.run("generate", "--yes", "--wait")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert {len(instance.get_materialized_partitions(key)) for key in CONTENTS} == {len(CODES)}
            assert len(instance.get_dynamic_partitions("shop_nodes")) == len(CODES)
        said = cli.json("status", "-v")["dagster"]
        assert (said["storage"], said["named_by"], said["home"]) == ("PostgresEventLogStorage", "DAGSTER_HOME", str(home))
        assert "not-asked-for" not in str(said)
        assert of_dagster.partition("@/")[2].partition("?")[0] in said["database"]
        assert "PostgresEventLogStorage in " in cli.run("status", "--verbose")
        assert cli.json("dagster", "prune", "--older-than", "1d", "--dry-run")["removed"]["runs"] == 0
    monkeypatch.delenv("DAGSTER_HOME")
    said = cli.json("status", "-v")["dagster"]  # the project's own, which was told of nothing
    assert (said["storage"], said["named_by"], said["home"]) == ("CaseforgeStorage", "the project", str(cli.folder))


@pytest.mark.slow
def test_an_instance_that_nothing_can_be_shown_in_is_refused_with_words_and_nothing_is_lost(
    command_line: OpenCommandLine, postgres_url: str, dagster_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = command_line()
    home = tmp_path / "dagster_home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    assert "there is no dagster.yaml in it" in cli.run("status", "-v", expected=2)
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    said = " ".join(cli.run("load", str(write_table(cli.folder / "shop.csv")), "--framework", "shop", expected=2).split())
    assert "keeps its events in SqliteEventLogStorage" in said
    assert "Everything is stored; Dagster was not told of it" in said
    assert [row["targets"] for row in cli.json("frameworks")] == [len(CODES)]
    with new_database(postgres_url, dagster_template) as one, new_database(postgres_url, dagster_template) as other:
        chart.write_instance(home, one)
        whole = (home / "dagster.yaml").read_text()
        (home / "dagster.yaml").write_text(whole.replace("postgresql+psycopg2", "postgresql"))
        monkeypatch.setenv(chart.PASSWORD, "any")
        assert "write postgresql+psycopg2://" in cli.run("status", "-v", expected=2)
        name, another = (url.partition("@/")[2].partition("?")[0] for url in (one, other))
        head, of_runs, tail = whole.partition("run_storage:")
        (home / "dagster.yaml").write_text(head + of_runs + tail.replace(name, another, 1))
        assert "its events in another database than its runs" in cli.run("status", "-v", expected=2)
    monkeypatch.delenv("DAGSTER_HOME")
    cli.run("flush")
    with dg.DagsterInstance.from_config(str(cli.folder)) as instance:
        assert len(instance.get_dynamic_partitions("shop_nodes")) == len(CODES)


def test_the_home_comes_from_the_env_file_too(project: Path) -> None:
    (project / ".env").write_text("DAGSTER_HOME=/opt/dagster/dagster_home\n")
    assert load_settings(project).dagster_home == Path("/opt/dagster/dagster_home")
