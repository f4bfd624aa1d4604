"""Faults done to CaseForge from outside, and what came of them: `python -m benchmarks.faults [--short] [--json]`.

Real commands in processes of their own, a real Batch API server in another one, a real PostgreSQL; nothing in CaseForge knows
of it. `forks` makes processes cheap, `tasks` are what they do, `hook` names the operations of a command and kills at one, `world` holds
database and folders. `rows` judges a case by `verdict` (what store and Dagster say), `billing` (what was paid) and `contents` (whose answer
is where). The other modules are groups of faults: plain functions that return result rows, which the tests call as well; `disturbed` is what
those have in common whose faults are the server's alone.

`python -m benchmarks.faults.mutants` breaks CaseForge itself (`mutations`, by `patches`) and shows which case notices.
"""
