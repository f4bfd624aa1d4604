"""The texts of the asset graph: markdown descriptions and kinds of the assets."""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from dagster import CodeReferencesMetadataValue, LocalFileCodeReference, MetadataValue, TableColumn, TableSchema

from caseforge_assets.commands.exporting.tabulate_asset import columns_of
from caseforge_assets.contexts import context
from caseforge_assets.defs.names import REGENERATE_JOB, launchpad_path
from caseforge_assets.frameworks import reading
from caseforge_assets.handing_on.sheets.frames import Column
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import FRAMEWORK, NODE_CONTEXTS, PCF_NODES, Asset, Stages, all_assets

FRAMEWORK_TEXT = """
The current edition, as read from its workbook or table. Materializing it reads the file again; nothing changes if the file did not.

### What to do here

- *Materialize* nodes, a range or everything: what is good is confirmed and costs nothing; what is missing, stale or failed is asked for.
- Many scattered nodes, or a range such as the branch 8.2: the job `regenerate`, in one run. Its form may stay as it is; nodes are named by code, partition key or name.
- By itself: switch on `submit_sensor` and `collect_sensor` (page *Automation*, or `caseforge sensors on`).
- A provider that bills gets nothing that is not approved: job `submit` with `max_cost_usd`, or `caseforge generate`.
- Why did it fail? The partition's observation says it, the failed run of the job `failed_nodes` lists all nodes with the same reason, and *Re-execute* there asks for them again.
- Where does it stand? `run_report` has the figures over time, `stale_report` what was made from something that has changed since.
- Which partition is it? The materialization of this asset lists every node with its name.
- On the command line: `caseforge status`, `caseforge show NODE --framework {key}`, `caseforge failed --framework {key}`; the guide is docs/dagster.md.

### The flow

From here data passes from left to right. Every step but the reports has a partition for each node that gets content; its key reads
code and stable id, such as `1.2.4_10040`.

| step | holds | materializing it |
|---|---|---|
{assets}
"""
RUN_REPORT_TEXT = (
    "What the framework came to: coverage, success at the first answer and by now, failures, use cases a node, cost against estimate and "
    "earlier runs, and its batches with their times and files. Numbers are plotted over time; `caseforge report` shows trends. "
    "Written anew whenever something of the framework is."
)
STALE_REPORT_TEXT = (
    "Every node that was made from something that has changed since, step by step, with the reason and since when. "
    "Dagster's own pages show this for one partition at a time. Written anew whenever something of the framework is."
)

SCATTERED = (
    f"Scattered nodes, a branch, or a few by name: the job [{REGENERATE_JOB}]({launchpad_path(REGENERATE_JOB)}), in one run; its form may stay as it is. "
    "On the command line: `caseforge show NODE --framework {key}`."
)
DOCS = Path(__file__).parents[3] / "docs"  # in a checkout
FILE_KINDS = {".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".csv": "csv", ".tsv": "csv", ".json": "json"}

_NODES_TEXT = "The node as the current edition has it. Its version covers its path, so that a change above it is seen here."
_CONTEXTS_TEXT = "What the model is told about the node: its ancestors' names and descriptions and its own, bounded in length."


def framework_text(stages: Stages, key: str) -> str:
    """The overview of a framework: the flow, and what a person does."""
    return FRAMEWORK_TEXT.format(
        key=key, assets="\n".join(f"| `{asset.name}` | {_holds(asset)} | {_does(asset)} |" for asset in all_assets(stages))
    )


def asset_text(asset: Asset, key: str) -> str:
    """The description of an asset of a framework."""
    return f"{_holds(asset)}\n\nMaterializing it: {_does(asset)}\n\n{SCATTERED.format(key=key)}"


def _holds(asset: Asset) -> str:
    if asset.stage is None:
        return {PCF_NODES: _NODES_TEXT, NODE_CONTEXTS: _CONTEXTS_TEXT}[asset.name]
    stage = asset.stage
    return {
        stage.inputs: f"The request for {stage.title.lower()}, ready to be put into a batch.{_chosen(stage)}",
        stage.outputs: "The model's answer, as collected from a batch, with its usage and cost. Failed: the provider gave none.",
        stage.content: f"{stage.title}: the answer judged good. Failed: the last answer was bad, and nothing is under way; it says why.",
    }[asset.name]


def _chosen(stage: Stage) -> str:
    return f" Only where people have chosen something of {stage.chosen_from}, from which it is made, too." if stage.chosen_from else ""


def _does(asset: Asset) -> str:
    if asset.stage is None:
        return "reads what is stored; costs nothing."
    if asset.name == asset.stage.inputs:
        return "makes requests; sends nothing and costs nothing."
    return "confirms what is good at no cost; what failed or is missing is asked for, and awaited where the provider is simulated."


def asset_kinds(asset: Asset) -> set[str]:
    """Icons of an asset."""
    if asset.stage is None:
        return {"postgres", "python"}
    stage = asset.stage
    return {stage.inputs: {"json", "postgres"}, stage.outputs: {"openai", "json"}, stage.content: {"postgres", "table"}}[asset.name]


def framework_kinds(source: str) -> set[str]:
    """Icons of a framework, after the ending of its file."""
    return {FILE_KINDS.get(PurePath(source).suffix.lower(), "file"), "python"}


def asset_metadata(asset: Asset, stages: Stages) -> dict[str, Any]:
    """Metadata of a step before anything is made: where its code, its prompts and its documentation are, and the columns of what it holds."""
    return {**links(_references(asset), "dagster.md"), **table_schema(columns_of(stages, asset.name))}


def framework_metadata(stages: Stages) -> dict[str, Any]:
    """The same of a framework itself."""
    return {**links([_file(reading.__file__)], "frameworks.md"), **table_schema(columns_of(stages, FRAMEWORK))}


def links(references: Sequence[LocalFileCodeReference], doc: str) -> dict[str, Any]:
    """Metadata that lead to files of an asset, and to the documentation of what it is about, where that is there."""
    place = DOCS / doc
    named = [_file(str(place), f"docs/{doc}")] if place.is_file() else []
    return {"dagster/code_references": CodeReferencesMetadataValue(code_references=[*references, *named]), "docs": f"docs/{doc}"}


def portal_link(public_url: str, path: str) -> dict[str, Any]:
    """Metadata that lead to a page of the portal, where people reach one."""
    return {"portal": MetadataValue.url(f"{public_url}{path}")} if public_url else {}


def table_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """Metadata that state an asset's columns, as they are loaded."""
    stated = [TableColumn(column.name, column.type, column.meaning or None) for column in columns]
    return {"dagster/column_schema": TableSchema(stated)} if stated else {}


def _references(asset: Asset) -> list[LocalFileCodeReference]:
    """Files that say what an asset is made with: a stage's prompts, or the code that reads nodes and builds contexts."""
    if asset.stage is None:
        return [_file({PCF_NODES: reading.__file__, NODE_CONTEXTS: context.__file__}[asset.name])]
    templates = asset.stage.templates
    return [_file(str(templates.place(name))) for name in asset.stage.files] if templates else []


def _file(path: str, label: str = "") -> LocalFileCodeReference:
    return LocalFileCodeReference(file_path=path, line_number=1, label=label or PurePath(path).name)
