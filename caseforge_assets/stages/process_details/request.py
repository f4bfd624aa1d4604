"""The request for a process document: the same instructions for all nodes, then the node's own text."""

from functools import cache
from pathlib import Path

from caseforge_assets.stages.process_details.sections import read_sections
from caseforge_assets.stages.stage import Source
from caseforge_assets.stages.templates import render

FOLDER = Path(__file__).parent


def build_messages(source: Source) -> list[dict[str, str]]:
    """Build the chat messages for a node.

    Args:
        source: The node's source; what it has of upstream content is not used.

    Returns:
        A system message that is byte for byte the same for all nodes (providers cache it), and the user message.
    """
    user = render(FOLDER, "user", context=source.context, kpis=source.kpis)
    return [{"role": "system", "content": _system_text()}, {"role": "user", "content": user}]


@cache
def _system_text() -> str:
    return render(FOLDER, "system", sections=read_sections())
