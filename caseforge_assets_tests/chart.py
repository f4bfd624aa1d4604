"""The instance of Dagster's Helm chart: what its ConfigMap holds with a PostgreSQL outside, the launcher for Kubernetes, and logs in S3."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

PASSWORD = "DAGSTER_PG_PASSWORD"


def write_instance(home: Path, database_url: str, compute_logs: dict[str, Any] | None = None) -> Path:
    """Writes dagster.yaml as the chart renders it; returns the home.

    Args:
        compute_logs: module, class and config of a manager; by default the one that keeps nothing, as the chart has it.
    """
    parts = urlsplit(database_url)
    place = {
        "postgres_db": {
            "username": parts.username or "postgres",
            "password": {"env": PASSWORD},
            "hostname": parts.hostname or "localhost",
            "db_name": parts.path.strip("/"),
            "port": parts.port or 5432,
            "params": {name: values[0] for name, values in parse_qs(parts.query).items()},
            "scheme": "postgresql+psycopg2",  # `postgresqlScheme` of the chart: without it SQLAlchemy 2.1 takes another driver
        }
    }
    storages = {
        "schedule_storage": ("dagster_postgres.schedule_storage", "PostgresScheduleStorage"),
        "run_storage": ("dagster_postgres.run_storage", "PostgresRunStorage"),
        "event_log_storage": ("dagster_postgres.event_log", "PostgresEventLogStorage"),
    }
    instance = {
        "scheduler": {"module": "dagster.core.scheduler", "class": "DagsterDaemonScheduler"},
        **{name: {"module": module, "class": class_name, "config": deepcopy(place)} for name, (module, class_name) in storages.items()},
        "run_launcher": {
            "module": "dagster_k8s",
            "class": "K8sRunLauncher",
            "config": {
                "load_incluster_config": True,
                "job_namespace": "caseforge",
                "image_pull_policy": "IfNotPresent",
                "service_account_name": "dagster",
                "dagster_home": "/opt/dagster/dagster_home",
                "instance_config_map": "dagster-instance",
                "postgres_password_secret": "dagster-postgresql-secret",
                "env_config_maps": ["dagster-pipeline-env"],
            },
        },
        "run_coordinator": {
            "module": "dagster._core.run_coordinator",
            "class": "QueuedRunCoordinator",
            "config": {"max_concurrent_runs": 6, "dequeue_use_threads": True},
        },
        "compute_logs": compute_logs
        or {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager", "config": {}},
        "run_monitoring": {"enabled": True, "start_timeout_seconds": 300, "poll_interval_seconds": 120},
        "run_retries": {"enabled": True},
        "sensors": {"use_threads": True, "num_workers": 4},
        "telemetry": {"enabled": False},
    }
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance))
    return home
