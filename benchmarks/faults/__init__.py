"""Faults done to CaseForge from outside, and what came of them: `python -m benchmarks.faults [--short] [--json]`.

Real commands in processes of their own, a real Batch API server in another one, a real PostgreSQL; nothing in CaseForge knows
of it. `forks` makes processes cheap, `tasks` are what they do, `hook` names the operations of a command and kills at one, `world` holds
database and folders, `verdict` compares what the server, the store and Dagster say. `kills`, `creating`, `twins` and `races`
are the groups of faults: plain functions that return result rows, which the tests call as well.
"""
