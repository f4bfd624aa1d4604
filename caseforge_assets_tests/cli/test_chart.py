"""A whole job on an instance like that of Dagster's Helm chart: its storages, its launcher's name, logs in S3; the run is a process of its own, as in a pod."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.code_pointer import CodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._grpc.types import ExecuteRunArgs

from caseforge_assets.defs.private.instances import launches_in_code_servers
from caseforge_assets_tests import chart
from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.workbench import CODES

CONTENTS = [dg.AssetKey(["shop", "process_documents"]), dg.AssetKey(["shop", "usecase_candidates"])]
MODULE = "caseforge_assets.definitions"


@pytest.mark.slow
def test_a_run_in_a_process_of_its_own_brings_everything_to_its_end(
    command_line: OpenCommandLine, postgres_url: str, dagster_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: str
) -> None:
    boto3, _ = pytest.importorskip("boto3"), pytest.importorskip("dagster_aws", reason="logs in S3 take dagster-aws")
    logs = {
        "module": "dagster_aws.s3.compute_log_manager",
        "class": "S3ComputeLogManager",
        "config": {
            "bucket": "kept",
            "prefix": "dagster",
            "endpoint_url": os.environ["AWS_ENDPOINT_URL"],
            "local_dir": str(tmp_path / "logs"),
        },
    }
    monkeypatch.setenv(chart.PASSWORD, "not-asked-for-on-a-socket")
    monkeypatch.setenv("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "1")
    with new_database(postgres_url, dagster_template) as of_dagster:
        cli = command_line('declare_in = "database"')
        monkeypatch.setenv("CASEFORGE_ARTIFACTS", s3)
        home = chart.write_instance(tmp_path / "dagster_home", of_dagster, logs)
        monkeypatch.setenv("DAGSTER_HOME", str(home))
        assert "to the database" in cli.load_shop()
        (cli.folder / "shop.csv").unlink()
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert not launches_in_code_servers(instance)
            run_id = run_like_a_pod(instance, "regenerate", cli.folder)
            run = instance.get_run_by_id(run_id)
            assert run is not None
            assert run.status is dg.DagsterRunStatus.SUCCESS
            assert {len(instance.get_materialized_partitions(key)) for key in CONTENTS} == {len(CODES)}
            assert instance.get_latest_materialization_event(dg.AssetKey(["shop", "run_report"])) is not None
            kept = boto3.client("s3").list_objects_v2(Bucket="kept", Prefix="dagster/")["Contents"]
            assert {file["Key"].rpartition(".")[2] for file in kept if run_id in file["Key"]} >= {"err", "out"}
    assert {stage["done"] for stage in cli.json("status")["frameworks"][0]["stages"].values()} == {len(CODES)}


def run_like_a_pod(instance: dg.DagsterInstance, job: str, folder: Path) -> str:
    """Runs a job as the launcher for Kubernetes has a pod do: `dagster api execute_run`, with the run's id and the instance."""
    from caseforge_assets.definitions import build_defs

    origin = JobPythonOrigin(job, RepositoryPythonOrigin(sys.executable, CodePointer.from_module(MODULE, "defs", str(folder))))
    run = instance.create_run_for_job(build_defs().resolve_job_def(job), job_code_origin=origin)
    command = ExecuteRunArgs(origin, run.run_id, instance.get_ref(), True).get_command_args()
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return run.run_id
