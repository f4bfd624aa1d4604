"""Dagster's shell: assets, jobs, sensors, resources. lineage.py and storage.py alone use Dagster's less public parts."""
