"""The job that failed partitions are shown under: its runs are records, made by the flush, and never executed."""

from dagster import OpExecutionContext, in_process_executor, job, op


@op
def say_why(context: OpExecutionContext) -> None:
    """Runs of this job are written by CaseForge; launching it does nothing but say so."""
    context.log.info("Runs of this job are records of failed nodes. To send nodes again, use the job `regenerate` or a backfill.")


@job(
    name="failed_nodes",
    executor_def=in_process_executor,
    description="Records of failed nodes: one failed run per reason, listing its nodes. Nothing is executed here.",
)
def failed_nodes() -> None:
    """Records of failed nodes."""
    say_why()
