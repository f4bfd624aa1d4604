"""The table of aims, filled in: `python -m benchmarks.aims OLD.xlsx NEW.xlsx`, two editions of one framework.

Each row is measured in a process of its own, so that its peak memory is its own; everything else (database, Batch API server,
Dagster) runs beside it.
"""
