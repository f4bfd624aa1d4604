"""A small graph of the shape that is written to: an asset without partitions, three in a row with them, a job without assets."""

from dagster import (
    AssetKey,
    DataVersion,
    Definitions,
    DynamicPartitionsDefinition,
    MaterializeResult,
    OpExecutionContext,
    asset,
    job,
    op,
)

from caseforge_assets.defs.private.lineage import AssetEvent, write_materializations

NODES = DynamicPartitionsDefinition(name="nodes")
FRAMEWORK, FIRST, MIDDLE, LAST = (("demo", name) for name in ("framework", "first", "middle", "last"))


@asset(key=AssetKey(FRAMEWORK), code_version="f1")
def framework() -> MaterializeResult[None]:
    return MaterializeResult(data_version=DataVersion("edition 1"))


@asset(key=AssetKey(FIRST), partitions_def=NODES, deps=[AssetKey(FRAMEWORK)], code_version="c1")
def first() -> MaterializeResult[None]:
    return MaterializeResult(data_version=DataVersion("first 1"))


@asset(key=AssetKey(MIDDLE), partitions_def=NODES, deps=[AssetKey(FIRST)], code_version="c1")
def middle() -> MaterializeResult[None]:
    return MaterializeResult(data_version=DataVersion("middle 1"))


@asset(key=AssetKey(LAST), partitions_def=NODES, deps=[AssetKey(MIDDLE)], code_version="c1")
def last() -> MaterializeResult[None]:
    return MaterializeResult(data_version=DataVersion("last 1"))


@op(config_schema={"partitions": [str]})
def write_from_op(context: OpExecutionContext) -> None:
    events = [AssetEvent(asset_key, key, "v1", "c1") for asset_key in (FIRST, MIDDLE) for key in context.op_config["partitions"]]
    write_materializations(context.instance, events, run_id=context.run_id, job_name=context.job_name, step_key=str(context.op_handle))


@job(config={"ops": {"write_from_op": {"config": {"partitions": []}}}})
def collect() -> None:
    write_from_op()


@op
def report_reason() -> None:
    pass


@job
def failures() -> None:
    report_reason()


defs = Definitions(
    assets=[framework, first, middle, last],
    jobs=[collect, failures],
)
