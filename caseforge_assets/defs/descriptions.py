"""What the asset graph says of itself: markdown descriptions and kinds of the stations."""

from caseforge_assets.stages.stations import NODE_CONTEXTS, PCF_NODES, Station, all_stations

FRAMEWORK_TEXT = """
The current edition, as read from its workbook or table. Materializing it reads the file again; nothing changes if the file did not.

### What to do here

- **Materialize** nodes, a range or everything: what is good is confirmed and costs nothing; what is missing, stale or failed is asked for.
- **Many scattered nodes**: the job `regenerate`, in one run. Its form may stay as it is.
- **By itself**: switch on `submit_sensor` and `collect_sensor` (page *Automation*, or `caseforge sensors on`).
- **A provider that bills** gets nothing that is not approved: job `submit` with `max_cost_usd`, or `caseforge generate`.
- **Why did it fail?** The partition's observation says it, the failed run of the job `failed_nodes` lists all nodes with the same reason.
- **Where does it stand?** `run_report` has the figures over time, `stale_report` what was made from something that has changed since.

### The flow

From here data passes from left to right. Every station but the reports has a partition for each node that gets content; its key reads
code and stable id, such as `1.2.4_10040`.

| station | holds | materializing it |
|---|---|---|
{stations}
"""
RUN_REPORT_TEXT = (
    "What the framework came to: coverage, success at the first answer and by now, failures, use cases a node, cost against estimate and "
    "earlier runs, and its batches with their times and files. Numbers are plotted over time; `caseforge report` shows trends. "
    "Written anew whenever something of the framework is."
)
STALE_REPORT_TEXT = (
    "Every node that was made from something that has changed since, station by station, with the reason and since when. "
    "Dagster's own pages show this for one partition at a time. Written anew whenever something of the framework is."
)

_NODES_TEXT = "The node as the current edition has it. Its version covers its path, so that a change above it is seen here."
_CONTEXTS_TEXT = "What the model is told about the node: its ancestors' names and descriptions and its own, bounded in length."


def framework_text() -> str:
    """The overview of a framework: the flow, and what a person does."""
    return FRAMEWORK_TEXT.format(stations="\n".join(f"| `{one.name}` | {_holds(one)} | {_does(one)} |" for one in all_stations()))


def station_text(station: Station) -> str:
    """The description of a station."""
    return f"{_holds(station)}\n\nMaterializing it: {_does(station)}"


def _holds(station: Station) -> str:
    if station.stage is None:
        return {PCF_NODES: _NODES_TEXT, NODE_CONTEXTS: _CONTEXTS_TEXT}[station.name]
    stage = station.stage
    return {
        stage.inputs: f"The request for **{stage.title.lower()}**, ready to be put into a batch.",
        stage.outputs: "The model's answer, as collected from a batch, with its usage and cost. Failed: the provider gave none.",
        stage.content: f"**{stage.title}**: the answer judged good. Failed: the last answer was bad, and nothing is under way; it says why.",
    }[station.name]


def _does(station: Station) -> str:
    if station.stage is None:
        return "reads what is stored; costs nothing."
    if station.name == station.stage.inputs:
        return "makes requests; sends nothing and costs nothing."
    return "confirms what is good at no cost; what failed or is missing is asked for, and awaited where the provider is simulated."


def station_kinds(station: Station) -> set[str]:
    """Icons of a station."""
    if station.stage is None:
        return {"postgres", "python"}
    stage = station.stage
    return {stage.inputs: {"json", "postgres"}, stage.outputs: {"openai", "json"}, stage.content: {"postgres", "table"}}[station.name]
