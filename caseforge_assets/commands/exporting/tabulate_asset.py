"""Tabulates an asset as it is at this moment, in a pandas DataFrame with stated columns: nodes, and the contents of any stage."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from caseforge_assets.handing_on.sheets.frames import Column, make_frame
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import FRAMEWORK, PCF_NODES, Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.figures import exports

if TYPE_CHECKING:
    import pandas

NODE_COLUMNS = (
    Column("partition_key", "string", "the node's partition; none for a node that gets no content"),
    Column("code", "string", "as the edition numbers it"),
    Column("name", "string"),
    Column("level", "int", "1 at the top"),
    Column("parent_code", "string", "none at the top"),
    Column("is_leaf", "boolean", "whether nothing is below it"),
    Column("description", "string"),
    Column("owner", "string", "as the framework's table names it"),
    Column("identity", "string", "what stays the same between editions"),
)
_WHERE = (
    Column("partition_key", "string", "the node's partition"),
    Column("code", "string", "of the node, as the edition numbers it"),
    Column("name", "string", "of the node"),
)
_FROM = (
    Column("quality_score", "int", "0 to 100; of the whole content; none where it is not measured"),
    Column("edition", "string", "of the framework"),
    Column("owner", "string"),
    Column("model", "string", "none where a person wrote it"),
    Column("generated_by", "string", "who or what made it"),
    Column("simulated", "boolean", "written by a stand-in for a model"),
    Column("edited", "boolean", "changed by a person since it was answered"),
    Column("answered_at", "timestamp", "UTC"),
    Column("stored_at", "timestamp", "UTC"),
)
_COUNTED = (
    Column("input_tokens", "int"),
    Column("output_tokens", "int"),
)
_KEYS = (
    Column("version", "string", "hash of the content: another one means another content"),
    Column("content_id", "int", "its number in the store"),
)
_FIELD = "fields."
_COST, _SHARE = "USD; unknown is none, never 0", "USD: an equal share of what the node's content cost; unknown is none, never 0"


def columns_of(stages: Stages, asset: str) -> tuple[Column, ...]:
    """The columns of an asset's table; none where it has no table: contexts, requests and answers are on the way to contents."""
    if asset in (FRAMEWORK, PCF_NODES):
        return NODE_COLUMNS
    stage = _stage_of(stages, asset)
    if stage is None:
        return ()
    if not stage.is_list:
        kept = Column("vectors", "string", "a line for each, base64 of floats of two bytes, after one for people", of="body")
        of_text = (Column("title", "string"), kept if stage.makes_vectors else Column("document", "string", "markdown", of="body"))
        return (*_WHERE, *of_text, *_FROM, *_COUNTED, Column("cost_usd", "float", _COST), *_KEYS)
    head = (Column("id", "string", "code of the node, and a number", of="candidate_uid"), Column("title", "string"))
    fields = Column("fields", "string", "all that it says, as JSON")
    rest = (*_WHERE, fields, *_FROM, Column("cost_usd", "float", _SHARE), *_KEYS)
    taken = {column.name for column in (*head, *rest)}
    named = [Column(name, "string", "", f"{_FIELD}{of}") for name, of in stage.item_columns.items() if name not in taken]
    return (*head, *named, *rest)


def tabulate_asset(
    connection: Connection, stages: Stages, key: str, asset: str, partitions: Collection[str] | None = None
) -> pandas.DataFrame:
    """The rows of an asset as they are in the store now, in the framework's order; simulated ones are among them, and say so.

    Args:
        connection: to the store.
        stages: of the project.
        key: of the framework.
        asset: `framework` (all nodes), `pcf_nodes` (those that get content), or the name of a stage's content, such as `process_documents`.
        partitions: partition keys; None means all. One without content has no rows.

    Raises:
        LookupError: the asset has no table.
    """
    columns = columns_of(stages, asset)
    if not columns:
        tables = ", ".join([FRAMEWORK, PCF_NODES, *(stage.content for stage in stages)])
        raise LookupError(f"{asset} has no table. Those that have one: {tables}")
    stage = _stage_of(stages, asset)
    if stage:
        rows = list(_content_rows(connection, stage, key, partitions))
    else:
        found = nodes.all_nodes(connection, key) if asset == FRAMEWORK else nodes.target_nodes(connection, key)
        rows = [asdict(node) for node in found if partitions is None or node.partition_key in partitions]
    return make_frame(columns, rows)


def _stage_of(stages: Stages, asset: str) -> Stage | None:
    return next((stage for stage in stages if stage.content == asset), None)


def _content_rows(connection: Connection, stage: Stage, key: str, partitions: Collection[str] | None) -> Iterator[dict[str, Any]]:
    listed = [row for row in exports.listed(connection, key, RULES) if row.stage == stage.key]
    partition_of = {row.content_id: row.partition_key for row in listed if partitions is None or row.partition_key in partitions}
    meant = exports.Meant(list(partition_of), stage.key, RULES)
    if not stage.is_list:
        yield from exports.contents(connection, meant)
        return
    for row in exports.items(connection, meant):
        own = {f"{_FIELD}{name}": value for name, value in row["fields"].items()}
        yield {**row, **own, "partition_key": partition_of[row["content_id"]]}
