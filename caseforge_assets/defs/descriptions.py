"""What the asset graph says of itself: markdown descriptions and kinds of the stations."""

from caseforge_assets.stages.stations import NODE_CONTEXTS, PCF_NODES, Station

FRAMEWORK_TEXT = (
    "The current edition, as read from its workbook or table. Materializing it reads the file again; nothing changes if the file did not.\n\n"
    "From here data passes from left to right: nodes ▸ contexts ▸ batch inputs ▸ batch outputs ▸ documents ▸ batch inputs ▸ batch outputs ▸ candidates. "
    "Each station has a partition for every node that gets content."
)
RUN_REPORT_TEXT = (
    "Coverage, failures, tokens and cost of the framework as figures over time, and the batches that are under way. "
    "Written anew whenever something of the framework is."
)
STALE_REPORT_TEXT = (
    "Every node that was made from something that has changed since, station by station, with the reason and since when. "
    "Dagster's own pages show this for one partition at a time. Written anew whenever something of the framework is."
)

_NODES_TEXT = "The node as the current edition has it. Its version covers its path, so that a change above it is seen here."
_CONTEXTS_TEXT = "What the model is told about the node: its ancestors' names and descriptions and its own, bounded in length."


def station_text(station: Station) -> str:
    """The description of a station."""
    if station.stage is None:
        return {PCF_NODES: _NODES_TEXT, NODE_CONTEXTS: _CONTEXTS_TEXT}[station.name]
    stage = station.stage
    return {
        stage.inputs: f"The request for **{stage.title.lower()}**, ready to be put into a batch. Making it sends nothing and costs nothing.",
        stage.outputs: "The model's answer, as collected from a batch. Materializing a good one confirms it at no cost; a failed or missing one is asked for again.",
        stage.content: f"**{stage.title}**: the answer judged good. A partition is failed when the last answer was bad and nothing is under way; it says why.",
    }[station.name]


def station_kinds(station: Station) -> set[str]:
    """Icons of a station."""
    if station.stage is None:
        return {"postgres", "python"}
    stage = station.stage
    return {stage.inputs: {"json", "postgres"}, stage.outputs: {"openai", "json"}, stage.content: {"postgres", "table"}}[station.name]
