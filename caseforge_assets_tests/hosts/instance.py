"""Dagster's configuration on each host."""

from __future__ import annotations

# As Dagster's chart writes it (storages of dagster_postgres, logs in a bucket, run monitoring), with Celery in place of Kubernetes.
DAGSTER_YAML = """
{storages}
compute_logs:
  module: dagster_aws.s3.compute_log_manager
  class: S3ComputeLogManager
  config: {{bucket: caseforge, prefix: dagster, endpoint_url: "http://{database}:9000", local_dir: {folder}/logs, skip_empty_files: true}}
run_launcher:
{launcher}
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {{dequeue_interval_seconds: 1, dequeue_use_threads: true, dequeue_num_workers: 4}}
concurrency:
  runs: {{max_concurrent_runs: 6}}
  pools: {{default_limit: 4, granularity: run}}
run_monitoring: {{enabled: true, start_timeout_seconds: 120, cancel_timeout_seconds: 60, poll_interval_seconds: 20, max_resume_run_attempts: 0}}
run_retries: {{enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}}
sensors: {{use_threads: true, num_workers: 4}}
schedules: {{use_threads: true, num_workers: 2}}
telemetry: {{enabled: false}}
"""
# Runs are taken by workers on other hosts, or are processes beside the code server.
WORKERS = """  module: dagster_celery.launcher
  class: CeleryRunLauncher
  config: {{broker: "redis://{database}:6379/0", backend: "redis://{database}:6379/1"}}"""
PROCESSES = """  module: dagster
  class: DefaultRunLauncher"""
STORAGE = """{kind}:
  module: dagster_postgres.{module}
  class: {name}
  config: {{postgres_db: {{username: caseforge, password: {{env: DAGSTER_PG_PASSWORD}}, hostname: {database}, db_name: caseforge, port: 5432, params: {{}}, scheme: postgresql+psycopg2}}}}"""
STORAGES = (
    ("run_storage", "run_storage", "PostgresRunStorage"),
    ("event_log_storage", "event_log", "PostgresEventLogStorage"),
    ("schedule_storage", "schedule_storage", "PostgresScheduleStorage"),
)
WORKSPACE = "load_from: [{{grpc_server: {{host: {code}, port: 4000, location_name: {location}}}}}]\n"
CELERY = """
execution:
  config:
    broker: redis://{database}:6379/0
    backend: redis://{database}:6379/1
    config_source: {{worker_concurrency: 2, broker_connection_retry_on_startup: true, worker_cancel_long_running_tasks_on_connection_loss: false}}
"""
