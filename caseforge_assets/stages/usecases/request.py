"""The request for use cases: the same instructions for all nodes, then the node's context and its process document."""

from functools import cache
from pathlib import Path

from caseforge_assets.stages.stage import Source
from caseforge_assets.stages.templates import render
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, MOST_CANDIDATES

FOLDER = Path(__file__).parent


def build_messages(source: Source) -> list[dict[str, str]]:
    """Build the chat messages for a node.

    Args:
        source: The node's source, with the body of its process document as upstream content.

    Returns:
        A system message that is byte for byte the same for all nodes (providers cache it), and the user message.

    Raises:
        ValueError: The source has no document.
    """
    if not source.upstream:
        raise ValueError(f"{source.name}: use cases are made from the process document, and there is none.")
    user = render(FOLDER, "user", context=source.context, kpis=source.kpis, document=source.upstream)
    return [{"role": "system", "content": _system_text()}, {"role": "user", "content": user}]


@cache
def _system_text() -> str:
    return render(FOLDER, "system", least=LEAST_CANDIDATES, most=MOST_CANDIDATES)
