"""The job that failed partitions are shown under: its runs are records, made by the flush. A record that is re-executed asks again for its nodes."""

import dagster as dg

from caseforge_assets.commands.materializing.materialize_assets import Materialized, materialize_assets
from caseforge_assets.defs.names import FAILURES_JOB, PROVIDER_POOL, tags_of
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import NODE_CONTEXTS
from caseforge_assets.store.editions import nodes
from caseforge_assets.wording import counted

BY_HAND = {"user": "a person"}  # instead of the record's own, which a re-execution inherits
Record = dict[tuple[str, str], list[str]]  # partitions by framework and asset
_NO_RECORD = (
    "This run belongs to no record of failed nodes, so there is nothing to ask for. Re-execute a failed run of this job, or send nodes again "
    "with the job regenerate."
)


@dg.op(pool=PROVIDER_POOL, out=dg.Out(dg.Nothing))
def ask_for_failed_nodes(context: dg.OpExecutionContext, caseforge: Caseforge) -> None:
    """Asks again for the nodes of a record, in the stages in which they failed, within the plans and budgets that they came under."""
    from caseforge_assets.defs.mirroring.mirror import fail_unsent, mirror, say_unfinished
    from caseforge_assets.defs.mirroring.run_tags import tag_batches

    record = _record(context)
    context.instance.add_run_tags(context.run_id, BY_HAND)
    done = _asked_again(context, caseforge, record)
    tag_batches(context, caseforge.store, [batch_id for asked in done for batch_id in asked.batch_ids])
    mirror(context, caseforge)
    say_unfinished(context.log, {asset: nodes for asked in done for asset, nodes in asked.unfinished.items()})
    fail_unsent("; ".join(dict.fromkeys(asked.unsent for asked in done if asked.unsent)))


def _asked_again(context: dg.OpExecutionContext, caseforge: Caseforge, record: Record) -> list[Materialized]:
    waiting, done = caseforge.waiting(), []
    for key, stage, names in _asked(record, caseforge):
        assets = [NODE_CONTEXTS, stage.inputs, stage.outputs, stage.content]
        done.append(materialize_assets(caseforge.stored_project, key, assets, names, waiting))
        context.log.info(f"{stage.key} of {key}: {counted(done[-1].nodes, 'node')}, of which those that are good by now were confirmed.")
    return done


@dg.job(
    name=FAILURES_JOB,
    tags=tags_of("failures"),
    executor_def=dg.in_process_executor,
    description="Records of failed nodes, written by CaseForge: one failed run per reason, listing its nodes. *Re-execute* one to ask again for "
    "its nodes; what is good by now is not touched, and a provider that bills gets nothing that is not approved.",
)
def failed_nodes() -> None:
    """Records of failed nodes."""
    ask_for_failed_nodes()


def _record(context: dg.OpExecutionContext) -> Record:
    """Partitions by framework and asset, as the run that is re-executed lists them.

    Raises:
        Failure: there is none.
    """
    record: Record = {}
    if context.run.root_run_id:
        planned = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        for entry in context.instance.all_logs(context.run.root_run_id, of_type=planned):
            event = entry.get_dagster_event()
            if event.asset_key and event.partition:
                record.setdefault((event.asset_key.path[0], event.asset_key.path[-1]), []).append(event.partition)
    if not record:
        raise dg.Failure(_NO_RECORD, allow_retries=False)
    return record


def _asked(record: Record, caseforge: Caseforge) -> list[tuple[str, Stage, list[str]]]:
    """Per framework and stage the partitions of a record that the current edition has, in the order in which stages read each other."""
    with caseforge.store.connect() as connection:
        present = {key: set(nodes.partition_keys(connection, key)) for key, _ in record}
    asked = []
    for key in present:
        for stage in caseforge.settings.stages:
            failed = {name for asset in (stage.inputs, stage.outputs, stage.content) for name in record.get((key, asset), ())}
            if names := sorted(failed & present[key]):
                asked.append((key, stage, names))
    return asked
