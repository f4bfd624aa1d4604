"""Showing in Dagster, from within a run, what the run's commands wrote."""

import dagster as dg

from caseforge_assets.defs.failures import failed_nodes
from caseforge_assets.defs.flush import RunOfEvents, flush_outbox
from caseforge_assets.defs.resources import Caseforge


def mirror(context: dg.OpExecutionContext | dg.AssetExecutionContext, caseforge: Caseforge) -> int:
    """Flushes the outbox; the events belong to the run, so that its page shows them. Returns how many rows that were."""
    operation = context.op_execution_context if isinstance(context, dg.AssetExecutionContext) else context
    run = RunOfEvents(context.run.run_id, operation.job_name, operation.get_step_execution_context().step.key)
    return flush_outbox(context.instance, caseforge.store, failed_nodes, caseforge.folder.describe, run)
